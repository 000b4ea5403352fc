"""How the network learns: sampling, variation, members, teachers and pretraining."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import make_hit

from drumclf.constants import N_FRAMES, N_MELS
from drumclf.spectrogram import frame_edges, mel_frequencies
from training import augment, network, pretrain, teach, train
from training.data import SYNTHETIC, TRAIN, Example
from training.features import Features
from training.teach import source_folds
from training.train import sampling_weights


def examples_of(cells):
    return [Example(None, label, source, source, TRAIN) for label, source, n in cells for _ in range(n)]


def test_sampling_balances_classes_and_sources():
    examples = examples_of([("kick", "a", 900), ("kick", "b", 9), ("snare", "a", 30)])
    weights = sampling_weights(examples)
    assert weights.sum() == pytest.approx(1)
    ratio = (909 / 30) ** 0.25
    assert weights[:909].sum() / weights[909:].sum() == pytest.approx(ratio)
    assert weights[:900].sum() / weights[900:909].sum() == pytest.approx(10)  # square root of 900 / 9


def test_batch_variation_keeps_shape_range_and_mass_of_targets():
    rng = np.random.default_rng(0)
    images = rng.random((32, N_MELS, N_FRAMES, 3), dtype=np.float32)
    targets = np.eye(9, dtype=np.float32)[rng.integers(9, size=32)]
    varied, mixed = augment.vary_batch(images.copy(), targets, rng)
    assert varied.shape == images.shape
    assert varied.dtype == np.float32
    assert varied.min() >= 0
    assert varied.max() <= 1
    assert np.allclose(mixed.sum(axis=1), 1)
    assert not np.allclose(varied, images)


def test_sound_variation_is_finite_and_seeded():
    hit = make_hit(22_050).astype(np.float32)
    for seed in range(50):
        varied = augment.vary_sound(hit, np.random.default_rng(seed))
        assert varied.dtype == np.float32
        assert np.isfinite(varied).all()
        assert 0.7 * len(hit) < len(varied) < 2.5 * len(hit)
        assert np.array_equal(varied, augment.vary_sound(hit, np.random.default_rng(seed)))


def test_a_tuned_picture_moves_along_frequency_and_time():
    """A band at 1 kHz that sounds for 400 ms, four semitones up: at 1.26 kHz, for 317 ms."""

    class FourUp:
        def uniform(self, low, high):
            return high

    centres = (frame_edges()[:-1] + frame_edges()[1:]) / 2
    image = np.zeros((N_MELS, N_FRAMES, 3), np.float32)
    image[np.argmin(np.abs(mel_frequencies() - 1_000)), centres < 0.4] = 1
    tuned = augment._tune(image, FourUp())
    band = np.argmax(tuned[:, 5, 0])
    assert mel_frequencies()[band] == pytest.approx(1_260, rel=0.04)
    assert centres[tuned[band, :, 0] > 0.1][-1] == pytest.approx(0.4 / 1.26, rel=0.05)


def test_folds_hold_whole_sources_and_no_synthetic_sounds():
    cells = [("kick", "a", 50), ("snare", "a", 30), ("kick", "b", 40), ("snare", "c", 35), ("kick", SYNTHETIC, 9)]
    examples = examples_of(cells)
    folds = source_folds(examples, 2)
    fold_of = {}
    for fold, example in zip(folds, examples, strict=True):
        fold_of.setdefault(example.source, set()).add(fold)
    assert fold_of[SYNTHETIC] == {-1}
    assert all(len(numbers) == 1 for numbers in fold_of.values())
    assert fold_of["b"] == fold_of["c"] != fold_of["a"]


def test_one_source_is_split_by_kits_and_one_kit_by_files():
    kits = [Example(Path(f"{k}{i}.wav"), "kick", "me", k, TRAIN) for k in "abc" for i in range(4)]
    assert len(set(source_folds(kits, 3))) == 3
    files = [Example(Path(f"{i}.wav"), "kick", "me", "me", TRAIN) for i in range(6)]
    assert sorted(source_folds(files, 3)) == [0, 0, 1, 1, 2, 2]


def test_the_answer_is_the_mean_of_the_members():
    members = network.build_network((N_MELS, N_FRAMES, 3), 4, members=2)
    image = np.random.default_rng(0).random((1, N_MELS, N_FRAMES, 3), dtype=np.float32)
    first, second = (np.asarray(logits) for logits in members(image))
    assert not np.allclose(first, second)
    assert np.allclose(network.average_members(members)(image), (first + second) / 2, atol=1e-5)


def test_pairs_that_agree_cost_nothing_more():
    targets = np.eye(3, dtype=np.float32)[[0, 1, 0, 1]]
    alike = np.array([[2.0, 0, 0], [0, 2, 1], [2, 0, 0], [0, 2, 1]], np.float32)
    apart = alike.copy()
    apart[2] = [0, 2, 0]
    plain, agreeing = (train._loss(train.Settings(agreement=weight)) for weight in (0.0, 1.0))
    assert np.allclose(agreeing(targets, alike), plain(targets, alike), atol=1e-6)
    extra = np.asarray(agreeing(targets, apart)) - np.asarray(plain(targets, apart))
    p, q = (np.exp(row) / np.exp(row).sum() for row in (apart[0], apart[2]))
    divergence = np.sum((p - q) * np.log(p / q)) / 2
    assert np.allclose(extra, [divergence, 0, divergence, 0], atol=1e-5)


QUICK = train.Settings(epochs=1, sounds_per_epoch=32, batch_size=16, members=1, width=0.25)


def noise_pictures():
    images = np.random.default_rng(0).integers(256, size=(8, 2, N_MELS, N_FRAMES, 3), dtype=np.uint8)
    return Features([Example(Path(f"{i}.wav"), ("kick", "snare")[i % 2], "", "", TRAIN) for i in range(8)], images)


def test_teachers_opinion_is_the_mean_of_their_probabilities(tmp_path, monkeypatch):
    def untrained(features, classes, settings, checkpoints):
        keras.utils.set_random_seed(settings.seed)
        return network.build_network(features.images.shape[2:], len(classes), width=settings.width), []

    monkeypatch.setattr(teach, "train_network", untrained)
    features, classes = noise_pictures(), ["kick", "snare"]
    both = teach.teachers_opinions(features, classes, QUICK, tmp_path, 2)
    alone = [
        teach.teachers_opinions(features, classes, replace(QUICK, seed=QUICK.seed + i), tmp_path, 1) for i in (0, 1)
    ]
    assert both.shape == (8, 2, 2)
    assert not np.allclose(*alone)
    assert np.allclose(both, np.mean(alone, axis=0), atol=1e-5)


def test_pairs_are_told_from_the_rest_as_by_hand():
    outputs = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    powers = np.exp(unit @ unit.T / pretrain.TEMPERATURE)
    np.fill_diagonal(powers, 0)
    expected = [-np.log(powers[i, (i + 3) % 6] / powers[i].sum()) for i in range(6)]
    assert np.allclose(pretrain.contrast(None, outputs), expected, atol=1e-4)


def test_pretraining_looks_at_no_label_and_training_goes_on_from_it(tmp_path):
    features = noise_pictures()
    start = pretrain.pretrain(features, QUICK, tmp_path)
    assert start.output_shape == (None, pretrain.N_AXES)
    relabelled = Features([replace(example, label="clap") for example in features.examples], features.images)
    pretrain.pretrain(relabelled, QUICK, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1  # the same run: it was read, not trained

    still = replace(QUICK, learning_rate=0.0)
    trained, _ = train.train_network(features, ["kick", "snare"], still, tmp_path, start=start)
    assert trained.output_shape == (None, 2)
    for layer, other in zip(trained.layers, start.layers, strict=True):
        if layer.trainable_weights and layer.name != "logits_1":
            assert np.array_equal(layer.trainable_weights[0], other.trainable_weights[0]), layer.name
