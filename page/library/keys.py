"""Going through the library by keys: next, previous, play again, label, tick, undo, more like this.

Streamlit's buttons take a key each; page/browser/keys.js does the rest. Those of the labels are hidden: the labels
themselves stand below the sound.
"""

import numpy as np
import streamlit as st

from drumclf import Classifier
from drumclf.library.catalogue import Catalogue
from page.browser.component import component
from page.library.like import like_one_of
from page.pack.current import listen_to, the_current
from page.pack.table import label_ticked, tick
from page.words import apologising, counted

PAGE = 200  # rows of the table that the browser gets at a time
_LABEL_KEYS = "123456789ABDEFGHILNOQSTVWYZ"  # without C and R, which Streamlit keeps for itself, and those below


def label_keys() -> str:
    """The keys that label a sound, in the order of the classes; none if the user has no use for keys."""
    return _LABEL_KEYS if st.session_state.get("keys", True) else ""


def show_keys(
    catalogue: Catalogue, classifier: Classifier, indices: np.ndarray, table_key: str, ticked: list[int]
) -> None:
    """Buttons for what can be done with the sound that is shown, each with its key.

    Parameters
    ----------
    catalogue : Catalogue
    classifier : Classifier
    indices : np.ndarray of int
        All files that are shown, in order.
    table_key : str
        Of the table that is shown, whose rows are ticked; empty if there is none.
    ticked : list of int
        Files that are ticked; a label's key labels them instead of the sound that is shown, and unticks them.
    """
    state = st.session_state
    current = the_current()
    place, is_there = the_place(catalogue, indices)
    with_keys = state.get("keys", True)

    def key(name: str) -> str | None:
        return name if with_keys else None

    def go(to: int) -> None:
        to = min(max(to, 0), n - 1)
        listen_to(int(indices[to]))
        state["page"] = to // PAGE

    @apologising()
    def label(name: str) -> None:
        if ticked:
            label_ticked(catalogue, ticked, name, table_key)
        else:
            catalogue.correct([current], name)

    n = len(indices)
    page = min(max(state.get("page", 0), 0), max(n - 1, 0) // PAGE)
    rows = np.flatnonzero(indices[page * PAGE : (page + 1) * PAGE] == current) if table_key else ()
    component("keys")(
        key="going by keys",
        data={"areOn": with_keys, "table": table_key, "row": int(rows[0]) if len(rows) else None},
    )
    row = st.container(horizontal=True, gap="xsmall", key="going")
    no_previous, no_next = (not n or (is_there and place == end) for end in (0, n - 1))
    row.button("Previous", key="previous", shortcut=key("K"), on_click=go, args=(place - 1,), disabled=no_previous)
    row.button("Next", key="next", shortcut=key("J"), on_click=go, args=(place + is_there,), disabled=no_next)
    if current is not None:
        row.button("Play", key="again", shortcut=key("P"), on_click=_play_again)
        row.button("Tick", key="tick", shortcut=key("X"), on_click=tick, args=(table_key, rows), disabled=not len(rows))
        row.button(
            "Like this", key="more", shortcut=key("M"), on_click=like_one_of, args=(catalogue, current),
            disabled=bool(catalogue.codes[current] < 0),
        )  # fmt: skip
    if catalogue.history:
        row.button(
            "Undo", key="undo", shortcut=key("U"), on_click=_undo, args=(catalogue,), help="Undo the last labels"
        )
    if ticked or current is not None:
        with st.container(key="label-keys"):  # not drawn: page/look.css
            for name, letter in zip(classifier.classes, label_keys(), strict=False):
                title = classifier.titles[name]
                st.button(title, key=f"label key {name}", shortcut=letter, on_click=label, args=(name,))


def the_place(catalogue: Catalogue, indices: np.ndarray) -> tuple[int, bool]:
    """Where the sound that is shown is among all.

    A label may take it out of them, or to their end ("Least sure first"). Its place is then the one that it had, where
    the next one is now.

    Returns
    -------
    place : int
        From 0, which it also is if the sound was never among them, or others are asked for since.
    is_there : bool
        Whether the sound is still in it.
    """
    state, current = st.session_state, the_current()
    if current is None:
        return 0, False
    given = catalogue.label(current), catalogue.is_sure(current)
    known = state.get("place")
    if known is not None and known[0] == current and known[1] != given:
        return known[2], known[2] < len(indices) and bool(indices[known[2]] == current)
    found = np.flatnonzero(indices == current)
    place = int(found[0]) if len(found) else 0
    state["place"] = current, given, place
    return place, len(found) > 0


@apologising()
def _undo(catalogue: Catalogue) -> None:
    """Undo the last labels, and say of how many sounds: it need not be the one that is shown."""
    st.toast(f"Labels of {counted(len(catalogue.undo()), 'sound')} undone", icon=":material/undo:")


def _play_again() -> None:
    st.session_state.plays = st.session_state.get("plays", 0) + 1
