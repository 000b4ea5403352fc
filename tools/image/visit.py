"""A visitor for a page that runs: an example, a sound of his own, a loop, what is no sound, a pack. Needs Chromium."""

import io
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Page, expect, sync_playwright

EXAMPLES = Path(__file__).resolve().parents[2] / "example_samples"
PATIENCE = 120_000
"""Milliseconds."""
_OFFLINE = (
    "--no-sandbox",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""So that what leaves the machine is the page's doing."""


def visit(address: str) -> None:
    """Do what visitors do, and see that each thing is answered.

    Raises
    ------
    AssertionError, playwright.sync_api.Error
        When something does not come.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_OFFLINE))
        for step in (_example, _upload, _loop, _bad_file, _pack):
            page = browser.new_page()
            page.goto(address)
            step(page)
            page.close()
        browser.close()


def chromium() -> str | None:
    """Path of the machine's Chromium."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def _example(page: Page) -> None:
    page.get_by_text("Hand claps").click()
    expect(page.locator("h1")).to_contain_text("Clap")
    for picture in ("RGB spectrogram", "Waveform", "Why Clap: "):
        expect(page.get_by_role("img", name=picture)).to_be_visible()
    page.get_by_role("group", name="Probability of each class").get_by_role("button", name="Snare").click()
    expect(page.get_by_role("img", name="Most like Snare ")).to_be_visible()


def _upload(page: Page) -> None:
    page.locator("input[type=file]").set_input_files(EXAMPLES / "snare_acoustic.wav")
    expect(page.locator("h1")).to_contain_text("Snare")
    expect(page.get_by_text("snare_acoustic.wav").first).to_be_visible()
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Picture to share").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def _loop(page: Page) -> None:
    hit, rate = soundfile.read(EXAMPLES / "snare_acoustic.wav")
    one = np.pad(hit, (0, rate))[:rate]
    loop = io.BytesIO()
    soundfile.write(loop, np.tile(one, 3), rate, format="WAV")
    page.locator("input[type=file]").set_input_files(
        {"name": "loop.wav", "mimeType": "audio/wav", "buffer": loop.getvalue()}
    )
    expect(page.locator("h1")).to_have_text("A loop of 3 hits")
    page.get_by_role("button", name="Hit 3 of 3").click()
    expect(page.get_by_role("heading", name="3. Snare")).to_be_visible()


def _bad_file(page: Page) -> None:
    page.locator("input[type=file]").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
    expect(page.get_by_role("alert")).to_contain_text("not a sound that can be read")


def _pack(page: Page) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(EXAMPLES.glob("*.wav")):
            file.write(path, path.name)
    upload = {"name": "pack.zip", "mimeType": "application/zip", "buffer": archive.getvalue()}
    page.locator("input[type=file]").set_input_files(upload)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.wait_for_timeout(500)
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
