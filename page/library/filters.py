"""Which sounds of the library are shown, and in which order."""

import math

import numpy as np
import streamlit as st

from drumclf import Classifier
from drumclf.library.catalogue import Catalogue
from drumclf.library.select import (
    BY_FOLDER,
    BY_NAME,
    BY_YOU,
    COPIES,
    FOLLOWED,
    LEAST_SURE,
    LONGEST,
    LOUDEST,
    NEWEST,
    NOT_READ,
    NOT_SURE,
    SHORTEST,
    SURE,
    Wanted,
    select,
)

_ANY = "any"
_WHICH = {
    _ANY: "Sure or not",
    SURE: "Sure",
    NOT_SURE: "Not sure",
    BY_YOU: "Labelled by you",
    FOLLOWED: "Followed from yours",
    COPIES: "Copies of others",
    NOT_READ: "Not readable",
}
_LENGTHS = {
    "Any length": (0.0, math.inf),
    "Under 0.2 s": (0.0, 0.2),
    "0.2 to 0.5 s": (0.2, 0.5),
    "0.5 to 1 s": (0.5, 1.0),
    "1 to 3 s": (1.0, 3.0),
    "3 s and more": (3.0, math.inf),
}
_ORDERS = {
    BY_FOLDER: "By folder",
    BY_NAME: "By name",
    LEAST_SURE: "Least sure first",
    SHORTEST: "Shortest first",
    LONGEST: "Longest first",
    LOUDEST: "Loudest first",
    NEWEST: "Newest first",
}


def show_filters(catalogue: Catalogue, classifier: Classifier, is_ordered: bool) -> tuple[np.ndarray, Wanted]:
    """Everything that narrows the library down; returns the files that pass, and what was asked for.

    Parameters
    ----------
    catalogue : Catalogue
    classifier : Classifier
    is_ordered : bool
        Whether the order is fixed, since the sounds are shown by nearness.

    Returns
    -------
    indices : np.ndarray of int
        In the order that is chosen.
    wanted : Wanted
    """
    row = st.container(horizontal=True, vertical_alignment="bottom", key="filters")
    words = row.text_input(
        "Words", key="words", type="search", live=True, placeholder="Words of name or folder",
        label_visibility="collapsed", icon=":material/search:", width=260,
        help="Every word must be in the name or the folder; a word with - before it must not.",
    )  # fmt: skip
    which = _choice(row, "How sure", _WHICH, "which")
    length = _choice(row, "Length", {name: name for name in _LENGTHS}, "length")
    order = _choice(row, "Order", _ORDERS, "order", is_disabled=is_ordered)
    skip_copies = row.toggle("Without copies", key="without copies")
    shortest, longest = _LENGTHS[length]
    label = st.session_state.setdefault("class", _ANY)
    wanted = Wanted(
        label=None if label == _ANY else label,
        which=None if which == _ANY else which,
        words=words or "",
        shortest=shortest,
        longest=longest,
        skip_copies=skip_copies,
        order=order,
    )
    if which == NOT_READ and wanted.label is not None:
        wanted = Wanted(which=NOT_READ, words=wanted.words)
    indices, counts = select(catalogue, wanted)
    titles = {_ANY: "All", **classifier.titles}
    counts = {_ANY: sum(counts.values()), **counts}
    st.pills(
        "Class",
        titles,
        required=True,
        format_func=lambda name: f"{titles[name]} {counts[name]:,}",
        key="class",
        label_visibility="collapsed",
        wrap=True,
    )
    return indices, wanted


def _choice(row, label: str, options: dict[str, str], key: str, is_disabled: bool = False) -> str:
    return row.selectbox(
        label, options, format_func=options.get, key=key, label_visibility="collapsed", width=165, disabled=is_disabled
    )
