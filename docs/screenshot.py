"""Take the README's picture of the page: ``make screenshot``. Needs Chromium."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PORT = 8599


def main() -> None:
    """Start the page, click an example, write ``docs/figures/page.png``."""
    address = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.port",
            str(PORT),
            "--server.address",
            "127.0.0.1",
        ],
        cwd=ROOT,
    )
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
            page.screenshot(path=ROOT / "docs" / "figures" / "page.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


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
