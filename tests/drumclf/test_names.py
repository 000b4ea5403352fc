import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumclf.names import visible


@pytest.mark.parametrize(
    "name", ["kick.wav", "Größe 1.wav", "太鼓.wav", "क्\u200dष.wav", "kick (2).wav", "<b>kick</b>.wav", "🥁.wav"]
)
def test_ordinary_names_stay(name):
    assert visible(name) == name


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\x07", "\x1b", "\n", "\ud800", "\u2028", "\ufeff"])
def test_what_a_screen_would_obey_is_shown(sign):
    assert visible(f"kick{sign}.wav") == "kick�.wav"


@given(st.text())
def test_every_character_of_any_name_is_seen(name):
    shown = visible(name)
    assert len(shown) == len(name)
    assert not {unicodedata.category(sign)[0] for sign in shown if sign not in "\u200c\u200d"} & {"C"}
    assert visible(shown) == shown
