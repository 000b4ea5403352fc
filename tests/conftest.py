"""Sounds made on the spot, the loaded model, the page in a browser, and the data that only some machines have."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drumclf import load_classifier

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "example_samples"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FIRST_ANSWER = 30_000
"""Milliseconds, on a machine that runs all tests."""


@pytest.fixture(scope="session")
def classifier():
    return load_classifier()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Folder of odd uploads with a manifest; skipped where there is none."""
    archive = Path(os.environ.get("DRUMCLF_HOSTILE", ROOT.parent / "shared" / "hostile")) / "uploads.tar.xz"
    if not archive.exists():
        pytest.skip("no hostile uploads here: set DRUMCLF_HOSTILE to their folder")
    folder = tmp_path_factory.mktemp("hostile")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "public"


@pytest.fixture(scope="session")
def corpus():
    """Folder of labelled sounds; skipped where there is none."""
    folder = Path(os.environ.get("DRUMCLF_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "manifest.csv").exists():
        pytest.skip("no corpus here: set DRUMCLF_CORPUS to its folder")
    return folder


@pytest.fixture(scope="session")
def address():
    """The page, served as `make app` serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield url
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def chromium():
    """A real browser; skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium here: install it or set CHROMIUM to its path")
    playwright.expect.set_options(timeout=30_000)  # a machine that runs all tests is busy
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


WINDOWS = {f"{size}, {scheme}": (size, scheme) for size in ("wide", "narrow") for scheme in ("light", "dark")}
WIDTHS = {"wide": 1280, "narrow": 390}
in_two_windows = pytest.mark.parametrize("page", ["wide, light", "narrow, dark"], indirect=True)
"""For what has little to do with the size and the colours of the page."""


@pytest.fixture(params=WINDOWS)
def page(chromium, address, request):
    """The page in a window of two sizes and in both colours."""
    size, scheme = WINDOWS[request.param]
    page = chromium.new_page(viewport={"width": WIDTHS[size], "height": 900}, color_scheme=scheme)
    page.goto(address)
    yield page
    page.close()


def assert_nothing_is_wider(page):
    """Neither the document nor the part that Streamlit scrolls goes on to the right of the window."""
    for element in ("documentElement", "querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"document.{element}.scrollWidth") <= page.viewport_size["width"]


def drawn(page, name):
    """What the page, driven without a browser, gives the browser to draw: the data of each such component."""
    components = [element.proto for element in page.get("bidi_component")]
    return [json.loads(component.json) for component in components if component.component_name == name]


PATTERN = [
    ("kick_analogue", 0.0), ("closed_hat_acoustic", 0.41), ("snare_acoustic", 0.8), ("closed_hat_acoustic", 1.22),
    ("kick_analogue", 1.5), ("clap_analogue", 2.1), ("closed_hat_acoustic", 2.35), ("snare_acoustic", 2.73),
]  # fmt: skip
"""Example and when it begins, in seconds; not on a grid, and the kicks ring into what follows."""


def make_loop(times_over=1, gap=0.3, noise=0.0, rate=44_100):
    """Samples of the pattern after a silence, shape (n,), and the times of its hits."""
    length = 3.4
    samples = np.zeros(int(rate * (gap + times_over * length)))
    times = []
    for k in range(times_over):
        for i, (name, begin) in enumerate(PATTERN):
            times.append(gap + k * length + begin)
            sound, _ = soundfile.read(EXAMPLES / f"{name}.wav")
            start = round(times[-1] * rate)
            sound = sound[: len(samples) - start]
            samples[start : start + len(sound)] += (0.5, 0.3, 0.4)[i % 3] * sound
    return samples + noise * np.random.default_rng(0).standard_normal(len(samples)), np.array(times)


def make_hit(rate=44_100, duration=0.3, frequency=200.0, seed=0):
    """A decaying tone with a noisy attack: no drum in particular. Shape (n,), peak 0.8."""
    time = np.arange(int(rate * duration)) / rate
    noise = np.random.default_rng(seed).standard_normal(len(time))
    hit = np.sin(2 * np.pi * frequency * time) * np.exp(-12 * time) + 0.5 * noise * np.exp(-60 * time)
    return 0.8 * hit / np.abs(hit).max()


def encode(samples, rate=44_100, format="WAV", subtype="PCM_16", **kwargs):
    """Samples as the bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype, **kwargs)
    return buffer.getvalue()
