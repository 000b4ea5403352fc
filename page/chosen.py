"""The sound that is looked at, and the one kept beside it; page/answers.py then asks the library what they are.

The session's state
-------------------
All that the page remembers of a visitor from one run to the next is in ``st.session_state``, under these keys. A name
that ends in "..." has more after it: one key for each player, sound or table. Writing includes giving the key to a
widget. Keys that only widgets use, whose value the page takes from the call, are not listed. "library" is all of
page/library/, whose __init__.py lists the keys that it has for itself.

key           | value                                              | written in           | read in
------------- | -------------------------------------------------- | -------------------- | ----------------------
example       | file name of the example that is clicked, or None  | inputs, chosen       | chosen
sound         | upload or recording that is looked at, or None     | chosen               | chosen
kept          | `Chosen` on the left of a comparison, or None      | inputs, chosen       | app, chosen
pack          | `Pack` of the uploads, or None for a single sound  | inputs               | app, inputs
inputs        | how often the widgets below were replaced          | chosen               | inputs, chosen
upload ...    | files in the uploader                              | inputs               | inputs
recording ... | file of the microphone                             | inputs               | inputs
whole folder  | whether the uploader takes a folder                | inputs               | inputs
uploaded      | ids of the files in the uploader at the last look  | inputs, chosen       | inputs
recordings    | ids of all recordings, to tell them from files     | inputs               | inputs, chosen
timeline ...  | {"hit": index of the selected hit}                 | recording            | recording
heard ...     | index of the hit that was played last              | recording            | recording
stopped       | whether the visitor stopped the classifying        | inputs, pack/browse  | pack/browse
current       | index of the sound of the pack that is shown       | inputs, pack/current, library | pack/current
table ...     | ticked rows of the table                           | pack/table           | pack/table
view          | table, map or export                               | pack/browse, library | library
proposed      | (labels, what follows from them)                   | pack/learning        | pack/learning
looking       | labels for which that is looked at                 | pack/learning        | pack/learning
not now       | labels for which it was turned down                | pack/learning        | pack/learning
left out      | (pack, changes that are not to be proposed again)  | pack/learning        | pack/learning
play change   | row of the changes whose ▶ was clicked             | pack/learning        | pack/learning
plays         | how often a sound was to be played again           | library              | pack/current, library
play          | row whose ▶ was clicked                            | pack/table           | pack/table
label ticked  | class that was clicked for the ticked sounds       | pack/table           | pack/table
just labelled | (indices, class) of the sounds that were ticked    | inputs, pack/table, library | pack/table
kind labelled | kind that was clicked for them                     | pack/table           | pack/table
kind ...      | kind that was clicked for the sound that is shown  | pack/current         | pack/current
label ...     | class that was clicked for the sound that is shown | pack/current         | pack/current
map           | {"selection": {"clicked": points}}                 | pack/map             | pack/map
places        | (pack, where its sounds are on the map)            | pack/map             | pack/map
"""

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
    """File name of each drum among the examples -> its title, in the order of the pads."""
    with (EXAMPLES / "examples.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["title"] for row in csv.DictReader(file)}


def example_titles() -> dict[str, str]:
    """As `drum_titles`, with the loop at the end."""
    return drum_titles() | LOOPS


@dataclass(frozen=True)
class Chosen:
    """An example, an upload or a recording.

    Attributes
    ----------
    source : str or UploadedFile
        File name of an example, or what a visitor sent.
    """

    source: str | UploadedFile

    @property
    def example(self) -> str | None:
        """File name if it is an example."""
        return self.source if isinstance(self.source, str) else None

    @property
    def is_recorded(self) -> bool:
        """Whether it comes from the microphone."""
        return not isinstance(self.source, str) and self.source.file_id in state.get("recordings", ())

    @property
    def name(self) -> str:
        """What to call it on the page."""
        if isinstance(self.source, str):
            return example_titles()[self.source]
        return "Your recording" if self.is_recorded else visible(self.source.name)

    def read(self) -> bytes:
        """Contents of the file."""
        return (EXAMPLES / self.source).read_bytes() if isinstance(self.source, str) else self.source.getvalue()


def the_chosen() -> Chosen | None:
    """The example that is clicked, otherwise the sound that came last."""
    source = state.get("example") or state.get("sound")
    return Chosen(source) if source is not None else None


def choose(source: str | UploadedFile | None) -> None:
    """Look at this one."""
    is_example = isinstance(source, str)
    state.example = source if is_example else None
    state.sound = None if is_example else source


def empty_inputs() -> None:
    """Replace uploader and microphone by new ones; the old would still list what is no longer shown.

    What came from them stays.
    """
    state.inputs = state.get("inputs", 0) + 1
    state.uploaded = []


def keep(chosen: Chosen) -> None:
    """Keep a sound on the left, whatever is chosen next.

    The uploader is emptied, since a second file in it would make a pack.
    """
    state.kept = chosen
    empty_inputs()


def compare(chosen: Chosen, example: str) -> None:
    """Keep a sound, and show an example beside it."""
    keep(chosen)
    state.example = example


def close_kept() -> None:
    """Close the sound on the left: the one on the right stays."""
    state.kept = None


def close_shown() -> None:
    """Close the sound on the right: the one on the left stays."""
    choose(state.kept.source)
    state.kept = None
    empty_inputs()
