"""Loops and recordings in a real Chromium: hit by hit."""

import struct

import pytest
from conftest import CHROMIUM, FIRST_ANSWER, PATTERN, assert_nothing_is_wider, encode, in_two_windows, make_loop

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import drop, expect_silence, follow_head, lane, pixels, places_of_head, settle

NAMES = {"kick": "Kick", "closed_hat": "Closed hat", "snare": "Snare", "clap": "Clap"}
HITS = [NAMES[name.rsplit("_", 1)[0]] for name, _ in PATTERN]


def drop_loop(page):
    samples, times = make_loop()
    drop(page, "loop.wav", encode(samples))
    expect(page.locator("h1")).to_have_text(f"A loop of {len(times)} hits", timeout=FIRST_ANSWER)
    settle(page)
    return times


def hit(page, number):
    return page.get_by_role("button", name=f"Hit {number} of")


# A loop


def test_a_loop_hit_by_hit(page):
    times = drop_loop(page)
    expect(page.get_by_text(" · ".join(HITS))).to_be_visible()
    line = page.locator(".timeline")
    rows = line.locator(".row")
    by_row = [(row.locator("span").inner_text(), row.get_by_role("button").count()) for row in rows.all()]
    assert by_row == [("Kick", 2), ("Snare", 2), ("Clap", 1), ("Closed hat", 3)]
    lefts = [hit(page, k + 1).bounding_box()["x"] for k in range(len(HITS))]
    assert lefts == sorted(lefts)
    follow_head(line)
    page.get_by_role("button", name="Play the recording").click()
    places = places_of_head(line)
    assert places == sorted(places)
    assert places[-1] > 0.9
    before = pixels(lane(page, "RGB spectrogram"))
    hit(page, 3).click()
    expect(page.get_by_role("heading", name="3. Snare")).to_be_visible()
    expect(hit(page, 3)).to_have_attribute("aria-pressed", "true")
    expect(lane(page, "What speaks for Snare")).to_be_visible()
    assert pixels(lane(page, "RGB spectrogram")) != before
    page.wait_for_function(
        "([from, to]) => (({ paused, currentTime: now }) => paused && now > from && now < to)"
        "(document.querySelector('.stAudio'))",
        arg=[times[3] - 0.02, times[4]],
    )  # it stops where the next hit is
    assert_nothing_is_wider(page)


@in_two_windows
def test_arrow_keys_go_from_hit_to_hit(page):
    drop_loop(page)
    hit(page, 1).focus()
    for key, number in (("ArrowRight", 2), ("ArrowDown", 3), ("ArrowRight", 4), ("ArrowLeft", 3), ("ArrowUp", 2)):
        page.keyboard.press(key)
        expect(hit(page, number)).to_be_focused()
        expect(hit(page, number)).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("heading", name=f"{number}. {HITS[number - 1]}")).to_be_visible()
    expect_silence(page)
    settle(page)
    expect(hit(page, 2)).to_be_focused()


# A recording


@pytest.fixture
def recording_page(chromium, address, tmp_path):
    """The page in a browser whose microphone hears the pattern once."""
    (tmp_path / "heard.wav").write_bytes(encode(make_loop(gap=1.0)[0]))
    browser = chromium.browser_type.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={tmp_path / 'heard.wav'}%noloop",
        ],
    )
    page = browser.new_context(permissions=["microphone"], viewport={"width": 390, "height": 900}).new_page()
    page.goto(address)
    yield page
    browser.close()


def test_a_recording_is_taken_apart(recording_page):
    page = recording_page
    microphone = page.get_by_test_id("stAudioInput")
    microphone.get_by_role("button", name="Record").click()
    expect(microphone.get_by_text("00:05")).to_be_visible()
    microphone.get_by_role("button", name="Stop recording").click()
    expect(page.locator("h1")).to_have_text(f"{len(HITS)} hits", timeout=FIRST_ANSWER)
    expect(page.get_by_text(" · ".join(HITS))).to_be_visible()
    sound = page.request.get(page.get_by_test_id("stAudio").evaluate("(audio) => audio.src")).body()
    channels, rate = struct.unpack("<HI", sound[22:28])
    assert sound[:4] == b"RIFF"
    assert rate == 44_100
    assert channels in (1, 2)
