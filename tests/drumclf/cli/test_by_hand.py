"""What a person changed by hand after sorting is theirs: for a second run, and for `undo`."""

import json
import shutil

import pytest
from command_steps import KICK, SNARE, load_once
from conftest import EXAMPLES

from drumclf.__main__ import main
from drumclf.filing import taking_back
from drumclf.filing.journal import JOURNAL

loaded_once = pytest.fixture(load_once, autouse=True)
CLAP, TOM, COWBELL = (EXAMPLES / f"{name}.wav" for name in ("clap_hands", "tom_acoustic", "cowbell_analogue"))


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for sound in (KICK, SNARE, CLAP, TOM):
        shutil.copy(sound, folder)
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def run(capsys, *arguments):
    """Exit status, and all that is said."""
    status = main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != JOURNAL
    }


def correct(out):
    """Rename one file, move one to another folder, delete one, edit one."""
    (out / "snare" / SNARE.name).rename(out / "snare" / "My snare.wav")
    (out / "mine").mkdir()
    (out / "kick" / KICK.name).rename(out / "mine" / KICK.name)
    (out / "clap" / CLAP.name).unlink()
    (out / "tom" / TOM.name).write_bytes(COWBELL.read_bytes())


@pytest.mark.parametrize("action", ["copy", "move"])
def test_a_second_run_looks_at_what_is_new(action, source, out, capsys):
    run(capsys, "sort", source, out, f"--{action}")
    correct(out)
    before, left = tree(out), tree(source)
    for _ in range(2):
        status, said = run(capsys, "sort", source, out, f"--{action}")
        assert status == 0
        assert "nothing is new: 4 sounds filed before stay as they are" in said
        assert len(said.splitlines()) == 1
        assert (tree(out), tree(source)) == (before, left)
    shutil.copy(COWBELL, source)
    status, said = run(capsys, "sort", source, out, f"--{action}")
    assert status == 0
    assert f"{action} 1 file into" in said
    assert "stays where it is" not in said
    assert tree(out) == before | {f"percussion/{COWBELL.name}": COWBELL.read_bytes()}


@pytest.mark.parametrize("action", ["copy", "move"])
def test_undo_takes_back_only_what_still_is_as_it_was_put(action, source, out, capsys):
    run(capsys, "sort", source, out, f"--{action}")
    correct(out)
    shutil.copy(COWBELL, source)
    run(capsys, "sort", source, out, f"--{action}")
    before = tree(out)
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert "1 of 5 files undone; 4 files left" in said
    assert said.count("moved, renamed or deleted since") == 3
    assert f"{out}/tom/{TOM.name} is left as it is: it was changed since" in said
    del before[f"percussion/{COWBELL.name}"]
    assert tree(out) == before
    assert (source / COWBELL.name).read_bytes() == COWBELL.read_bytes()
    assert len(tree(source)) == (1 if action == "move" else 5)


def test_links_that_a_person_replaced_are_theirs(source, out, capsys):
    run(capsys, "sort", source, out, "--link")
    link = out / "kick" / KICK.name
    link.unlink()
    link.write_bytes(b"mine")
    (out / "snare" / SNARE.name).rename(out / "snare" / "My snare.wav")
    before = tree(out)
    assert "nothing is new" in run(capsys, "sort", source, out, "--link")[1]
    assert tree(out) == before
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert "no longer the link" in said
    assert tree(out) == {f"kick/{KICK.name}": b"mine", "snare/My snare.wav": SNARE.read_bytes()}
    assert len(tree(source)) == 4


@pytest.mark.parametrize("more", [["--pattern", "{class}_{n:03}"], ["--move"], ["--link"], ["--move", "--dry-run"]])
def test_another_pattern_or_action_says_that_all_is_filed(more, source, out, capsys):
    run(capsys, "sort", source, out)
    before = tree(out.parent)
    status, said = run(capsys, "sort", source, out, *more)
    assert status == 0
    assert "4 sounds filed before stay as they are" in said
    assert f"drumclf undo {out}" in said
    assert tree(out.parent) == before


def test_what_is_put_back_by_hand_stays_there_and_another_sound_of_that_name_is_new(source, out, capsys):
    run(capsys, "sort", source, out, "--move")
    (out / "kick" / KICK.name).rename(source / KICK.name)
    shutil.copy(COWBELL, source / SNARE.name)  # the next sound that is called so
    run(capsys, "sort", source, out, "--move")
    assert tree(source) == {KICK.name: KICK.read_bytes()}
    assert tree(out)[f"percussion/{SNARE.name}"] == COWBELL.read_bytes()
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert "another file has taken its old place" in said  # the second snare came back first
    assert tree(source)[SNARE.name] == COWBELL.read_bytes()
    assert tree(out) == {f"snare/{SNARE.name}": SNARE.read_bytes()}


@pytest.mark.parametrize("action", ["copy", "move"])
@pytest.mark.parametrize("where", ["itself", "inside"])
def test_a_folder_sorted_into_itself_keeps_what_was_corrected(action, where, source, capsys):
    out = source if where == "itself" else source / "sorted"
    run(capsys, "sort", source, out, f"--{action}")
    (out / "kick" / KICK.name).rename(out / "snare" / KICK.name)
    (out / "favourites").mkdir()
    (out / "snare" / SNARE.name).rename(out / "favourites" / "best.wav")
    before = tree(source)
    status, said = run(capsys, "sort", source, out, f"--{action}")
    assert (status, "nothing is new" in said) == (0, True)
    assert tree(source) == before


def test_an_edited_original_keeps_the_copy_of_what_it_was(source, out, capsys):
    run(capsys, "sort", source, out)
    (source / KICK.name).write_bytes(COWBELL.read_bytes())
    assert "nothing is new" in run(capsys, "sort", source, out)[1]
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert "the original was changed since" in said
    assert tree(out) == {f"kick/{KICK.name}": KICK.read_bytes()}


def test_a_file_in_the_way_of_what_was_cut_off_is_no_error_for_ever(source, out, capsys, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", cut)
        assert main(["sort", str(source), str(out)]) == 130
    (out / "kick").mkdir(parents=True, exist_ok=True)
    (out / "kick" / KICK.name).write_bytes(b"mine")
    (source / TOM.name).unlink()  # nor is one that is no longer there
    status, said = run(capsys, "sort", source, out)
    assert (status, "3 files sorted" in said) == (0, True)
    assert tree(out) == {
        f"kick/{KICK.name}": b"mine", "kick/kick_analogue (2).wav": KICK.read_bytes(),
        f"snare/{SNARE.name}": SNARE.read_bytes(), f"clap/{CLAP.name}": CLAP.read_bytes(),
    }  # fmt: skip
    assert run(capsys, "undo", out)[0] == 0
    assert tree(out) == {f"kick/{KICK.name}": b"mine"}


def test_a_link_is_not_moved_and_no_error_for_ever(source, out, capsys):
    (source / "link.wav").symlink_to(KICK.name)
    status, said = run(capsys, "sort", source, out, "--move")
    assert (status, "link.wav: This is a link" in said, "4 files sorted" in said) == (1, True, True)
    status, said = run(capsys, "sort", source, out, "--move")
    assert (status, "nothing is new" in said) == (0, True)  # it leads nowhere by now
    assert run(capsys, "undo", out)[0] == 0
    assert (source / "link.wav").read_bytes() == KICK.read_bytes()


def test_a_journal_of_version_0_1_is_understood(source, out, capsys):
    """It held no more than the plan: what came before the last step that is as it was put was done."""
    run(capsys, "sort", source, out)
    journal = out / JOURNAL
    steps = [json.loads(line) for line in journal.read_text().splitlines()[:4]]
    old = [{name: step[name] for name in ("action", "source", "destination")} for step in steps]
    journal.write_text("".join(f"{json.dumps(step)}\n" for step in old))
    (out / "kick" / KICK.name).rename(out / "kick" / "mine.wav")
    before = tree(out)
    assert "nothing is new" in run(capsys, "sort", source, out)[1]
    assert tree(out) == before
    status, said = run(capsys, "undo", out)
    assert (status, "3 of 4 files undone" in said) == (0, True)
    assert tree(out) == {"kick/mine.wav": KICK.read_bytes()}


def test_undo_that_was_cut_off_goes_on(source, out, capsys, monkeypatch):
    before = tree(source)
    run(capsys, "sort", source, out, "--move")
    taken, put_file = [], taking_back.put_file

    def cut(step):
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(put_file(step))

    with monkeypatch.context() as patch:
        patch.setattr(taking_back, "put_file", cut)
        status, said = run(capsys, "undo", out)
    assert (status, "stopped; 2 of 4 files undone" in said) == (130, True)
    status, said = run(capsys, "undo", out)
    assert (status, "2 of 2 files undone" in said, "left" in said) == (0, True, False)
    assert tree(source) == before
    assert not out.exists()


def test_a_dry_run_names_what_it_leaves_out_and_as_a_duplicate_of_what(source, out, capsys):
    shutil.copy(KICK, source / "second.wav")
    status, said = run(capsys, "sort", source, out, "--skip-duplicates", "--dry-run")
    assert status == 0
    assert f"left out: {source}/second.wav, a duplicate of {source}/{KICK.name}\n" in said
    run(capsys, "sort", source, out, "--skip-duplicates", "--move")
    shutil.copy(KICK, source / "third.wav")
    status, said = run(capsys, "sort", source, out, "--skip-duplicates", "--dry-run")
    assert f"left out: {source}/third.wav, a duplicate of {out}/kick/{KICK.name}\n" in said


@pytest.mark.parametrize("format", ["table", "csv", "jsonl"])
def test_classify_says_which_are_duplicates(format, source, capsys):
    shutil.copy(KICK, source / "second.wav")
    (source / "bad.wav").write_bytes(b"no sound")
    status, said = run(capsys, "classify", source, "--duplicates", "--format", format)
    assert status == 1
    lines = [line for line in said.splitlines() if "second.wav" in line]
    assert len(lines) == 1
    assert str(source / KICK.name) in lines[0]
    assert len(said.splitlines()) == 6 + (format == "csv")


def test_duplicates_need_all_files(source, out, capsys):
    arguments = ["classify", source, "--duplicates", "--resume", "--format", "csv", "--out", out]
    assert run(capsys, *arguments)[0] == 2
