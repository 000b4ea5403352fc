"""Search by sound: like one of the library, like one that is dropped or recorded, or like a hit of a loop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from drumclf import AudioError, Classifier, Prediction
from drumclf.decision import format_percent
from drumclf.hits.find import may_hold_hits
from drumclf.library.catalogue import Catalogue
from drumclf.library.search import Match, Search
from drumclf.limits import MAX_FILE_BYTES
from drumclf.names import visible
from page.answers import classify, find, hear
from page.inputs import RECORDING_RATE
from page.pack.current import the_current
from page.words import text_only

_MOST = 50
_ACCEPTED = "Any sound file up to 10 MB. It stays on this computer."


@dataclass(frozen=True, eq=False)
class Like:
    """The sound that others are to be like.

    Attributes
    ----------
    name : str
    embedding : np.ndarray, shape (d,), float32
    content : bytes or None
        Of a file of the library, which is not to be found itself.
    """

    name: str
    embedding: np.ndarray
    content: bytes | None = None


def the_like() -> Like | None:
    """What is searched for now."""
    return st.session_state.get("like")


def like_one_of(catalogue: Catalogue, i: int) -> None:
    """Search for what is like a sound of the library."""
    name = catalogue.names[i].rpartition("/")[2]
    search_for(Like(name, catalogue.embedding(i), catalogue.contents[i]))


def search_for(like: Like) -> None:
    """Show what is like a sound, of all classes."""
    st.session_state.like = like
    st.session_state["class"] = "any"
    st.session_state.view = "Table"
    st.session_state["asking"] = False


def stop_searching() -> None:
    """Show the library again."""
    state = st.session_state
    state.like = None
    state.asked = state.get("asked", 0) + 1  # new widgets: the old ones still hold the sound


def nearest(search: Search, like: Like, among: np.ndarray) -> list[Match]:
    """The fifty sounds that are most like it, among those that pass the filters."""
    return search.nearest(like.embedding, _MOST, among, like.content)


def show_like(like: Like, n: int) -> None:
    """What is searched for, and a button that ends it."""
    row = st.container(horizontal=True, vertical_alignment="center")
    row.markdown(
        f"The {n} sounds most like **{text_only(visible(like.name))}**" if n else "Nothing here to compare with.",
        width="content",
    )
    row.button("Back to all", icon=":material/close:", type="tertiary", on_click=stop_searching)


def show_asking(classifier: Classifier) -> None:
    """A sound from elsewhere to search for: dropped or recorded."""
    asked = st.session_state.get("asked", 0)
    left, right = st.columns(2, gap="medium")
    file = left.file_uploader("Drop a sound", key=f"like file {asked}", help=_ACCEPTED, max_upload_size=10)
    recording = right.audio_input(
        "Or record one: hum a kick, clap your hands", sample_rate=RECORDING_RATE, key=f"like recording {asked}"
    )
    source = recording or file
    if source is None:
        return
    name, data = "your recording" if source is recording else source.name, source.getvalue()
    try:
        with st.spinner("Listening"):
            prediction = classify(classifier, data)
            hits = find(classifier, data, prediction.clip).hits if may_hold_hits(prediction.clip) else ()
    except AudioError as error:
        st.error(str(error), icon=":material/hearing_disabled:")
        return
    st.audio(data)
    if len(hits) > 1:
        _offer_one_of(classifier, [hit.prediction for hit in hits], name, source.file_id)
    else:
        _offer(classifier, prediction, name, source.file_id)


def show_hits_of_current(catalogue: Catalogue, classifier: Classifier) -> None:
    """For a loop of the library: its hits, to search for one of them."""
    i = the_current()
    if i is None or catalogue.codes[i] < 0:
        return
    path = catalogue.files[i][1]
    if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        return
    try:
        prediction, data = hear(classifier, path)
    except AudioError:  # said above
        return
    if not may_hold_hits(prediction.clip) or not st.toggle("Its hits, one by one", key=f"hits of {i}"):
        return
    try:
        hits = find(classifier, data, prediction.clip).hits
    except AudioError as error:
        st.error(str(error), icon=":material/hearing_disabled:")
        return
    name = catalogue.names[i].rpartition("/")[2]
    if len(hits) > 1:
        _offer_one_of(classifier, [hit.prediction for hit in hits], name, f"of {i}")
    else:
        st.caption("Only one hit was found.")


def _offer_one_of(classifier: Classifier, hits: Sequence[Prediction], name: str, key: str) -> None:
    """Search for one of the hits of a sound."""
    chosen = st.pills(
        "Which hit?",
        range(len(hits)),
        format_func=lambda k: f"{k + 1}. {_what(classifier, hits[k])}",
        key=f"like hit {key}",
        wrap=True,
    )
    if chosen is not None:
        _offer(classifier, hits[chosen], f"hit {chosen + 1} of {name}", key)


def _offer(classifier: Classifier, prediction: Prediction, name: str, key: str) -> None:
    """A button that searches for a sound."""
    st.button(
        f"Find what is like {text_only(visible(name))}: {_what(classifier, prediction)}",
        key=f"find {key}",
        type="primary",
        icon=":material/manage_search:",
        on_click=search_for,
        args=(Like(name, prediction.embedding),),
    )


def _what(classifier: Classifier, prediction: Prediction) -> str:
    return f"{classifier.titles[prediction.label]} {format_percent(prediction.probability)}"
