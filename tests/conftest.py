"""Sounds made on the spot, the loaded model, the page in a browser, and the data that only some machines have."""

import io
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
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium here: install it or set CHROMIUM to its path")
    playwright.expect.set_options(timeout=30_000)  # a machine that runs all tests is busy
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide, light", "narrow, dark"])
def page(chromium, address, request):
    """The page in a window of two sizes and colours."""
    width, scheme = request.param
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(address)
    yield page
    page.close()


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
