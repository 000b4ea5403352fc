"""What is a sound in a store: told in the same way as on a disk, and with little reading. The store is in memory."""

import threading
from collections import Counter

import pytest
from conftest import EXAMPLES

pytest.importorskip("distributed")
import distributed
import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from drumclf.__main__ import main
from drumclf.batch.rows import find_sounds
from drumclf.batch.skipped import HEAD_BYTES
from drumclf.cluster.remote import READERS, list_sounds

KICK = (EXAMPLES / "kick_analogue.wav").read_bytes()
FILES = {
    "Crash": KICK,
    "kit/Kick 01.wav": KICK,
    "kit/Kick 01.wav.asd": b"\xab\x1eVx" + bytes(10_000),
    "kit/damaged.WAV": b"no sound",
    "kit/film.mp4": b"no film",
    "kit/readme.txt": KICK,
    "kit/cover.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "kit.2/a.wav": KICK,
    "more.zip": b"PK\3\4" + bytes(100),
    "empty": b"",
    "notes": b"hello",
    "Thumbs.db": b"x",
    ".hidden/kick.wav": KICK,
    "kit/.hidden.wav": KICK,
    "__MACOSX/kit/._Kick 01.wav": b"x",
}
NOT_CALLED_SOUNDS = ("Crash", "kit/Kick 01.wav.asd", "kit/readme.txt", "kit/cover.png", "more.zip", "notes")


@pytest.fixture
def store():
    """The files in a store, below ``memory://mixed``."""
    store = fsspec.filesystem("memory")
    for name, data in FILES.items():
        store.pipe_file(f"/mixed/{name}", data)
    yield store
    store.rm("/mixed", recursive=True)


@pytest.fixture
def reads(monkeypatch):
    """What is read while the store is listed: name, first and last byte."""
    noted, whole = [], MemoryFileSystem.cat_file

    def cat_file(self, path, start=None, end=None, **more):
        noted.append((path.removeprefix("/mixed/"), start, end))
        return whole(self, path, start, end, **more)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    return noted


def listed(address):
    skipped = []
    return list(list_sounds([address], skipped.extend)), skipped


def test_a_store_and_a_disk_agree(store, tmp_path):
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    on_disk = []
    sounds = [path.relative_to(tmp_path).as_posix() for path in find_sounds([tmp_path], on_disk.append)]
    assert len(sounds) == 6
    in_store, skipped = listed("memory://mixed")
    assert in_store == [f"memory://mixed/{name}" for name in sounds]
    assert sorted((each.name.removeprefix("memory://mixed/"), each.kind) for each in skipped) == sorted(
        (each.name.removeprefix(f"{tmp_path}/"), each.kind) for each in on_disk
    )
    on_same_disk = []
    assert list(list_sounds([f"file://{tmp_path}"], on_same_disk.extend)) == [str(tmp_path / name) for name in sounds]
    assert on_same_disk == on_disk


def test_only_the_first_bytes_are_read_and_only_of_what_is_not_called_a_sound(store, reads):
    listed("memory://mixed")
    assert sorted(reads) == sorted((name, 0, HEAD_BYTES) for name in NOT_CALLED_SOUNDS)


def test_several_are_read_at_once_and_no_more(store, monkeypatch):
    for i in range(3 * READERS):
        store.pipe_file(f"/mixed/many/{i:02}", b"hello")
    now, most, lock, whole = 0, 0, threading.Lock(), MemoryFileSystem.cat_file
    together = threading.Barrier(READERS)

    def cat_file(*arguments, **more):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(timeout=60)  # nobody gets an answer before as many have asked
        with lock:
            now -= 1
        return whole(*arguments, **more)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    assert Counter(each.kind for each in listed("memory://mixed/many")[1]) == {"text file": 3 * READERS}
    assert most == READERS


def test_what_cannot_be_read_is_left_to_a_worker_to_refuse(store, monkeypatch):
    whole = MemoryFileSystem.cat_file

    def cat_file(self, path, *bounds, **more):
        if path.endswith("notes"):
            raise PermissionError
        return whole(self, path, *bounds, **more)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", cat_file)
    sounds, skipped = listed("memory://mixed")
    assert "memory://mixed/notes" in sounds
    assert len(skipped) == 8


def test_the_command_counts_what_it_skips_in_a_store_at_first_and_when_it_resumes(store, capsys):
    said = (
        "drumclf: skipped (not sounds): 1 other file, 1 companion file, 1 picture, "
        "1 archive (unpack it to include its sounds), 1 text file, 4 system files"
    )
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as workers:
        command = ["classify", "memory://mixed", "--scheduler", workers.scheduler_address, "--out", "memory://counted"]
        for _ in range(2):
            assert main(command) == 1
            assert capsys.readouterr().err.splitlines() == [
                said, "drumclf: 6 files, 2 of them refused; the answers are in memory://counted"
            ]  # fmt: skip
        for name in ("Crash", "kit", "kit.2"):
            store.rm(f"/mixed/{name}", recursive=True)
        assert main([*command[:-1], "memory://nothing"]) == 2
        assert capsys.readouterr().err.splitlines() == [
            "drumclf: skipped (not sounds): "
            "1 other file, 1 archive (unpack it to include its sounds), 1 text file, 3 system files",
            "drumclf: There are no sound files here.",
        ]
    store.rm("/counted", recursive=True)
