"""Sorting on this computer: the plan, carrying it out, and the way back. The destination is fixed from the start."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from weakref import ref

import numpy as np
import pandas as pd
import streamlit as st

from drumclf import Classifier
from drumclf.batch.destinations import UNSURE_FOLDER
from drumclf.filing.carrying_out import settle
from drumclf.filing.journal import JOURNAL
from drumclf.filing.plan import Order, Plan, is_companion
from drumclf.library.catalogue import Catalogue
from drumclf.names import visible
from page.library.filing import Outcome, carry_out_shown, make_plan, read_there, take_back
from page.naming import ask_names, show_some
from page.words import counted, text_only

state = st.session_state
_ACTIONS = {
    "copy": ("Copy", "The sounds stay where they are; copies go into the folders."),
    "move": (
        "Move",
        "The sounds leave their folders, and companions such as .asd files go along. "
        "Until the next scan, the library looks for them in their old place.",
    ),
    "link": (
        "Link",
        "Folders of symbolic links, for a sampler to open: no sound takes room twice, and all stay where they are.",
    ),
}
_SHOWN_FOLDERS = 10  # without scrolling
_MOST_NAMED = 200  # files that are named on the page


@dataclass(frozen=True)
class Shown:
    """What is on the page, and what it depends on, so that it is made again when that changes."""

    key: tuple
    plan: Plan | None  # None if there can be none
    problem: str  # why
    n_filed: int  # files that can be taken back


def show_sorting(catalogue: Catalogue, classifier: Classifier, indices: np.ndarray, destination: Path) -> None:
    """Sort the chosen sounds into a folder.

    Parameters
    ----------
    catalogue : Catalogue
    classifier : Classifier
    indices : np.ndarray of int
        Of the sounds that are chosen.
    destination : Path
        No visitor chooses it: it is fixed when the program starts.
    """
    destination = destination.resolve()
    wanted, is_undone = state.pop("sort wanted", None), state.pop("undo wanted", False)
    work = st.container()
    left, right = st.columns([2, 3], gap="large")
    with left:
        order = ask_order(destination)
        names, way_back = st.empty(), st.empty()
    with right:
        body = st.empty()  # while files are sorted, an old plan is not there to be clicked
    with work:
        if wanted is not None or is_undone:
            state.pop("sort plan", None)  # its files may have changed without its key
        if wanted is not None:
            state["sort outcome"] = carry_out_shown(wanted, catalogue, indices, order, destination)
        elif is_undone:
            state["sort outcome"] = take_back(destination)
        show_outcome(state.get("sort outcome"))
    with body.container():
        shown = what_to_show(catalogue, indices, order, destination)
        if shown.plan is None:
            st.error(text_only(shown.problem))
        else:
            show_plan(shown.plan, destination)
    if shown.plan is not None:
        with names.container():
            start = len(str(destination)) + 1
            show_some([step.destination[start:] for step in shown.plan.steps if not is_companion(step.source)])
    if shown.n_filed:
        with way_back.container():
            show_undo(shown.n_filed)


def ask_order(destination: Path) -> Order:
    """Where to, and how."""
    st.caption("Into the folder")
    st.code(visible(str(destination)), language=None, wrap_lines=True)
    action = st.segmented_control(
        "How",
        list(_ACTIONS),
        default="copy",
        required=True,
        format_func=lambda action: _ACTIONS[action][0],
        key="sort action",
        label_visibility="collapsed",
        width="stretch",
    )
    st.caption(_ACTIONS[action][1])
    return Order(action, *ask_names())


def what_to_show(catalogue: Catalogue, indices: np.ndarray, order: Order, destination: Path) -> Shown:
    """The plan for the present labels, choice and journal, made anew if one of them changed."""
    key = _key(catalogue, indices, order, destination)
    shown = state.get("sort plan")
    if shown is None or shown.key != key:
        plan, problem, n_filed = None, "", 0
        with st.spinner("Making the plan", show_time=True):
            try:
                journal = read_there(destination)
                settle(journal)
                n_filed = len(journal.filed)
                plan = make_plan(journal, catalogue, indices, order)
            except ValueError as error:  # an impossible pattern, a damaged journal
                problem = str(error)
        shown = Shown(key, plan, problem, n_filed)
        state["sort plan"] = shown
    return shown


def show_plan(plan: Plan, destination: Path) -> None:
    """What will be done, and a button that does just this."""
    if plan.steps:
        show_folders(plan, destination)
    show_what_stays(plan)
    if plan.steps:
        n_companions = len(plan.steps) - plan.n_sounds()
        st.button(
            f"Sort {counted(plan.n_sounds(), 'sound')}",
            type="primary",
            icon=":material/folder_copy:",
            on_click=want,
            args=(plan,),
            key="sort now",
        )
        if n_companions:
            st.caption(f"And {counted(n_companions, 'companion file')}.")


def show_folders(plan: Plan, destination: Path) -> None:
    """How many files go into each folder, with what is not sure in it."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for folder, n in plan.folders(destination).items():
        first, *others = folder.split("/")
        is_unsure = others[:1] == [UNSURE_FOLDER]
        count = counts["/".join([first, *others[is_unsure:]])]
        count[0] += n
        count[1] += n * is_unsure
    table = pd.DataFrame([(visible(folder), *count) for folder, count in sorted(counts.items())])
    table.columns = ["folder", "n", "unsure"]
    st.dataframe(
        table,
        hide_index=True,
        height=38 + 35 * min(len(table), _SHOWN_FOLDERS),
        column_config={
            "folder": st.column_config.TextColumn("Folder"),
            "n": st.column_config.ProgressColumn(
                "Files", format="localized", min_value=0, max_value=int(table["n"].max())
            ),
            "unsure": st.column_config.NumberColumn(
                "Not sure", format="localized", help=f'These go into a folder "{UNSURE_FOLDER}" in it.', width=80
            ),
        },
    )


def show_what_stays(plan: Plan) -> None:
    """What is not to be sorted, and why."""
    if plan.n_unfinished:
        st.info(f"{counted(plan.n_unfinished, 'file')} left from an earlier run come first.", icon=":material/resume:")
    if plan.n_filed:
        more = "" if plan.steps else " To sort them in another way, undo first."
        st.markdown(f"{counted(plan.n_filed, 'sound')} filed before, and left as they are.{more}")
    elif not plan.steps:
        st.markdown("There is nothing to sort.")
    by_reason = defaultdict(list)
    for row in plan.refused:
        by_reason[row.error].append(row.name)
    for name, first in plan.duplicates:
        by_reason["Copies of other sounds."].append(f"{name}, a copy of {first}")
    for reason, names in by_reason.items():
        with st.expander(f"{counted(len(names), 'file')} left out: {text_only(reason)}"):
            st.text(_listed(names))


def show_outcome(outcome: Outcome | None) -> None:
    """What came of the last click."""
    if outcome is None:
        return
    show, icon = (st.warning, ":material/error:") if outcome.is_trouble else (st.success, ":material/check:")
    show(text_only(outcome.said), icon=icon)
    if outcome.left:
        with st.expander(counted(len(outcome.left), "file left as it was", "files left as they were")):
            st.text(_listed(outcome.left))


def show_undo(n_filed: int) -> None:
    """A button that takes back all that was sorted into the folder."""
    st.space("small")
    st.button(
        f"Undo: take back {counted(n_filed, 'file')}", icon=":material/undo:", on_click=want_undo, key="undo sorting"
    )
    st.caption("All that was sorted into this folder, here or by the command. What you have changed since stays.")


def want(plan: Plan) -> None:
    """Carry out the plan that was on the page."""
    state["sort wanted"] = plan
    state["sort outcome"] = None


def want_undo() -> None:
    """Take back what was sorted."""
    state["undo wanted"] = True
    state["sort outcome"] = None


def _key(catalogue: Catalogue, indices: np.ndarray, order: Order, destination: Path) -> tuple:
    """What a plan depends on, as far as it can be told without looking at each file."""
    try:
        stat = (destination / JOURNAL).stat()
        journal = stat.st_size, stat.st_mtime_ns
    except OSError:
        journal = None
    labels = catalogue.codes[indices].tobytes(), catalogue.are_sure[indices].tobytes()
    kinds = tuple(catalogue.corrected_kinds.items())
    return ref(catalogue), indices.tobytes(), order, str(destination), journal, labels, kinds


def _listed(names: list[str]) -> str:
    more = [f"... and {len(names) - _MOST_NAMED:,} more"] if len(names) > _MOST_NAMED else []
    return "\n".join([*(visible(name) for name in names[:_MOST_NAMED]), *more])
