"""A library in memory: what the model and the user say of each file."""

import os
import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from command_steps import KICK, SNARE
from conftest import EXAMPLES
from library_steps import catalogue_of

from drumclf.batch.learn import Change
from drumclf.batch.sounds import NotKeptError
from drumclf.library.catalogue import Catalogue
from drumclf.library.columns import as_float32, names_below
from drumclf.library.index import LibraryError
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    (folder / "kit").mkdir(parents=True)
    shutil.copy(KICK, folder / "a.wav")
    shutil.copy(KICK, folder / "kit" / "copy.wav")
    shutil.copy(SNARE, folder / "kit" / "b.wav")
    (folder / "bad.wav").write_bytes(b"no sound")
    return folder


@pytest.fixture
def open_here(tmp_path):
    return partial(open_index, tmp_path / "cache", tmp_path / "data")


@pytest.fixture
def scanned(folder, open_here, classifier):
    index = open_here()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    return index


@pytest.fixture
def catalogue(scanned, folder, open_here, classifier):
    return Catalogue(scanned, classifier, [folder], open_here)


def said(catalogue):
    return {name: catalogue.label(i) for i, name in enumerate(catalogue.names)}


def test_it_says_of_a_file_what_the_model_says(catalogue, folder, classifier):
    i = catalogue.place_of(str(folder / "a.wav"))
    row, prediction = catalogue.rows[i], classifier.classify(KICK)
    assert (row.name, row.label, row.decision) == ("a.wav", prediction.label, prediction.decision)
    assert row.probabilities == pytest.approx(prediction.probabilities, abs=1e-5)
    assert (row.rate, row.kind) == (prediction.clip.file_rate, prediction.kind)
    assert row.duration == pytest.approx(prediction.clip.file_duration)
    assert row.embedding @ prediction.embedding == pytest.approx(1, abs=1e-3)  # kept with 16 bits
    assert catalogue.files[i] == ("a.wav", folder / "a.wav")


def test_copies_and_files_that_cannot_be_read(catalogue):
    assert said(catalogue) == {"a.wav": "kick", "bad.wav": None, "kit/b.wav": "snare", "kit/copy.wav": "kick"}
    assert [catalogue.names[i] for i in catalogue.sounds()] == ["a.wav", "kit/b.wav", "kit/copy.wav"]
    assert [catalogue.names[i] for i in catalogue.sounds(skip_duplicates=True)] == ["a.wav", "kit/b.wav"]
    assert [catalogue.names[i] for i in range(4) if catalogue.is_duplicate(i)] == ["kit/copy.wav"]
    assert (catalogue.counts()["kick"], catalogue.counts()["snare"]) == (2, 1)
    assert "damaged" in catalogue.rows[1].error


def test_a_label_holds_for_copies_is_kept_and_can_be_undone(catalogue, scanned, folder, open_here, classifier):
    def again():
        return Catalogue(scanned, classifier, [folder], open_here)

    catalogue.correct([3], "percussion", "cowbell")
    for known in (catalogue, again()):
        assert said(known) == {
            "a.wav": "percussion",
            "bad.wav": None,
            "kit/b.wav": "snare",
            "kit/copy.wav": "percussion",
        }
        assert [known.kind(i) for i in (0, 3)] == ["cowbell"] * 2
        assert known.is_sure(0)
        assert known.counts()["percussion"] == 2
    assert sorted(catalogue.undo()) == [0, 3]
    for known in (catalogue, again()):
        assert (known.label(0), known.label(3), known.corrections) == ("kick", "kick", {})


def test_what_followed_is_kept_apart_from_what_was_given(catalogue, scanned, folder, open_here, classifier):
    classes = list(classifier.classes)
    catalogue.follow([Change(2, classes.index("snare"), classes.index("clap"), 1.0)], classes)
    again = Catalogue(scanned, classifier, [folder], open_here)
    assert (again.label(2), again.corrections, again.followed) == ("clap", {}, {2: "clap"})
    again.correct([2], "tom")
    again.follow([Change(2, 0, classes.index("clap"), 1.0)], classes)  # the user's own label stays
    assert (again.label(2), again.followed) == ("tom", {})


def test_what_cannot_be_kept_is_not_shown_as_kept(catalogue, monkeypatch):
    def full():
        raise LibraryError("the disk is full")

    monkeypatch.setattr(catalogue, "_open", full)
    with pytest.raises(NotKeptError, match="full"):
        catalogue.correct([0], "tom")
    assert (catalogue.label(0), catalogue.history) == ("kick", [])


def test_a_label_that_this_model_does_not_know_is_kept_and_not_shown(scanned, folder, open_here, classifier):
    content = Catalogue(scanned, classifier, [folder], open_here).contents[0]
    scanned.keep_labels({content: ("gong", None, None)})
    catalogue = Catalogue(scanned, classifier, [folder], open_here)
    assert (catalogue.label(0), catalogue.corrections) == ("kick", {})
    assert scanned.db.execute("select label from labels.given").fetchall() == [("gong",)]


def test_an_empty_library(open_here, tmp_path, classifier):
    catalogue = Catalogue(open_here(), classifier, [tmp_path])
    assert (len(catalogue), catalogue.sounds(), sum(catalogue.counts().values())) == (0, [], 0)


def test_several_folders_are_told_apart_by_their_names(folder, open_here, classifier, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(EXAMPLES / "clap_hands.wav", other / "a.wav")
    index = open_here()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder, other])))
    names = Catalogue(index, classifier, [folder, other]).names
    assert names == ["in/a.wav", "in/bad.wav", "in/kit/b.wav", "in/kit/copy.wav", "other/a.wav"]
    assert Catalogue(index, classifier, [other]).names == ["a.wav"]


def test_what_follows_from_labels_is_proposed(classifier, open_here, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(EXAMPLES, folder)
    index = open_here()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    catalogue = Catalogue(index, classifier, [folder], open_here)
    assert catalogue.propose(classifier.classes) == []
    kicks = catalogue.labelled("kick").tolist()
    assert len(kicks) >= 2
    for i in kicks[:-1]:
        catalogue.embeddings[i] = catalogue.embeddings[kicks[-1]]  # as like as can be
    catalogue.probabilities[kicks] = np.eye(9, dtype=np.float32)[0] * 0.02 + 0.1
    catalogue.correct(kicks[:-1], "tom")
    changes = catalogue.propose(classifier.classes)
    assert (kicks[-1], classifier.classes.index("tom")) in {(change.index, change.after) for change in changes}
    catalogue.follow(changes, classifier.classes)
    assert catalogue.label(kicks[-1]) == "tom"
    assert catalogue.propose(classifier.classes) == []
    catalogue.undo()
    assert catalogue.label(kicks[-1]) == "kick"


def test_labels_count_for_the_folder_they_were_given_in(classifier, tmp_path):
    for maker in ("Ada", "Ben"):
        for name in ("kick_analogue.wav", "snare_acoustic.wav"):
            place = tmp_path / "in" / "all" / maker / "sounds" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((EXAMPLES / name).read_bytes() + maker.encode())  # no copies
    catalogue = catalogue_of(tmp_path / "in", classifier, tmp_path)
    (of_ada,) = catalogue.from_one_source([0])
    assert [catalogue.names[i] for i in of_ada] == [
        "all/Ada/sounds/kick_analogue.wav",
        "all/Ada/sounds/snare_acoustic.wav",
    ]
    assert len(catalogue.from_one_source([0, 1, 2])) == 2
    flat = catalogue_of(tmp_path / "in" / "all" / "Ada" / "sounds", classifier, tmp_path)
    assert flat.from_one_source([0]) == [flat.sounds()]


def scan_again(folder, open_here, classifier):
    index = open_here()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    return index


def test_what_is_said_to_a_replaced_catalogue_reaches_the_latest(catalogue, folder, open_here, classifier):
    shutil.copy(EXAMPLES / "clap_hands.wav", folder / "A first one.wav")  # all indices are others now
    shutil.copy(SNARE, folder / "kit" / "z copy.wav")
    between = catalogue.renewed(scan_again(folder, open_here, classifier), classifier)
    (folder / "bad.wav").unlink()
    latest = between.renewed(scan_again(folder, open_here, classifier), classifier)
    catalogue.correct([2], "tom")  # kit/b.wav, by a click on a page that was drawn before
    given = {name: label for name, label in said(latest).items() if label == "tom"}
    assert given == {"kit/b.wav": "tom", "kit/z copy.wav": "tom"}
    between.follow([Change(1, 0, latest.classes.index("clap"), 1.0)], latest.classes)
    assert said(latest)["a.wav"] == said(latest)["kit/copy.wav"] == "clap"
    assert said(Catalogue(open_here(), classifier, [folder])) == said(latest)
    assert len(latest.history) == 2
    catalogue.undo()
    catalogue.undo()
    assert (latest.corrections, latest.followed, latest.history) == ({}, {}, [])


def test_steps_are_undone_after_a_scan_for_all_that_has_the_content_by_then(catalogue, folder, open_here, classifier):
    catalogue.correct([2], "tom")
    (folder / "kit" / "b.wav").rename(folder / "moved.wav")
    shutil.copy(folder / "moved.wav", folder / "new copy.wav")
    shutil.copy(EXAMPLES / "clap_hands.wav", folder / "kit" / "b.wav")  # another sound under the old name
    latest = catalogue.renewed(scan_again(folder, open_here, classifier), classifier)
    assert {said(latest)[name] for name in ("moved.wav", "new copy.wav")} == {"tom"}
    assert said(latest)["kit/b.wav"] == "clap"
    latest.undo()
    assert {said(latest)[name] for name in ("moved.wav", "new copy.wav")} == {"snare"}
    assert said(Catalogue(open_here(), classifier, [folder])) == said(latest)


def test_a_catalogue_that_still_holds_is_not_replaced(catalogue, folder, open_here, classifier):
    catalogue.correct([0], "tom")
    assert catalogue.renewed(scan_again(folder, open_here, classifier), classifier) is catalogue
    os.utime(folder / "a.wav", (1, 1))
    latest = catalogue.renewed(scan_again(folder, open_here, classifier), classifier)
    assert latest.times[latest.place_of(str(folder / "a.wav"))] == 1
    with closing(open_here()) as other:
        other.keep_labels({latest.contents[0]: ("clap", None, None)})
    assert latest.renewed(open_here(), classifier).label(0) == "clap"


def test_a_replaced_catalogue_leaves_the_memory(catalogue, folder, open_here, classifier):
    (folder / "a.wav").unlink()
    between = catalogue.renewed(scan_again(folder, open_here, classifier), classifier)
    (folder / "bad.wav").unlink()
    latest = between.renewed(scan_again(folder, open_here, classifier), classifier)
    gone = ref(between)
    del between
    assert gone() is None  # though the first one and the latest are still there
    assert len(latest) == len(catalogue) - 2


def test_an_undo_that_cannot_be_kept_can_be_tried_again(catalogue, monkeypatch):
    def full():
        raise LibraryError("the disk is full")

    catalogue.correct([0], "tom")
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "_open", full)
        with pytest.raises(NotKeptError):
            catalogue.undo()
    assert catalogue.label(0) == "tom"
    catalogue.undo()
    assert catalogue.label(0) == "kick"


def test_a_whole_drive_has_no_name():
    assert names_below(["/a/b.wav"], [Path("/")]) == ["a/b.wav"]
    assert names_below(["/a/b.wav", "/c/d.wav"], [Path("/a"), Path("/")]) == ["a/b.wav", "c/d.wav"]


def test_folders_of_one_name_are_told_apart():
    folders = [Path("/old/kit"), Path("/new/kit"), Path("/new/more")]
    names = names_below(["/old/kit/a.wav", "/new/kit/a.wav", "/new/more/a.wav"], folders)
    assert names == ["old/kit/a.wav", "new/kit/a.wav", "more/a.wav"]


def test_labels_that_another_process_writes_are_not_called_damaged(scanned, open_here, tmp_path, monkeypatch):
    monkeypatch.setattr("drumclf.library.opening._PATIENCE", 0.1)
    with closing(sqlite3.connect(tmp_path / "data" / "labels.db")) as other:
        other.execute("begin exclusive")
        with pytest.raises(LibraryError, match=r"cannot be opened: database is locked$"):
            open_here()
    open_here().close()


def test_numbers_of_16_bits_are_the_same_in_32():
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)]
    assert np.array_equal(as_float32(numbers), numbers.astype(np.float32))
    assert np.array_equal(np.signbit(as_float32(numbers)), np.signbit(numbers))
