"""The map of a pack: every sound a point, near the sounds that are like it."""

from collections import Counter

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from drumclf import Classifier
from drumclf.names import visible
from drumclf.pack import Pack
from drumclf.sound_map import lay_out
from page.words import counted

COLOURS = ["#e4572e", "#2e86de", "#f0a202", "#1fab89", "#8e44ad", "#a0522d", "#e377c2", "#7a8b2b", "#8a8f9c"]
"""Of the classes, in their order; more classes begin again."""
SHAPES = [
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
    "wedge",
]
"""So that nobody needs to tell colours apart."""
HEIGHT = 560


def show_map(pack: Pack, classifier: Classifier) -> None:
    """Points coloured by class; the name at the pointer, a click plays."""
    sounds = pack.sounds()
    if not sounds:
        st.caption("There is no sound to draw.")
        return
    points = places(pack, sounds)
    titles = classifier.titles
    data = pd.DataFrame(
        {
            "x": points[:, 0],
            "y": points[:, 1],
            "index": sounds,
            "file": [visible(pack.rows[i].name) for i in sounds],
            "label": [titles[pack.label(i)] for i in sounds],
            "probability": [pack.rows[i].probabilities[pack.label(i)] for i in sounds],
        }
    )
    names = [titles[name] for name in classifier.classes if titles[name] in set(data["label"])]
    ranks = [titles[name] for name in classifier.classes]
    colours, shapes = ([signs[ranks.index(name) % len(signs)] for name in names] for signs in (COLOURS, SHAPES))
    current = st.session_state.get("current")
    listened_to = -1 if current is None else current
    clicked = alt.selection_point("clicked", fields=["index"], on="click", empty=True)
    chart = (
        alt.Chart(data)
        .mark_point(opacity=0.8, filled=True)
        .encode(
            size=alt.condition(alt.datum.index == listened_to, alt.value(400), alt.value(70)),
            x=alt.X("x", axis=None, scale=alt.Scale(domain=(-0.03, 1.03))),
            y=alt.Y("y", axis=None, scale=alt.Scale(domain=(-0.03, 1.03))),
            color=alt.Color(
                "label",
                scale=alt.Scale(domain=names, range=colours),
                legend=alt.Legend(title=None, orient="bottom", columns=3),
            ),
            shape=alt.Shape("label", scale=alt.Scale(domain=names, range=shapes)),
            tooltip=[
                alt.Tooltip("file", title="File"),
                alt.Tooltip("label", title="Label"),
                alt.Tooltip("probability", title="Probability", format=".0%"),
            ],
        )
        .add_params(clicked)
        .properties(height=HEIGHT)
        .configure_view(stroke=None)
    )

    def play() -> None:
        chosen = st.session_state.map["selection"]["clicked"]
        if chosen:
            st.session_state.current = int(chosen[0]["index"])

    counts = ", ".join(f"{n:,} {name}" for name, n in Counter(data["label"]).most_common())
    alt_text = f"Map of {counted(len(sounds), 'sound')}, alike ones near one another: {counts}. The table lists them."
    st.altair_chart(chart, key="map", on_select=play, width="stretch", alt=alt_text)
    st.caption("Alike sounds lie together. Point for the name, click to listen.")


def places(pack: Pack, sounds: list[int]) -> np.ndarray:
    """Where the points are; worked out once for a pack."""
    known = st.session_state.get("places")
    if known is None or known[0] is not pack or len(known[1]) != len(sounds):
        with st.spinner("Drawing the map"):
            points = lay_out(np.stack([pack.rows[i].embedding for i in sounds]))
        known = st.session_state.places = (pack, points)
    return known[1]
