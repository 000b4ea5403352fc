"""The page of a library in a real Chromium: what only a browser can show."""

import shutil

import pytest
from conftest import EXAMPLES, PATIENCE, assert_nothing_is_wider

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import expect_played, expect_stage, settle, uploader

from tools.server import chromium_path, serve


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(EXAMPLES, folder / "sounds" / "kit", ignore=shutil.ignore_patterns("loops", "*.md", "*.csv"))
    return folder


@pytest.fixture(scope="module")
def library(folder):
    environment = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_DATA_HOME": str(folder / "data")}
    with serve(environment, script="library.py", arguments=[str(folder / "sounds")]) as (address, _):
        yield address


@pytest.fixture(params=[1280, 390])
def page(chromium, library, request):
    window = chromium.new_context(viewport={"width": request.param, "height": 900})
    window.set_default_timeout(PATIENCE)
    page = window.new_page()
    page.goto(library)
    expect(page.get_by_role("button", name="Scan again")).to_be_visible()  # the first test begins with no index
    yield page
    window.close()


wide = pytest.mark.parametrize("page", [1280], indirect=True)


def is_shown(page, name):
    expect(page.get_by_test_id("stText").get_by_text(name)).to_be_visible()


def press(page, key):
    settle(page)
    page.keyboard.press(key)


def keys_work(page):
    """Wait until the script of the keys has been loaded."""
    loaded = page.locator(".st-key-going-by-keys i")
    loaded.evaluate("async (i) => { while (!i.row) await new Promise(requestAnimationFrame); }")


def test_a_folder_is_listened_to_while_the_page_is_open_and_its_sounds_are_played(page):
    expect(page.get_by_text("14 sounds")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Next").click()
    is_shown(page, "kit/clap_analogue.wav")
    expect_stage(page)
    expect_played(page)
    assert_nothing_is_wider(page)


@wide
def test_keys(page):
    for _ in range(2):
        press(page, "j")
    is_shown(page, "kit/clap_hands.wav")
    press(page, "k")
    is_shown(page, "kit/clap_analogue.wav")
    page.locator(".brand").click()
    page.wait_for_function("() => document.activeElement.tagName === 'BODY'")  # no frame around the page
    press(page, "6")
    expect(page.get_by_text("1 labelled by you")).to_be_visible()
    press(page, "x")
    expect(page.get_by_text("Label the ticked sound as")).to_be_visible()
    press(page, "u")
    expect(page.get_by_text("1 labelled by you")).to_have_count(0)
    press(page, "p")
    expect_played(page)
    press(page, "m")
    expect(page.get_by_text("sounds most like clap_analogue.wav")).to_be_visible()


@wide
def test_a_word_that_is_typed_is_not_a_key(page):
    press(page, "j")
    is_shown(page, "kit/clap_analogue.wav")
    settle(page)
    page.get_by_placeholder("Words of name or folder").press_sequentially("6 jukx")
    expect(page.get_by_text("No sound passes these filters.")).to_be_visible()
    settle(page)
    expect(page.get_by_text("labelled by you")).to_have_count(0)
    is_shown(page, "kit/clap_analogue.wav")


@wide
def test_enter_ends_the_words(page):
    keys_work(page)
    settle(page)
    words = page.get_by_placeholder("Words of name or folder")
    words.press_sequentially("hat")
    page.keyboard.press("Enter")  # at once, while the page still runs for the letters
    settle(page)
    expect(words).not_to_be_focused()
    press(page, "j")
    is_shown(page, "kit/closed_hat_acoustic.wav")


@wide
def test_a_choice_from_a_list_does_not_keep_the_keys(page):
    settle(page)
    page.get_by_test_id("stSelectbox").nth(2).click()
    page.get_by_role("option", name="Longest first").click()
    press(page, "j")
    is_shown(page, "kit/crash_cymbal.wav")


@wide
def test_a_sound_that_is_dropped_finds_those_like_it(page):
    settle(page)
    page.get_by_role("button", name="Find by sound").click()
    uploader(page).set_input_files(EXAMPLES / "snare_acoustic.wav")
    page.get_by_role("button", name="Find what is like snare_acoustic.wav").click()
    expect(page.get_by_text("sounds most like snare_acoustic.wav")).to_be_visible()


def test_a_foreign_name_for_this_computer_shows_nothing(chromium, library):
    """As when another site makes its own name mean this computer (DNS rebinding)."""
    fooled = chromium.browser_type.launch(
        executable_path=chromium_path(), args=["--no-sandbox", "--host-resolver-rules=MAP evil.test 127.0.0.1"]
    )
    page = fooled.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"http://evil.test:{library.rpartition(':')[2]}")
    expect(page.get_by_text("only to that computer")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    fooled.close()


@wide
def test_the_row_of_the_sound_that_is_played_is_in_sight(page, folder):
    kick = (EXAMPLES / "kick_analogue.wav").read_bytes()
    for i in range(20):  # more than the table has room for
        (folder / "sounds" / f"{i:02}.wav").write_bytes(kick + bytes(i))
    settle(page)
    page.get_by_role("button", name="Scan again").click()
    expect(page.get_by_text("34 sounds")).to_be_visible()
    press(page, "j")
    is_shown(page, "00.wav")
    scrolled = "() => document.querySelector('.st-key-listed .dvn-scroller').scrollTop"
    assert page.evaluate(scrolled) == 0
    for _ in range(17):
        press(page, "j")
    is_shown(page, "17.wav")
    page.wait_for_function(f"() => ({scrolled})() > 0")
