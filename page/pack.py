"""Many sounds on the page: progress, table, map, one sound at a time, export."""

import time
from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from drumclf import AudioError, Classifier
from drumclf.audio import read_bytes
from drumclf.decision import format_percent, verdict
from drumclf.pack import Pack
from page.exports import show_exports
from page.pack_map import show_map
from page.sound import classify, draw, draw_seen, likely, show_player

ALL, NOT_SURE, COPIES, NOT_READ = "all", "not sure", "copies", "not read"
TABLE_HEIGHT = 560


def show_pack(pack: Pack, classifier: Classifier) -> None:
    """Classify what is not yet classified, then show it all."""
    state = st.session_state
    if len(pack.rows) < len(pack.files) and not state.get("stopped"):
        follow(pack, classifier)
    if not pack.duplicate_of:
        with st.spinner("Looking for copies"):
            pack.mark_duplicates()
    browse(pack, classifier)


def follow(pack: Pack, classifier: Classifier) -> None:
    """Classify with a progress bar. The rows stay in the pack, whatever ends this run of the page."""
    place = st.empty()
    row = place.container(horizontal=True, vertical_alignment="bottom")
    bar = row.progress(0.0, "Reading")
    row.button("Stop", icon=":material/stop:", on_click=stop)
    started, before, total = time.monotonic(), len(pack.rows), len(pack.files)
    for done in pack.classify_on(classifier):
        rate = (done - before) / (time.monotonic() - started)
        bar.progress(done / total, f"{done:,} of {total:,} · {rate:.0f} a second · {(total - done) / rate:.0f} s left")
    place.empty()


def stop() -> None:
    """Keep what is done."""
    st.session_state.stopped = True


def go_on() -> None:
    """Classify the rest."""
    st.session_state.stopped = False


def browse(pack: Pack, classifier: Classifier) -> None:
    """Table or map on the left, the sound that is listened to on the right."""
    st.header(f"{len(pack.sounds()):,} sounds", anchor=False)
    st.markdown(summary(pack))
    if len(pack.rows) < len(pack.files):
        left = len(pack.files) - len(pack.rows)
        st.button(f"Go on with the other {left:,}", icon=":material/play_arrow:", on_click=go_on)
    bar = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    view = bar.segmented_control(
        "View", ["Table", "Map", "Export"], default="Table", required=True, label_visibility="collapsed", key="view"
    )
    if view == "Export":
        show_exports(pack, classifier)
    else:
        unsure_first = view == "Table" and bar.toggle("Not sure first", key="unsure first")
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
            show_current(pack, classifier)
    if pack.passed_over:
        with st.expander(f"{len(pack.passed_over):,} files that are no sounds were passed over"):
            st.text("\n".join(pack.passed_over))


def summary(pack: Pack) -> str:
    """What came of it, in a line."""
    copies = sum(first is not None for first in pack.duplicate_of)
    unsure = sum(not pack.is_sure(i) for i in pack.sounds())
    refused = sum(row.error is not None for row in pack.rows)
    parts = [
        f"{len(pack.corrections):,} labelled by you" if pack.corrections else "",
        f"not sure of {unsure:,}" if unsure else "sure of all",
        f"{copies:,} the same recording as another" if copies else "",
        f"{refused:,} could not be read" if refused else "",
    ]
    return " · ".join(filter(None, parts))


def shown(pack: Pack, which: str) -> list[int]:
    """The rows that a filter lets through."""
    tests = {
        ALL: lambda i: True,
        NOT_SURE: lambda i: pack.rows[i].error is None and not pack.is_sure(i),
        COPIES: pack.is_duplicate,
        NOT_READ: lambda i: pack.rows[i].error is not None,
    }
    passes = tests.get(which, lambda i: pack.label(i) == which)
    return [i for i in range(len(pack.rows)) if passes(i)]


def show_table(pack: Pack, classifier: Classifier, unsure_first: bool) -> tuple[list[int], str]:
    """All sounds, to be filtered, sorted, listened to and ticked; returns the ticked ones, and the table's key."""
    counts = pack.counts()
    titles = {ALL: "All", **classifier.titles, NOT_SURE: "Not sure", COPIES: "Copies", NOT_READ: "Not read"}
    numbers = {which: counts[which] or len(shown(pack, which)) for which in titles}
    which = st.pills(
        "Show",
        [which for which, n in numbers.items() if n or which == ALL],
        default=ALL,
        required=True,
        format_func=lambda which: f"{titles[which]} {numbers[which]:,}",
        key="filter",
        label_visibility="collapsed",
        wrap=True,
    )
    indices = shown(pack, which)
    if unsure_first:
        indices.sort(key=lambda i: (pack.rows[i].error is not None, pack.is_sure(i)))
    key = f"table {which} {unsure_first} {len(pack.rows)}"

    def play() -> None:
        listen_to(indices[st.session_state.play.row])

    table = st.dataframe(
        table_of(pack, classifier, indices),
        hide_index=True,
        width="stretch",
        height=min(TABLE_HEIGHT, 38 + 35 * max(len(indices), 1)),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "play": st.column_config.ButtonColumn("", width=50, type="tertiary", on_click=play, key="play"),
            "file": st.column_config.TextColumn("File", width=190),
            "label": st.column_config.TextColumn("Label", width=105),
            "probability": st.column_config.ProgressColumn(
                "Probability", format="%d%%", min_value=0, max_value=100, width=120
            ),
            "second": st.column_config.TextColumn("Second choice", width=130),
            "note": st.column_config.TextColumn("Note", width=260),
            "folder": st.column_config.TextColumn("Folder", width=150),
        },
    )
    st.caption("Click ▶ to listen. Tick sounds to label them together. Click a column's name to sort.")
    return [indices[row] for row in table.selection.rows if row < len(indices)], key


def show_ticked(pack: Pack, classifier: Classifier, ticked: list[int], table_key: str) -> None:
    """One label for all ticked sounds; then they are no longer ticked."""

    def label_ticked() -> None:
        pack.correct(ticked, st.session_state.pop("label ticked"))
        st.session_state[table_key] = {"selection": {"rows": [], "columns": [], "cells": []}}

    what = "the ticked sound" if len(ticked) == 1 else f"the {len(ticked):,} ticked sounds"
    with st.container(border=True):
        st.pills(
            f"Label {what} as",
            classifier.classes,
            format_func=classifier.titles.get,
            key="label ticked",
            on_change=label_ticked,
            wrap=True,
        )


def table_of(pack: Pack, classifier: Classifier, indices: list[int]) -> pd.DataFrame:
    """The table's cells."""
    rows = [pack.rows[i] for i in indices]
    return pd.DataFrame(
        {
            "play": ["▶" if row.error is None else "" for row in rows],
            "file": [PurePosixPath(row.name).name for row in rows],
            "label": [label_cell(pack, classifier, i) for i in indices],
            "probability": [
                100 * row.probability if row.error is None and row.label == pack.label(i) else None
                for i, row in zip(indices, rows, strict=True)
            ],
            "second": [second_cell(row, classifier) for row in rows],
            "note": [note_cell(pack, classifier, i) for i in indices],
            "folder": [str(PurePosixPath(row.name).parent) for row in rows],
        }
    )


def label_cell(pack: Pack, classifier: Classifier, i: int) -> str:
    """Title of the label, with a sign where the visitor gave it."""
    label = pack.label(i)
    return "" if label is None else classifier.titles[label] + (" ✎" if i in pack.corrections else "")


def second_cell(row, classifier: Classifier) -> str:
    """The second most probable class."""
    if row.error is not None or len(row.probabilities) < 2:
        return ""
    name = sorted(row.probabilities, key=row.probabilities.get, reverse=True)[1]
    return f"{classifier.titles[name]} {format_percent(row.probabilities[name])}"


def note_cell(pack: Pack, classifier: Classifier, i: int) -> str:
    """What else is to be said of a file."""
    row = pack.rows[i]
    if row.error is not None:
        return row.error
    said = []
    if pack.label(i) != row.label:
        said.append(f"The model said {classifier.titles[row.label]}, {format_percent(row.probability)}")
    elif not pack.is_sure(i):
        said.append(" or ".join(classifier.titles[k] for k in row.decision) or "Not sure")
    if pack.is_duplicate(i):
        said.append(f"Same recording as {pack.rows[pack.first(i)].name}")
    return " · ".join(said)


def listen_to(i: int) -> None:
    """Make a sound the one on the right, and play it."""
    st.session_state.current = i


def show_current(pack: Pack, classifier: Classifier) -> None:
    """One sound of the pack: player, verdict, its label to be changed, pictures, look-alikes."""
    i = st.session_state.get("current")
    if i is None or i >= len(pack.rows):
        st.caption("The sound that you listen to shows here: its label, what the network saw, and what it is like.")
        return
    row = pack.rows[i]
    st.text(row.name)
    try:
        data = read_bytes(pack.files[i][1])
        prediction = classify(classifier, data)
    except AudioError as error:
        st.error(str(error), icon=":material/hearing_disabled:")
        return
    titles, dark = classifier.titles, st.context.theme.type == "dark"
    headline, reason = verdict(prediction, titles, classifier.thresholds)
    st.subheader(
        f"{headline} :gray[{format_percent(prediction.probability)}]" if not reason else headline, anchor=False
    )
    if reason:
        st.markdown(reason)
    show_player(prediction, data, autoplay=True)
    key = f"label {i} {pack.label(i)}"

    def relabel() -> None:
        pack.correct([i], st.session_state[key])

    st.pills(
        "It is a",
        classifier.classes,
        default=pack.label(i),
        required=True,
        format_func=titles.get,
        key=key,
        on_change=relabel,
        wrap=True,
    )
    alt = f"Probability of each class: {likely(prediction, titles)}."
    st.image(draw(prediction, titles, data, dark)["probabilities"], width="stretch", alt=alt)
    seen = draw_seen(classifier, prediction, data, dark, None)
    st.image(seen, width="stretch", alt="RGB spectrogram of the hit: frequency over time.")
    if alike := pack.look_alikes(i):
        nearest = st.container(gap="xxsmall")
        nearest.caption("Nearest look-alikes")
        for j in alike:
            name = f"{titles[pack.label(j)]}: {PurePosixPath(pack.rows[j].name).name}"
            nearest.button(
                text_only(name),
                key=f"alike {j}",
                icon=":material/play_arrow:",
                type="tertiary",
                on_click=listen_to,
                args=(j,),
            )


def text_only(text: str) -> str:
    """Text in which Streamlit finds no Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)
