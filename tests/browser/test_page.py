"""The real page in a real Chromium."""

import pytest
from conftest import EXAMPLES, FIRST_ANSWER, assert_nothing_is_wider, in_two_windows

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import START, expect_played, expect_stage, lane, pad, pixels


def test_an_upload_is_classified(page):
    page.locator("input[type=file]").set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(page.locator("h1")).to_contain_text("Snare", timeout=FIRST_ANSWER)
    expect(page.get_by_text("snare_acoustic.wav").first).to_be_visible()
    expect_stage(page)
    chances = page.get_by_role("group", name="Probability of each class")
    expect(chances.get_by_role("button", name="Snare")).to_contain_text("%")
    assert page.locator(".stAudio").count() == 1
    assert_nothing_is_wider(page)


def test_one_click_on_an_example_plays_and_classifies_it(page):
    page.get_by_text("Hand claps").click()
    expect(page.locator("h1")).to_contain_text("Clap", timeout=FIRST_ANSWER)
    expect_played(page)


@in_two_windows
def test_a_link_carries_the_example(page):
    page.get_by_text("Hand claps").click()
    expect(page.locator("h1")).to_contain_text("Clap", timeout=FIRST_ANSWER)
    assert page.url.endswith("?example=Hand+claps")
    page.goto(page.url)
    expect(page.locator("h1")).to_contain_text("Clap", timeout=FIRST_ANSWER)
    page.locator("input[type=file]").set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(page.locator("h1")).to_contain_text("Snare", timeout=FIRST_ANSWER)
    assert "?" not in page.url


@in_two_windows
def test_a_link_to_no_example_opens_the_page(page):
    page.goto(page.url + "?example=..%2Fmodel%2Fmetadata.json")
    expect(page.get_by_text("Hand claps")).to_be_visible(timeout=FIRST_ANSWER)
    expect(page.locator("h1")).to_have_text(START)
    expect(page.locator(".stage")).to_have_count(0)


@in_two_windows
def test_a_second_click_on_an_example_does_not_take_the_result_away(page):
    cowbell = pad(page, "Cowbell")
    cowbell.click()
    expect(page.locator("h1")).to_contain_text("Percussion", timeout=FIRST_ANSWER)
    cowbell.click()
    page.wait_for_timeout(2_000)  # a rerun without the result would be over by then
    expect(page.locator("h1")).to_contain_text("Percussion")


def test_a_bad_file_gets_a_sentence_and_the_page_goes_on(page):
    page.locator("input[type=file]").set_input_files(
        {"name": "kick.wav", "mimeType": "audio/wav", "buffer": b"this is no sound"}
    )
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("not a sound that can be read", timeout=FIRST_ANSWER)
    page.get_by_text("Analogue kick").click()
    expect(page.locator("h1")).to_contain_text("Kick", timeout=FIRST_ANSWER)
    expect(alert).to_have_count(0)


def test_where_it_is_like_another_class_is_lit_up(page):
    page.get_by_text("Acoustic snare").click()
    expect(page.locator("h1")).to_contain_text("Snare", timeout=FIRST_ANSWER)
    before = pixels(lane(page, "Why Snare"))
    page.get_by_role("group", name="Probability of each class").get_by_role("button", name="Clap").click()
    assert pixels(lane(page, "Most like Clap")) != before
    expect(page.get_by_text("Compare with")).to_be_visible()


def test_the_report_card_is_one_click_away(page):
    page.get_by_text("How good is it?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("All classes right")).to_be_visible(timeout=FIRST_ANSWER)
    places = [metric.bounding_box() for metric in dialog.get_by_test_id("stMetric").all()]
    rows, columns = ({round(place[edge]) for place in places} for edge in "yx")
    assert (len(rows), len(columns)) == ((1, 4) if page.viewport_size["width"] > 760 else (2, 2))
    dialog.get_by_role("tab", name="Confusions").click()
    expect(dialog.get_by_alt_text("Confusion matrix")).to_be_visible(timeout=FIRST_ANSWER)
    dialog.get_by_role("tab", name="How honest").click()
    expect(dialog.get_by_alt_text("Reliability")).to_be_visible(timeout=FIRST_ANSWER)
    assert_nothing_is_wider(page)
