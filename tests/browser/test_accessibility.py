"""For everybody: axe's rules, the keyboard alone, large type, forced colours, fingers."""

import pytest
from conftest import FIRST_ANSWER, WIDTHS, assert_nothing_is_wider, encode, in_two_windows, make_loop

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from steps import (
    CLAPS,
    SNARE,
    START,
    brightest,
    click_pad,
    drop,
    drop_zip,
    example,
    expect_silence,
    expect_stage,
    follow_head,
    lane,
    pad,
    places_of_head,
    settle,
)

FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}"""
MIN_TARGET = 24


def start(page):
    expect(page.get_by_role("heading", name=START)).to_be_visible(timeout=FIRST_ANSWER)


def one_sound(page):
    click_pad(page, SNARE, "Snare")


def two_sounds(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name=CLAPS).click()
    expect(page.locator(".stage")).to_have_count(2, timeout=FIRST_ANSWER)


def second_sound_to_come(page):
    click_pad(page, SNARE, "Snare")
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("heading", name="And?")).to_be_visible()


def a_loop(page):
    drop(page, "loop.wav", encode(make_loop()[0]))
    expect(page.locator(".timeline")).to_be_visible(timeout=FIRST_ANSWER)
    expect_stage(page)


def an_error(page):
    drop(page, "kick.wav", b"this is no sound")
    expect(page.get_by_role("alert")).to_be_visible(timeout=FIRST_ANSWER)


def a_pack(page):
    drop_zip(page, {f"{name}.wav": example(name) for name in ("clap_hands", "kick_analogue", "snare_acoustic")})
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("canvas").first).to_be_visible(timeout=FIRST_ANSWER)
    settle(page)
    table.click(position={"x": 62, "y": 38 + 35 * 2 + 17})
    expect_stage(page)


def view(page, name):
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


def a_map(page):
    view(page, "Map")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible(timeout=FIRST_ANSWER)


def an_export(page):
    view(page, "Export")
    expect(page.get_by_role("button", name="Download 3 sounds")).to_be_visible()


def the_report_card(page):
    page.get_by_role("button", name="How good is it?").click()
    expect(page.get_by_role("dialog").get_by_text("All classes right")).to_be_visible(timeout=FIRST_ANSWER)


@pytest.mark.parametrize(
    "states",
    [
        (start, the_report_card),
        (one_sound, two_sounds),
        (second_sound_to_come,),
        (a_loop,),
        (an_error,),
        (a_pack, a_map, an_export),
    ],
    ids=lambda states: ", then ".join(state.__name__.replace("_", " ") for state in states),
)
def test_axe_finds_nothing_serious(page, states):
    for reach in states:
        reach(page)
        settle(page)
        found = Axe().run(page).response["violations"]
        serious = [
            (reach.__name__, rule["id"], node["target"], node["failureSummary"])
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]
        assert not serious
        assert_nothing_is_wider(page)


# The keyboard alone


def tab_to(page, wanted):
    """Press Tab until an element has the focus, and see that it shows."""
    handle = wanted.element_handle()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"(wanted) => ({FOCUSED})() === wanted", handle):
            return expect_to_show_focus(page)
    raise AssertionError(f"{wanted} cannot be reached with Tab")


def expect_to_show_focus(page):
    style, width = page.evaluate(
        f"""() => {{
          const {{ outlineStyle, outlineWidth }} = getComputedStyle(({FOCUSED})());
          return [outlineStyle, parseFloat(outlineWidth)];
        }}"""
    )
    assert style != "none"
    assert width > 0


def test_the_keyboard_is_enough(page):
    expect(page.get_by_role("heading", name=START)).to_be_visible(timeout=FIRST_ANSWER)
    tab_to(page, pad(page, "Analogue kick"))
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        expect_to_show_focus(page)
    expect(pad(page, SNARE)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("h1")).to_contain_text("Snare", timeout=FIRST_ANSWER)
    expect_stage(page)
    settle(page)
    expect_silence(page)
    follow_head(page.locator(".stage"))
    tab_to(page, page.get_by_role("button", name="Play the sound"))
    page.keyboard.press("Enter")
    places_of_head(page.locator(".stage"))
    tab_to(page, page.get_by_label("¼ speed"))
    page.keyboard.press("Space")
    expect(page.get_by_label("¼ speed")).to_be_checked()
    tab_to(page, page.get_by_label("Position"))
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.stAudio').playbackRate === 0.25")
    tab_to(page, page.get_by_role("group", name="Probability").get_by_role("button", name="Clap"))
    page.keyboard.press("Enter")
    expect(lane(page, "What speaks for Clap")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Attack"))
    page.keyboard.press("Space")
    assert brightest(lane(page, "RGB spectrogram"))[:2] == [0, 0]
    tab_to(page, page.get_by_role("button", name="Picture to share"))


def test_the_keyboard_is_enough_for_a_loop(page):
    tab_to(page, page.get_by_test_id("stFileUploader").get_by_test_id("stBaseButton-secondary"))
    a_loop(page)
    settle(page)
    tab_to(page, page.get_by_role("button", name="Play the recording"))
    tab_to(page, page.get_by_role("button", name="Hit 1 of"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="2. Closed hat")).to_be_visible()
    expect(page.get_by_role("button", name="Hit 2 of")).to_be_focused()
    expect_to_show_focus(page)


@in_two_windows
def test_every_stop_of_the_tab_key_can_be_seen(page):
    one_sound(page)
    settle(page)
    stops = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"({FOCUSED})() === document.body"):
            break
        expect_to_show_focus(page)
        stops += 1
    assert stops > 15


# Odd windows


@pytest.fixture
def odd_page(chromium, address, request):
    """The page in a window with other settings."""
    page = chromium.new_page(**{"viewport": {"width": WIDTHS["wide"], "height": 900}, **request.param})
    page.goto(address)
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


@in_two_windows
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


@in_two_windows
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


@in_two_windows
def test_many_quick_clicks_end_with_the_last(page):
    page.evaluate(
        """() => {
          window.heard = new Set();
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () { window.heard.add(this); return play.call(this); };
        }"""
    )
    for title in (CLAPS, "Crash", "Tom", "Cowbell", "Crash", CLAPS, SNARE):
        pad(page, title).click()
    expect(page.get_by_test_id("stText").get_by_text(SNARE, exact=True)).to_be_visible(timeout=FIRST_ANSWER)
    settle(page)
    expect(page.locator("h1")).to_contain_text("Snare")
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.locator(".stAudio")).to_have_count(1)
    page.wait_for_function("document.querySelector('.stAudio').played.length > 0")
    page.wait_for_function("[...window.heard].every((audio) => audio.paused || audio.isConnected)")
    expect_silence(page)


@in_two_windows
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
    expect(lane(page, "What speaks for Clap")).to_be_visible()
    expect(page.get_by_role("button", name="Attack")).to_have_attribute("aria-pressed", "true")
