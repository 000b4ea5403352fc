"""The training command, and the folders of sounds that it is given."""

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from conftest import EXAMPLES, ROOT, encode, make_hit

from drumclf import load_classifier
from drumclf.audio import read_clip
from drumclf.constants import CLASSES, N_FRAMES, N_MELS
from drumclf.decision import verdict
from drumclf.explain import grad_cam
from drumclf.report import read_report
from training.data import (
    REPORT,
    TRAIN,
    TUNE,
    DataError,
    Example,
    class_names,
    held_out_by,
    kind_names,
    read_examples,
    valid_part,
)
from training.features import extract_features
from training.ideas import labels
from training.report import __main__ as report
from training.synthetic import synthetic_examples


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


def test_a_kind_is_read_from_a_manifest_and_from_folders(tmp_path):
    write_csv(tmp_path / "manifest.csv", ["path", "target", "label"], [
        ["a.wav", "cymbal", "crash"], ["b.wav", "cymbal", "cymbal"], ["c.wav", "not_drum", "not_drum:fx"],
        ["d.wav", "percussion", "perc_other"], ["e.wav", "percussion", ""], ["f.wav", "percussion", "cowbell"],
        ["g.wav", "laser", "laser:blue"], ["h.wav", "laser", "red"],
    ])  # fmt: skip
    examples = read_examples(tmp_path)
    kinds = {example.path.stem: example.kind for example in examples}
    assert [kinds[name] for name in "abcdefgh"] == ["crash", "", "effect", "other", "", "cowbell", "blue", "red"]
    train = [replace(example, split=TRAIN) for example in examples]
    assert kind_names(train, class_names(train)) == {"percussion": ["cowbell", "other"], "laser": ["blue", "red"]}
    for place in ("cymbal/crash", "cymbal/ride", "cymbal/kit 3", "kick/kit 1", "kick"):
        write_sound(tmp_path / "folders" / place / f"{place.replace('/', ' ')}.wav", 100, len(place))
    kinds = {example.path.stem: example.kind for example in read_examples(tmp_path / "folders")}
    assert kinds == {"cymbal crash": "crash", "cymbal ride": "ride", "cymbal kit 3": "", "kick kit 1": "", "kick": ""}


def test_a_users_own_classes_and_kinds_train_into_a_working_model(class_folders, tmp_path):
    """The whole command, interrupted twice and resumed."""
    rows = [
        [e.path, e.label, ("dull", "sharp")[int(e.path.stem) % 2] if e.path.stem.isdecimal() else "", e.kit]
        for e in read_examples(class_folders)
    ]
    data = tmp_path / "data"
    data.mkdir()
    write_csv(data / "manifest.csv", ["path", "target", "label", "kit"], rows)
    command = [
        sys.executable, "-m", "training", data, "--out", tmp_path / "model", "--work", tmp_path / "work",
        "--epochs", "3", "--student-epochs", "2", "--sounds-per-epoch", "256",
    ]  # fmt: skip
    for moment in ("member 1   epoch   1/3", "student   epoch   1/2"):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                if line.startswith(moment):
                    process.kill()
    assert not (tmp_path / "model" / "metadata.json").exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "member 1 " not in done.stdout
    assert "student   epoch   1/2" not in done.stdout
    assert "student   epoch   2/2" in done.stdout

    metadata = json.loads((tmp_path / "model" / "metadata.json").read_text())
    assert len(metadata["training"]["losses"]) == 2
    assert metadata["titles"] == {"kick": "Kick", "laser_zap": "Laser zap"}
    classifier = load_classifier(tmp_path / "model", engine="litert")
    assert classifier.classes == ("kick", "laser_zap")
    prediction = classifier.classify(encode(make_hit(44_100, 0.2, 70)))
    assert set(prediction.probabilities) == {"kick", "laser_zap"}
    assert classifier.kinds == {"kick": ("dull", "sharp"), "laser_zap": ("dull", "sharp")}
    assert sum(prediction.kinds.values()) == pytest.approx(prediction.probability)
    assert set(metadata["scores"]["report"]["kinds"]) == {"kick", "laser_zap"}
    card = (tmp_path / "model" / "README.md").read_text()
    assert "4 kits, none used for training" in card
    assert "flatter" not in card

    assert "core" not in metadata["scores"]["valid"]  # two classes are not the core five
    assert set(metadata["thresholds"]["one"]) == set(metadata["traits"]) == {"kick", "laser_zap"}
    verdict_of_two = verdict(prediction, classifier)
    assert verdict_of_two[0] in ("Kick", "Laser zap", "Not sure")
    assert grad_cam(classifier, prediction, "laser_zap").shape == (N_MELS, N_FRAMES)
    assert "laser_zap" in read_report(tmp_path / "model", metadata)["drumclf"]["titles"]

    model, docs = str(tmp_path / "model"), str(tmp_path / "docs")
    assert report.main([str(data), "--model", model, "--docs", docs]) == 0
    assert "laser_zap" in (tmp_path / "docs" / "report.md").read_text()
    assert set(read_report(tmp_path / "model", metadata)) == {"sha256", "drumclf", "robustness", "mistakes"}
    assert {path.stem for path in (tmp_path / "docs" / "figures").iterdir()} == {
        "confusion", "kinds_kick", "kinds_laser_zap", "reliability", "spectrograms", "training", "waveforms"
    }  # fmt: skip


def test_duplicates_are_left_out_and_no_held_out_sound_is_trained_on(tmp_path):
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
    rows = [[0.01, 0.98, 0.01], [0.01, 0.5, 0.49], [0.97, 0.02, 0.01], [0.1, 0.9, 0.0], [0.99, 0.0, 0.01]]
    found = labels.doubtful(np.array(rows), ["a", "a", "a", "a", "c"], ["a", "b", "c"])
    assert found == [(4, "a", 0.99), (0, "b", 0.98)]


def test_examples_are_made_by_the_code_that_is_here():
    from synthesis.drums import EXAMPLES as MADE

    for name, (_, _, make) in MADE.items():
        stored, _ = soundfile.read(EXAMPLES / f"{name}.wav")
        assert np.allclose(stored, make(), atol=1e-4), name
