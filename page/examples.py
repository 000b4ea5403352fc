"""The sounds to click on."""

import csv
from pathlib import Path

import streamlit as st

EXAMPLES = Path(__file__).parent.parent / "example_samples"
LOOPS = {"loops/beat.flac": "A beat"}


@st.cache_data(show_spinner=False)
def drum_titles() -> dict[str, str]:
    """File name of every drum -> its title, in the order of the pads."""
    with (EXAMPLES / "examples.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["title"] for row in csv.DictReader(file)}


def example_titles() -> dict[str, str]:
    """As `drum_titles`, and the loop."""
    return drum_titles() | LOOPS
