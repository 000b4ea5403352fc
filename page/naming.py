"""How sorted sounds are to be named: asked alike for a zip and for a folder."""

from collections.abc import Sequence

import streamlit as st

from drumclf.batch.destinations import ORIGINAL_NAMES
from drumclf.names import visible

SHOWN_NAMES = 5


def ask_names() -> tuple[str, bool]:
    """A pattern, which may be invalid, and whether to leave out copies."""
    pattern = ORIGINAL_NAMES
    if st.toggle("Rename the files", key="rename"):
        pattern = st.text_input(
            "Pattern",
            "{class}_{n:03}",
            key="pattern",
            help="{class}, {kind}, {n}, {name}, {folder}; {n:03} is 001, 002, ...; {kind}/{name} makes folders",
        )
    return pattern, st.toggle("Leave out copies", key="skip copies")


def show_some(places: Sequence[str]) -> None:
    """The first few places, and how many more there are."""
    some = [visible(place) for place in places[:SHOWN_NAMES]]
    if len(places) > len(some):
        some.append(f"... and {len(places) - len(some):,} more")
    if some:
        st.code("\n".join(some), language=None, wrap_lines=True)
