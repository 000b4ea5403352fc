"""A picture of the result, made for posting."""

from collections.abc import Callable
from types import ModuleType

import streamlit as st

from drumclf.threads import Turns

DRAWING = Turns(1)
"""Matplotlib holds Python's lock: two who draw at the same time only keep each other."""


def show_share(key: str, name: str, draw: Callable[[ModuleType], object]) -> None:
    """Download a card; it is drawn when it is asked for.

    Parameters
    ----------
    key : str
        Tells one button from another.
    name : str
        Of the file, without its ending.
    draw : function
        drumclf.drawing.share_card, which imports Matplotlib -> a figure of it.
    """

    def picture() -> bytes:
        from drumclf.drawing import share_card

        with DRAWING:
            return share_card.png(draw(share_card))

    st.download_button(
        "Picture to share",
        picture,
        f"{name}.png",
        "image/png",
        key=f"share {key}",
        icon=":material/ios_share:",
        on_click="ignore",
    )
