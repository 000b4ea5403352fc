"""What visitors come for, from the first click on, in a real Chromium."""

import itertools
import struct

import pytest
from conftest import assert_nothing_is_wider, in_a_narrow_window, in_one_window

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import (
    CLAPS,
    SECOND,
    SNARE,
    an_error,
    brightest,
    click_pad,
    drop,
    example,
    expect_played,
    expect_silence,
    expect_stage,
    follow_head,
    lane,
    note_seeks,
    pad,
    pixels,
    places_of_head,
    seek_after,
    settle,
)


def is_wide(page):
    return page.viewport_size["width"] > 900


def slow_snare(page):
    """A snare at a quarter of its speed, whose seeks are recorded."""
    click_pad(page, SNARE, "Snare")
    settle(page)
    note_seeks(page)
    page.get_by_label("¼ speed").check()


# The first minute


def test_one_click_shows_it_and_plays_it(page):
    click_pad(page, SNARE, "Snare")
    expect_stage(page)
    expect_played(page)
    stage = page.locator(".stage")
    page.wait_for_function("document.querySelector('.stAudio').currentTime > 0.1")
    expect_silence(page)
    follow_head(stage)
    page.get_by_role("button", name="Play the sound").click()
    places = places_of_head(stage)
    assert places == sorted(places)
    assert 0 <= places[0] < places[-1] <= 1
    assert_nothing_is_wider(page)


def test_the_head_is_at_the_same_moment_in_all_pictures(page):
    click_pad(page, SNARE, "Snare")
    settle(page)
    page.get_by_label("¼ speed").check()
    page.get_by_role("button", name="Play the sound").click()
    head = page.locator(".stage .head")
    expect(head).to_have_count(1)
    expect(head).to_be_visible()
    boxes = [lane(page, words).bounding_box() for words in ("Waveform", "RGB spectrogram", "Why Snare")]
    assert len({(box["x"], box["width"]) for box in boxes}) == 1
    box = head.bounding_box()
    assert box["y"] <= boxes[0]["y"]
    assert box["y"] + box["height"] >= boxes[-1]["y"] + boxes[-1]["height"]


def test_the_legend_says_what_each_colour_is_of_this_sound(page):
    legends = []
    for title, answer in ((SNARE, "Snare"), (CLAPS, "Clap")):
        click_pad(page, title, answer)
        settle(page)
        legend = page.get_by_role("group", name="What each colour shows")
        legends.append([legend.get_by_role("button", name=word).inner_text() for word in ("Pitch", "Body", "Attack")])
    assert all(word.split("\n", 1)[1] for legend in legends for word in legend)
    assert legends[0] != legends[1]
    for i, word in enumerate(("Pitch", "Body", "Attack")):
        entry, picture = page.get_by_role("button", name=word), lane(page, "RGB spectrogram")
        entry.click()
        expect(entry).to_have_attribute("aria-pressed", "true")
        assert f"alone: {word.lower()}" in picture.get_attribute("aria-label")
        planes = brightest(picture)
        assert planes[i] > 100
        assert planes[(i + 1) % 3] == planes[(i + 2) % 3] == 0
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    assert min(brightest(lane(page, "RGB spectrogram"))) > 100


def test_a_class_shows_where_the_sound_is_like_it(page):
    click_pad(page, SNARE, "Snare")
    expect(page.get_by_text("Compare with")).to_be_visible()
    before, seen = pixels(lane(page, "Why Snare")), pixels(lane(page, "RGB spectrogram"))
    classes = page.get_by_role("group", name="Probability of each class")
    expect(classes.get_by_role("button", name="Snare")).to_have_attribute("aria-pressed", "true")
    classes.get_by_role("button", name="Clap").click()
    expect(lane(page, "Most like Clap")).to_be_visible()
    expect(lane(page, "Why Snare")).to_have_count(0)
    expect(classes.get_by_role("button", name="Clap")).to_have_attribute("aria-pressed", "true")
    assert pixels(lane(page, "Most like Clap (<1%)")) != before
    expect(page.locator(".stage .note")).to_have_text("most like Clap (<1%)")
    assert 60 < max(brightest(lane(page, "Most like Clap"))) < 120  # a class that is not likely does not shine
    classes.get_by_role("button", name="Snare").click()
    expect(page.locator(".stage .note")).to_have_text("why Snare")
    assert max(brightest(lane(page, "Why Snare"))) > 200
    assert pixels(lane(page, "RGB spectrogram")) == seen


def test_a_quarter_of_the_speed_and_from_any_moment(page):
    slow_snare(page)
    start = seek_after(page, page.get_by_role("button", name="Play the sound").click)
    assert page.evaluate("document.querySelector('.stAudio').playbackRate") == 0.25
    slider, plot = page.get_by_label("Position"), page.locator(".stage .plot")
    at_100, at_200 = (seek_after(page, lambda ms=ms: slider.fill(str(ms))) for ms in (100, 200))
    assert start < at_100 == pytest.approx(at_200 - 0.1, abs=0.006)  # it goes in steps of 5 ms
    tick = page.locator(".stage .times").get_by_text("100", exact=True).bounding_box()
    box = plot.bounding_box()
    for lane_name in ("Waveform", "RGB spectrogram", "Why Snare"):
        picture = lane(page, lane_name).bounding_box()
        place = {"x": tick["x"] + tick["width"] / 2 - box["x"], "y": picture["y"] - box["y"] + 10}
        clicked = seek_after(page, lambda place=place: plot.click(position=place))
        assert clicked == pytest.approx(at_100, abs=0.006)
    page.get_by_label("¼ speed").uncheck()
    assert page.evaluate("document.querySelector('.stAudio').playbackRate") == 1


def test_the_slider_can_be_dragged_while_it_plays(page):
    slow_snare(page)
    slider = page.get_by_label("Position")
    page.get_by_role("button", name="Play the sound").click()
    expect(page.locator(".stage .head")).to_be_visible()
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seek = seek_after(page, page.mouse.up)
    expected = seek_after(page, lambda: slider.fill(str(round(0.8 * 500 / 5) * 5)))
    assert seek == pytest.approx(expected, abs=0.02)


@in_a_narrow_window
def test_a_press_does_not_move_the_row_of_pads(page):
    click_pad(page, CLAPS, "Clap")
    page.get_by_role("button", name="Play the sound").click()  # the focus is elsewhere
    click_pad(page, "A beat", "A loop")
    page.get_by_role("button", name="Play the recording").click()
    click_pad(page, "Analogue kick", "Kick")


# The visitor's own


def test_an_own_file_and_a_bad_one_beside_it(page):
    drop(page, "mine.wav", example("snare_acoustic"))
    expect(page.locator("h1")).to_contain_text("Snare")
    expect_stage(page)
    expect(page.get_by_test_id("stText").get_by_text("mine.wav")).to_be_visible()
    chances = page.get_by_role("group", name="Probability of each class")
    expect(chances.get_by_role("button", name="Snare")).to_contain_text("%")
    expect(page.locator(".stAudio")).to_have_count(1)
    assert_nothing_is_wider(page)
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("heading", name=SECOND)).to_be_visible()
    settle(page)  # a new uploader takes the place of the old one
    an_error(page)
    expect(page.get_by_test_id("stText").get_by_text("worse.wav")).to_be_visible()
    expect(page.locator("h1")).to_contain_text("Snare")
    expect(page.locator(".stage")).to_have_count(1)
    assert_nothing_is_wider(page)
    page.locator(".st-key-close-shown button").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_stage(page)


# Two sounds, a picture, a pack


def test_two_sounds_side_by_side(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name=CLAPS).click()
    stages = page.locator(".stage")
    expect(stages).to_have_count(2)
    expect(page.get_by_role("heading", name="Clap")).to_be_visible()
    settle(page)
    first, second = (stages.nth(i).bounding_box() for i in (0, 1))
    assert first["y"] == pytest.approx(second["y"], abs=1)
    assert first["x"] + first["width"] < second["x"]
    if not is_wide(page):  # the second looks in, and is swiped to
        assert second["x"] < page.viewport_size["width"] < second["x"] + second["width"]
        page.locator(".st-key-pair .stHorizontalBlock").first.evaluate("(pair) => pair.scrollTo(pair.scrollWidth, 0)")
        page.wait_for_function(
            """(stage) => {
              const { left, right } = stage.getBoundingClientRect();
              return left > 0 && right < innerWidth;
            }""",
            arg=stages.nth(1).element_handle(),
        )  # it snaps
    ticks = [stages.nth(i).locator(".times span").all_inner_texts() for i in (0, 1)]
    assert ticks[0] == ticks[1]
    assert ticks[0][0] == "0 ms"
    assert_nothing_is_wider(page)
    page.locator(".st-key-close-kept button").click()
    expect(stages).to_have_count(1)
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("h1")).to_contain_text("Clap")


def test_both_axes_end_where_the_longer_sound_needs_it(page):
    click_pad(page, "Analogue closed hat", "Closed hat")
    last = page.locator(".stage .times span").last
    expect(last).not_to_have_text("500")
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("heading", name=SECOND)).to_be_visible()
    pad(page, SNARE).click()
    stages = page.locator(".stage")
    expect(stages).to_have_count(2)
    for i in (0, 1):
        last = stages.nth(i).locator(".times span").last
        expect(last).to_have_text("500")
        picture = stages.nth(i).locator(".seen").bounding_box()
        labels = [span.bounding_box() for span in stages.nth(i).locator(".times span").all()]
        assert labels[-1]["x"] + labels[-1]["width"] <= picture["x"] + picture["width"] + 0.5


def test_the_numbers_of_a_short_axis_do_not_touch(page):
    click_pad(page, CLAPS, "Clap")
    labels = [span.bounding_box() for span in page.locator(".stage .times span").all()]
    assert all(one["x"] + one["width"] + 4 < other["x"] for one, other in itertools.pairwise(labels))


@in_one_window
def test_the_picture_to_share(page):
    click_pad(page, CLAPS, "Clap")
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture to share").click()
    assert started.value.suggested_filename == "clap.png"
    data = started.value.path().read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1200, 675)
