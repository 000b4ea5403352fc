"""A picture of the result, for posting."""

from collections.abc import Callable
from types import ModuleType

import streamlit as st

from drumclf.threads import Turns

DRAWING = Turns(1)  # Matplotlib holds the GIL: two threads that draw at the same time only slow each other down


def show_share(key: str, name: str, draw: Callable[[ModuleType], object]) -> None:
    """A button that downloads a card, which is drawn on demand.

    Parameters
    ----------
    key : str
        Unique to the button.
    name : str
        File name without its suffix.
    draw : function
        Given the module drumclf.drawing.share_card, which imports Matplotlib, returns a figure.
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
