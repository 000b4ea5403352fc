"""Two runs in one folder: the second one is told so, and no file is lost if it comes all the same."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_steps import KICK, load_once
from conftest import ROOT

from drumclf.__main__ import main
from drumclf.filing.carrying_out import carry_out, put_file
from drumclf.filing.journal import JOURNAL, Journal, Step, read_journal
from drumclf.filing.lock import LOCK, InUseError, alone_in, check_alone

loaded_once = pytest.fixture(load_once, autouse=True)
HOLD = """
import sys, time
from pathlib import Path
from drumclf.filing.lock import alone_in
with alone_in(Path(sys.argv[1]), make=True):
    print("in", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other_disk(monkeypatch):
    """Between folders, files have to be copied."""
    link = os.link

    def refuse(source, destination, **kwargs):
        if Path(source).parent != Path(destination).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, destination, **kwargs)

    monkeypatch.setattr(os, "link", refuse)


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "kick.wav").write_bytes(KICK.read_bytes())
    return folder


def run_and_kill(folder, during):
    """Another process is at work in a folder, and is then killed, so that it can put nothing in order."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "in\n"
        during()
    finally:
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.communicate(timeout=60)


def test_one_run_at_a_time_and_none_that_was_killed_is_in_the_way(tmp_path):
    out = tmp_path / "new" / "out"

    def refused():
        with pytest.raises(InUseError, match="another drumclf is sorting into"), alone_in(out):
            pass
        with pytest.raises(InUseError):
            check_alone(out)

    run_and_kill(out, refused)
    assert [path.name for path in out.iterdir()] == [LOCK]
    check_alone(out)
    with alone_in(out):
        refused()
    assert list(out.iterdir()) == []  # it was there before, and may be somebody's


def test_the_folder_goes_with_the_journal(tmp_path):
    out = tmp_path / "out"
    with alone_in(out):
        assert not out.exists()  # its drive may be gone
    with alone_in(out, make=True):
        assert out.exists()
    assert not out.exists()
    out.mkdir()
    (out / JOURNAL).touch()
    with alone_in(out):
        (out / JOURNAL).unlink()
    assert not out.exists()


def test_a_lock_that_its_holder_removes_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """A run that has opened the file before that would be in there together with one that makes it anew."""
    fcntl = pytest.importorskip("fcntl")
    lock, n_locked = fcntl.flock, 0

    def removed_first(file, how):
        nonlocal n_locked
        n_locked += 1
        if n_locked == 1:
            (tmp_path / LOCK).unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with alone_in(tmp_path):
        assert n_locked == 2
        with pytest.raises(InUseError), alone_in(tmp_path):
            pass


def test_a_disk_without_locks_is_sorted_into_all_the_same(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone_in(tmp_path), alone_in(tmp_path):
        pass


def test_a_second_command_is_told_so_and_changes_nothing(sounds, tmp_path, capsys):
    out = tmp_path / "out"
    sort = ["sort", str(sounds), str(out), "--move", "--yes"]
    said = f"another drumclf is sorting into {out}, or undoing it; wait until it is done\n"
    with alone_in(out, make=True):
        assert main(sort) == 1
        assert capsys.readouterr().err == f"drumclf: nothing was sorted: {said}"
        assert (sounds / "kick.wav").exists()
        assert main([*sort, "--dry-run"]) == 0
    assert main(sort) == 0
    with alone_in(out):
        capsys.readouterr()
        assert main(["undo", str(out)]) == 1
        assert capsys.readouterr().err == f"drumclf: nothing was undone: {said}"
        assert (out / "kick" / "kick.wav").exists()
    assert {path.name for path in out.iterdir()} == {"kick", JOURNAL}
    assert main(["undo", str(out)]) == 0
    assert not out.exists()
    assert (sounds / "kick.wav").exists()


def test_a_run_that_begins_while_another_asks_is_safe(sounds, tmp_path, capsys, monkeypatch):
    """The lock is taken after the answer, from the last look at the journal to the last step."""
    out = tmp_path / "out"
    with contextlib.ExitStack() as other:

        def answer(_):
            other.enter_context(alone_in(out, make=True))
            return "yes"

        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", answer)
        assert main(["sort", str(sounds), str(out), "--move"]) == 1
        assert "nothing was sorted: another drumclf is sorting" in capsys.readouterr().err
        assert (sounds / "kick.wav").exists()
    assert not out.exists()


def test_a_lock_that_was_left_is_no_file_of_the_user(sounds, capsys):
    (sounds / LOCK).touch()
    assert main(["sort", str(sounds), str(sounds), "--move", "--yes"]) == 0
    assert "skipped" not in capsys.readouterr().err
    assert main(["undo", str(sounds)]) == 0
    assert [path.name for path in sounds.iterdir()] == ["kick.wav"]


def test_an_original_outlives_a_copy_that_another_run_made_half(sounds, tmp_path, other_disk, monkeypatch):
    """The file is published that has the name, and by then another run may have begun to write it anew."""
    out, source, whole = tmp_path / "out", sounds / "kick.wav", shutil.copy2
    step = Step("move", str(source), str(out / "kick" / "kick.wav"))
    journal = Journal(out)
    journal.steps = {step.destination: step}
    journal.write()

    def copy(file, part):
        whole(file, part)
        os.truncate(part, 100)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", copy)
        assert [error for _, error in carry_out(journal, [step])] == [
            f"{source} stays where it is: its copy is not whole."
        ]
    assert source.read_bytes() == KICK.read_bytes()
    assert [path.name for path in out.iterdir()] == [JOURNAL]
    assert [error for _, error in carry_out(read_journal(out), [step])] == [None]
    assert (out / "kick" / "kick.wav").read_bytes() == KICK.read_bytes()
    assert not source.exists()


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_file_that_another_run_has_moved_meanwhile_is_not_deleted(is_copied, sounds, tmp_path, request, monkeypatch):
    if is_copied:
        request.getfixturevalue("other_disk")
    source, destination, link = sounds / "kick.wav", tmp_path / "kick.wav", os.link

    def gone_then(file, place, **kwargs):
        link(file, place, **kwargs)
        source.unlink()

    monkeypatch.setattr(os, "link", gone_then)
    with pytest.raises(OSError, match=r"whole|No such file"):
        put_file(Step("move", str(source), str(destination)))
    assert destination.read_bytes() == KICK.read_bytes()
