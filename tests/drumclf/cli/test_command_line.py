"""Answers from the command line: formats, exit codes, and resuming after a stop."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest
from command_steps import KICK, SNARE, load_once, mixed_sounds, run
from conftest import EXAMPLES, ROOT, zip_of

from drumclf.__main__ import main
from drumclf.classifier import _BATCH_SIZE
from drumclf.threads import WORKERS
from tools.odd_files.odd_bytes import id3
from tools.odd_files.odd_files import clean
from tools.odd_files.other_codings import other_codings, other_headers

loaded_once = pytest.fixture(load_once, autouse=True)
sounds = pytest.fixture(mixed_sounds)


def test_jsonl_is_identical_to_the_library(classifier, capsys):
    status, out = run(capsys, "classify", SNARE, "--format", "jsonl")
    row = json.loads(out)
    prediction = classifier.classify(SNARE)
    assert status == 0
    assert row == {
        "path": str(SNARE), "label": prediction.label, "decision": list(prediction.decision), "kind": prediction.kind,
        "kind_probability": prediction.kind_probability, "probabilities": prediction.probabilities, "error": None,
    }  # fmt: skip


def test_several_files_get_the_answers_of_the_library(classifier, capsys):
    _, out = run(capsys, "classify", EXAMPLES, "--format", "jsonl")
    for row in map(json.loads, out.splitlines()):
        # With another batch size the network's sums may be rounded differently.
        assert row["probabilities"] == pytest.approx(classifier.classify(row["path"]).probabilities, abs=1e-6)


def test_csv(classifier, capsys, tmp_path):
    formula = tmp_path / "=1+1.wav"
    formula.write_bytes(KICK.read_bytes())
    status, out = run(capsys, "classify", KICK, EXAMPLES / "README.md", formula, "--format", "csv")
    assert out.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert status == 1
    assert [row["label"] for row in rows] == ["kick", "", "kick"]
    alone = classifier.classify(KICK).probabilities["kick"]
    assert float(rows[0]["kick"]) == pytest.approx(alone, abs=1e-6)  # a batch is summed in a different order
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


def test_a_path_that_cannot_be_examined_is_refused_like_one_that_is_not_there(capsys, tmp_path):
    target = tmp_path / "answers.csv"
    target.write_text("of before")
    status, _ = run(capsys, "classify", KICK, "a" * 300 + ".wav", "--format", "csv", "--out", target)
    assert status == 1
    rows = list(csv.DictReader(target.read_text(encoding="utf-8-sig").splitlines()))
    assert [row["label"] for row in rows] == ["kick", ""]


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


def test_a_zip_is_skipped_in_a_folder_and_refused_alone_with_the_same_advice(capsys, tmp_path):
    (tmp_path / "kick.wav").write_bytes(KICK.read_bytes())
    (tmp_path / "more.zip").write_bytes(zip_of({"snare.wav": SNARE.read_bytes()}))
    assert main(["classify", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.err == "drumclf: skipped (not sounds): 1 archive (unpack it to include its sounds)\n"
    assert len(said.out.splitlines()) == 1
    status, out = run(capsys, "classify", tmp_path / "more.zip")
    assert status == 1
    assert "This is a zip archive; unpack it and send the sounds in it." in out


def test_sounds_that_only_other_players_play(tmp_path):
    """Through the whole command, with its separate processes; in a folder, their names are known too."""
    kick = clean(KICK.stem)
    files = other_codings(kick) | other_headers(kick)
    files["cover.mp3"] = id3(os.urandom(12_000_000)) + files["variable.mp3"]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "pointer.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    command = [sys.executable, "-m", "drumclf", "classify", tmp_path, "--format", "jsonl"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    rows = {os.path.basename(row["path"]): row for row in map(json.loads, done.stdout.splitlines())}  # noqa: PTH119
    assert done.returncode == 1
    assert "Git LFS" in rows.pop("pointer.wav")["error"]
    assert {name: row["label"] for name, row in rows.items()} == dict.fromkeys(files, "kick")


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["classify"], ["classify", "x.wav", "--format", "xml"], ["fly", "x.wav"], ["sort", "x"], ["undo"],
        ["sort", "a", "b", "--copy", "--move"], ["classify", "x.wav", "--workers", "many"],
    ],
)  # fmt: skip
def test_wrong_usage_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_folder_without_sounds_is_said(tmp_path, capsys):
    assert main(["classify", str(tmp_path)]) == 1
    assert "no sound files" in capsys.readouterr().err


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


def test_answers_and_pictures_need_nothing_that_is_slow_to_import():
    """Nor anything that compiles at run time."""
    code = """if True:
        import sys
        from drumclf import load_classifier
        from drumclf.__main__ import main
        from drumclf.explain import grad_cam
        from drumclf.traits import supporting_traits
        from drumclf.drawing.share_card import draw_share_card, png
        import page.sound
        classifier = load_classifier()
        prediction = classifier.classify(sys.argv[1])
        supporting_traits(prediction, classifier.metadata["traits"])
        grad_cam(classifier, prediction)
        png(draw_share_card(prediction, classifier, "kick"))
        assert main(["classify", sys.argv[1]]) == 0
        slow = {"tensorflow", "keras", "librosa", "numba", "llvmlite", "sklearn", "scipy.signal", "altair"}
        sys.exit(", ".join(slow & set(sys.modules)) or 0)
    """
    done = subprocess.run([sys.executable, "-c", code, KICK], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_resumed_is_as_if_never_stopped(format, classifier, sounds, tmp_path, capsys):
    (sounds / "bad.wav").rename(sounds / os.fsdecode(b"b\xff.wav"))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    classify = ["classify", sounds, sounds / "hit.wav", "--format", format, "--out"]  # one file is named twice
    assert run(capsys, *classify, whole)[0] == 1
    data = whole.read_bytes()
    for n_bytes in (0, 5, len(data) // 2, len(data) - 1, len(data)):
        cut.write_bytes(data[:n_bytes])
        assert run(capsys, *classify, cut, "--resume")[0] == 1
        assert rows_of(cut, format) == rows_of(whole, format)
    assert cut.read_bytes() == data  # the last time there was nothing left to do


def rows_of(path, format):
    """All cells, rounded: with another batch size the last digits of sums differ."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    lines = list(csv.reader(io.StringIO(text, newline=""))) if format == "csv" else text.splitlines()
    return re.sub(r"\d\.\d+(e-\d+)?", lambda number: f"{float(number[0]):.5f}", repr(lines))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--format", "jsonl"], "--out"), (["--out", "{tmp}/a.txt"], "--format"),
        (["--format", "csv", "--out", "{tmp}/notes"], "cannot continue"),
        (["--format", "jsonl", "--out", "{tmp}/notes"], "cannot continue"),
        (["--format", "jsonl", "--out", "{tmp}"], "cannot continue"),
    ],
)  # fmt: skip
def test_resume_needs_a_file_of_answers(more, why, tmp_path, capsys):
    (tmp_path / "notes").write_text("shopping")
    assert main(["classify", str(KICK), "--resume", *(word.format(tmp=tmp_path) for word in more)]) == 2
    assert why in capsys.readouterr().err
    assert (tmp_path / "notes").read_text() == "shopping"


def test_a_table_on_the_screen_comes_line_by_line(classifier, tmp_path, monkeypatch):
    """Lines are printed before the last of many files is read."""
    n = _BATCH_SIZE * (2 * WORKERS + 2)  # more than are read ahead
    names = [tmp_path / f"{i:03}.wav" for i in range(n)]
    for name in names:
        name.symlink_to(KICK)

    class Screen(io.TextIOWrapper):
        def write(self, text):
            names[-1].unlink(missing_ok=True)  # when the first line is written
            return super().write(text)

    screen = Screen(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(["classify", str(tmp_path)]) == 1
    screen.seek(0)
    lines = screen.read().splitlines()
    assert len(lines) == n
    assert "There is no file here" in lines[-1]
    assert all(line.startswith("Kick") for line in lines[:-1])
