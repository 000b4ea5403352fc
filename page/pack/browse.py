"""Many sounds on the page: progress, table, map, one sound at a time, export."""

import streamlit as st

from drumclf import Classifier
from drumclf.batch.pack import Pack
from drumclf.batch.skipped import SYSTEM, say_skipped
from drumclf.names import visible
from page.pack.current import show_current
from page.pack.exports import show_exports
from page.pack.learning import show_learning
from page.pack.map import show_map
from page.pack.table import NOT_READ, NOT_SURE, show_just_labelled, show_table, show_ticked
from page.progress import progress
from page.words import counted


def show_pack(pack: Pack, classifier: Classifier) -> None:
    """Classify what is not yet classified, then show the pack."""
    state = st.session_state
    if len(pack.rows) < len(pack.files) and not state.get("stopped"):
        follow(pack, classifier)
    if not pack.duplicate_of:
        with st.spinner("Finding copies"):
            pack.mark_duplicates(classifier)
    browse(pack, classifier)


def follow(pack: Pack, classifier: Classifier) -> None:
    """Classify with a progress bar. The rows stay in the pack, even if this run of the page is interrupted."""
    with progress(len(pack.files), len(pack.rows), stop) as report:
        for done in pack.classify_on(classifier):
            report(done, " · taking turns with other visitors" if classifier.n_waiting else "")


def stop() -> None:
    """Stop classifying; what is done stays."""
    st.session_state.stopped = True


def resume() -> None:
    """Classify the rest."""
    st.session_state.stopped = False


def browse(pack: Pack, classifier: Classifier) -> None:
    """Table or map on the left, the current sound on the right."""
    st.header(counted(len(pack.sounds()), "sound"), anchor=False)
    st.markdown(summary(pack))
    if len(pack.rows) < len(pack.files):
        left = len(pack.files) - len(pack.rows)
        st.button(f"Continue with the other {left:,}", icon=":material/play_arrow:", on_click=resume)
    bar = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    view = bar.segmented_control(
        "View", ["Table", "Map", "Export"], default="Table", required=True, label_visibility="collapsed", key="view"
    )
    if view == "Export":
        show_exports(pack, classifier)
    else:
        right = bar.container(horizontal=True, vertical_alignment="center", width="content")
        if pack.history:
            right.button("Undo", icon=":material/undo:", type="tertiary", on_click=pack.undo, help="The last labels")
        unsure_first = view == "Table" and right.toggle("Not sure first", key="unsure first")
        left, right = st.columns([2, 1], gap="medium")
        ticked = []
        with left:
            if view == "Table":
                ticked, table_key = show_table(pack, classifier, unsure_first)
            else:
                show_map(pack, classifier)
        with right:
            if ticked:
                show_ticked(pack, classifier, ticked, table_key)
            elif view == "Table":
                show_just_labelled(pack, classifier)
            show_learning(pack, classifier)
            show_current(pack, classifier)
    if pack.skipped:
        said = f"Skipped (not sounds): {say_skipped(pack.skipped)}"
        named = [visible(each.name) for each in pack.skipped if each.kind != SYSTEM]
        if named:
            st.expander(said).text("\n".join(named))
        else:
            st.caption(said)


def summary(pack: Pack) -> str:
    """The outcome in one line."""
    copies = sum(first is not None for first in pack.duplicate_of)
    unsure = sum(not pack.is_sure(i) for i in pack.sounds())
    refused = sum(row.error is not None for row in pack.rows)
    parts = [
        f"{len(pack.corrections):,} labelled by you" if pack.corrections else "",
        f"{len(pack.followed):,} followed from yours" if pack.followed else "",
        f"{unsure:,} {NOT_SURE}" if unsure else "all sure" if pack.sounds() else "",
        counted(copies, "copy", "copies") if copies else "",
        f"{refused:,} {NOT_READ}" if refused else "",
    ]
    return " · ".join(filter(None, parts))
