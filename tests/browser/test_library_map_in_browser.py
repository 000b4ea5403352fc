"""The map of a library in a real Chromium, in a script that shows nothing else."""

import io
import shutil
from urllib.parse import urlsplit

import pytest
from conftest import EXAMPLES, PATIENCE

pytest.importorskip("playwright")
import numpy as np
from matplotlib.image import imread
from playwright.sync_api import expect
from steps import settle

from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work
from page.colours import COLOURS
from page.library.map import places_of
from tools.server import serve

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
import streamlit as st
from drumclf import load_classifier
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from page.library.map import show_library_map

@st.cache_resource
def load():
    classifier = load_classifier()
    return Catalogue(open_index(), classifier, [Path(sys.argv[1])]), classifier

catalogue, classifier = load()
sounds = np.array(catalogue.sounds())
if st.toggle("Kicks"):
    sounds = sounds[catalogue.codes[sounds] == 0]
show_library_map(catalogue, classifier, sounds)
current = st.session_state.get("current")
st.text("Nothing" if current is None else f"Chosen: {catalogue.names[current]}")
st.container(height=900, border=False)
"""
SHARE = 0.94  # of the map's width and height is for the points


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(EXAMPLES, folder / "sounds", ignore=shutil.ignore_patterns("loops", "*.md", "*.csv"))
    (folder / "room.py").write_text(SCRIPT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def catalogue(folder, classifier):
    index = open_index(folder / "cache" / "drumclf", folder / "data" / "drumclf")
    list(do_work(index, classifier, look_for_work(index, classifier, [folder / "sounds"])))
    return Catalogue(index, classifier, [folder / "sounds"])


@pytest.fixture(scope="module")
def library(folder, catalogue):
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    with serve(environment, script=str(folder / "room.py"), arguments=[str(folder / "sounds")]) as (address, _):
        yield address


@pytest.fixture
def open_room(chromium, library):
    windows = []

    def open_room(**settings):
        windows.append(chromium.new_context(**settings))
        page = windows[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.asked = []
        page.on("request", lambda request: page.asked.append(urlsplit(request.url)))
        page.on("websocket", lambda socket: page.asked.append(urlsplit(socket.url)))
        page.goto(library)
        expect(page.locator(".classes li").first).to_be_visible()
        settle(page)
        return page

    yield open_room
    for window in windows:
        window.close()


def spot(page, place, zoom=1):
    """Where a point is in the window."""
    box = page.locator(".map canvas").bounding_box()
    x, y = ((place - 0.5) * [1, -1] * SHARE * zoom + 0.5) * [box["width"], box["height"]]
    return box["x"] + x, box["y"] + y


def test_the_map_names_and_chooses_and_asks_nobody_else(open_room, catalogue):
    page, places = open_room(viewport={"width": 1280, "height": 900}), places_of(catalogue)
    expect(page.locator(".classes li")).to_have_count(sum(n > 0 for n in catalogue.counts().values()))
    expect(page.get_by_text("Nothing")).to_be_visible()
    i = int(np.linalg.norm(places - 0.5, axis=1).argmin())  # in the middle: it stays in view
    page.mouse.move(*spot(page, places[i]))
    expect(page.locator(".tip b")).to_have_text(catalogue.names[i])
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".ring.current")).to_be_visible()
    expect(page.get_by_text(f"Chosen: {catalogue.names[i]}", exact=True)).to_be_visible()
    others = [j for j in catalogue.sounds() if np.linalg.norm(places[j] - places[i]) > 0.1]
    page.mouse.click(*spot(page, places[others[0]]))
    expect(page.get_by_text(f"Chosen: {catalogue.names[others[0]]}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Closer").click()
    page.mouse.click(*spot(page, places[i], zoom=2))
    expect(page.get_by_text(f"Chosen: {catalogue.names[i]}", exact=True)).to_be_visible()
    assert {url.hostname for url in page.asked if url.scheme not in ("data", "blob")} == {"127.0.0.1"}


def test_points_have_the_colour_of_their_class_and_a_filter_hides_them_where_they_are(open_room, catalogue):
    page, places = open_room(viewport={"width": 1280, "height": 900}), places_of(catalogue)

    def is_drawn():
        canvas = page.locator(".map canvas")
        image, box = imread(io.BytesIO(canvas.screenshot()))[..., :3], canvas.bounding_box()
        drawn = {}
        for i in catalogue.sounds():
            x, y = np.subtract(spot(page, places[i]), (box["x"], box["y"])).astype(int)
            colour = np.array([int(COLOURS[catalogue.codes[i]][at : at + 2], 16) / 255 for at in (1, 3, 5)])
            around = image[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4]
            drawn[i] = bool((np.abs(around - colour).max(axis=2) < 0.2).any())
        return drawn

    page.locator(".words").evaluate("(words) => { words.hidden = true; }")  # they lie over points
    assert all(is_drawn().values())
    page.get_by_text("Kicks").click()
    expect(page.locator(".classes li")).to_have_count(1)
    settle(page)
    assert is_drawn() == {i: catalogue.label(i) == "kick" for i in catalogue.sounds()}


def test_a_browser_that_cannot_draw_it_says_so(chromium, library):
    window = chromium.new_context()
    window.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")  # as where WebGL is turned off
    page = window.new_page()
    page.goto(library)
    expect(page.get_by_text("This browser cannot draw the map")).to_be_visible()
    expect(page.locator(".map canvas")).to_be_hidden()
    expect(page.locator(".classes li").first).to_be_visible()
    window.close()


def test_a_finger_scrolls_past_the_map_and_two_bring_it_closer(open_room, catalogue):
    page = open_room(viewport={"width": 390, "height": 600}, has_touch=True, is_mobile=True)
    devtools, box = page.context.new_cdp_session(page), page.locator(".map canvas").bounding_box()
    x, y = box["x"] + 150, box["y"] + 300
    places = places_of(catalogue)
    i = int(np.linalg.norm(places - 0.5, axis=1).argmin())

    def touch(*ways):
        """Move fingers, each from the first to the last of its places."""
        for kind, share in [("touchStart", 0), *(("touchMove", k / 10) for k in range(1, 11))]:
            points = [
                {"x": a + (c - a) * share, "y": b + (d - b) * share, "id": k} for k, (a, b, c, d) in enumerate(ways)
            ]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.evaluate("new Promise(requestAnimationFrame)")
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    main, ring = page.get_by_test_id("stMain"), page.locator(".ring.current")
    page.touchscreen.tap(*spot(page, places[i]))
    expect(page.get_by_text(f"Chosen: {catalogue.names[i]}", exact=True)).to_be_attached()
    expect(page.locator(".tip b")).to_have_text(catalogue.names[i])
    settle(page)
    before = ring.get_attribute("style")
    touch((x, y, x, y - 200))
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 100")
    assert ring.get_attribute("style") == before
    main.evaluate("(main) => { main.scrollTop = 0; }")
    touch((x - 20, y - 100, x - 80, y - 100), (x + 20, y - 100, x + 80, y - 100))
    expect(ring).not_to_have_attribute("style", before)
    assert page.evaluate("visualViewport.scale") == 1
    assert main.evaluate("(main) => main.scrollTop") == 0
