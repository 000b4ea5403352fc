"""What can be downloaded of a library."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from library_steps import catalogue_of, some_sounds
from page_steps import note_downloads
from streamlit.testing.v1 import AppTest

import page.pack.exports
from drumclf import limits


@pytest.fixture
def catalogue(classifier, tmp_path):
    return catalogue_of(some_sounds(tmp_path / "in"), classifier, tmp_path)


@pytest.fixture
def room(catalogue, classifier):
    def script(catalogue, classifier, indices):
        from page.library.exports import show_library_exports

        show_library_exports(catalogue, classifier, indices)

    return AppTest.from_function(script, default_timeout=60, args=(catalogue, classifier, np.array([1, 2, 4])))


def test_downloads_hold_the_chosen_sounds(room, catalogue, monkeypatch):
    catalogue.correct([2, 3], "tom")
    given = note_downloads(monkeypatch)
    assert not room.run().exception
    made = {name: make() for name, make in given}
    assert list(made) == ["drumclf.csv", "drumclf.m3u8", "drumclf-training.zip"]
    assert made["drumclf.csv"].decode().count("\n") == 4
    assert [line for line in made["drumclf.m3u8"].decode().splitlines() if line[0] != "#"] == [
        catalogue.paths[2],
        catalogue.paths[4],
    ]
    assert made["drumclf-training.zip"].count(b"sounds/tom/b.wav") == 3  # its head, the manifest, the directory
    assert b"c.wav" not in made["drumclf-training.zip"]
    assert "1 labelled by you so far." in [caption.value for caption in room.caption]


def test_a_training_set_that_is_too_large_is_said_so(room, catalogue, monkeypatch):
    monkeypatch.setattr(page.pack.exports, "MAX_TRAINING_BYTES", 1_000)
    room.run()
    assert len(room.warning) == 0  # nothing is labelled
    room.toggle(key="train on all").set_value(True).run()
    assert "Choose fewer" in room.warning[0].value
    assert [button.disabled for button in room.download_button] == [False, False, True]


def test_what_the_page_counts_is_in_the_training_set(room, catalogue, monkeypatch):
    catalogue.correct([2, 4], "tom")
    with Path(catalogue.paths[4]).open("ab") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    assert sounds_in(room, monkeypatch) == ["sounds/tom/b.wav", "sounds/tom/copy.wav"]
    assert said(room, "labelled") == ["2 labelled by you so far."]
    assert said(room, "left out") == []
    Path(catalogue.paths[4]).unlink()
    assert sounds_in(room, monkeypatch) == ["sounds/tom/b.wav"]
    assert said(room, "left out") == ["1 file of 2 left out: not there now."]
    Path(catalogue.paths[2]).unlink()
    room.run()
    assert [button.disabled for button in room.download_button] == [False, False, True]


def sounds_in(room, monkeypatch):
    with monkeypatch.context() as patch:
        given = note_downloads(patch)
        assert not room.run().exception
    with zipfile.ZipFile(io.BytesIO(dict(given)["drumclf-training.zip"]())) as archive:
        return archive.namelist()[:-1]


def said(room, words):
    return [caption.value for caption in room.caption if words in caption.value]
