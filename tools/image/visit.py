"""What a visitor does on a running page, in Chromium."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Page, expect, sync_playwright

from tools.server import launch_chromium

EXAMPLES = Path(__file__).resolve().parents[2] / "example_samples"
PATIENCE = 120_000  # milliseconds
# So that only the page itself can try to reach another machine.
_OFFLINE = [
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def visit(address: str, on_first_answer: Callable[[], None]) -> None:
    """Try an example, a sound, a loop, a file that is no sound, and a pack.

    Raises
    ------
    AssertionError, playwright.sync_api.Error
        If an answer does not come.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        page = launch_chromium(playwright, *_OFFLINE).new_page()
        page.goto(address)
        page.get_by_text("Hand claps").click()
        expect(page.locator("h1")).to_contain_text("Clap")
        on_first_answer()
        for picture in ("RGB spectrogram", "Waveform", "Why Clap: "):
            expect(page.get_by_role("img", name=picture)).to_be_visible()

        snare = EXAMPLES / "snare_acoustic.wav"
        _upload(page, address, snare.name, snare.read_bytes())
        expect(page.locator("h1")).to_contain_text("Snare")
        with page.expect_download(timeout=PATIENCE) as download:
            page.get_by_role("button", name="Picture to share").click()
        assert download.value.path().read_bytes().startswith(b"\x89PNG")

        hit, rate = soundfile.read(snare)
        loop, pack = io.BytesIO(), io.BytesIO()
        soundfile.write(loop, np.tile(np.pad(hit, (0, rate))[:rate], 3), rate, format="WAV")
        _upload(page, address, "loop.wav", loop.getvalue())
        expect(page.locator("h1")).to_have_text("A loop of 3 hits")

        _upload(page, address, "a.wav", b"no sound")
        expect(page.get_by_role("alert")).to_contain_text("not a sound that can be read")

        with zipfile.ZipFile(pack, "w") as file:
            for sound in EXAMPLES.glob("*.wav"):
                file.write(sound, sound.name)
        _upload(page, address, "pack.zip", pack.getvalue())
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()


def _upload(page: Page, address: str, name: str, content: bytes) -> None:
    page.goto(address)
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)
