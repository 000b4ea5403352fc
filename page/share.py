"""A picture of the result, made for posting."""

import streamlit as st

from drumclf import Classifier, Prediction
from drumclf.turns import Turns

DRAWING = Turns(1)
"""Matplotlib holds Python's lock: two who draw at the same time only keep each other."""


def show_share(classifier: Classifier, prediction: Prediction, name: str) -> None:
    """Download it; it is drawn when it is asked for."""

    def draw() -> bytes:
        from drumclf.share_card import share_png

        with DRAWING:
            return share_png(prediction, classifier.titles, name, classifier.thresholds)

    st.download_button(
        "Picture to share", draw, f"{prediction.label}.png", "image/png", icon=":material/ios_share:", on_click="ignore"
    )
