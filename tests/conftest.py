"""Sounds made for tests, the loaded model, the page in a browser, and data that only some machines have."""

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drumclf import load_classifier
from tools.server import ROOT, chromium_path, launch_chromium, serve

EXAMPLES = ROOT / "example_samples"
PATIENCE = 60_000  # milliseconds; the machine may be busy with other tests


@pytest.fixture(scope="session")
def classifier():
    return load_classifier()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Folder of odd uploads with a manifest; skipped if there is none."""
    archive = Path(os.environ.get("DRUMCLF_HOSTILE", ROOT.parent / "shared" / "hostile")) / "uploads.tar.xz"
    if not archive.exists():
        pytest.skip("no hostile uploads here: set DRUMCLF_HOSTILE to their folder")
    folder = tmp_path_factory.mktemp("hostile")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "public"


@pytest.fixture(scope="session")
def corpus():
    """Folder of labelled sounds; skipped if there is none."""
    folder = Path(os.environ.get("DRUMCLF_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "manifest.csv").exists():
        pytest.skip("no corpus here: set DRUMCLF_CORPUS to its folder")
    return folder


@pytest.fixture(scope="session")
def address():
    """The page, served as `make app` serves it."""
    with serve() as (url, _):
        yield url


@pytest.fixture(scope="session")
def chromium():
    """A real browser; skipped if there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not chromium_path():
        pytest.skip("no Chromium here: install it or set CHROMIUM to its path")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as running:
        browser = launch_chromium(running)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def open_tab(chromium, address):
    """Opens the page in a tab of a window with some settings; tabs of equal windows share what the browser caches."""
    windows = {}

    def open_tab(**settings):
        settings = {"viewport": {"width": WIDTHS["wide"], "height": 900}} | settings
        if (key := repr(settings)) not in windows:
            windows[key] = chromium.new_context(**settings)
            windows[key].set_default_timeout(PATIENCE)
        page = windows[key].new_page()
        page.goto(address)
        return page

    yield open_tab
    for window in windows.values():
        window.close()


WIDTHS = {"wide": 1280, "narrow": 390}
WINDOWS = {"wide, light": ("wide", "light"), "narrow, dark": ("narrow", "dark")}
# For what depends neither on the size nor on the colours of the page.
in_one_window = pytest.mark.parametrize("page", ["wide, light"], indirect=True)
in_a_narrow_window = pytest.mark.parametrize("page", ["narrow, dark"], indirect=True)


@pytest.fixture(params=WINDOWS)
def page(open_tab, request):
    """The page in a wide window with light colours, and in a narrow one with dark colours."""
    size, scheme = WINDOWS[request.param]
    page = open_tab(viewport={"width": WIDTHS[size], "height": 900}, color_scheme=scheme)
    yield page
    page.close()


def assert_nothing_is_wider(page):
    """Neither the document nor the part that Streamlit scrolls extends to the right of the window."""
    for element in ("documentElement", "querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"document.{element}.scrollWidth") <= page.viewport_size["width"]


def drawn(page, name):
    """Data that the page, driven without a browser, sends to each component of a name."""
    components = [element.proto for element in page.get("bidi_component")]
    return [json.loads(component.json) for component in components if component.component_name == name]


# Examples and the seconds at which they begin: not on a grid, and the kicks ring into the next hit.
PATTERN = [
    ("kick_analogue", 0.0), ("closed_hat_acoustic", 0.41), ("snare_acoustic", 0.8), ("closed_hat_acoustic", 1.22),
    ("kick_analogue", 1.5), ("clap_analogue", 2.1), ("closed_hat_acoustic", 2.35), ("snare_acoustic", 2.73),
]  # fmt: skip


def mix(hits, duration, levels=(0.5,), shaped=lambda sound: sound, rate=44_100):
    """Examples laid over one another.

    Parameters
    ----------
    hits : iterable of (str, float)
        Example and when it begins, in seconds.
    duration : float
        Seconds of the whole.
    levels : tuple of float
        Of the hits, in turn.
    shaped : callable
        What becomes of the samples of an example before they are added.

    Returns
    -------
    samples : numpy.ndarray, shape (n,)
    """
    samples = np.zeros(int(rate * duration))
    for i, (name, begin) in enumerate(hits):
        sound, start = shaped(soundfile.read(EXAMPLES / f"{name}.wav")[0]), round(begin * rate)
        sound = sound[: len(samples) - start]
        samples[start : start + len(sound)] += levels[i % len(levels)] * sound
    return samples


def make_loop(times_over=1, gap=0.3, noise=0.0):
    """Samples of the pattern after a silence, shape (n,), and the times of its hits."""
    length = 3.4
    hits = [(name, gap + k * length + begin) for k in range(times_over) for name, begin in PATTERN]
    levels = [(0.5, 0.3, 0.4)[i % 3] for i in range(len(PATTERN))]
    samples = mix(hits, gap + times_over * length, levels)
    return samples + noise * np.random.default_rng(0).standard_normal(len(samples)), np.array([t for _, t in hits])


def make_hit(rate=44_100, duration=0.3, frequency=200.0, seed=0):
    """A decaying tone with a noisy attack, like no drum in particular. Shape (n,), peak 0.8."""
    time = np.arange(int(rate * duration)) / rate
    noise = np.random.default_rng(seed).standard_normal(len(time))
    hit = np.sin(2 * np.pi * frequency * time) * np.exp(-12 * time) + 0.5 * noise * np.exp(-60 * time)
    return 0.8 * hit / np.abs(hit).max()


def encode(samples, rate=44_100, format="WAV", subtype="PCM_16", **kwargs):
    """Samples as the bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype, **kwargs)
    return buffer.getvalue()


def zip_of(files):
    """A zip of names and their bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
