"""The real page in a real Chromium."""

import pytest
from conftest import EXAMPLES, assert_nothing_is_wider, in_one_window

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import START, an_error, click_pad, pad, settle, uploader


@in_one_window
def test_a_link_carries_the_example(page):
    page.get_by_text("Hand claps").click()
    expect(page.locator("h1")).to_contain_text("Clap")
    assert page.url.endswith("?example=Hand+claps")
    page.goto(page.url)
    expect(page.locator("h1")).to_contain_text("Clap")
    uploader(page).set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(page.locator("h1")).to_contain_text("Snare")
    assert "?" not in page.url


@in_one_window
def test_a_link_to_no_example_opens_the_page(page):
    page.goto(page.url + "?example=..%2Fmodel%2Fmetadata.json")
    expect(page.get_by_text("Hand claps")).to_be_visible()
    expect(page.locator("h1")).to_have_text(START)
    expect(page.locator(".stage")).to_have_count(0)


@in_one_window
def test_a_second_click_on_an_example_does_not_take_the_result_away(page):
    cowbell = pad(page, "Cowbell")
    cowbell.click()
    expect(page.locator("h1")).to_contain_text("Percussion")
    cowbell.click()
    settle(page)  # a run without the result would be over by then
    expect(page.locator("h1")).to_contain_text("Percussion")


@in_one_window
def test_a_bad_file_gets_a_sentence_and_the_page_goes_on(page):
    an_error(page)
    click_pad(page, "Analogue kick", "Kick")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_report_card_is_one_click_away(page):
    page.get_by_text("How good is it?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("All classes right")).to_be_visible()
    places = [metric.bounding_box() for metric in dialog.get_by_test_id("stMetric").all()]
    rows, columns = ({round(place[edge]) for place in places} for edge in "yx")
    assert (len(rows), len(columns)) == ((1, 4) if page.viewport_size["width"] > 760 else (2, 2))
    dialog.get_by_role("tab", name="Confusions").click()
    expect(dialog.get_by_alt_text("Confusion matrix")).to_be_visible()
    dialog.get_by_role("tab", name="How honest").click()
    expect(dialog.get_by_alt_text("Reliability")).to_be_visible()
    assert_nothing_is_wider(page)
