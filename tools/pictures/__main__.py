"""Take the pictures of README and guide again: ``make screenshot``. Needs Chromium."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from drumclf import load_classifier
from drumclf.drawing.share_card import draw_share_card, png
from tools.pictures.browsing import browsing, press_pad, settle, shoot, upload, visit, write_png
from tools.pictures.shown_sounds import EXAMPLES, fill_library, loop, pack
from tools.server import serve


def main() -> None:
    """Every picture of the page, and the one that the page makes for sharing."""
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "heard.wav"
        heard.write_bytes(loop())
        with serve() as (address, _), browsing(heard) as browser:
            for show in (show_one_sound, show_hits, show_two, show_recorded, show_pack, show_report, show_phone):
                show(browser, address)
        sounds = Path(folder) / "Samples"
        fill_library(sounds)
        environment = {"XDG_CACHE_HOME": f"{folder}/cache", "XDG_DATA_HOME": f"{folder}/data"}
        with (
            serve(environment, script="library.py", arguments=[str(sounds)]) as (address, _),
            browsing(heard) as browser,
        ):
            show_library(browser, address)
    write_share_picture()


def show_one_sound(browser: Browser, address: str) -> None:
    """The page before and after a click; one colour; another class."""
    page = visit(browser, address)
    shoot(page, "empty")
    press_pad(page, "Acoustic snare")
    shoot(page, "page")
    stage = page.locator(".stage")
    stage.get_by_role("button", name="Clap").click()
    shoot(page, "another_class", stage)
    press_pad(page, "Cowbell")
    shoot(page, "colors", stage)
    stage.get_by_role("button", name="Pitch").click()
    shoot(page, "one_color", stage)
    page.close()


def show_hits(browser: Browser, address: str) -> None:
    """A loop."""
    page = visit(browser, address)
    upload(page, "two bars.wav", "audio/wav", loop())
    _choose_hit(page, 12)
    shoot(page, "loop", page.locator("h1"), page.locator(".timeline"))
    page.close()


def show_two(browser: Browser, address: str) -> None:
    """Two sounds side by side."""
    page = visit(browser, address, 1280)
    press_pad(page, "Acoustic kick")
    page.locator(".st-key-result").get_by_role("button", name="Tom", exact=True).click()
    page.locator(".stage").nth(1).wait_for()
    shoot(page, "compare", page.locator(".st-key-result"))
    page.close()


def show_recorded(browser: Browser, address: str) -> None:
    """A recording of the loop."""
    page = visit(browser, address, 880)
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("00:05").wait_for()
    page.get_by_role("button", name="Stop recording").click()
    page.locator(".timeline .hit").first.wait_for()
    settle(page)
    shoot(page, "recording", bottom=page.locator(".timeline"))
    page.close()


def show_pack(browser: Browser, address: str) -> None:
    """A pack: its table with one sound, and its map."""
    page = visit(browser, address, 1280)
    upload(page, "Garage drums.zip", "application/zip", pack())
    page.get_by_test_id("stDataFrame").wait_for()
    settle(page)
    table = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(table["x"] + 62, table["y"] + 38 + 35 * 4 + 17)  # listen to the fifth
    page.locator(".stage").wait_for()
    page.get_by_text("Nearest look-alikes").wait_for()
    shoot(page, "pack", bottom=page.get_by_text("Click ▶ to listen"))
    page.get_by_role("radio", name="Map").click()
    chart = page.get_by_test_id("stVegaLiteChart")
    chart.locator("svg").wait_for()
    shoot(page, "map", chart)
    page.close()


def show_library(browser: Browser, address: str) -> None:
    """A library: its table, what is like one of its sounds, its map."""
    page = visit(browser, address, 1280, first="Scan again")
    page.keyboard.press("j")
    page.get_by_text("Nearest look-alikes").wait_for()
    settle(page)
    shoot(page, "library", bottom=page.get_by_text("Click ▶ to listen"))
    page.keyboard.press("m")
    page.get_by_text("sounds most like").wait_for()
    settle(page)
    shoot(page, "library_like", page.get_by_text("sounds most like"), page.get_by_test_id("stDataFrame"))
    page.get_by_role("button", name="Back to all").click()
    page.get_by_role("radio", name="Map").click()
    page.locator(".map canvas").first.wait_for()
    settle(page)
    shoot(page, "library_map", page.locator(".st-key-library .map"))
    page.close()


def show_report(browser: Browser, address: str) -> None:
    """The report card."""
    page = visit(browser, address, 760)
    page.get_by_role("button", name="How good is it?").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("tab", name="Confusions").click()
    picture = dialog.get_by_alt_text("Confusion matrix")
    picture.wait_for()
    shoot(page, "report_card", dialog.get_by_text("How good is it?"), dialog.get_by_label("Close"), picture)
    page.close()


def show_phone(browser: Browser, address: str) -> None:
    """On a phone, in dark colours."""
    page = visit(browser, address, 390, "dark")
    press_pad(page, "Hand claps")
    shoot(page, "phone", bottom=page.locator(".stage .pictures"))
    page.close()


def write_share_picture() -> None:
    """The picture that "Picture to share" downloads."""
    classifier = load_classifier()
    prediction = classifier.classify(EXAMPLES / "cowbell_analogue.wav")
    write_png("share", png(draw_share_card(prediction, classifier, "Cowbell")))


def _choose_hit(page: Page, number: int) -> None:
    page.locator(".timeline .hit").nth(number).wait_for()
    settle(page)
    page.locator(f".timeline [aria-label^='Hit {number + 1} of']").click()
    page.get_by_text(f"{number + 1}. ").wait_for()
    settle(page)


if __name__ == "__main__":
    main()
