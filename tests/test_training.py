import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile
from conftest import EXAMPLES, ROOT, encode, make_hit

from drumclf import load_classifier
from drumclf.audio import read_clip
from drumclf.constants import CLASSES, N_FRAMES, N_MELS
from drumclf.decision import verdict
from drumclf.explain import grad_cam
from drumclf.report_card import read_report
from drumclf.spectrogram import frame_edges, mel_frequencies
from training import augment, calibrate, evaluate, labels, network, pretrain, report, robustness, teach, train
from training.data import (
    REPORT,
    SYNTHETIC,
    TRAIN,
    TUNE,
    DataError,
    Example,
    class_names,
    held_out_by,
    read_examples,
    valid_part,
)
from training.features import Features, extract_features
from training.synthetic import synthetic_examples
from training.teach import source_folds
from training.train import sampling_weights


def write_sound(path, frequency, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, make_hit(22_050, 0.2, frequency, seed), 22_050)


def write_csv(path, columns, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture(scope="module")
def class_folders(tmp_path_factory):
    """Forty low and forty high hits, of twenty kits; a user's own two classes."""
    folder = tmp_path_factory.mktemp("library")
    for i in range(40):
        write_sound(folder / "Kicks" / f"kit {i % 20}" / f"{i}.wav", 60 + i, i)
        write_sound(folder / "laser zap" / f"kit {i % 20}" / f"{i}.wav", 2_000 + 50 * i, 100 + i)
    (folder / "Kicks" / "kit 0" / "damaged.wav").write_bytes(b"no sound")
    shutil.copy(folder / "Kicks" / "kit 1" / "1.wav", folder / "Kicks" / "kit 2" / "copy of 1.wav")
    return folder


def test_folders_named_by_class(class_folders):
    examples = read_examples(class_folders)
    assert class_names(examples) == ["kick", "laser_zap"]
    assert len(examples) == 82
    kits = {split: {e.kit for e in examples if e.split == split} for split in (TRAIN, TUNE, REPORT)}
    assert all(kits.values())
    assert not kits[TRAIN] & (kits[TUNE] | kits[REPORT])


def test_manifest(tmp_path):
    columns = ["path", "target", "source", "kit", "split", "licence_class"]
    write_csv(tmp_path / "manifest.csv", columns, [
        ["a.wav", "kick", "s1", "k1", "train", "user"],
        ["e.wav", "tom", "s1", "k1", "train", "unknown"],
        ["b.wav", "snare", "s1", "k1", "train", "permissive"],
        ["c.wav", "snare", "s2", "k2", "valid", "unknown"],
        ["d.wav", "snare", "s1", "k1", "train_near_valid", "unknown"],
    ])  # fmt: skip
    examples = read_examples(tmp_path)
    assert [e.path.name for e in examples] == ["a.wav", "e.wav", "b.wav", "c.wav"]
    assert [e.split for e in examples] == [TRAIN, TRAIN, TRAIN, valid_part("s2")]
    assert [e.path.name for e in read_examples(tmp_path, open_only=True)] == ["a.wav", "b.wav", "c.wav"]
    assert held_out_by(examples) == "source"


def test_the_originals_format(tmp_path):
    for i in range(6):
        write_sound(tmp_path / "samples" / f"hit_{i}.wav", 100, i)
    columns = ["sample_id", "type_id", "t_min", "f_min", "t_max", "f_max", "sample_name"]
    rows = [[i, i % 2, 0, 0, 1, 1, f"hit_{i}.wav"] for i in range(6)] + [[9, 0, 0, 0, 1, 1, "missing.wav"]]
    write_csv(tmp_path / "samples_metadata.csv", columns, rows)
    write_csv(tmp_path / "samples_types.csv", ["type_id", "type_name"], [[0, "Closed Hat"], [1, "Snare"]])
    examples = read_examples(tmp_path)
    assert sorted(e.label for e in examples) == ["closed_hat"] * 3 + ["snare"] * 3


@pytest.mark.parametrize("files", [{}, {"manifest.csv": "path\na.wav\n"}, {"samples_metadata.csv": "type_id\n1\n"}])
def test_a_folder_that_cannot_be_trained_on(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError):
        read_examples(tmp_path)
    done = subprocess.run([sys.executable, "-m", "training", tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_users_own_classes_train_into_a_working_model(class_folders, tmp_path):
    """The whole command, cut off once and gone on with."""
    command = [
        sys.executable, "-m", "training", class_folders, "--out", tmp_path / "model", "--work", tmp_path / "work",
        "--epochs", "3", "--sounds-per-epoch", "256",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("epoch   1/3"):
                process.kill()
    assert not (tmp_path / "model" / "metadata.json").exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "epoch   3/3" in done.stdout
    assert "epoch   1/3" not in done.stdout

    metadata = json.loads((tmp_path / "model" / "metadata.json").read_text())
    assert len(metadata["training"]["losses"]) == 3
    assert metadata["titles"] == {"kick": "Kick", "laser_zap": "Laser zap"}
    classifier = load_classifier(tmp_path / "model", engine="litert")
    assert classifier.classes == ("kick", "laser_zap")
    prediction = classifier.classify(encode(make_hit(44_100, 0.2, 70)))
    assert set(prediction.probabilities) == {"kick", "laser_zap"}
    card = (tmp_path / "model" / "README.md").read_text()
    assert "4 kits that gave nothing to training" in card
    assert "flatter" not in card

    assert "core" not in metadata["scores"]["valid"]  # two classes are not the core five
    assert set(metadata["thresholds"]["one"]) == set(metadata["traits"]) == {"kick", "laser_zap"}
    verdict_of_two = verdict(prediction, classifier.titles, classifier.thresholds)
    assert verdict_of_two[0] in ("Kick", "Laser zap", "Not sure")
    assert grad_cam(classifier, prediction, "laser_zap").shape == (N_MELS, N_FRAMES)
    assert "laser_zap" in read_report(tmp_path / "model", metadata)["drumclf"]["titles"]

    model, docs = str(tmp_path / "model"), str(tmp_path / "docs")
    assert report.main([str(class_folders), "--model", model, "--docs", docs]) == 0
    assert "laser_zap" in (tmp_path / "docs" / "report.md").read_text()
    assert set(read_report(tmp_path / "model", metadata)) == {"sha256", "drumclf", "robustness"}
    assert {path.stem for path in (tmp_path / "docs" / "figures").iterdir()} == {
        "confusion", "reliability", "spectrograms", "training", "waveforms"
    }  # fmt: skip


def test_doubles_are_left_out_and_none_that_judges_is_trained_on(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 3)):
        write_sound(tmp_path / f"{name}.wav", 200, seed)
    (tmp_path / "f.wav").write_bytes(b"no sound")
    splits = {"a": TRAIN, "b": REPORT, "c": TRAIN, "d": TRAIN, "e": TRAIN, "f": TRAIN}
    examples = [Example(tmp_path / f"{name}.wav", "kick", "", "", split) for name, split in splits.items()]
    features = extract_features(examples, tmp_path / "cache", variants=2)
    assert [e.path.stem for e in features.examples] == ["b", "c", "e"]
    assert features.images.shape == (3, 2, N_MELS, N_FRAMES, 3)
    again = extract_features(examples, tmp_path / "cache", variants=2)
    assert np.array_equal(again.images, features.images)


def test_few_files_without_kits_are_held_out_by_class(tmp_path):
    for label in ("kick", "snare"):
        for i in range(10):
            write_sound(tmp_path / label / f"{i}.wav", 100, i)
    examples = read_examples(tmp_path)
    assert held_out_by(examples) == "file"
    for split, n in ((TRAIN, 8), (TUNE, 1), (REPORT, 1)):
        assert [sum(e.label == k and e.split == split for e in examples) for k in ("kick", "snare")] == [n, n]


def test_no_open_sounds_is_said(class_folders):
    with pytest.raises(DataError, match="fewer than two classes"):
        read_examples(class_folders, open_only=True)


def test_synthetic_drums_are_readable_and_none_is_an_example(tmp_path):
    examples = synthetic_examples([*CLASSES, "laser_zap"], 3, tmp_path)
    assert len(examples) == 3 * len(CLASSES)
    made = {read_clip(e.path).samples.tobytes() for e in examples}
    assert len(made) == len(examples)
    assert not made & {read_clip(path).samples.tobytes() for path in EXAMPLES.glob("*.wav")}


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


def test_temperature_undoes_a_known_scaling():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5_000, 4))
    powers = np.exp(logits)
    truth = np.array([rng.choice(4, p=row / row.sum()) for row in powers])
    assert calibrate.fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.1)


def test_calibration_error_of_an_overconfident_model():
    probabilities = np.tile([0.9, 0.1], (1_000, 1))
    truth = np.resize([0, 1], 1_000)
    assert evaluate.calibration_error(probabilities, truth) == pytest.approx(0.4, abs=0.01)


def two_classes(confidence):
    """Probabilities of two classes, and a truth that is the first class as often as its probability says."""
    truth = (np.random.default_rng(0).random(len(confidence)) > confidence).astype(int)
    return np.stack([confidence, 1 - confidence], axis=1), truth


def test_thresholds_reach_their_precision():
    probabilities, truth = two_classes(np.linspace(0.5, 1, 5_000))
    thresholds = calibrate.choose_thresholds(probabilities, truth, ["a", "b"])
    sure = probabilities[:, 0] >= thresholds["one"]["a"]
    assert 0.895 <= np.mean(truth[sure] == 0) < 0.915
    decisions = evaluate.decision_scores(probabilities, truth, ["a", "b"], thresholds)
    assert decisions["one"]["coverage"] == pytest.approx(sure.mean(), abs=1e-3)
    assert decisions["one"]["precision"] == pytest.approx(np.mean(truth[sure] == 0), abs=1e-3)
    assert decisions["two"]["coverage"] == 0  # of two classes "one or the other" would say nothing


def test_a_few_wrong_answers_do_not_silence_a_class():
    """By four answers alone no threshold would do; with what their probability promises one does."""
    scores, right = np.full(4, 0.96), np.array([False, True, True, True])
    assert calibrate.lowest_precise(scores, right, 0.9) == pytest.approx(0.96)
    assert calibrate.lowest_precise(np.full(200, 0.96), np.resize(right, 200), 0.9) == 1  # two hundred do silence it


def test_no_threshold_lies_within_equal_scores():
    scores, right = np.repeat([0.99, 0.95], 200), np.repeat([1, 1, 0], [200, 100, 100]).astype(bool)
    assert calibrate.lowest_precise(scores, right, 0.9) == 0.99


def test_threshold_of_pairs():
    """Pairs that sum to 0.9 hold the truth always, pairs that sum to 0.8 half of the time."""
    probabilities = np.repeat([[0.46, 0.44, 0.1], [0.41, 0.39, 0.2]], 400, axis=0)
    truth = np.concatenate([np.resize([0, 1], 400), np.resize([0, 2, 1, 2], 400)])
    thresholds = calibrate.choose_thresholds(probabilities, truth, ["a", "b", "c"])
    assert thresholds["two"] == pytest.approx(0.9)
    decisions = evaluate.decision_scores(probabilities, truth, ["a", "b", "c"], thresholds)
    assert decisions["two"] == {"coverage": 0.5, "precision": 1.0}
    assert decisions["none"]["coverage"] == 0.5


def test_auroc_and_false_accepts_by_hand():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.65, 0.1])
    positive = np.array([True, True, True, True, False, False])
    assert evaluate.auroc(scores, positive) == pytest.approx(7 / 8)  # one of eight pairs is the wrong way round
    assert evaluate.false_accepts(scores, positive, 1.0) == 0.5
    assert evaluate.auroc(np.ones(4), np.array([True, False, True, False])) == 0.5


def test_precision_of_the_most_confident():
    probabilities, truth = two_classes(np.array([0.9, 0.8, 0.7, 0.6, 0.55]))
    truth[:] = [0, 0, 0, 1, 1]
    assert evaluate.precision_at(probabilities, truth, 0.6) == 1
    assert evaluate.precision_at(probabilities, truth, 0.8) == 0.75
    assert evaluate.coverage_curve(probabilities, truth)[-1] == [1.0, 0.6]


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


def test_the_list_of_doubtful_labels_is_written(class_folders, tmp_path, capsys):
    """The whole command, on so little training that nothing can be certain."""
    arguments = [str(class_folders), "--work", str(tmp_path), "--synthetic", "0", "--epochs", "1"]
    assert labels.main([*arguments, "--sounds-per-epoch", "64"]) == 0
    assert re.search(r"^\d+ of \d+ labels are doubtful", capsys.readouterr().out, re.MULTILINE)
    with (tmp_path / "doubtful_labels.csv").open() as file:
        assert labels.read_doubtful(tmp_path) == {row["path"] for row in csv.DictReader(file)}
    assert not (tmp_path / "label_checkpoints").exists()
    assert labels.main([str(tmp_path / "nothing")]) == 2


def test_doubtful_labels():
    opinions = np.array([[0.01, 0.98, 0.01], [0.01, 0.5, 0.49], [0.97, 0.02, 0.01], [0.1, 0.9, 0.0], [0.99, 0.0, 0.01]])
    found = labels.doubtful(opinions, ["a", "a", "a", "a", "c"], ["a", "b", "c"])
    assert found == [(4, "a", 0.99), (0, "b", 0.98)]


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


@pytest.mark.parametrize("name", robustness.CHANGES)
def test_every_change_leaves_a_sound_that_can_be_read(name):
    samples = make_hit(22_050).astype(np.float32)
    changed = read_clip(robustness.CHANGES[name](samples, np.random.default_rng(0)))
    assert np.abs(changed.samples).max() > 0


def test_kept_labels_of_the_examples(classifier):
    paths = sorted(EXAMPLES.glob("kick*.wav"))
    kept = robustness.kept_labels(classifier, [Example(path, "kick", "s", "k", REPORT) for path in paths])
    assert kept["0 to 3 s of silence before"] == {"n_sounds": len(paths), "kept": 1.0, "kept_if_sure": 1.0}


def test_score_is_computed_as_by_hand():
    classes = list(CLASSES)
    labels = ["kick"] * 4 + ["snare"] * 2 + ["tom"] * 2
    examples = [Example(None, label, "s", f"k{i % 4}", REPORT) for i, label in enumerate(labels)]
    logits = np.full((8, 9), -9.0)
    said = ["kick", "kick", "kick", "tom", "snare", "snare", "tom", "kick"]
    logits[range(8), [classes.index(name) for name in said]] = 5
    logits[3, classes.index("snare")] = 4  # among the core five it is a snare
    result = evaluate.score(logits, examples, classes, resamples=50)
    assert result["all"]["accuracy"][0] == pytest.approx(6 / 8)
    assert result["all"]["balanced_accuracy"][0] == pytest.approx((3 / 4 + 1 + 1 / 2) / 3, abs=1e-4)
    assert result["core"]["n_sounds"] == 6
    assert result["core"]["balanced_accuracy"][0] == pytest.approx((3 / 4 + 1) / 2)
    assert result["core"]["confusion"][0][:2] == [3, 1]
    low, high = result["all"]["accuracy"][1:]
    assert low <= 0.75 <= high
    assert low < high


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


def test_the_library_imports_neither_training_nor_streamlit():
    for path in (ROOT / "drumclf").glob("*.py"):
        assert not re.search(r"^\s*(import|from) (training|streamlit)\b", path.read_text(), re.MULTILINE), path


def test_examples_are_made_by_the_code_that_is_here():
    from synthesis.drums import EXAMPLES as MADE

    for name, (_, _, make) in MADE.items():
        stored, _ = soundfile.read(EXAMPLES / f"{name}.wav")
        assert np.allclose(stored, make(), atol=1e-4), name
