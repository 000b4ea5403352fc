"""Sorting into folders from the command line, and undoing it."""

import io
import os
import shutil

import pytest
from command_steps import KICK, load_once, mixed_sounds, run
from conftest import EXAMPLES

from drumclf.__main__ import main
from drumclf.filing.journal import JOURNAL

loaded_once = pytest.fixture(load_once, autouse=True)
sounds = pytest.fixture(mixed_sounds)


def tree(folder):
    paths = [path for path in folder.rglob("*") if path.name != JOURNAL]
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths if not p.is_dir()}


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
    clap.rename(clap.with_name(os.fsdecode(b"\xff\x1b.wav")))  # not text in any encoding, and what a screen obeys
    before = tree(tmp_path)
    assert main(["sort", str(sounds), str(tmp_path / "out"), "--dry-run", "--move"]) == 1
    plan = f"{sounds}/��.wav -> {tmp_path / 'out' / 'clap' / '__.wav'}\n"
    assert plan in capsysbinary.readouterr().out.decode()
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_copies_are_left_out_the_second_time_too(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    actions = ("--copy", "--move", "--link")
    for action in actions:
        status, text = run(capsys, "sort", sounds, out, "--skip-duplicates", action)
        assert status == 1  # the refused one
        assert len(tree(out)) == 3
        assert ("left out as duplicates: 2" in text) == (action == actions[0])  # a later run is silent about them
    (sounds / "tom.wav").write_bytes((EXAMPLES / "tom_acoustic.wav").read_bytes())
    run(capsys, "sort", sounds, out, "--skip-duplicates")
    assert len(tree(out)) == 4


@pytest.mark.parametrize("action", ["copy", "move", "link"])
def test_sorted_into_itself_twice(action, sounds, capsys):
    before, out = tree(sounds), sounds / "sorted"
    run(capsys, "sort", sounds, out, f"--{action}")
    once = tree(sounds)
    assert run(capsys, "sort", sounds, out, f"--{action}")[0] == 1  # only refused files are read again
    assert tree(sounds) == once
    assert len(tree(out)) == 5
    run(capsys, "undo", out)
    assert tree(sounds) == before


def test_new_files_are_filed_beside_the_old_and_all_is_undone(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    run(capsys, "sort", sounds, out, "--pattern", "{class}_{n}", "--move")
    (sounds / "more.wav").write_bytes((EXAMPLES / "kick_acoustic.wav").read_bytes())
    run(capsys, "sort", sounds, out, "--pattern", "{class}_{n}")
    assert (out / "kick" / "kick_3.wav").read_bytes() == (sounds / "more.wav").read_bytes()
    assert run(capsys, "undo", out)[0] == 0
    assert not out.exists()
    assert (sounds / "kit" / "hit.wav").read_bytes() == KICK.read_bytes()


def test_what_was_cut_off_comes_first(sounds, tmp_path, capsys, monkeypatch):
    out, whole, copied = tmp_path / "out", tmp_path / "whole", []
    run(capsys, "sort", sounds, whole)

    def cut(*places):
        if len(copied) == 3:
            raise KeyboardInterrupt
        copied.append(shutil.copyfile(*places))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", cut)
        assert main(["sort", str(sounds), str(out)]) == 130
    assert "stopped; 3 of 5 files sorted" in capsys.readouterr().err
    status = main(["sort", str(sounds), str(out)])
    shown = capsys.readouterr()
    assert status == 1
    assert "2 files left from an earlier run" in shown.err
    assert "copy 2 files" in shown.out
    assert tree(out) == tree(whole)


def test_a_changed_copy_is_not_taken_back(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    run(capsys, "sort", sounds, out)
    (out / "clap" / "clap.wav").write_bytes(b"mine")
    assert main(["undo", str(out)]) == 1
    assert "changed" in capsys.readouterr().err
    assert tree(out) == {"clap/clap.wav": b"mine"}
    (out / "clap" / "clap.wav").unlink()
    assert run(capsys, "undo", out)[0] == 0  # the journal still listed it
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


def test_a_folder_without_sounds_is_said(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert main(["sort", str(tmp_path / "in"), str(tmp_path / "out")]) == 1
    assert "no sound files" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_companions_move_along_under_the_new_name_and_back(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("Kick 01", "other.wav"):
        (folder / name).write_bytes(KICK.read_bytes())
    (folder / "Kick 01.asd").write_bytes(b"of Kick 01")
    (folder / "other.wav.reapeaks").write_bytes(b"of other")
    (folder / "other.xmp").write_bytes(b"tags of other")
    (folder / "nobody.wav.asd").write_bytes(b"of nobody")
    before = tree(folder)
    assert main(["sort", str(folder), str(out), "--move", "--pattern", "{class}_{n}"]) == 0
    assert "skipped (not sounds): 4 companion files" in capsys.readouterr().err
    moved = tree(out)
    assert moved["kick/kick_1.asd"] == b"of Kick 01"
    assert moved["kick/kick_2.wav.reapeaks"] == b"of other"
    assert moved["kick/kick_2.xmp"] == b"tags of other"
    assert tree(folder) == {"nobody.wav.asd": b"of nobody"}
    assert run(capsys, "undo", out)[0] == 0
    assert tree(folder) == before


@pytest.fixture
def change_before_yes(monkeypatch, capsys):
    """Sorts the folder "in", while somebody changes something before they answer; gives status and messages."""

    def sort(tmp_path, change):
        def answer(_):
            change()
            return "yes"

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", answer)
        status = main(["sort", str(tmp_path / "in"), str(tmp_path / "out"), "--move"])
        return status, capsys.readouterr().err

    return sort


def kick_with_companions(tmp_path):
    (tmp_path / "in").mkdir()
    files = {"kick.wav": KICK.read_bytes(), "kick.wav.asd": b"warp", "kick.xmp": b"tags"}
    for name, data in files.items():
        (tmp_path / "in" / name).write_bytes(data)
    return files


def assert_companions_stay(tmp_path, said):
    for name in ("kick.wav.asd", "kick.xmp"):
        assert f"{tmp_path / 'in' / name} stays where it is: its sound was not moved." in said
        assert (tmp_path / "in" / name).exists()
    assert "0 files sorted" in said


def test_companions_wait_for_a_sound_that_is_gone(tmp_path, change_before_yes, capsys):
    files, sound = kick_with_companions(tmp_path), tmp_path / "in" / "kick.wav"
    status, said = change_before_yes(tmp_path, lambda: sound.rename(tmp_path / "away"))
    assert status == 1
    assert_companions_stay(tmp_path, said)
    run(capsys, "sort", tmp_path / "in", tmp_path / "out", "--move", "--yes")
    assert set(tree(tmp_path / "in")) == {"kick.wav.asd", "kick.xmp"}
    assert tree(tmp_path / "out") == {}
    (tmp_path / "away").rename(sound)
    assert run(capsys, "sort", tmp_path / "in", tmp_path / "out", "--move", "--yes")[0] == 0
    assert tree(tmp_path / "out") == {f"kick/{name}": data for name, data in files.items()}
    assert run(capsys, "undo", tmp_path / "out")[0] == 0
    assert tree(tmp_path / "in") == files


@pytest.mark.parametrize("is_freed", [True, False])
def test_companions_stay_with_a_sound_whose_name_is_taken(is_freed, tmp_path, change_before_yes, capsys):
    files, taken = kick_with_companions(tmp_path), tmp_path / "out" / "kick" / "kick.wav"

    def take():
        taken.parent.mkdir(parents=True)
        taken.write_bytes(b"somebody's")

    status, said = change_before_yes(tmp_path, take)
    assert status == 1
    assert_companions_stay(tmp_path, said)
    if is_freed:
        taken.unlink()
    assert run(capsys, "sort", tmp_path / "in", tmp_path / "out", "--move", "--yes")[0] == 0
    assert tree(tmp_path / "in") == {}
    new = "kick" if is_freed else "kick (2)"
    expected = {f"kick/{name.replace('kick', new)}": data for name, data in files.items()}
    assert tree(tmp_path / "out") == expected | ({} if is_freed else {"kick/kick.wav": b"somebody's"})
    assert run(capsys, "undo", tmp_path / "out")[0] == 0
    assert tree(tmp_path / "in") == files


def test_a_plan_made_before_another_run_sorted_there_is_not_carried_out(tmp_path, change_before_yes, capsys):
    """What the other run did could no longer be undone."""
    kick_with_companions(tmp_path)
    shutil.copytree(EXAMPLES, tmp_path / "others")
    status, said = change_before_yes(
        tmp_path, lambda: main(["sort", str(tmp_path / "others"), str(tmp_path / "out"), "--yes"])
    )
    assert status == 1
    assert f"nothing was sorted: another run sorted into {tmp_path / 'out'} meanwhile" in said
    assert (tmp_path / "in" / "kick.wav").exists()
    assert len(tree(tmp_path / "out")) > 10
    assert run(capsys, "sort", tmp_path / "in", tmp_path / "out", "--move", "--yes")[0] == 0
    assert run(capsys, "undo", tmp_path / "out")[0] == 0
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "in" / "kick.wav").exists()


def test_undo_leaves_companions_with_a_sound_that_it_leaves(tmp_path, capsys):
    files, out = kick_with_companions(tmp_path), tmp_path / "out"
    (tmp_path / "in" / "other.wav").write_bytes(KICK.read_bytes() + b"!")
    (tmp_path / "in" / "other.wav.asd").write_bytes(b"of other")
    before = tree(tmp_path / "in")
    run(capsys, "sort", tmp_path / "in", out, "--move", "--yes")
    (out / "kick" / "kick.wav").write_bytes(b"edited")
    status = main(["undo", str(out)])
    said = capsys.readouterr().err
    assert status == 1
    assert f"{out / 'kick' / 'kick.wav.asd'} is left as it is: its sound did not go back." in said
    assert "2 of 5 files undone; 3 files left as said above" in said
    assert tree(tmp_path / "in") == {"other.wav": before["other.wav"], "other.wav.asd": b"of other"}
    assert set(tree(out)) == {f"kick/{name}" for name in files}
    (out / "kick" / "kick.wav").write_bytes(before["kick.wav"])
    assert run(capsys, "undo", out)[0] == 0
    assert tree(tmp_path / "in") == before
    assert not out.exists()


def test_undo_leaves_companions_whose_sound_has_no_way_back(tmp_path, capsys):
    files, out = kick_with_companions(tmp_path), tmp_path / "out"
    run(capsys, "sort", tmp_path / "in", out, "--move", "--yes")
    (tmp_path / "in" / "kick.wav").write_bytes(b"another")
    assert run(capsys, "undo", out)[0] == 1
    assert tree(out) == {f"kick/{name}": data for name, data in files.items()}
    (tmp_path / "in" / "kick.wav").unlink()
    (out / "kick" / "kick.wav").rename(tmp_path / "in" / "kick.wav")  # by hand
    assert run(capsys, "undo", out)[0] == 0
    assert tree(tmp_path / "in") == files


def test_a_companion_that_could_belong_to_two_sounds_stays(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for name, data in {"a.wav": KICK.read_bytes(), "a.bwf": b"no sound", "a.xmp": b"x", "a": b"\xab\x1eVx"}.items():
        (tmp_path / "in" / name).write_bytes(data)
    run(capsys, "sort", tmp_path / "in", tmp_path / "out", "--move")
    assert set(tree(tmp_path / "out")) == {"kick/a.wav"}
    assert set(tree(tmp_path / "in")) == {"a.bwf", "a.xmp", "a"}


def test_a_copy_takes_no_companion_along(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "kick.wav").write_bytes(KICK.read_bytes())
    (tmp_path / "in" / "kick.wav.asd").write_bytes(b"x")
    run(capsys, "sort", tmp_path / "in", tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {"kick/kick.wav"}


def test_what_was_left_out_is_remembered_until_it_is_wanted_or_undone(tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(KICK.read_bytes())
    arguments = ["sort", folder, out, "--skip-duplicates"]
    assert f"left out: {folder / 'b.wav'}, a duplicate of {folder / 'a.wav'}" in run(capsys, *arguments, "--dry-run")[1]
    assert not out.exists()
    assert "left out as duplicates: 1" in run(capsys, *arguments)[1]
    assert run(capsys, *arguments) == (0, "")
    (folder / "c.wav").write_bytes(KICK.read_bytes())
    assert "left out as duplicates: 1" in run(capsys, *arguments)[1]
    assert run(capsys, *arguments) == (0, "")
    assert run(capsys, "undo", out)[0] == 0
    assert not out.exists()
    assert "left out as duplicates: 2" in run(capsys, *arguments)[1]
    run(capsys, *arguments[:-1])
    assert len(tree(out)) == 3
