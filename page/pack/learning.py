"""What follows from the visitor's labels: shown before anything changes, accepted or not as one step."""

from pathlib import PurePosixPath
from weakref import ref

import pandas as pd
import streamlit as st

from drumclf import Classifier
from drumclf.batch.learn import Change
from drumclf.batch.sounds import Sounds
from drumclf.names import visible
from page.pack.current import listen_to
from page.words import apologising, counted

LEAST = 5  # sounds that the visitor has labelled before anything is proposed; with fewer, nobody has measured it
_MOST_SHOWN = 200
_HEIGHT = 330
state = st.session_state


def show_learning(sounds: Sounds, classifier: Classifier) -> None:
    """What would change, and whether it shall; nothing if there is nothing."""
    given = tuple(sounds.corrections.items())
    if len({sounds.first(i) for i, _ in given}) < LEAST or state.get("not now") == (ref(sounds), given):
        return
    changes = [one for one in proposed(sounds, classifier) if (one.index, one.after) not in _left_out(sounds)]
    if not changes:
        return
    with st.container(border=True):
        more = counted(len(changes), "other sound")
        st.markdown(f"**{more} would change** if your labels held for what sounds like them.")
        if state.get("looking") != (ref(sounds), given):
            st.button("Look at them", icon=":material/lightbulb:", on_click=_look, args=(sounds, given))
            return
        if len(changes) > _MOST_SHOWN:
            st.caption(f"The {_MOST_SHOWN} clearest; the others are shown after these.")
            del changes[_MOST_SHOWN:]
        left_out = show_changes(sounds, classifier, changes)
        chosen = [change for change in changes if change.index not in left_out]
        row = st.container(horizontal=True)
        row.button(
            f"Change {counted(len(chosen), 'sound')}",
            type="primary",
            on_click=_accept,
            args=(sounds, classifier, chosen, [change for change in changes if change.index in left_out]),
            disabled=not chosen,
        )
        row.button("Not now", on_click=_not_now, args=(sounds, given))


def show_changes(sounds: Sounds, classifier: Classifier, changes: list[Change]) -> set[int]:
    """The changes, the clearest first, to listen to; returns the indices of those that are to stay as they are."""

    def play() -> None:
        listen_to(changes[state["play change"].row].index)

    titles = [classifier.titles[name] for name in classifier.classes]
    names = [PurePosixPath(sounds.rows[change.index].name) for change in changes]
    table = st.dataframe(
        pd.DataFrame(
            {
                "play": "▶",
                "after": [titles[change.after] for change in changes],
                "before": [titles[change.before] for change in changes],
                "file": [visible(name.name) for name in names],
                "folder": [visible(str(name.parent)) if name.parent.name else "" for name in names],
            }
        ),
        hide_index=True,
        height=min(_HEIGHT, 38 + 35 * len(changes)),
        key=f"changes {len(sounds.history)} {len(sounds.corrections)}",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "play": st.column_config.ButtonColumn("", width=42, type="tertiary", on_click=play, key="play change"),
            "after": st.column_config.TextColumn("Would be", width=92),
            "before": st.column_config.TextColumn("Is now", width=92),
            "file": st.column_config.TextColumn("File", width=190),
            "folder": st.column_config.TextColumn("Folder", width=150),
        },
    )
    st.caption("Tick what is to stay as it is.")
    return {changes[row].index for row in table.selection.rows if row < len(changes)}


def proposed(sounds: Sounds, classifier: Classifier) -> list[Change]:
    """What follows from the labels, worked out once for each set of them."""
    seen = (ref(sounds), tuple(sounds.corrections.items()), tuple(sounds.followed.items()))
    known = state.get("proposed")
    if known is None or known[0] != seen:
        known = state["proposed"] = (seen, sounds.propose(classifier.classes))
    return known[1]


@apologising()
def _accept(sounds: Sounds, classifier: Classifier, chosen: list[Change], left_out: list[Change]) -> None:
    sounds.follow(chosen, classifier.classes)
    state["left out"] = id(sounds), _left_out(sounds) | {(change.index, change.after) for change in left_out}


def _left_out(sounds: Sounds) -> set[tuple[int, int]]:
    """The changes that are not to be proposed again: index of the sound, position of the class."""
    whose, changes = state.get("left out") or (None, set())
    return changes if whose == id(sounds) else set()


def _look(sounds: Sounds, given: tuple) -> None:
    state["looking"] = (ref(sounds), given)


def _not_now(sounds: Sounds, given: tuple) -> None:
    state["not now"] = (ref(sounds), given)
