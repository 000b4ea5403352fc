"""The sounds of the library: filters, the table a page at a time, the map, the sound that is listened to."""

from pathlib import Path

import numpy as np
import streamlit as st

from drumclf import Classifier
from drumclf.library.catalogue import Catalogue
from drumclf.library.search import Match, Search
from page.library.exports import show_library_exports
from page.library.filters import show_filters
from page.library.keys import PAGE, label_keys, show_keys
from page.library.like import nearest, show_asking, show_hits_of_current, show_like, the_like
from page.library.map import show_library_map
from page.library.sorting import show_sorting
from page.pack.current import show_current, the_current
from page.pack.learning import show_learning
from page.pack.table import show_just_labelled, show_refused, show_rows, show_ticked, tick
from page.words import counted

_KEYS = """
J and K: next and previous. P: play again. 1 to 9: label it, or all that are ticked. X: tick. U: undo the last labels.
M: find more like this. While you type words, keys are letters; Enter ends that.
"""
TABLE, MAP, SORT, EXPORT = "Table", "Map", "Sort", "Export"


def browse(search: Search, classifier: Classifier, sort_to: Path) -> None:
    """Everything below the name of the library; sounds are sorted into `sort_to`."""
    catalogue, like, state = search.catalogue, the_like(), st.session_state
    state.setdefault("view", TABLE)
    top = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    view = top.segmented_control(
        "View", [TABLE, MAP, SORT, EXPORT], required=True, label_visibility="collapsed", key="view"
    )
    right = top.container(horizontal=True, vertical_alignment="center", width="content")
    right.toggle("Keys", key="keys", value=True, help=_KEYS)
    with right.popover("Find by sound", icon=":material/graphic_eq:", width="content", key="asking", on_change="rerun"):
        show_asking(classifier)
    indices, wanted = show_filters(catalogue, classifier, is_ordered=like is not None)
    before = state.get("asked for")
    if before != (wanted, like):
        is_back = before is not None and before[1] is not None and like is None  # from a search: it goes on from here
        state["asked for"], state["page"] = (wanted, like), 0
        state["place"] = None if is_back else (the_current(), None, 0)
    # In a container that is always there: what is below would be drawn anew, and the sound played again.
    above, matches = st.container(), None
    if like is not None:
        matches = nearest(search, like, indices)
        with above:
            show_like(like, len(matches))
        indices = np.array([match.index for match in matches], int)
    if view in (SORT, EXPORT):
        indices = only_ticked(indices)
    if view == SORT:
        show_sorting(catalogue, classifier, indices, sort_to)
    elif view == EXPORT:
        show_library_exports(catalogue, classifier, indices)
    else:
        show_sounds(catalogue, classifier, indices, matches)


def show_sounds(catalogue: Catalogue, classifier: Classifier, indices: np.ndarray, matches: list[Match] | None) -> None:
    """The table on the left, the sound that is listened to on the right."""
    left, right = st.columns([2, 1], gap="medium")
    with left, st.container(key="listed"):
        ticked, table_key = show_page(catalogue, classifier, indices, matches)
    with right:
        show_keys(catalogue, classifier, indices, table_key, ticked)
        with st.container():  # as above
            if ticked:
                show_ticked(catalogue, classifier, ticked, table_key, label_keys())
            else:
                show_just_labelled(catalogue, classifier)
            show_learning(catalogue, classifier)
        show_current(catalogue, classifier, "" if ticked else label_keys())
        show_hits_of_current(catalogue, classifier)


def show_page(
    catalogue: Catalogue, classifier: Classifier, indices: np.ndarray, matches: list[Match] | None
) -> tuple[list[int], str]:
    """The map, or one page of the table; returns the indices ticked, and the table's key."""
    state = st.session_state
    if not len(indices):
        st.caption("No sound passes these filters.")
        return [], ""
    if state.view == MAP:
        show_library_map(catalogue, classifier, indices)
        return [], ""
    last = (len(indices) - 1) // PAGE
    page = min(max(state.get("page", 0), 0), last)
    some = indices[page * PAGE : (page + 1) * PAGE].tolist()
    if catalogue.rows[some[0]].error is not None:
        show_refused(catalogue, some)
        if last:
            show_pager(st.container(horizontal=True, horizontal_alignment="right"), page, last, len(indices))
        return [], ""
    more = {"length": [catalogue.durations[i] for i in some]}
    if matches is not None:
        more = {"near": [match.said for match in matches], **more}
    table_key = f"table {page} {id(catalogue)} {hash(indices.tobytes())}"  # what is ticked is ticked in this catalogue
    known = state.setdefault("ticked", set())
    if table_key not in state:  # what was ticked in another table stays ticked
        tick(table_key, [row for row, i in enumerate(some) if i in known])
    ticked = show_rows(catalogue, classifier, some, table_key, more)
    known = state["ticked"] = known.difference(some).union(ticked)
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    in_all = f" {len(known):,} are ticked in all." if len(known) > len(ticked) else ""
    row.caption(f"Click ▶ to listen. Tick sounds to label, sort or export them together.{in_all}", width="content")
    if last:
        show_pager(row, page, last, len(indices))
    return ticked, table_key


def only_ticked(indices: np.ndarray) -> np.ndarray:
    """Those that are ticked, unless nothing is ticked or all are wanted."""
    known = st.session_state.get("ticked")
    if not known:
        return indices
    ticked = indices[np.isin(indices, list(known))]
    title = f"Only the {counted(len(known), 'ticked sound')}"
    if len(ticked) < len(known):
        title = f"{title}, of which {len(ticked):,} pass the filters"
    row = st.container(horizontal=True, vertical_alignment="center")
    is_wanted = row.toggle(title, value=True, key="only ticked")
    row.button("Untick", type="tertiary", on_click=known.clear)
    return ticked if is_wanted else indices


def show_pager(row, page: int, last: int, n: int) -> None:
    """Which part of the table is shown, and the way to the others."""

    def turn(to: int) -> None:
        st.session_state["page"] = to

    pages = row.container(horizontal=True, vertical_alignment="center", width="content", gap="xxsmall")
    pages.button("Page before", key="page before", icon=":material/chevron_left:", type="tertiary",
                 on_click=turn, args=(page - 1,), disabled=page == 0)  # fmt: skip
    pages.caption(f"{page * PAGE + 1:,} to {min((page + 1) * PAGE, n):,} of {n:,}", width="content")
    pages.button("Page after", key="page after", icon=":material/chevron_right:", type="tertiary",
                 on_click=turn, args=(page + 1,), disabled=page == last)  # fmt: skip


def summary(catalogue: Catalogue) -> str:
    """What is in the library, in one line."""
    unsure = int(((catalogue.codes >= 0) & ~catalogue.are_sure).sum())
    refused = int((catalogue.codes < 0).sum())
    parts = [
        f"**{counted(len(catalogue.sounds()), 'sound')}**",
        f"{len(catalogue.corrections):,} labelled by you" if catalogue.corrections else "",
        f"{len(catalogue.followed):,} followed from yours" if catalogue.followed else "",
        f"{unsure:,} not sure" if unsure else "",
        counted(int(catalogue.are_copies.sum()), "copy", "copies") if catalogue.are_copies.any() else "",
        f"{refused:,} not readable" if refused else "",
    ]
    return " · ".join(filter(None, parts))
