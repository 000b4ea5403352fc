"""Everything that asks the library, cached for whoever asked."""

from collections.abc import Callable

import streamlit as st

from drumclf import Classifier, Clip, ModelError, Prediction, load_classifier
from drumclf.hits.find import Recording, find_hits_in, read_on
from drumclf.processes.decoders import separate_reader
from drumclf.processes.slicer import separate_slicer
from page.chosen import EXAMPLES, drum_titles


@st.cache_resource(show_spinner="Waking the model")
def load() -> Classifier:
    """The classifier, the same one for all visitors."""
    return load_classifier(read=separate_reader())


@st.cache_resource(show_spinner=False)
def example_predictions(_classifier: Classifier) -> dict[str, Prediction]:
    """What the drums among the examples are to the network, for finding those that a sound is like."""
    files = list(drum_titles())
    return dict(zip(files, _classifier.classify_many(EXAMPLES / file for file in files), strict=True))


# Scoped to the session: what one visitor uploads is never kept where another's could be found.
@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def classify(_classifier: Classifier, data: bytes) -> Prediction:
    """The answer for one sound; raises AudioError."""
    return _classifier.classify(data)


def the_classifier() -> Classifier:
    """The classifier; where it cannot be loaded, the page ends with the sentence that says why."""
    try:
        return load()
    except ModelError as error:
        st.error(str(error))
        st.stop()


def in_line(classifier: Classifier) -> str:
    """What a visitor reads while others are served."""
    n = classifier.n_waiting
    return f"In line: {n} before you" if n else "Listening"


@st.cache_resource(show_spinner=False)
def slicer() -> Callable:
    """What cuts recordings, the same for all visitors; a process that takes a moment to be ready."""
    return separate_slicer()


# Scoped to the session: what one visitor uploads is never kept where another's could be found.
@st.cache_data(scope="session", max_entries=4, show_spinner="Finding the hits")
def find(_classifier: Classifier, data: bytes, _clip: Clip) -> Recording:
    """The hits of a file that begins with a clip."""
    return find_hits_in(_classifier, read_on(_classifier, data, _clip), slicer())
