"""The sounds to click on."""

import csv
from pathlib import Path

import streamlit as st

EXAMPLES = Path(__file__).parent.parent / "example_samples"


@st.cache_data(show_spinner=False)
def example_titles() -> dict[str, str]:
    """File name of every example -> its title, in the order of the chips."""
    with (EXAMPLES / "examples.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["title"] for row in csv.DictReader(file)}
