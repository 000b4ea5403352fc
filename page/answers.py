"""Everything that asks the library, cached for whoever asked; page/sound.py draws the answers."""

import os
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from drumclf import Classifier, Clip, ModelError, Prediction, load_classifier
from drumclf.audio import Source, read_bytes
from drumclf.hits.find import Recording, find_hits_in, read_on
from drumclf.limits import MAX_FILE_BYTES
from drumclf.processes.decoders import separate_reader
from drumclf.processes.slicer import separate_slicer
from page.chosen import EXAMPLES, drum_titles
from page.words import counted


def the_classifier() -> Classifier:
    """The classifier. If it cannot be loaded, the page ends with a sentence that says why."""
    try:
        return load()
    except ModelError as error:
        st.error(str(error))
        st.stop()


@st.cache_resource(show_spinner="Loading the model")
def load() -> Classifier:
    """The classifier, shared by all visitors."""
    return load_classifier(read=separate_reader())


# Scoped to the session: one visitor's uploads are never kept where another's run could find them.
@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def classify(_classifier: Classifier, data: bytes) -> Prediction:
    """The answer for one sound; raises AudioError."""
    return _classifier.classify(data)


def hear(classifier: Classifier, source: Source) -> tuple[Prediction, bytes]:
    """What a sound among many is, and the bytes to play; raises AudioError.

    Of a file on this computer that is larger than an upload may be, only the clip is played: the bytes are its path.
    """
    if isinstance(source, Path) and source.is_file() and source.stat().st_size > MAX_FILE_BYTES:
        path = os.fsencode(source)  # as text, a name that is not UTF-8 would be no key for Streamlit
        return classify_large(classifier, path, source.stat().st_mtime_ns), path
    data = read_bytes(source)
    return classify(classifier, data), data


# Scoped to the session, as above.
@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def classify_large(_classifier: Classifier, path: bytes, mtime_ns: int) -> Prediction:
    """The answer for a file that is not read as a whole; raises AudioError."""
    return _classifier.classify(os.fsdecode(path))


def in_line(classifier: Classifier) -> str:
    """What a visitor reads while the sound is classified, or others are served first."""
    n = classifier.n_waiting
    return f"{counted(n, 'visitor')} ahead of you" if n else "Listening"


# Scoped to the session, as above.
@st.cache_data(scope="session", max_entries=4, show_spinner="Finding the hits")
def find(_classifier: Classifier, data: bytes, _clip: Clip) -> Recording:
    """The hits of a file, whose beginning is already read as a clip."""
    return find_hits_in(_classifier, read_on(_classifier, data, _clip), slicer())


@st.cache_resource(show_spinner=False)
def slicer() -> Callable:
    """The separate process that cuts recordings, shared by all visitors; it takes a moment to start."""
    return separate_slicer()


@st.cache_resource(show_spinner=False)
def example_predictions(_classifier: Classifier) -> dict[str, Prediction]:
    """The answer for each drum among the examples, to find those most like a sound."""
    files = list(drum_titles())
    return dict(zip(files, _classifier.classify_many(EXAMPLES / file for file in files), strict=True))
