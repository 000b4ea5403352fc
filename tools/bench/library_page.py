"""How long the page of a large library takes, in Chromium: opening it, filters, a search, the next sound, a label."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tools.server import chromium_path, launch_chromium, serve

_ROUNDS = 5
_QUIET = 700  # milliseconds without any change after which the page is done
# Not what is inside a canvas: the table for screen readers, which nobody sees, follows a third of a second later.
_WATCH = """() => new MutationObserver((changes) => {
      const isSeen = ({ target, type }) => {
        const canvas = (target.closest ? target : target.parentElement)?.closest("canvas");
        return !canvas || (target === canvas && type === "attributes");
      };
      if (changes.some(isSeen)) window.changed = performance.now();
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })"""


def measure_page(cache: Path, data: Path, sounds: Path) -> list[tuple[str, str]]:
    """What was measured, and the figure, in seconds; medians of five.

    Parameters
    ----------
    cache, data : Path
        The folders that hold "drumclf" with the index and the labels.
    sounds : Path
        The folder that was scanned.
    """
    if not chromium_path():
        return []
    from playwright.sync_api import sync_playwright

    environment = {"XDG_CACHE_HOME": str(cache), "XDG_DATA_HOME": str(data)}
    with (
        serve(environment, script="library.py", arguments=[str(sounds)]) as (address, server),
        sync_playwright() as playwright,
    ):
        browser = launch_chromium(playwright)
        figures = [("the page's server has just started, until the table is there, s", _opening(browser, address))]
        time.sleep(10)  # the scan that looks for what is new is over
        again = statistics.median(_opening(browser, address) for _ in range(_ROUNDS))
        figures.append(("opening the page again, s", again))
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(address)
        page.get_by_test_id("stDataFrame").wait_for()
        page.evaluate(_WATCH)
        for _ in range(2):
            _timed(page, lambda: page.keyboard.press("j"))
        figures += [(what, _median(page, *steps)) for what, *steps in _steps(page)]
        browser.close()
        peak = _peak_of(server.pid)
    return [(what, f"{seconds:.2f}") for what, seconds in figures] + [
        ("peak memory of the page's server, MB", f"{peak:.0f}")
    ]


def _steps(page) -> list[tuple[str, Callable, Callable]]:
    """What is measured: its name, what is done, and what takes it back."""
    words = page.get_by_placeholder("Words of name or folder")

    def press(key: str) -> Callable:
        return lambda: page.keyboard.press(key)

    def choose(label: str) -> Callable:
        return lambda: page.locator(".st-key-class").get_by_text(label).first.click()

    return [
        ("the next sound, s", press("j"), press("k")),
        ("a label, s", press("2"), press("u")),
        ("a class, s", choose("Snare"), choose("All")),
        (
            "words (of which 0.25 are the pause after the last letter), s",
            lambda: words.fill("hat"),
            lambda: words.fill(""),
        ),
        ("more like this, s", press("m"), lambda: page.get_by_role("button", name="Back to all").click()),
    ]


def _median(page, act: Callable, take_back: Callable) -> float:
    times = []
    for _ in range(_ROUNDS):
        times.append(_timed(page, act))
        _timed(page, take_back)
        page.evaluate("document.activeElement?.blur()")
    return statistics.median(times)


def _timed(page, act: Callable) -> float:
    """Seconds until the last change that an action makes to the page's elements."""
    start = page.evaluate("performance.now()")
    act()
    page.wait_for_function(f"window.changed > {start} && performance.now() - window.changed > {_QUIET}")
    return (page.evaluate("window.changed") - start) / 1000


def _opening(browser, address: str) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    start = time.monotonic()
    page.goto(address)
    page.get_by_test_id("stDataFrame").wait_for()
    took = time.monotonic() - start
    page.close()
    return took


def _peak_of(pid: int) -> float:
    """Peak memory of a process in MB; NaN where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000
