"""For everybody: axe's rules and the keyboard alone."""

import pytest
from conftest import assert_nothing_is_wider

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from steps import (
    SNARE,
    START,
    a_loop,
    an_error,
    brightest,
    drop_zip,
    example,
    expect_silence,
    expect_stage,
    follow_head,
    lane,
    one_sound,
    pad,
    places_of_head,
    second_sound_to_come,
    settle,
    start,
    two_sounds,
)

FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}"""


def a_pack(page):
    drop_zip(page, {f"{name}.wav": example(name) for name in ("clap_hands", "kick_analogue", "snare_acoustic")})
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("canvas").first).to_be_visible()
    settle(page)
    table.click(position={"x": 62, "y": 38 + 35 * 2 + 17})
    expect_stage(page)


def view(page, name):
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


def a_map(page):
    view(page, "Map")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()


def an_export(page):
    view(page, "Export")
    expect(page.get_by_role("button", name="Download 3 sounds")).to_be_visible()


def the_report_card(page):
    page.get_by_role("button", name="How good is it?").click()
    expect(page.get_by_role("dialog").get_by_text("All classes right")).to_be_visible()


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
    expect(page.get_by_role("heading", name=START)).to_be_visible()
    tab_to(page, pad(page, "Analogue kick"))
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        expect_to_show_focus(page)
    expect(pad(page, SNARE)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("h1")).to_contain_text("Snare")
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
    expect(lane(page, "Most like Clap")).to_be_visible()
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
