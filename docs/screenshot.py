"""Take the README's pictures of the page: ``make screenshot``. Needs Chromium."""

import io
import os
import random
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from drumclf.constants import CLASSES
from training.synthetic import synthetic_examples

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "figures"
PORT = 8599


def main() -> None:
    """Start the page, click an example, drop a pack; write ``docs/figures/page.png`` and ``pack.png``."""
    address = f"http://127.0.0.1:{PORT}"
    place = ["--server.port", str(PORT), "--server.address", "127.0.0.1"]
    server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", "app.py", *place], cwd=ROOT)
    try:
        _wait_for(address)
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
            page.goto(address)
            page.get_by_text("Acoustic snare").click()
            page.get_by_text("Sounds like").wait_for(timeout=90_000)  # the last to appear
            page.wait_for_timeout(2_000)  # the player reads its file
            page.screenshot(path=FIGURES / "page.png")
            page = browser.new_page(viewport={"width": 1360, "height": 980}, color_scheme="light")
            page.goto(address)
            page.locator("input[type=file]").set_input_files(
                {"name": "pack.zip", "mimeType": "application/zip", "buffer": _pack()}
            )
            page.get_by_test_id("stDataFrame").wait_for(timeout=90_000)
            page.wait_for_timeout(2_000)
            table = page.get_by_test_id("stDataFrame").bounding_box()
            page.mouse.click(table["x"] + 62, table["y"] + 38 + 35 * 4 + 17)  # listen to the fifth
            page.get_by_text("Nearest look-alikes").wait_for()
            page.wait_for_timeout(2_000)
            page.screenshot(path=FIGURES / "pack.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _pack() -> bytes:
    """A zip of drums that the program makes itself, some of them twice."""
    examples = synthetic_examples(list(CLASSES), 30, ROOT / "build" / "synthetic")
    random.Random(3).shuffle(examples)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, example in enumerate(examples):
            archive.write(example.path, f"Garage drums/untitled {i:03}.wav")
        for i, example in enumerate(examples[::20]):
            archive.write(example.path, f"Garage drums/old/take {i:02}.wav")
        archive.writestr("Garage drums/broken.wav", b"RIFF")
    return buffer.getvalue()


def _wait_for(address: str) -> None:
    for _ in range(60):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError("the page did not start")


if __name__ == "__main__":
    main()
