"""A catalogue that the scan, or another tab, has replaced since the page was drawn."""

import os
import shutil

import pytest
from conftest import EXAMPLES
from library_steps import cell, examples_folder, files, page_opener, said, scanned_folder
from page_steps import press

from drumclf.library.opening import INDEX
from drumclf.library.places import cache_folder
from page.answers import load
from page.library.holdings import the_holdings
from page.library.started import Started

folder = pytest.fixture(examples_folder)
scanned = pytest.fixture(scanned_folder)
start = pytest.fixture(page_opener)


def holdings_of(folder):
    """What all tabs share."""
    return the_holdings(Started((folder,), folder.with_name("in sorted")), load())


@pytest.fixture
def page(start, folder, scanned):
    page = start(folder)
    holdings_of(folder).scanner.wait()
    return page.run()


@pytest.fixture
def replace(folder):
    """Somebody changes the folder, and another tab shows it."""

    def replace(new=(), gone=()):
        for name in new:
            shutil.copy(EXAMPLES / "clap_hands.wav", folder / name)
        for name in gone:
            (folder / name).unlink()
        holdings = holdings_of(folder)
        holdings.scan_again()
        holdings.scanner.wait()
        holdings.show_new()

    return replace


def test_a_label_by_a_click_on_what_was_drawn_before(page, replace):
    press(page, "Next")
    assert page.text[0].value == "copy.wav"
    replace(new=["a.wav", "b.wav"])
    page.button(key="label key tom").click().run()
    assert page.text[0].value == "copy.wav"
    assert cell(page, "copy.wav", "label") == cell(page, "kick_analogue.wav", "label") == "Tom ✎"
    replace(new=["aa.wav"])
    page.button(key="undo").click().run()
    assert cell(page, "copy.wav", "label") == "Kick"
    assert not any("labelled by you" in text for text in said(page))


def test_what_is_ticked_is_not_another_sound(page, replace):
    press(page, "Next")
    press(page, "Tick")
    assert "label ticked" in [group.key for group in page.button_group]
    replace(new=["c.wav"], gone=["copy.wav"])  # as many as before, in the same places
    page.run()
    assert files(page)[0] == "c.wav"
    assert "label ticked" not in [group.key for group in page.button_group]


def test_what_is_ticked_stays_ticked_under_its_name(page, replace):
    press(page, "Next")
    press(page, "Tick")
    page.button_group(key="view").select("Sort").run()
    replace(new=["a.wav"])
    page.run()
    assert "Sort 1 sound" in [button.label for button in page.button]
    page.button_group(key="view").select("Export").run()
    assert any(text.startswith("1 sound, by the paths") for text in said(page))


def test_no_kind_is_given_to_another_sound(page, replace):
    press(page, "Next")
    press(page, "Tick")
    page.button_group(key="label ticked").select("percussion").run()
    assert "kind labelled" in [group.key for group in page.button_group]
    replace(new=["a.wav"])
    page.run()
    assert "kind labelled" not in [group.key for group in page.button_group]


def test_a_scan_that_ends_unseen_is_shown(start, folder):
    page = start(folder)
    holdings_of(folder).scanner.wait()
    page.run()
    assert len(files(page)) > 10


def test_a_second_click_starts_no_second_scan(folder, start):
    holdings = holdings_of(folder)
    first = holdings.scanner  # has all of it still to hear
    holdings.scan_again()
    assert holdings.scanner is first
    first.wait()
    assert first.trouble == ""


def test_only_what_is_new_replaces_it(page, replace, folder):
    holdings = holdings_of(folder)
    before = holdings.search
    replace()
    assert holdings.search is before
    press(page, "Next")
    page.button(key="label key tom").click().run()
    replace()
    assert holdings.search is before  # that label is known
    replace(new=["new.wav"])
    assert len(holdings.search.catalogue) == len(before.catalogue) + 1


def test_what_is_ticked_stays_when_a_scan_finds_nothing(page, replace, folder):
    press(page, "Next")
    press(page, "Tick")
    before = holdings_of(folder).search
    os.utime(cache_folder() / INDEX)  # SQLite writes when it tidies up, too
    replace()
    page.run()
    assert holdings_of(folder).search is before
    assert "label ticked" in [group.key for group in page.button_group]
