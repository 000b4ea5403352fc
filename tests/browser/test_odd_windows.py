"""Large type, less motion, forced colours, fingers; windows that change, clicks that come fast."""

import pytest
from conftest import assert_nothing_is_wider, in_one_window

pytest.importorskip("playwright")
from playwright.sync_api import expect
from steps import (
    CLAPS,
    SNARE,
    a_loop,
    brightest,
    expect_silence,
    follow_head,
    lane,
    one_sound,
    pad,
    places_of_head,
    settle,
    start,
    two_sounds,
)

MIN_TARGET = 24


@pytest.fixture
def odd_page(open_tab, request):
    """The page in a window with other settings."""
    page = open_tab(**request.param)
    yield page
    page.close()


@pytest.mark.parametrize("odd_page", [{"viewport": {"width": 640, "height": 450}}], indirect=True, ids=["200%"])
def test_at_twice_the_size_nothing_is_cut_off(odd_page):
    for reach in (start, a_loop, one_sound, two_sounds):
        reach(odd_page)
        settle(odd_page)
        assert_nothing_is_wider(odd_page)


@pytest.mark.parametrize("odd_page", [{"reduced_motion": "reduce"}], indirect=True, ids=["reduced motion"])
def test_where_motion_is_unwanted_only_the_head_moves(odd_page):
    one_sound(odd_page)
    settle(odd_page)
    animations = odd_page.locator(".stage").evaluate(
        "(stage) => stage.getAnimations({ subtree: true }).length + stage.getRootNode().getAnimations().length"
    )
    assert animations == 0


@pytest.mark.parametrize("odd_page", [{"forced_colors": "active"}], indirect=True, ids=["forced colours"])
def test_with_forced_colours_all_can_still_be_told_apart(odd_page):
    page = odd_page
    a_loop(page)
    settle(page)

    def color(element):
        return element.evaluate("(element) => getComputedStyle(element).backgroundColor")

    backgrounds = {color(page.locator(f".legend .{name} i")) for name in ("red", "green", "blue")}
    assert len(backgrounds) == 3
    label = page.locator(".class.is-label")
    assert color(label.locator("i b")) != color(label.locator("i"))
    for pressed, other in ((label, page.locator(".class:not(.is-label)").first),):
        look = [element.evaluate("(e) => getComputedStyle(e).outline") for element in (pressed, other)]
        assert look[0] != look[1]
    marks = [
        page.get_by_role("button", name=f"Hit {k} of").evaluate(
            "(hit) => getComputedStyle(hit, '::before').backgroundColor"
        )
        for k in (1, 2)
    ]
    assert marks[0] != marks[1]
    assert color(page.locator(".timeline")) not in marks
    page.get_by_role("button", name="Play the recording").click()
    expect(page.locator(".timeline .head")).to_be_visible()
    assert color(page.locator(".timeline .head")) != color(page.locator(".timeline"))


def test_targets_are_large_enough_for_fingers(page):
    a_loop(page)
    settle(page)
    own = page.locator(".timeline, .stage").locator("button, input[type=range], label")
    small = [
        (element.inner_text(), box)
        for element in own.all()
        if min((box := element.bounding_box())["width"], box["height"]) < MIN_TARGET
    ]
    assert own.count() > 20
    assert not small


def test_the_head_keeps_its_moment_when_the_window_changes(page):
    one_sound(page)
    settle(page)
    stage = page.locator(".stage")
    canvas, before = lane(page, "RGB spectrogram"), brightest(lane(page, "RGB spectrogram"))
    page.set_viewport_size({"width": 800, "height": 700})
    page.wait_for_function(
        "(canvas) => canvas.width === Math.round(canvas.clientWidth * devicePixelRatio)", arg=canvas.element_handle()
    )
    assert brightest(canvas) == before
    follow_head(stage)
    page.get_by_role("button", name="Play the sound").click()
    places = places_of_head(stage)
    assert 0 <= places[0] <= places[-1] <= 1
    head, box = stage.locator(".head"), canvas.bounding_box()
    plot = stage.locator(".plot").bounding_box()
    assert (plot["x"], plot["width"]) == (box["x"], box["width"])
    expect(head).to_be_hidden()


def test_many_quick_clicks_end_with_the_last(page):
    page.evaluate(
        """() => {
          window.heard = new Set();
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () { window.heard.add(this); return play.call(this); };
        }"""
    )
    for title in (CLAPS, "Crash", "Tom", "Cowbell", "Crash", CLAPS, SNARE):
        pad(page, title).dispatch_event("click")  # a real one is lost if its pad is redrawn before the button is up
    expect(page.get_by_test_id("stText").get_by_text(SNARE, exact=True).first).to_be_visible()
    settle(page)
    expect(pad(page, SNARE)).to_be_checked()
    expect(page.locator("h1")).to_contain_text("Snare")
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.locator(".stAudio")).to_have_count(1)
    page.wait_for_function("document.querySelector('.stAudio').played.length > 0")
    page.wait_for_function("[...window.heard].every((audio) => audio.paused || audio.isConnected)")
    expect_silence(page)


@in_one_window
def test_a_rerun_leaves_the_stage_alone(page):
    one_sound(page)
    settle(page)
    stage = page.locator(".stage")
    stage.evaluate("(stage) => { stage.mark = 'the same'; }")
    page.get_by_role("group", name="Probability").get_by_role("button", name="Clap").click()
    page.get_by_role("button", name="Attack").click()
    page.get_by_text("A whole folder").click()  # the page runs again
    settle(page)
    assert stage.evaluate("(stage) => stage.mark") == "the same"
    expect(lane(page, "Most like Clap")).to_be_visible()
    expect(page.get_by_role("button", name="Attack")).to_have_attribute("aria-pressed", "true")
