import csv
import io
import json
import subprocess
import sys

import pytest
from conftest import EXAMPLES, ROOT

from drumclf.__main__ import main
from drumclf.batch import find_sounds

KICK, SNARE = EXAMPLES / "kick_analogue.wav", EXAMPLES / "snare_acoustic.wav"


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    return status, capsys.readouterr().out


def test_jsonl_is_identical_to_the_library(classifier, capsys):
    status, out = run(capsys, "classify", SNARE, "--format", "jsonl")
    row = json.loads(out)
    prediction = classifier.classify(SNARE)
    assert status == 0
    assert row == {
        "path": str(SNARE), "label": prediction.label, "probabilities": prediction.probabilities, "error": None
    }  # fmt: skip


def test_several_files_get_the_answers_of_the_library(classifier, capsys):
    _, out = run(capsys, "classify", EXAMPLES, "--format", "jsonl")
    for row in map(json.loads, out.splitlines()):
        # In a batch of another size the network's sums may be rounded differently.
        assert row["probabilities"] == pytest.approx(classifier.classify(row["path"]).probabilities, abs=1e-6)


def test_csv(classifier, capsys, tmp_path):
    formula = tmp_path / "=1+1.wav"
    formula.write_bytes(KICK.read_bytes())
    status, out = run(capsys, "classify", KICK, EXAMPLES / "README.md", formula, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 1
    assert [row["label"] for row in rows] == ["kick", "", "kick"]
    alone = classifier.classify(KICK).probabilities["kick"]
    assert float(rows[0]["kick"]) == pytest.approx(alone, abs=1e-6)  # a batch is summed in another order
    assert rows[1]["error"].endswith(".")
    assert not rows[2]["path"].startswith("=")


def test_table_is_for_people(capsys, tmp_path):
    status, out = run(capsys, "classify", KICK, tmp_path / "missing.wav")
    first, second = out.splitlines()
    assert status == 1
    assert first.startswith("Kick")
    assert "%" in first
    assert "There is no file here" in second


def test_out_writes_a_file(capsys, tmp_path):
    target = tmp_path / "answers.jsonl"
    status, out = run(capsys, "classify", KICK, "--format", "jsonl", "--out", target)
    assert (status, out) == (0, "")
    assert json.loads(target.read_text())["label"] == "kick"


def test_out_that_cannot_be_written(capsys, tmp_path):
    assert main(["classify", str(KICK), "--out", str(tmp_path / "no" / "folder.csv")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_sound_is_never_overwritten(capsys, tmp_path):
    sound = tmp_path / "kick.wav"
    sound.write_bytes(KICK.read_bytes())
    assert main(["classify", str(sound), "--out", str(sound)]) == 2
    assert sound.read_bytes() == KICK.read_bytes()


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m drumclf classify {EXAMPLES} --format jsonl | head -c 10"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert len(done.stdout) == 10
    assert "BrokenPipe" not in done.stderr


def test_a_refused_file_is_one_row(capsys, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"not a sound")
    status, out = run(capsys, "classify", bad, KICK, "--format", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert rows[0]["label"] is None
    assert rows[0]["probabilities"] is None
    assert len(rows[0]["error"]) <= 200
    assert rows[1]["label"] == "kick"


@pytest.mark.parametrize("arguments", [[], ["classify"], ["classify", "x.wav", "--format", "xml"], ["fly", "x.wav"]])
def test_wrong_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_an_empty_folder_is_wrong_usage(tmp_path, capsys):
    assert main(["classify", str(tmp_path)]) == 2
    assert "no sound files" in capsys.readouterr().err


def test_folders_are_taken_recursively(tmp_path):
    for name in ("b/two.WAV", "a/one.flac", "a/notes.txt", "a/._one.flac", "three.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.wav").mkdir()
    assert [p.relative_to(tmp_path).as_posix() for p in find_sounds([tmp_path])] == [
        "a/one.flac", "b/two.WAV", "three.mp3"
    ]  # fmt: skip


def test_as_a_process():
    done = subprocess.run(
        [sys.executable, "-m", "drumclf", "classify", KICK, "--format", "jsonl"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "kick"


def test_import_is_free_of_tensorflow_and_streamlit():
    code = (
        "import sys, drumclf; sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'streamlit', 'librosa')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
