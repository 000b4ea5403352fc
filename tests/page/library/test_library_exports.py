"""What can be downloaded of a library."""

import numpy as np
import pytest
from library_steps import catalogue_of, some_sounds
from page_steps import note_downloads
from streamlit.testing.v1 import AppTest

import page.pack.exports


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
