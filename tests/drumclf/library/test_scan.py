"""Scanning: only what is new is heard, and what is known is never lost."""

import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from command_steps import KICK, SNARE
from conftest import EXAMPLES

from drumclf.library import opening
from drumclf.library import scan as scanning
from drumclf.library.index import LibraryError
from drumclf.library.opening import INDEX, LABELS, open_index
from drumclf.library.scan import content_of, do_work, look_for_work


@pytest.fixture
def sounds(tmp_path):
    folder = tmp_path / "in"
    (folder / "kit").mkdir(parents=True)
    shutil.copy(KICK, folder / "a.wav")
    shutil.copy(SNARE, folder / "kit" / "b.wav")
    shutil.copy(
        EXAMPLES / "clap_hands.wav", folder / "kit" / "c é \udce9\n.wav" if os.name == "posix" else folder / "c.wav"
    )
    (folder / "bad.wav").write_bytes(b"no sound")
    return folder


@pytest.fixture
def library(tmp_path):
    return open_here(tmp_path)


def open_here(tmp_path):
    return open_index(tmp_path / "cache", tmp_path / "data")


def scan(index, classifier, *folders):
    work = look_for_work(index, classifier, folders)
    list(do_work(index, classifier, work))
    return {what: n for what, n in work.done.items() if n}


def answers(index):
    return {row[0]: row[1:] for row in index.db.execute("select content, label, duration, rate, onset from sounds")}


def test_the_index_has_what_the_library_says(library, classifier, sounds):
    assert scan(library, classifier, sounds) == {"heard": 3, "refused": 1}
    prediction = classifier.classify(sounds / "a.wav")
    label, duration, rate, onset = answers(library)[content_of(sounds / "a.wav")]
    assert (label, rate) == ("kick", prediction.clip.file_rate)
    assert duration == pytest.approx(prediction.clip.file_duration)
    assert onset == pytest.approx(prediction.clip.start + prediction.onset)
    (stored,) = library.db.execute(
        "select embedding from vectors where content = ?", (content_of(sounds / "a.wav"),)
    ).fetchone()
    assert np.frombuffer(stored, "<f2") == pytest.approx(
        prediction.embedding, abs=1e-3
    )  # 16 bits hold 11 binary digits


def test_nothing_is_heard_twice(library, classifier, sounds):
    scan(library, classifier, sounds)
    assert scan(library, classifier, sounds) == {"unchanged": 4}
    assert scan(library, classifier, sounds / "kit", sounds) == {"unchanged": 4}


def test_moved_copied_and_vanished_files(library, classifier, sounds):
    scan(library, classifier, sounds)
    (sounds / "a.wav").rename(sounds / "kit" / "moved.wav")
    shutil.copy(sounds / "kit" / "b.wav", sounds / "copy.wav")
    (sounds / "bad.wav").unlink()
    assert scan(library, classifier, sounds) == {"unchanged": 2, "recognised": 2, "moved": 1, "vanished": 1}
    assert library.counts_below(str(sounds)) == (4, 0, 1)
    (sounds / "bad.wav").write_bytes(b"no sound")
    assert scan(library, classifier, sounds) == {"unchanged": 4, "recognised": 1}
    assert library.counts_below(str(sounds)) == (5, 1, 0)


def test_a_changed_file_is_heard_again(library, classifier, sounds):
    scan(library, classifier, sounds)
    shutil.copy(SNARE, sounds / "a.wav")
    with (sounds / "a.wav").open("ab") as file:
        file.write(b"!!")
    assert scan(library, classifier, sounds) == {"unchanged": 3, "heard": 1}
    assert answers(library)[content_of(sounds / "a.wav")][0] == "snare"


def test_two_new_copies_are_heard_once(library, classifier, sounds):
    shutil.copy(sounds / "a.wav", sounds / "a2.wav")
    assert scan(library, classifier, sounds) == {"heard": 3, "refused": 1, "recognised": 1}


def test_a_scan_that_is_stopped_goes_on(tmp_path, library, classifier, sounds):
    work = look_for_work(library, classifier, [sounds])
    rows = do_work(library, classifier, work)
    assert next(rows).error is None
    rows.close()
    library.close()
    assert scan(open_here(tmp_path), classifier, sounds) == {"unchanged": 1, "heard": 2, "refused": 1}


@pytest.fixture
def hashed(monkeypatch):
    """Paths of the files whose content was looked at."""
    paths = []
    monkeypatch.setattr(scanning, "content_of", lambda path: paths.append(path) or content_of(path))
    return paths


def test_what_is_recognised_is_said_and_written_on_the_way(tmp_path, library, classifier, sounds, hashed, monkeypatch):
    scan(library, classifier, sounds)
    renamed = sounds.rename(tmp_path / "renamed")
    hashed.clear()
    monkeypatch.setattr(scanning, "_WRITTEN_EVERY", -1.0)  # it is always time to
    rows = do_work(library, classifier, look_for_work(library, classifier, [renamed]))
    for n in range(1, 5):
        next(rows)
        assert len(hashed) == n
        assert open_here(tmp_path).counts_below(str(renamed))[0] == n - 1
    rows.close()
    assert open_here(tmp_path).counts_below(str(renamed))[0] == 4


def test_what_is_recognised_waits_for_a_new_sound_until_it_is_written(library, classifier, sounds, hashed, monkeypatch):
    scan(library, classifier, sounds)
    for i in range(10):
        shutil.copy(SNARE, sounds / f"copy {i}.wav")
    (sounds / "before.wav").write_bytes(KICK.read_bytes() + b"!!")  # new, and first
    hashed.clear()
    monkeypatch.setattr(scanning, "_WRITTEN_EVERY", -1.0)
    work = look_for_work(library, classifier, [sounds])
    rows = do_work(library, classifier, work)
    next(rows)
    assert [path.name for path in hashed] == ["before.wav", "copy 0.wav"]
    assert len(list(rows)) == 10
    assert {what: n for what, n in work.done.items() if n} == {"unchanged": 4, "heard": 1, "recognised": 10}


def test_new_sounds_among_known_ones_are_heard_in_one_go(library, classifier, sounds, monkeypatch):
    scan(library, classifier, sounds)
    for i in range(40):
        shutil.copy(KICK, sounds / f"{i:02} known.wav")
        (sounds / f"{i:02} new.wav").write_bytes(KICK.read_bytes() + bytes(i + 1))
    begun = []
    monkeypatch.setattr(scanning, "_WRITTEN_EVERY", float("inf"))
    classify = scanning.classify_files
    monkeypatch.setattr(scanning, "classify_files", lambda *given: begun.append(given) or classify(*given))
    assert scan(library, classifier, sounds) == {"unchanged": 4, "heard": 40, "recognised": 40}
    assert len(begun) == 2  # the first file is known, so it is said before anything is listened to


def test_what_is_not_committed_is_not_there_and_the_rest_is(tmp_path, library, classifier, sounds):
    scan(library, classifier, sounds)
    library.db.execute("delete from sounds")  # a transaction that its process does not live to commit
    shutil.copytree(tmp_path / "cache", tmp_path / "crashed")
    after = open_index(tmp_path / "crashed", tmp_path / "data")
    assert scan(after, classifier, sounds) == {"unchanged": 4}


def test_labels_outlive_index_and_model(tmp_path, library, classifier, sounds, monkeypatch):
    scan(library, classifier, sounds)
    content = content_of(sounds / "a.wav")
    library.keep_labels({content: ("tom", None, None)})
    monkeypatch.setitem(classifier.metadata, "checksum", "of another model")
    assert scan(library, classifier, sounds) == {"heard": 3, "refused": 1}
    library.close()
    (tmp_path / "cache" / INDEX).unlink()
    again = open_here(tmp_path)
    assert again.db.execute("select content, label from labels.given").fetchall() == [(content, "tom")]
    again.keep_labels({content: (None, None, None)})
    assert again.db.execute("select count(*) from labels.given").fetchone() == (0,)


@pytest.mark.parametrize("damage", ["not a database", "an older version"])
def test_an_index_that_cannot_be_used_is_begun_anew(tmp_path, library, classifier, sounds, monkeypatch, damage):
    scan(library, classifier, sounds)
    library.keep_labels({b"x": ("tom", None, None)})
    library.close()
    if damage == "not a database":
        (tmp_path / "cache" / INDEX).write_bytes(b"no database at all " * 1000)
    else:
        monkeypatch.setattr(opening, "SCHEMA", opening.SCHEMA + 1)
    again = open_here(tmp_path)
    assert "labels are kept" in again.notice
    assert (tmp_path / "cache" / "library-old.db").exists()
    assert again.db.execute("select label from labels.given").fetchall() == [("tom",)]
    assert scan(again, classifier, sounds) == {"heard": 3, "refused": 1}


@pytest.mark.parametrize(("name", "folder"), [(INDEX, "cache"), (LABELS, "data")])
def test_what_a_newer_version_made_is_left_alone(tmp_path, library, name, folder):
    library.close()
    path = tmp_path / folder / name
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="newer drumclf"):
        open_here(tmp_path)
    assert path.read_bytes() == before


def test_damaged_labels_are_left_alone(tmp_path, library):
    library.close()
    (tmp_path / "data" / LABELS).write_bytes(b"no database at all " * 1000)
    with pytest.raises(LibraryError, match="move the file away"):
        open_here(tmp_path)
    assert (tmp_path / "data" / LABELS).read_bytes().startswith(b"no database")


def test_one_scans_and_the_other_reads(tmp_path, library, classifier, sounds):
    other = open_here(tmp_path)
    with library.scanning():
        scan(library, classifier, sounds)
        with pytest.raises(LibraryError, match="another drumclf"), other.scanning():
            pass
        assert other.counts_below(str(sounds)) == (4, 1, 0)
    with other.scanning():
        pass


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_what_is_in_a_closed_folder_has_not_vanished(library, classifier, sounds):
    scan(library, classifier, sounds)
    (sounds / "kit").chmod(0)
    try:
        assert "vanished" not in scan(library, classifier, sounds)
    finally:
        (sounds / "kit").chmod(0o755)


def test_folders_are_told_apart_by_whole_names(library, classifier, sounds):
    beside = Path(f"{sounds}2")
    shutil.copytree(sounds, beside)
    scan(library, classifier, sounds, beside)
    assert library.counts_below(str(sounds))[0] == 4


def test_a_drive_that_is_away_counts_as_it_was(tmp_path, library, classifier, sounds):
    root = sounds / "kit"
    scan(library, classifier, root)
    before = library.db.execute("select * from files").fetchall()
    sounds.rename(tmp_path / "away")
    assert scan(library, classifier, root) == {}
    assert library.db.execute("select * from files").fetchall() == before
    sounds.write_bytes(b"no folder")
    assert scan(library, classifier, root, sounds) == {}
    assert library.db.execute("select * from files").fetchall() == before
    sounds.unlink()
    (tmp_path / "away").rename(sounds)
    assert scan(library, classifier, root) == {"unchanged": len(before)}
