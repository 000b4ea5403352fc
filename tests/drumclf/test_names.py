import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumclf.names import escaped, unescaped, visible


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


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("kick.wav", "kick.wav"),
        ("Größe 1 🥁.wav", "Größe 1 🥁.wav"),
        ("C:\\drums\\kick.wav", "C:\\drums\\kick.wav"),
        (os.fsdecode(b"caf\xe9.wav"), "caf\\xe9.wav"),
        ("caf\\xe9.wav", "caf\\x5cxe9.wav"),
        ("a\nb\x1b.wav", "a\\x0ab\\x1b.wav"),
        ("\x85\u2028\u202e", "\\xc2\\x85\\xe2\\x80\\xa8\u202e"),
    ],
)
def test_names_are_written_so_that_they_can_be_read_back(name, written):
    assert escaped(name) == written
    assert unescaped(written) == name


@given(st.binary())
def test_every_name_of_a_file_comes_back(raw):
    name = os.fsdecode(raw)
    written = escaped(name)
    assert unescaped(written) == name
    assert len(written.encode("utf-8").splitlines()) <= 1
    assert not {unicodedata.category(sign) for sign in written} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text())
def test_what_is_not_even_a_name_can_be_written(text):
    escaped(text).encode("utf-8")  # raises UnicodeEncodeError if not
