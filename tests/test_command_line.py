import csv
import io
import json
import os
import re
import subprocess
import sys

import pytest
from conftest import EXAMPLES, ROOT

from drumclf.__main__ import main
from drumclf.filing import JOURNAL
from drumclf.parallel import WORKERS

KICK, SNARE = EXAMPLES / "kick_analogue.wav", EXAMPLES / "snare_acoustic.wav"


@pytest.fixture(autouse=True)
def loaded_once(classifier, monkeypatch):
    """The model is loaded for all tests together; `test_as_a_process` loads its own."""
    monkeypatch.setattr("drumclf.__main__.load_classifier", lambda read: classifier)
    monkeypatch.setattr("drumclf.sort_command.load_classifier", lambda read: classifier)


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


def test_an_empty_folder_is_wrong_usage(tmp_path, capsys):
    assert main(["classify", str(tmp_path)]) == 2
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
        from drumclf.plots import draw_probabilities, draw_spectrogram, draw_waveform, to_png
        import page.sound
        classifier = load_classifier()
        prediction = classifier.classify(sys.argv[1])
        supporting_traits(prediction, classifier.metadata["traits"])
        to_png(draw_spectrogram(prediction, evidence=grad_cam(classifier, prediction)))
        to_png(draw_probabilities(prediction, classifier.titles))
        assert main(["classify", sys.argv[1]]) == 0
        slow = {"tensorflow", "keras", "librosa", "numba", "llvmlite", "sklearn", "scipy.signal", "altair"}
        sys.exit(", ".join(slow & set(sys.modules)) or 0)
    """
    done = subprocess.run([sys.executable, "-c", code, KICK], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def sounds(tmp_path):
    """A folder with drums, a copy, a file that is refused, and names of every kind."""
    folder = tmp_path / "in"
    (folder / "kit").mkdir(parents=True)
    kick, snare = KICK.read_bytes(), SNARE.read_bytes()
    files = {
        "kit/hit.wav": kick, "kit/hit.WAV": snare, "hit.wav": snare + b"!!", "=a,\"\r\nb\".wav": kick + b"!!",
        "bad.wav": b"no sound", "clap.wav": (EXAMPLES / "clap_hands.wav").read_bytes(),
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def tree(folder):
    paths = [path for path in folder.rglob("*") if path.name != JOURNAL]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if not p.is_dir()}


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
    assert cut.read_bytes() == data  # the last time there was nothing to do


def rows_of(path, format):
    """All cells, rounded: in a batch of another size sums come out otherwise in the last digits."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    lines = list(csv.reader(io.StringIO(text, newline=""))) if format == "csv" else text.splitlines()
    return re.sub(r"\d\.\d+(e-\d+)?", lambda number: f"{float(number[0]):.5f}", repr(lines))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--format", "jsonl"], "--out"), (["--out", "{tmp}/a.txt"], "--format"),
        (["--format", "csv", "--out", "{tmp}/notes"], "cannot go on"),
        (["--format", "jsonl", "--out", "{tmp}/notes"], "cannot go on"),
        (["--format", "jsonl", "--out", "{tmp}"], "cannot go on"),
    ],
)  # fmt: skip
def test_resume_needs_a_file_of_answers(more, why, tmp_path, capsys):
    (tmp_path / "notes").write_text("shopping")
    assert main(["classify", str(KICK), "--resume", *(word.format(tmp=tmp_path) for word in more)]) == 2
    assert why in capsys.readouterr().err
    assert (tmp_path / "notes").read_text() == "shopping"


def test_a_table_on_the_screen_comes_line_by_line(classifier, tmp_path, monkeypatch):
    """Lines are out before the last of many files is read."""
    n = 16 * (2 * WORKERS + 2)  # batches of 16: more than are read ahead
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


@pytest.mark.parametrize("action", ["copy", "move", "link"])
def test_sort_and_undo(action, sounds, tmp_path, capsys):
    before, out = tree(sounds), tmp_path / "new" / "out"
    status, text = run(capsys, "sort", sounds, out, f"--{action}")
    assert status == 1  # one file stays
    assert "bad.wav" in text
    assert set(tree(out)) == {
        "kick/=a,___b_.wav", "clap/clap.wav", "snare/hit.wav", "snare/hit (2).WAV", "kick/hit.wav"
    }  # fmt: skip
    assert sorted(tree(out).values()) == sorted(data for data in before.values() if data != b"no sound")
    assert tree(sounds) == ({"bad.wav": b"no sound"} if action == "move" else before)
    assert {path.is_symlink() for path in out.rglob("*.[wW]*")} == {action == "link"}
    assert run(capsys, "undo", out)[0] == 0
    assert tree(sounds) == before
    assert not out.exists()
    assert main(["undo", str(out)]) == 2


def test_sort_names_by_class_and_pattern(sounds, tmp_path, capsys):
    run(capsys, "sort", sounds, tmp_path / "out", "--pattern", "{class}_{n:02} {folder}")
    assert sorted(tree(tmp_path / "out")) == [
        "clap/clap_01 in.wav", "kick/kick_01 in.wav", "kick/kick_02 kit.wav",
        "snare/snare_01 in.wav", "snare/snare_02 kit.WAV",
    ]  # fmt: skip


def test_a_dry_run_shows_the_plan_and_does_nothing(sounds, tmp_path, capsysbinary):
    clap = sounds / "clap.wav"
    clap = clap.rename(clap.with_name(os.fsdecode(b"\xff.wav")))  # no text in any encoding
    before = tree(tmp_path)
    assert main(["sort", str(sounds), str(tmp_path / "out"), "--dry-run", "--move"]) == 1
    plan = f"{clap} -> {tmp_path / 'out' / 'clap' / '_.wav'}\n"
    assert os.fsencode(plan) in capsysbinary.readouterr().out
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_copies_are_left_out_the_second_time_too(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    for action in ("--copy", "--move", "--copy"):
        status, text = run(capsys, "sort", sounds, out, "--skip-duplicates", action)
        assert status == 1  # the refused one
        assert len(tree(out)) == 3
        assert "left out, the same recording as another: 2" in text
    (sounds / "tom.wav").write_bytes((EXAMPLES / "tom_acoustic.wav").read_bytes())
    run(capsys, "sort", sounds, out, "--skip-duplicates")
    assert len(tree(out)) == 4


@pytest.mark.parametrize("action", ["copy", "move", "link"])
def test_sorted_into_itself_twice(action, sounds, capsys):
    before, out = tree(sounds), sounds / "sorted"
    run(capsys, "sort", sounds, out, f"--{action}")
    once = tree(sounds)
    assert run(capsys, "sort", sounds, out, f"--{action}")[0] == 1  # only what was refused is looked at again
    assert tree(sounds) == once
    assert len(tree(out)) == 5
    run(capsys, "undo", out)
    assert tree(sounds) == before


def test_new_files_are_filed_beside_the_old_and_all_is_undone(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    run(capsys, "sort", sounds, out, "--pattern", "{class}_{n}", "--move")
    (sounds / "hit.wav").write_bytes((EXAMPLES / "kick_acoustic.wav").read_bytes())  # where one was moved from
    (sounds / "more.wav").write_bytes((EXAMPLES / "kick_acoustic.wav").read_bytes())
    run(capsys, "sort", sounds, out, "--pattern", "{class}_{n}")
    assert (out / "kick" / "kick_3.wav").read_bytes() == (sounds / "more.wav").read_bytes()
    (sounds / "hit.wav").unlink()
    assert run(capsys, "undo", out)[0] == 0
    assert not out.exists()
    assert (sounds / "kit" / "hit.wav").read_bytes() == KICK.read_bytes()


def test_what_was_cut_off_comes_first(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    run(capsys, "sort", sounds, out)
    whole = tree(out)
    for path in (out / "snare").iterdir():
        path.unlink()
    status = main(["sort", str(sounds), str(out)])
    shown = capsys.readouterr()
    assert status == 1
    assert "2 files are left from the run before" in shown.err
    assert "copy 2 files" in shown.out
    assert tree(out) == whole


def test_a_changed_copy_is_not_taken_back(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    run(capsys, "sort", sounds, out)
    (out / "clap" / "clap.wav").write_bytes(b"mine")
    assert main(["undo", str(out)]) == 1
    assert "changed" in capsys.readouterr().err
    assert tree(out) == {"clap/clap.wav": b"mine"}
    (out / "clap" / "clap.wav").unlink()
    assert run(capsys, "undo", out)[0] == 0  # the journal still knew of it
    assert not out.exists()


@pytest.mark.parametrize(
    ("typed", "more", "goes_on"),
    [("\n", [], False), ("n\n", [], False), ("", [], False), ("y\n", [], True), ("n\n", ["--yes"], True)],
)
def test_on_a_terminal_it_asks(typed, more, goes_on, sounds, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    run(capsys, "sort", sounds, tmp_path / "out", *more)
    assert (tmp_path / "out").exists() == goes_on


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["{tmp}/none", "{tmp}/out"], "not a folder"), (["{tmp}/in", "{tmp}/in/bad.wav"], "not a folder"),
        (["{tmp}/in", "{tmp}/out", "--pattern", "{{class.__init__}}{{n}}"], "pattern"),
        (["{tmp}/in", "{tmp}/in/bad.wav/out", "--yes"], "cannot"),
        (["{tmp}/in", "{tmp}/torn"], "damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_sorted(arguments, why, sounds, tmp_path, capsys):
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / JOURNAL).write_text("nonsense\n")
    before = tree(tmp_path)
    assert main(["sort", *(word.format(tmp=tmp_path) for word in arguments)]) == 2
    assert why in capsys.readouterr().err
    assert main(["undo", str(tmp_path / "torn")]) == 2
    assert tree(tmp_path) == before


def test_an_empty_folder_is_sorted_already(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert run(capsys, "sort", tmp_path / "in", tmp_path / "out") == (0, "")
    assert not (tmp_path / "out").exists()
