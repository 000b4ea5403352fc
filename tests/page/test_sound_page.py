"""Pictures to share, and what the page keeps of a sound, driven without a browser."""

import io

import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit
from page_steps import NAMES, four_hits, note_downloads, open_page, upload
from PIL import Image
from streamlit.runtime.caching.cache_data_api import _data_caches
from streamlit.runtime.caching.cache_resource_api import _resource_caches

page = pytest.fixture(open_page)
loop = pytest.fixture(four_hits, scope="module")


# A picture to share.


@pytest.fixture
def cards(monkeypatch):
    return note_downloads(monkeypatch)


@pytest.mark.parametrize("name", ["snare.wav", *NAMES])
def test_the_picture_to_share_is_drawn_on_demand(page, cards, name):
    upload(page, name, (EXAMPLES / "snare_acoustic.wav").read_bytes())
    file_name, draw = cards[-1]
    assert file_name == "snare.png"  # without the upload's name
    check_card(draw())


def test_a_loop_has_a_picture_of_its_hits(page, cards, loop):
    upload(page, "loop.wav", loop)
    file_name, draw = cards[-1]
    assert file_name == "hits.png"
    check_card(draw())


def check_card(data):
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("PNG", (1200, 675))
    assert np.asarray(picture.convert("L")).std() > 5  # not empty


# What is kept.


def test_what_is_computed_from_a_sound_is_kept_for_its_visitor_alone(page, cards, loop):
    upload(page, "one.wav", encode(make_hit(seed=91)))
    upload(page, "loop.wav", loop)
    cards[-1][1]()
    everybody, visitors = set(), set()
    for kinds, all_caches in (("data", _data_caches), ("resource", _resource_caches)):
        for session, caches in all_caches._function_caches.items():
            names = {(kinds, cache.display_name.rpartition(".")[2]) for cache in caches.values()}
            (everybody if session is None else visitors).update(names)
    assert {("data", name) for name in ("classify", "find", "_drawn")} <= visitors
    assert not everybody & visitors
    assert {name for kind, name in everybody if kind == "data"} <= {"drum_titles", "draw_report"}
