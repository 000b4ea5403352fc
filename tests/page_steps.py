"""What a visitor does and what a test looks at, on a page driven without a browser."""

import streamlit as st
from conftest import ROOT, encode, mix
from streamlit.testing.v1 import AppTest

RATE = 44_100
NAMES = ["**b** [link](javascript:alert(1)) $y$.wav", "<img src=x onerror=alert(1)>.wav", "# :red[a] `b`.wav"]
# Examples and the seconds at which they begin.
LOOP = [("kick_analogue", 0.0), ("snare_acoustic", 0.55), ("closed_hat_analogue", 1.1), ("clap_analogue", 1.6)]


def open_page():
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()


def four_hits():
    """The loop as a file."""
    return encode(mix(LOOP, 2.3))


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
    """What is shown as is, and what is formatted."""
    formatted = [*page.title, *page.header, *page.subheader, *page.markdown, *page.caption]
    labels = [button.label for button in [*page.button, *page.download_button]]
    return [text.value for text in page.text], [element.value for element in formatted] + labels


def note_downloads(monkeypatch):
    """From now on, what download buttons are given, in order: file name and the function that makes the file."""
    given, original = [], st.download_button

    def noted(label, data, file_name, *rest, **others):
        given.append((file_name, data))
        return original(label, data, file_name, *rest, **others)

    monkeypatch.setattr(st, "download_button", noted)
    return given
