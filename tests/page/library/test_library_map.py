"""What the map of a library sends to the browser, and takes from it."""

import base64
import shutil
from functools import partial

import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf.decision import format_percent
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work
from page.library.map import _percents, draw, places_of, sent_index


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    for path in EXAMPLES.glob("*.wav"):
        shutil.copy(path, folder)
    (folder / "kit").mkdir()
    shutil.copy(EXAMPLES / "kick_analogue.wav", folder / "kit" / "copy\nof.wav")
    (folder / "bad.wav").write_bytes(b"no sound")
    return folder


@pytest.fixture
def catalogue(folder, tmp_path, classifier):
    index = open_index(tmp_path / "cache", tmp_path / "data")
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    return Catalogue(index, classifier, [folder], partial(open_index, tmp_path / "cache", tmp_path / "data"))


def drawn(points):
    """Index of each point -> where it is, its name, its folder and its title."""
    places, indices, titles, folders = (
        np.frombuffer(base64.b64decode(points[name]), kind)
        for name, kind in (("places", "<u2"), ("indices", "<i4"), ("titles", "<u2"), ("folders", "<u4"))
    )
    whats = [points["titleList"][k] for k in titles]
    wheres = [points["folderList"].split("\n")[k] for k in folders]
    names = points["names"].split("\n")
    assert len(indices) == len(names) == len(whats)
    each = zip(places.reshape(-1, 2).tolist(), names, wheres, whats, strict=True)
    return dict(zip(indices.tolist(), each, strict=True))


def test_every_sound_is_a_point_and_what_is_no_sound_is_none(catalogue, classifier):
    points = drawn(draw(catalogue, classifier, np.array(catalogue.sounds())))
    assert set(points) == set(catalogue.sounds()) == set(range(len(catalogue))) - {catalogue.names.index("bad.wav")}
    place, name, folder, title = points[catalogue.names.index("kick_analogue.wav")]
    assert (name, folder, title) == ("kick_analogue.wav", "", "Kick")
    copy = points[catalogue.names.index("kit/copy\nof.wav")]
    assert copy[0] == place
    assert copy[1:3] == ("copy\ufffdof.wav", "kit")  # a line break in a name begins no new name


def test_filters_and_labels_move_nothing(catalogue, classifier):
    sounds = np.array(catalogue.sounds())
    before = draw(catalogue, classifier, sounds)
    kicks = sounds[catalogue.codes[sounds] == 0]
    some = draw(catalogue, classifier, kicks)
    assert {i: point[0] for i, point in drawn(some).items()} == {i: drawn(before)[i][0] for i in kicks.tolist()}
    i = catalogue.names.index("kick_analogue.wav")
    catalogue.correct([i], "tom")
    after = draw(catalogue, classifier, sounds)
    assert drawn(after)[i][3] == "Tom"
    assert after["places"] == before["places"]
    assert after["id"] != before["id"]


def test_what_is_sent_stays_the_same_while_nothing_changes(catalogue, classifier):
    """So that Streamlit sends it once."""
    sounds = np.array(catalogue.sounds())
    assert draw(catalogue, classifier, sounds) is draw(catalogue, classifier, sounds.copy())


def test_the_map_is_laid_out_once_for_a_catalogue(catalogue):
    assert places_of(catalogue) is places_of(catalogue)


def test_words_and_legend_are_those_of_the_sounds_that_are_shown(catalogue, classifier):
    sounds = np.array(catalogue.sounds())
    points = draw(catalogue, classifier, sounds[catalogue.codes[sounds] == 0])
    assert [(entry["title"], entry["colour"]) for entry in points["classes"]] == [("Kick", 0)]
    assert {word["text"] for word in points["words"]} <= {"Kick"}
    assert points["alt"].startswith("Map of ")


@pytest.mark.parametrize("value", [None, "4", 4.0, True, -1, 3, 10, 10**30, [4], {"index": 4}])
def test_what_a_browser_makes_up_chooses_nothing(value):
    assert sent_index(value, np.array([0, 1, 4, 9])) is None


def test_what_is_on_the_map_can_be_chosen():
    assert [sent_index(i, np.array([0, 1, 4, 9])) for i in (0, 4, 9)] == [0, 4, 9]


def test_percents_are_those_of_the_page():
    probabilities = np.linspace(0, 1, 2001)
    said = ["<1%" if n < 1 else ">99%" if n > 99 else f"{n}%" for n in _percents(probabilities).tolist()]
    assert said == [format_percent(probability) for probability in probabilities.tolist()]
