"""The sound that is looked at, and the one that is kept beside it."""

import csv
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from drumclf.names import visible

EXAMPLES = Path(__file__).parent.parent / "example_samples"
LOOPS = {"loops/beat.flac": "A beat"}
state = st.session_state


@st.cache_data(show_spinner=False)
def drum_titles() -> dict[str, str]:
    """File name of every drum -> its title, in the order of the pads."""
    with (EXAMPLES / "examples.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["title"] for row in csv.DictReader(file)}


def example_titles() -> dict[str, str]:
    """As `drum_titles`, and the loop."""
    return drum_titles() | LOOPS


@dataclass(frozen=True)
class Chosen:
    """An example or an upload.

    Attributes
    ----------
    source : str or UploadedFile
        File name of an example, or what a visitor sent.
    """

    source: str | UploadedFile

    @property
    def example(self) -> str | None:
        """File name, of an example."""
        return self.source if isinstance(self.source, str) else None

    @property
    def is_recorded(self) -> bool:
        """Whether it comes from the microphone."""
        return not isinstance(self.source, str) and self.source.file_id in state.get("recordings", ())

    @property
    def name(self) -> str:
        """What to call it."""
        if isinstance(self.source, str):
            return example_titles()[self.source]
        return "Your recording" if self.is_recorded else visible(self.source.name)

    def read(self) -> bytes:
        """The file."""
        return (EXAMPLES / self.source).read_bytes() if isinstance(self.source, str) else self.source.getvalue()


def the_chosen() -> Chosen | None:
    """The example that is clicked, else the sound that came last."""
    source = state.get("example") or state.get("sound")
    return Chosen(source) if source is not None else None


def choose(source: str | UploadedFile | None) -> None:
    """Look at this one."""
    is_example = isinstance(source, str)
    state.example = source if is_example else None
    state.sound = None if is_example else source


def empty_inputs() -> None:
    """New ones; the old would go on to list what is no longer shown. What they brought stays."""
    state.inputs = state.get("inputs", 0) + 1
    state.uploaded = []


def keep(chosen: Chosen) -> None:
    """Have it stay on the left, whatever is chosen next; dropped beside its own file, that would make a pack."""
    state.kept = chosen
    empty_inputs()


def compare(chosen: Chosen, example: str) -> None:
    """Show an example beside it."""
    keep(chosen)
    state.example = example


def close_kept() -> None:
    """Look at one sound again: the one on the right."""
    state.kept = None


def close_shown() -> None:
    """Look at one sound again: the one on the left."""
    choose(state.kept.source)
    state.kept = None
    empty_inputs()
