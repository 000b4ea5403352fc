"""The page in a real browser, and pictures of it, small enough for a repository."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tools.server import ROOT, launch_chromium

FIGURES = ROOT / "docs" / "figures"
MARGIN = 12  # pixels of the page around what a picture shows
_PATIENCE = 90_000
_SETTLED = """() =>
    document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'
    && document.fonts.status === 'loaded'
    && [...document.images].every(image => image.complete)
    && [...document.querySelectorAll('audio')].every(audio => audio.paused || audio.ended)
    && !document.querySelector('.stSpinner, .stSkeleton, [data-stale=true]')"""


@contextlib.contextmanager
def browsing(heard: Path) -> Iterator[Browser]:
    """Chromium with a microphone that plays a WAV file in a loop."""
    microphone = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
    ]
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, *microphone)
        yield browser
        browser.close()


def visit(browser: Browser, address: str, width: int = 1180, scheme: str = "light", first: str = "Try a sound") -> Page:
    """The page in a new tab, ready for use, which it is when the text `first` is there."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=2, reduced_motion="reduce"
    )
    page.set_default_timeout(_PATIENCE)
    page.goto(address)
    page.get_by_text(first).wait_for()
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until the server is done, pictures and fonts are loaded, and nothing plays."""
    page.wait_for_function(_SETTLED)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press_pad(page: Page, title: str) -> None:
    """Click an example and wait for its answer."""
    page.locator(".st-key-example").get_by_text(title, exact=True).click()
    page.locator(".st-key-result").get_by_text(title, exact=True).first.wait_for()
    page.locator(".stage .class.is-label").first.wait_for()
    settle(page)


def upload(page: Page, name: str, kind: str, data: bytes) -> None:
    """Drop a file."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def shoot(page: Page, name: str, *parts: Locator, bottom: Locator | None = None) -> None:
    """Write ``docs/figures/<name>.png``.

    Parameters
    ----------
    page : Page
    name : str
    *parts : Locator
        What to show, with `MARGIN` around it; by default the whole width of the page.
    bottom : Locator, optional
        The last thing to show; by default the end of the page.
    """
    page.mouse.move(0, 0)
    settle(page)
    size = page.viewport_size
    if parts:
        boxes = [part.bounding_box() for part in parts]
        left, top = (max(min(box[edge] for box in boxes) - MARGIN, 0) for edge in ("x", "y"))
        right = min(max(box["x"] + box["width"] for box in boxes) + MARGIN, size["width"])
        end = max(box["y"] + box["height"] for box in boxes) + MARGIN
    else:
        last = [bottom] if bottom else [page.locator(".st-key-inputs"), page.locator(".st-key-result")]
        left, top, right = 0, 0, size["width"]
        end = max(box["y"] + box["height"] for box in (part.bounding_box() for part in last)) + 2 * MARGIN
    place = {"x": left, "y": top, "width": right - left, "height": end - top}
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], int(end) + 1)})
    settle(page)
    write_png(name, page.screenshot(clip=place, animations="disabled"))
    page.set_viewport_size(size)


def write_png(name: str, data: bytes) -> None:
    """With 256 colours: a third of the bytes, and no visible difference."""
    with Image.open(io.BytesIO(data)) as image:
        image = image.convert("RGB").quantize(256, kmeans=5, dither=Image.Dither.NONE)
        image.save(FIGURES / f"{name}.png", optimize=True)
