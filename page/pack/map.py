"""The map of a pack: every sound a point, similar sounds close together, and the names of the classes among them.

Which names, and where, is worked out in page/pack/clusters.py.
"""

from collections import Counter

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from drumclf import Classifier
from drumclf.batch.pack import Pack
from drumclf.batch.sound_map import lay_out
from drumclf.decision import full_title
from drumclf.names import visible
from page.colours import COLOURS
from page.pack.clusters import FONT_SIZE, HELP, MARGIN, Word, describe_map, place_words
from page.pack.current import listen_to, the_current


def ray(degrees: float, length: float = 1.0) -> complex:
    """A point, x + y j with y downwards, in a direction from the middle."""
    return length * np.exp(1j * np.radians(degrees))


def polygon(corners: list[complex], turn: float = 0) -> str:
    """SVG path of a shape, turned by degrees, that looks as large as Vega's circle of radius 1."""
    points = np.array(corners) * ray(turn)
    x, y = points.real, points.imag
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    reach = (np.ptp(x) + np.ptp(y)) / 4
    points /= np.sqrt(np.sqrt(area / np.pi) * reach)  # halfway between the same area and the same reach
    return f"M{'L'.join(f'{point.real:.3f},{point.imag:.3f}' for point in points)}Z"


_SQUARE = [ray(degrees) for degrees in (45, 135, 225, 315)]
_TRIANGLE = [ray(degrees) for degrees in (-90, 30, 150)]
_PLUS = [corner * ray(90 * arm) for arm in range(4) for corner in (-1 - 3j, 1 - 3j, 1 - 1j)]
_STAR = [ray(36 * k - 90, (1, 0.5)[k % 2]) for k in range(10)]
# In the order of the classes, too: nobody has to tell colours apart.
SHAPES = [
    "circle",
    polygon(_SQUARE),
    polygon(_TRIANGLE),
    polygon(_SQUARE, 45),
    polygon(_PLUS),
    polygon(_TRIANGLE, 180),
    polygon(_TRIANGLE, 90),
    polygon(_STAR),
    polygon(_PLUS, 45),
]
SIZE = 110  # of a point: area of the circle in square pixels
HEIGHT = 560
COLUMNS = alt.ExprRef("width < 560 ? 3 : 5")  # of the legend

_SCALE = alt.Scale(domain=(-MARGIN, 1 + MARGIN))
_SHARE = f"(datum.x + {MARGIN}) / {1 + 2 * MARGIN}"  # of the width, left of a word's middle


def show_map(pack: Pack, classifier: Classifier) -> None:
    """A point for each sound: the pointer shows its name, a click plays it."""
    sounds = pack.sounds()
    if not sounds:
        st.caption("There are no sounds to show.")
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
            "title": [full_title(classifier, pack.label(i), pack.kind(i)) for i in sounds],
            "probability": [pack.rows[i].probabilities[pack.label(i)] for i in sounds],
        }
    )
    theme = st.context.theme.type or "light"
    ink, paper = (st.get_option(f"theme.{theme}.{part}Color") for part in ("text", "background"))
    words = place_words(points, list(data["label"]))
    current = the_current()
    chart = draw_map(data, [titles[name] for name in classifier.classes], words, current, ink, paper)

    def play() -> None:
        chosen = st.session_state.map["selection"]["clicked"]
        if chosen:
            listen_to(int(chosen[0]["index"]))

    alt_text = describe_map(Counter(data["label"]))
    st.altair_chart(chart, key="map", on_select=play, width="stretch", alt=alt_text)
    st.caption(HELP)


def places(pack: Pack, sounds: list[int]) -> np.ndarray:
    """Where the points are, computed once for a pack."""
    known = st.session_state.get("places")
    if known is None or known[0] is not pack or len(known[1]) != len(sounds):
        with st.spinner("Drawing the map"):
            points = lay_out(np.stack([pack.rows[i].embedding for i in sounds]))
        known = st.session_state.places = (pack, points)
    return known[1]


def draw_map(
    data: pd.DataFrame, titles: list[str], words: list[Word], current: int | None, ink: str, paper: str
) -> alt.LayerChart:
    """The chart.

    Parameters
    ----------
    data : pd.DataFrame
        ``x``, ``y``, ``index``, ``file``, ``label``, ``title`` and ``probability`` of each sound.
    titles : list[str]
        What ``label`` can be; a class looks the same in every pack.
    words : list[Word]
        Names of the classes, and where to write them.
    current : int, optional
        Index of the current sound, which is drawn larger.
    ink, paper : str
        Colours of the text, and of the outline that separates points that overlap.
    """
    return (
        alt.layer(draw_points(data, titles, current, ink, paper), *draw_words(words, ink, paper))
        .properties(height=HEIGHT, padding={"left": 0, "right": 0, "top": 0, "bottom": 4})
        .configure_view(stroke=None)
    )


def draw_points(data: pd.DataFrame, titles: list[str], current: int | None, ink: str, paper: str) -> alt.Chart:
    """The points and their legend; parameters as for `draw_map`."""
    ranks = [rank for rank, title in enumerate(titles) if title in set(data["label"])]
    names = [titles[rank] for rank in ranks]
    colours, shapes = ([signs[rank % len(signs)] for rank in ranks] for signs in (COLOURS, SHAPES))
    is_current = alt.datum.index == (-1 if current is None else current)
    legend = alt.Legend(
        title=None, orient="bottom", columns=COLUMNS, symbolSize=SIZE, symbolStrokeWidth=0, labelColor=ink,
        offset=0, padding=0, rowPadding=4, columnPadding=16,
    )  # fmt: skip
    return (
        alt.Chart(data)
        .mark_point(opacity=0.85, filled=True, stroke=paper, strokeWidth=0.8)
        .encode(
            size=alt.condition(is_current, alt.value(400), alt.value(SIZE)),
            x=alt.X("x", axis=None, scale=_SCALE),
            y=alt.Y("y", axis=None, scale=_SCALE),
            color=alt.Color("label", scale=alt.Scale(domain=names, range=colours), legend=legend),
            shape=alt.Shape("label", scale=alt.Scale(domain=names, range=shapes)),
            tooltip=[
                alt.Tooltip("file", title="File"),
                alt.Tooltip("title", title="Label"),
                alt.Tooltip("probability", title="Probability", format=".0%"),
            ],
        )
        .add_params(alt.selection_point("clicked", fields=["index"], on="click", empty=True))
    )


def draw_words(words: list[Word], ink: str, paper: str) -> list[alt.Chart]:
    """The words over a halo, so that they can be read over points; parameters as for `draw_map`."""
    if not words:
        return []
    base = alt.Chart(pd.DataFrame(words)).encode(
        # Near an edge a word is moved inwards until all of it can be seen.
        x=alt.value(alt.ExprRef(f"clamp({_SHARE} * width, datum.half, width - datum.half)")),
        y=alt.Y("y", axis=None, scale=_SCALE),
        text="text",
    )
    look = {"fontSize": FONT_SIZE, "fontWeight": 700, "baseline": "middle", "tooltip": None}
    halo = base.mark_text(stroke=paper, strokeWidth=5, strokeJoin="round", color=paper, **look)
    return [halo, base.mark_text(color=ink, **look)]
