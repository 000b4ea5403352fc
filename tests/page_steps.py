"""What a visitor does, and what a test looks at, on a page that is driven without a browser."""

import numpy as np
import soundfile
from conftest import EXAMPLES, ROOT, encode
from streamlit.testing.v1 import AppTest

RATE = 44_100
NAMES = ["**b** [link](javascript:alert(1)) $y$.wav", "<img src=x onerror=alert(1)>.wav", "# :red[a] `b`.wav"]
LOOP = [("kick_analogue", 0.0), ("snare_acoustic", 0.55), ("closed_hat_analogue", 1.1), ("clap_analogue", 1.6)]
"""Example and when it begins, in seconds."""


def open_page():
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def four_hits():
    """The loop as a file."""
    samples = np.zeros(int(2.3 * RATE))
    for name, time in LOOP:
        sound, _ = soundfile.read(EXAMPLES / f"{name}.wav")
        start = round(time * RATE)
        sound = sound[: len(samples) - start]
        samples[start : start + len(sound)] += 0.5 * sound
    return encode(samples)


def upload(page, name, data):
    page.file_uploader[0].set_value((name, data, "audio/wav")).run()
    assert not page.exception
    return page


def choose(page, example):
    page.button_group(key="example").select(f"{example}.wav").run()
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def close(page, place):
    page.button(key=f"close {place}").click().run()
    assert not page.exception
    return page


def titles(page):
    return [title.value for title in page.title]


def words(page):
    """What is written as it is, and what is formatted."""
    formatted = [*page.title, *page.header, *page.subheader, *page.markdown, *page.caption]
    labels = [button.label for button in [*page.button, *page.download_button]]
    return [text.value for text in page.text], [element.value for element in formatted] + labels
