"""Loops and recordings in a real Chromium: hit by hit."""

import re
import struct
from itertools import pairwise

import numpy as np
import pytest
from conftest import (
    PATTERN,
    assert_nothing_is_wider,
    encode,
    in_a_narrow_window,
    in_one_window,
    make_loop,
    mix,
)

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import drop, expect_silence, follow_head, lane, pixels, places_of_head, settle

from page.browser.component import sources
from tools.server import chromium_path

NAMES = {"kick": "Kick", "closed_hat": "Closed hat", "snare": "Snare", "clap": "Clap"}
HITS = [NAMES[name.rsplit("_", 1)[0]] for name, _ in PATTERN]


def drop_loop(page):
    samples, times = make_loop()
    drop(page, "loop.wav", encode(samples))
    expect(page.locator("h1")).to_have_text(f"A loop of {len(times)} hits")
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
    names = line.locator(".names span").all_inner_texts()
    by_row = [(name, row.get_by_role("button").count()) for name, row in zip(names, rows.all(), strict=True)]
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
    expect(lane(page, "Why Snare")).to_be_visible()
    assert pixels(lane(page, "RGB spectrogram")) != before
    page.wait_for_function(
        "([from, to]) => (({ paused, currentTime: now }) => paused && now > from && now < to)"
        "(document.querySelector('.stAudio'))",
        arg=[times[3] - 0.02, times[4]],
    )  # it stops where the next hit is
    assert_nothing_is_wider(page)


@in_one_window
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


# Half a minute of hits


def make_long():
    """Thirty seconds: three drums in turn, and a roll of closed hats an eighth of a second apart."""
    names = ("kick_analogue", "closed_hat_acoustic", "snare_acoustic")
    beats = [(names[k % 3], 0.2 + 0.5 * k) for k in range(59)]
    roll = [("closed_hat_acoustic", 12.2 + 0.125 * k) for k in range(16)]
    hits = [beat for beat in beats if not 12 < beat[1] < 14.3] + roll
    return mix(hits, 30, shaped=lambda sound: (short := sound[: 44_100 // 9]) * np.linspace(1, 0, len(short)))


def drop_long(page):
    drop(page, "long.wav", encode(make_long()))
    expect(page.locator("h1")).to_contain_text("A loop of")
    expect(page.locator(".timeline.is-wider")).to_be_visible()
    settle(page)


def number_of(button):
    return int(button.get_attribute("aria-label").split()[1])


def is_in_frame(page, part):
    frame, box = page.locator(".timeline .frame").bounding_box(), part.bounding_box()
    return frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]


def test_neighbours_in_a_long_recording_can_each_be_pressed(page):
    drop_long(page)
    rows = [row.get_by_role("button").all() for row in page.locator(".timeline .row").all()]
    pairs = [pair for row in rows for pair in pairwise(row)]
    gaps = [right.bounding_box()["x"] - left.bounding_box()["x"] for left, right in pairs]
    assert len(gaps) > 50
    assert min(gaps) > 23.9
    for button in pairs[gaps.index(min(gaps))]:
        button.click()
        expect(page.get_by_role("heading", name=f"{number_of(button)}. ", exact=False)).to_be_visible()
        expect(button).to_have_attribute("aria-pressed", "true")
        settle(page)
    assert_nothing_is_wider(page)
    for name in page.locator(".timeline .names span").all():
        box, frame = name.bounding_box(), page.locator(".timeline .frame").bounding_box()
        assert box["x"] > 0
        assert box["x"] + box["width"] <= frame["x"]


def test_the_selected_hit_of_a_long_recording_is_in_sight(page):
    drop_long(page)
    hit(page, 1).focus()
    for number in range(2, 8):
        page.keyboard.press("ArrowRight")
        expect(hit(page, number)).to_be_focused()
        assert is_in_frame(page, hit(page, number))
    frame = page.locator(".timeline .frame")
    frame.evaluate("(frame) => { frame.scrollLeft = 0; }")
    whole = page.locator(".timeline .whole")
    whole.click(position={"x": 0.5 * whole.bounding_box()["width"], "y": 16})
    middle = frame.evaluate(
        "({ scrollLeft, clientWidth, scrollWidth }) => (scrollLeft + clientWidth / 2) / scrollWidth"
    )
    assert middle == pytest.approx(0.5, abs=0.01)
    assert not is_in_frame(page, hit(page, 1))


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
@in_a_narrow_window
def test_the_frame_goes_along_with_the_playhead(page, motion):
    page.emulate_media(reduced_motion=motion)
    drop_long(page)
    page.get_by_role("button", name="Play the recording").click()
    expect(page.locator(".timeline .head")).to_be_visible()
    seen = page.locator(".timeline .frame").evaluate(
        """async (frame) => {
          const head = frame.querySelector(".head");
          const seen = [];
          for (const end = performance.now() + 4000; performance.now() < end; ) {
            await new Promise(requestAnimationFrame);
            const [{ left, right }, { x }] = [frame, head].map((part) => part.getBoundingClientRect());
            seen.push([left <= x && x <= right, frame.scrollLeft]);
          }
          return seen;
        }"""
    )
    places = [place for _, place in seen]
    assert all(is_seen for is_seen, _ in seen)
    assert places == sorted(places)
    assert places[-1] > 200
    assert (len(set(places)) < 8) == (motion == "reduce")
    page.locator(".timeline .whole").click(position={"x": 2, "y": 16})  # somebody looks elsewhere while it plays
    page.wait_for_function(
        """(audio) => {
          audio.since ??= audio.currentTime;
          return audio.currentTime > audio.since + 0.5;
        }""",
        arg=page.get_by_test_id("stAudio").element_handle(),
    )
    assert page.locator(".timeline .frame").evaluate("(frame) => frame.scrollLeft") == 0


def show_timeline(page, times, duration):
    """The time line by itself, of one row of hits that are all unsure."""
    source = sources("timeline")
    wave = {"low": "AA==", "high": "AA==", "colors": "AAAA"}
    hits = [{"time": time, "label": "kick", "what": "Not sure", "isSure": False} for time in times]
    rows = [{"name": "kick", "title": "Kick"}]
    data = {
        "id": "1",
        "audio": "audio",
        "offset": 0,
        "duration": duration,
        "wave": wave,
        "selected": 0,
        "autoplay": False,
    }
    page.set_content(f"<style>{source['css']}</style>{source['html']}")
    page.evaluate(
        """async ([source, data]) => {
          const { default: show } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
          show({ data, parentElement: document.body, setStateValue() {} });
        }""",
        [source["js"], data | {"hits": hits, "rows": rows}],
    )


@pytest.mark.parametrize(
    ("times", "duration", "doubts"),
    [
        ((0.0, 1.0, 2.0), 4.0, ["after", "after", "after"]),
        ((0.0, 1.0, 1.06, 2.0), 30.0, ["after", None, "after", "after"]),
        ((0.0, 1.0, 3.99), 4.0, ["after", "after", "before"]),
        ((0.0, 3.92, 3.99), 4.0, ["after", None, None]),
    ],
)
def test_a_question_mark_only_where_there_is_room(chromium, times, duration, doubts):
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    show_timeline(page, times, duration)
    hits = page.locator(".hit")
    assert [hits.nth(k).get_attribute("data-doubt") for k in range(len(times))] == doubts
    end = page.locator(".plot").evaluate("({ offsetLeft, offsetWidth }) => offsetLeft + offsetWidth")
    width = page.locator(".frame").evaluate("({ scrollWidth }) => scrollWidth")
    assert width == pytest.approx(end + 18, abs=1)  # nothing sticks out further than the card's own edge
    page.close()


# A recording


@pytest.fixture
def recording_page(chromium, address, tmp_path):
    """The page in a browser whose microphone hears the pattern once."""
    (tmp_path / "heard.wav").write_bytes(encode(make_loop(gap=1.0)[0]))
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(),
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
    expect(microphone.get_by_text(re.compile("00:(0[5-9]|1.)"))).to_be_visible()
    microphone.get_by_role("button", name="Stop recording").click()
    expect(page.locator("h1")).to_have_text(f"{len(HITS)} hits")
    expect(page.get_by_text(" · ".join(HITS))).to_be_visible()
    sound = page.request.get(page.get_by_test_id("stAudio").evaluate("(audio) => audio.src")).body()
    channels, rate = struct.unpack("<HI", sound[22:28])
    assert sound[:4] == b"RIFF"
    assert rate == 44_100
    assert channels in (1, 2)
