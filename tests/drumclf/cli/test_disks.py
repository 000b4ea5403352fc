"""Disks that are full or gone, and files that may not be read."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from command_steps import KICK, SNARE, load_once
from conftest import EXAMPLES, ROOT

from drumclf.__main__ import main
from drumclf.audio import AudioError, read_clip

loaded_once = pytest.fixture(load_once, autouse=True)


@pytest.fixture
def mount(tmp_path):
    """Mounts an empty disk of some size; skipped where that is not allowed."""
    mounted = []

    def mount(name, size="8m"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a disk, and not everywhere")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], capture_output=True)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(8):
        (folder / f"{i}.wav").write_bytes((KICK if i % 2 else SNARE).read_bytes() + bytes(150_000))
    return folder


def run(capsys, *arguments):
    """Exit status, and all lines that are said."""
    status = main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return status, (shown.out + shown.err).splitlines()


def sounds(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))


@pytest.mark.parametrize("action", ["copy", "move"])
def test_a_full_disk_is_one_sentence_and_the_run_resumes(action, source, mount, capsys):
    disk = mount("disk", "1m")
    out = disk / "sorted"
    status, said = run(capsys, "sort", source, out, f"--{action}")
    full = [line for line in said if "is full" in line]
    n_there = len(sounds(out))
    assert status == 1
    assert 0 < n_there < 8
    assert (
        full
        == said[-1:]
        == [f"drumclf: the disk of {out} is full: {n_there} of 8 files sorted; the same command resumes"]
    )
    assert not [line for line in said if "stays where it is" in line]
    assert not list(out.rglob("*.drumclf-part"))
    assert len(sounds(source)) == (8 - n_there if action == "move" else 8)
    subprocess.run(["mount", "-o", "remount,size=8m", "none", disk], check=True)
    assert run(capsys, "sort", source, out, f"--{action}")[0] == 0
    assert len(sounds(out)) == 8
    assert run(capsys, "undo", out)[0] == 0
    assert (len(sounds(source)), out.exists()) == (8, False)


def test_a_disk_that_is_full_from_the_start(source, mount, capsys):
    disk = mount("disk", "1m")
    (disk / "filler").write_bytes(bytes(1 << 20))
    status, said = run(capsys, "sort", source, disk / "sorted")
    assert status == 2
    assert [line for line in said if "No space left" in line] == said[-1:]
    assert [path.name for path in disk.iterdir()] == ["filler"]


def test_undo_onto_a_full_disk_is_one_sentence(mount, tmp_path, capsys):
    disk, out = mount("disk", "1m"), tmp_path / "out"
    for i in range(5):
        (disk / f"{i}.wav").write_bytes(KICK.read_bytes() + bytes(100_000))
    assert run(capsys, "sort", disk, out, "--move")[0] == 0
    (disk / "filler").write_bytes(bytes(800_000))
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert len([line for line in said if "is full" in line]) == 1
    assert len(said) == 2
    assert 0 < len(sounds(out)) < 5
    (disk / "filler").unlink()
    assert run(capsys, "undo", out)[0] == 0
    assert (len(sounds(disk)), out.exists()) == (5, False)


@pytest.mark.parametrize("command", [["classify"], ["classify", "--format", "csv"], ["sort", "--dry-run"]])
def test_answers_to_a_full_disk_are_one_sentence(command, tmp_path):
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("there is no /dev/full here")
    name, *options = command
    arguments = [EXAMPLES, *([tmp_path / "out"] if name == "sort" else []), *options]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "drumclf", name, *arguments],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    *skipped, said = done.stderr.splitlines()
    assert (done.returncode, said) == (2, "drumclf: cannot write the output: No space left on device")
    assert skipped == ["drumclf: skipped (not sounds): 2 text files"]


@pytest.mark.parametrize("leaves", ["the mount point", "folders of the same name", "nothing"])
def test_undo_never_writes_where_a_drive_was(leaves, mount, tmp_path, capsys):
    stick, out = mount("stick"), tmp_path / "out"
    (stick / "pack" / "kit").mkdir(parents=True)
    shutil.copy(KICK, stick / "pack" / "kit")
    assert run(capsys, "sort", stick / "pack", out, "--move")[0] == 0
    subprocess.run(["umount", stick], check=True)
    if leaves == "nothing":
        stick.rmdir()
    elif leaves == "folders of the same name":
        (stick / "pack" / "kit").mkdir(parents=True)
    status, said = run(capsys, "undo", out)
    assert status == 1
    assert f"its drive, {stick}, is not there" in said[0]
    assert sounds(out) == [f"kick/{KICK.name}"]
    assert not list(tmp_path.glob("stick/**/*.wav"))
    assert stick.exists() == (leaves != "nothing")
    if leaves == "the mount point":
        other = mount("stick")  # another stick is in
        status, said = run(capsys, "undo", out)
        assert status == 1
        assert list(other.iterdir()) == []
        (other / "pack" / "kit").mkdir(parents=True)  # the one that was meant
        assert run(capsys, "undo", out)[0] == 0
        assert sounds(other) == [f"pack/kit/{KICK.name}"]


def test_undo_makes_the_folder_that_was_sorted_but_none_above_it(tmp_path, capsys):
    """A drive may be mounted above."""
    pack, out = tmp_path / "media" / "pack", tmp_path / "out"
    (pack / "kit").mkdir(parents=True)
    shutil.copy(KICK, pack / "kit")
    assert run(capsys, "sort", pack, out, "--move")[0] == 0
    shutil.rmtree(tmp_path / "media")
    status, said = run(capsys, "undo", out)
    assert (status, "is gone" in said[0]) == (1, True)
    assert not (tmp_path / "media").exists()
    (tmp_path / "media").mkdir()
    assert run(capsys, "undo", out)[0] == 0
    assert sounds(pack) == [f"kit/{KICK.name}"]


def test_a_destination_that_vanishes_is_not_made_again(source, tmp_path, capsys, monkeypatch):
    out, gone, copy = tmp_path / "out", tmp_path / "gone", shutil.copy2

    def vanish(*places):
        copy(*places)
        if len(sounds(out)) == 2:
            out.rename(gone)
            raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(shutil, "copy2", vanish)
    status, said = run(capsys, "sort", source, out)
    assert status == 1
    assert said[-1] == f"drumclf: {out} is gone: 2 of 8 files sorted; the same command resumes"
    assert not out.exists()


@contextlib.contextmanager
def ordinary_user():
    """Inside, permissions bind the test, even if root runs it."""
    if os.getuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="there are other permissions here")
def test_a_file_that_may_not_be_read_is_not_missing(capsys):
    with tempfile.TemporaryDirectory() as source:  # one that others may enter
        Path(source).chmod(0o755)
        secret, folder = Path(source, "0.wav"), Path(source, "locked")
        folder.mkdir()
        for place in (secret, folder, Path(source, "open.wav")):
            shutil.copy(KICK, place)
        secret.chmod(0)
        folder.chmod(0)
        with ordinary_user():
            for path in (secret, folder, folder / KICK.name):
                with pytest.raises(AudioError, match="no permission"):
                    read_clip(path)
            status, said = run(capsys, "classify", source)
        folder.chmod(0o700)
    assert status == 1
    assert len([line for line in said if "no permission" in line]) == 2
    assert len([line for line in said if line.startswith("Kick")]) == 1


def test_a_folder_is_not_a_missing_file(tmp_path):
    with pytest.raises(AudioError, match="This is a folder"):
        read_clip(tmp_path)
    for name in ("none.wav", "none/none.wav", "a\0b.wav", "x" * 300):
        with pytest.raises(AudioError, match="no file here"):
            read_clip(tmp_path / name)
