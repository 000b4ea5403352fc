"""The table of a pack: filter, sort, listen, tick and label."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

import pandas as pd
import streamlit as st

from drumclf import Classifier
from drumclf.batch.pack import Pack
from drumclf.batch.rows import Row
from drumclf.batch.sounds import Sounds
from drumclf.decision import format_percent, full_title
from drumclf.names import shortened, visible
from page.pack.current import listen_to, the_current, with_keys
from page.words import apologising, counted, text_only

ALL, NOT_SURE, COPIES, NOT_READ = "all", "not sure", "copies", "not read"
TABLE_HEIGHT = 560
MORE_COLUMNS = {
    "near": st.column_config.TextColumn(
        "Nearness", width=82, help="Share of your library's sounds whose closest match is less like them than this."
    ),
    "length": st.column_config.NumberColumn("Length", format="%.2f s", width=68),
}
_NAME_LENGTH = 34  # letters of a file name that fit into its column


def shown(pack: Pack, which: str) -> list[int]:
    """Indices of the rows that pass a filter."""
    tests = {
        ALL: lambda i: pack.rows[i].error is None,
        NOT_SURE: lambda i: pack.rows[i].error is None and not pack.is_sure(i),
        COPIES: pack.is_duplicate,
        NOT_READ: lambda i: pack.rows[i].error is not None,
    }
    passes = tests.get(which, lambda i: pack.label(i) == which)
    return [i for i in range(len(pack.rows)) if passes(i)]


def show_table(pack: Pack, classifier: Classifier, unsure_first: bool) -> tuple[list[int], str]:
    """All sounds, to filter, sort, listen to and tick; returns the indices ticked, and the table's key."""
    counts = pack.counts()
    titles = {ALL: "All", **classifier.titles, NOT_SURE: "Not sure", COPIES: "Copies", NOT_READ: "Not read"}
    numbers = {which: counts[which] or len(shown(pack, which)) for which in titles}
    filters = [which for which, n in numbers.items() if n] or [ALL]
    which = st.pills(
        "Show",
        filters,
        default=filters[0],
        required=True,
        format_func=lambda which: f"{titles[which]} {numbers[which]:,}",
        key="filter",
        label_visibility="collapsed",
        wrap=True,
    )
    indices = shown(pack, which)
    if which == NOT_READ:
        show_refused(pack, indices)
        return [], ""
    if unsure_first:
        indices.sort(key=pack.is_sure)
    table_key = f"table {hash(tuple(indices))}"  # ticks are rows: they belong to these sounds in this order

    ticked = show_rows(pack, classifier, indices, table_key)
    st.caption("Click ▶ to listen. Tick sounds to label them together. Click a column's name to sort.")
    return ticked, table_key


def show_rows(
    pack: Sounds, classifier: Classifier, indices: list[int], table_key: str, more: Mapping[str, list] | None = None
) -> list[int]:
    """A row for each sound, to listen to and to tick; returns the indices ticked.

    Parameters
    ----------
    pack : Sounds
    classifier : Classifier
    indices : list of int
    table_key : str
    more : mapping of str to list, optional
        Columns from `MORE_COLUMNS`, in place of the second choice.
    """

    def play() -> None:
        listen_to(indices[st.session_state.play.row])

    table = st.dataframe(
        table_of(pack, classifier, indices, more or {}),
        hide_index=True,
        width="stretch",
        height=min(TABLE_HEIGHT, 38 + 35 * max(len(indices), 1)),
        key=table_key,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "play": st.column_config.ButtonColumn("", width=42, type="tertiary", on_click=play, key="play"),
            "file": st.column_config.TextColumn("File", width=212),
            "label": st.column_config.TextColumn("Label", width=158),
            "probability": st.column_config.ProgressColumn(
                "Probability", format="%d%%", min_value=0, max_value=100, width=100
            ),
            "second": st.column_config.TextColumn("Second choice", width=125),
            "note": st.column_config.TextColumn("Note", width=260),
            "folder": st.column_config.TextColumn("Folder", width=150),
            **{name: MORE_COLUMNS[name] for name in more or {}},
        },
    )
    return [indices[row] for row in table.selection.rows if row < len(indices)]


def show_refused(pack: Sounds, indices: list[int]) -> None:
    """The files that could not be read, below the sentence that says why."""
    names = defaultdict(list)
    for row in (pack.rows[i] for i in indices):
        names[row.error].append(visible(row.name))
    for why, refused in names.items():
        with st.container(border=True):
            st.markdown(f"**{text_only(why)}**")
            st.text("\n".join(refused))


def show_ticked(pack: Sounds, classifier: Classifier, ticked: list[int], table_key: str, keys: str = "") -> None:
    """One label for all ticked sounds; `keys` as in `page.pack.current.show_current`."""

    @apologising()
    def choose() -> None:
        label_ticked(pack, ticked, st.session_state.pop("label ticked"), table_key)

    titles = with_keys(classifier, keys)
    what = "the ticked sound" if len(ticked) == 1 else f"the {len(ticked):,} ticked sounds"
    with st.container(border=True):
        st.pills(
            f"Label {what} as",
            classifier.classes,
            format_func=titles.get,
            key="label ticked",
            on_change=choose,
            wrap=True,
        )


def label_ticked(pack: Sounds, ticked: list[int], label: str, table_key: str) -> None:
    """One label for all ticked sounds, which unticks them; their kind may be given next."""
    pack.correct(ticked, label)
    st.session_state["just labelled"] = (ticked, label)
    tick(table_key, ticked_rows(table_key))


def tick(table_key: str, rows: Iterable[int]) -> None:
    """Tick rows, and untick those that are."""
    ticked = ticked_rows(table_key) ^ {int(row) for row in rows}
    st.session_state[table_key] = {"selection": {"rows": sorted(ticked), "columns": [], "cells": []}}


def ticked_rows(table_key: str) -> set[int]:
    """The rows of the table that are ticked now."""
    return set(st.session_state.get(table_key, {}).get("selection", {}).get("rows", []))


def show_just_labelled(pack: Sounds, classifier: Classifier) -> None:
    """The kinds of the label that was just given to many sounds, until one is chosen."""
    state = st.session_state
    indices, label = state.get("just labelled") or ([], None)
    indices = [i for i in indices if pack.corrections.get(i) == label]  # the label may have been undone
    kinds = classifier.kinds.get(label)
    if not kinds or not indices:
        return

    @apologising()
    def name_kind() -> None:
        pack.correct(indices, label, state.pop("kind labelled"))
        state["just labelled"] = None

    with st.container(border=True):
        st.pills(
            f"{counted(len(indices), 'sound')} labelled as {classifier.titles[label].lower()}. More precisely:",
            kinds,
            format_func=classifier.kind_titles.get,
            key="kind labelled",
            on_change=name_kind,
            wrap=True,
        )


def table_of(
    pack: Sounds, classifier: Classifier, indices: list[int], more: Mapping[str, list] = MappingProxyType({})
) -> pd.DataFrame:
    """A row of cells for each sound; without notes if there are none, without folders if all share one."""
    rows = [pack.rows[i] for i in indices]
    cells = pd.DataFrame(
        {
            "play": ["♪" if i == the_current() else "▶" for i in indices],
            "label": [label_cell(pack, classifier, i) for i in indices],
            "probability": [
                100 * row.probability if row.label == pack.label(i) else None
                for i, row in zip(indices, rows, strict=True)
            ],
            "file": [file_cell(row) for row in rows],
            **(more or {"second": [second_cell(row, classifier) for row in rows]}),
            "note": [note_cell(pack, classifier, i) for i in indices],
            "folder": [folder_cell(row) for row in rows],
        }
    )
    if more:  # there are many folders, and no room for both
        cells = cells[[*cells.columns[:-2], "folder", "note"]]
    idle = {"note": not any(cells["note"]), "folder": cells["folder"].nunique() < 2}
    return cells.drop(columns=[name for name, says_nothing in idle.items() if says_nothing])


def file_cell(row: Row) -> str:
    """The file name, shortened to fit."""
    return shortened(visible(PurePosixPath(row.name).name), _NAME_LENGTH)


def folder_cell(row: Row) -> str:
    """The folder it is in."""
    folder = str(PurePosixPath(row.name).parent)
    return "" if folder == "." else visible(folder)


def label_cell(pack: Sounds, classifier: Classifier, i: int) -> str:
    """Title of label and kind, with a sign if the visitor gave it, and another if it followed from what they gave."""
    sign = " ✎" if i in pack.corrections else " ≈" if i in pack.followed else ""
    return full_title(classifier, pack.label(i), pack.kind(i)) + sign


def second_cell(row: Row, classifier: Classifier) -> str:
    """The second most probable class."""
    if len(row.probabilities) < 2:
        return ""
    name = row.ranking[1]
    return f"{classifier.titles[name]} {format_percent(row.probabilities[name])}"


def note_cell(pack: Sounds, classifier: Classifier, i: int) -> str:
    """What else there is to say about a sound."""
    row, said = pack.rows[i], []
    if pack.label(i) != row.label:
        said.append(f"The model said {classifier.titles[row.label]}, {format_percent(row.probability)}")
    elif not pack.is_sure(i):
        said.append(" or ".join(classifier.titles[k] for k in row.decision) or "Not sure")
    if pack.is_duplicate(i):
        said.append(f"Same recording as {visible(pack.rows[pack.first(i)].name)}")
    return " · ".join(said)
