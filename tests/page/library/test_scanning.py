"""The scan beside the page."""

import shutil
import threading
from functools import partial

import pytest
from command_steps import KICK, SNARE

from drumclf.library import scan
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from page.library.scanning import Scanner, _said, _said_so_far, say_time


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(40):
        (folder / f"{i:02}.wav").write_bytes(KICK.read_bytes() + bytes(i))  # each a content of its own
    shutil.copy(SNARE, folder / "snare.wav")
    (folder / "read me.txt").write_text("Hello.")
    return folder


@pytest.fixture
def open_here(tmp_path):
    return partial(open_index, tmp_path / "cache", tmp_path / "data")


def test_what_it_finds_is_in_the_index(folder, open_here, classifier):
    scanner = Scanner([folder], classifier, open_here)
    scanner.wait()
    assert (scanner.n_new, scanner.n_done, scanner.trouble) == (41, 41, "")
    assert not scanner.is_running and not scanner.is_looking
    assert _said(scanner) == "41 new · skipped (not sounds): 1 text file"
    assert len(Catalogue(open_here(), classifier, [folder]).sounds()) == 41
    again = Scanner([folder], classifier, open_here)
    again.wait()
    assert (again.n_new, _said(again).partition(" · ")[0]) == (0, "Nothing is new")


def test_what_was_heard_before_it_was_stopped_is_kept(folder, open_here, classifier):
    scanner = Scanner([folder], classifier, open_here)
    scanner.stop()  # it stops after the first
    scanner.wait()
    assert 1 <= scanner.n_done < scanner.n_new == 41
    assert "stopped" in _said(scanner)
    known = len(Catalogue(open_here(), classifier, [folder]).sounds())
    assert known >= scanner.n_done
    more = Scanner([folder], classifier, open_here)
    more.wait()
    assert more.n_new == 41 - known
    assert len(Catalogue(open_here(), classifier, [folder]).sounds()) == 41


def test_a_folder_that_was_renamed_can_be_stopped_while_it_is_recognised(folder, open_here, classifier, monkeypatch):
    Scanner([folder], classifier, open_here).wait()
    renamed, hashed, is_begun = folder.rename(folder.with_name("renamed")), [], threading.Event()

    def content_of(path):
        is_begun.wait()
        hashed.append(path)
        if len(hashed) == 3:
            scanner.stop()
        return of_file(path)

    of_file = scan.content_of
    monkeypatch.setattr(scan, "content_of", content_of)
    scanner = Scanner([renamed], classifier, open_here)
    is_begun.set()
    scanner.wait()
    assert (len(hashed), scanner.n_done, scanner.n_new) == (3, 3, 41)
    assert _said(scanner).startswith("3 known already · stopped, 38 files left")
    assert len(Catalogue(open_here(), classifier, [renamed]).sounds()) == 3


def test_another_scan_is_waited_for_in_one_sentence(folder, open_here, classifier):
    with open_here().scanning():
        scanner = Scanner([folder], classifier, open_here)
        scanner.wait()
    assert scanner.trouble == "The library is being scanned by another drumclf; wait until it is done."
    assert not scanner.is_running


def test_a_folder_that_is_not_there_is_named(folder, tmp_path, open_here, classifier):
    scanner = Scanner([folder, tmp_path / "unplugged"], classifier, open_here)
    scanner.wait()
    assert (scanner.n_done, scanner.trouble) == (41, "")
    assert "unplugged" in _said(scanner) and "not there" in _said(scanner)
    folder.rename(tmp_path / "away")
    again = Scanner([folder], classifier, open_here)
    again.wait()
    assert _said(again).startswith("Nothing is new · not there: ")
    assert len(Catalogue(open_here(), classifier, [folder])) == 41


def test_the_time_left_is_said_once_it_can_be_known(folder, open_here, classifier):
    scanner = Scanner([folder], classifier, open_here)
    scanner.wait()
    assert _said_so_far(scanner).endswith(" per second · 0 s left")
    scanner.n_done = 0
    assert _said_so_far(scanner) == "Listening: 0 of 41"


def test_times():
    assert [say_time(seconds) for seconds in (4.4, 99, 100, 1800)] == ["4 s", "99 s", "2 min", "30 min"]
