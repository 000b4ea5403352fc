"""How the network learns: sampling, augmentation, members; folds for doubtful labels; names in the cache."""

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, make_hit

from drumclf.classifier import softmax
from drumclf.constants import N_FRAMES, N_MELS
from drumclf.spectrogram import frame_edges, mel_frequencies
from training import augment, cache, network, train
from training.batches import halfway, sampling_weights
from training.data import SYNTHETIC, TRAIN, Example
from training.features import Features, to_float
from training.ideas import labels
from training.ideas.__main__ import IDEAS, SHORT
from training.ideas.labels import source_folds
from training.settings import Settings


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
    """A band at 1 kHz that sounds for 400 ms, three semitones up: at 1.19 kHz, for 336 ms."""

    class AsHighAsCanBe:
        def uniform(self, low, high):
            return high

    centres = (frame_edges()[:-1] + frame_edges()[1:]) / 2
    image = np.zeros((N_MELS, N_FRAMES, 3), np.float32)
    before = np.argmin(np.abs(mel_frequencies() - 1_000))
    image[before, centres < 0.4] = 1
    tuned = augment._tune(image, AsHighAsCanBe())
    band = np.argmax(tuned[:, 5, 0])
    assert mel_frequencies()[band] == pytest.approx(1.189 * mel_frequencies()[before], rel=0.04)
    assert centres[tuned[band, :, 0] > 0.1][-1] == pytest.approx(0.4 / 1.189, rel=0.05)


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


def test_the_ideas_that_can_be_compared_are_those_in_the_docs():
    text = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    table = text.partition("<!-- experiments -->")[2].partition("<!-- end -->")[0].strip().splitlines()[2:]
    assert [line.split(" | ")[0].removeprefix("| ") for line in table] == [idea.title for idea in IDEAS]
    assert all(replace(SHORT, **idea.settings) for idea in IDEAS)  # no setting that has been removed


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


def noise_pictures():
    images = np.random.default_rng(0).integers(256, size=(8, 2, N_MELS, N_FRAMES, 3), dtype=np.uint8)
    return Features([Example(Path(f"{i}.wav"), ("kick", "snare")[i // 4], "", "", TRAIN) for i in range(8)], images)


def test_beliefs_are_the_mean_over_members_and_variants():
    features = noise_pictures()
    members = network.build_network((N_MELS, N_FRAMES, 3), 5, members=2)
    believed = train.members_beliefs(members, features, [2, 3])
    assert believed.shape == (8, 5)
    assert np.allclose(believed[:, :2].sum(axis=1), 1)
    assert np.allclose(believed[:, 2:].sum(axis=1), 1)
    first, second = (np.asarray(logits) for logits in members(to_float(features.images[3])))
    classes = [softmax(logits[:, :2], 1.0).mean(axis=0) for logits in (first, second)]
    assert np.allclose(believed[3, :2], np.mean(classes, axis=0), atol=1e-4)


def test_a_student_learns_half_from_the_label_and_nothing_where_there_is_none():
    targets = np.array([[1, 0, 0, 1], [1, 0, 0, 0]], np.float32)  # the second sound's kind is not known
    believed = np.array([[0.6, 0.4, 0.5, 0.5], [0.2, 0.8, 0.9, 0.1]], np.float32)
    assert np.allclose(halfway(targets, believed, [2, 2]), [[0.8, 0.2, 0.25, 0.75], [0.6, 0.4, 0, 0]])


def test_a_label_is_doubted_only_by_a_network_that_was_not_trained_on_the_sound(tmp_path, monkeypatch):
    trained_on, asked = [], []

    def remember(features, classes, kinds, settings, checkpoints):
        trained_on.append({example.path for example in features.examples})
        return None, []

    monkeypatch.setattr(labels, "train_network", remember)
    monkeypatch.setattr(labels, "predict_logits", lambda _, images: asked.append(images) or np.zeros((len(images), 2)))
    features = noise_pictures()
    found = labels.out_of_fold_probabilities(features, ["kick", "snare"], Settings(), tmp_path, 2)
    assert np.allclose(found, 0.5)
    for images, paths in zip(asked, trained_on, strict=True):
        rows = [i for i, example in enumerate(features.examples) if example.path not in paths]
        assert len(rows) == 4
        assert np.array_equal(images, features.images[rows, 0])


@pytest.mark.parametrize("module", cache.FRONT_END, ids=lambda module: module.__name__)
def test_a_change_in_the_front_end_gives_another_fingerprint(module, monkeypatch):
    """Pictures made before the change must not be used."""
    source_of = inspect.getsource
    before = cache.fingerprint("values")
    assert cache.fingerprint("values") == before
    monkeypatch.setattr(inspect, "getsource", lambda m: source_of(m) + "#" * (m is module))
    assert cache.fingerprint("values") != before


def test_the_fingerprint_knows_all_modules_that_decide_on_a_picture():
    names = {module.__name__ for module in cache.FRONT_END}
    modules = (
        "audio", "chunks", "clips", "constants", "ffmpeg", "headers", "libsndfile", "limits", "onset", "spectrogram",
    )  # fmt: skip
    assert names == {f"drumclf.{name}" for name in modules}
