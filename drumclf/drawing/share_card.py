"""Prediction or recording -> a picture of the result, for posting."""

import io
import re
import unicodedata

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import FancyBboxPatch, Rectangle

from drumclf import constants as c
from drumclf.classifier import Classifier, Prediction
from drumclf.decision import format_percent, verdict
from drumclf.drawing.ink import FONTS, STAGE
from drumclf.drawing.waveform import envelope, recording_colors, shown_duration, waveform_colors
from drumclf.hits.find import Recording
from drumclf.names import shortened, visible
from drumclf.spectrogram import frame_edges

# Pixels: 16 to 9, which no social network crops.
WIDTH = 1200
HEIGHT = 675
_DPI = 100
_QUIET = "#9a9eb0"
_MARGIN = 56
_COLUMN = 300  # pixels: width of the left column, with the probabilities
_PICTURE = _MARGIN + _COLUMN + 48
_MAX_NAME = 44
_LEGEND = (("red", "pitch"), ("green", "body"), ("blue", "attack"))


def draw_share_card(prediction: Prediction, classifier: Classifier, name: str) -> Figure:
    """The verdict, the waveform and the RGB spectrogram, in dark colours on every page.

    Parameters
    ----------
    prediction : Prediction
    classifier : Classifier
        The one that made it.
    name : str
        Name of the sound, of any length and script. What the font lacks becomes an ellipsis.

    Returns
    -------
    Figure, 1200 x 675 pixels
    """
    headline, _ = verdict(prediction, classifier)
    figure, page = _page(headline, format_percent(prediction.probability) if prediction.is_sure else "", name)
    _draw_legend(page)
    _draw_likely(page, prediction, classifier.titles)
    width = WIDTH - _MARGIN - _PICTURE
    _paint_waveform(_area(figure, _PICTURE, 222, width, 102), prediction, width)
    _paint_spectrogram(_area(figure, _PICTURE, 330, width, 276), prediction)
    return figure


def draw_pattern_card(recording: Recording, titles: dict[str, str], heading: str, name: str) -> Figure:
    """The hits of a recording in a row for each class, below its waveform.

    Parameters
    ----------
    recording : Recording
    titles : dict[str, str]
        Name of a class -> what to call it, in the order of the rows.
    heading, name : str

    Returns
    -------
    Figure, 1200 x 675 pixels
    """
    figure, page = _page(heading, "", name)
    left, duration = _MARGIN + 190, recording.clip.duration
    width = WIDTH - _MARGIN - left
    low, high = envelope(recording.clip.samples, 0.0, duration, width)
    axes = _area(figure, left, 222, width, 120)
    _fill_waveform(axes, low, high, recording_colors(recording, width), (0, duration))
    axes.set(xlim=(0, duration), ylim=(-1.05, 1.05))
    labels = [hit.prediction.label for hit in recording.hits]
    rows = [label for label in titles if label in labels]
    height = min(250 / len(rows), 56)
    for row, label in enumerate(rows):
        y = 362 + height * row
        page.plot([left, left + width], [y, y], color=STAGE.faint, linewidth=1)
        _write(page, _MARGIN, y + height / 2, shortened(titles[label], 20), min(20, height / 2), va="center")
    for hit in recording.hits:
        x, y = left + width * hit.time / duration, 362 + height * rows.index(hit.prediction.label)
        color = STAGE.text if hit.prediction.is_sure else "none"
        mark = FancyBboxPatch((x, y + 0.2 * height), 9, 0.6 * height, boxstyle="round,pad=0,rounding_size=3")
        page.add_patch(mark)
        mark.set(facecolor=color, edgecolor=STAGE.text if hit.prediction.is_sure else _QUIET, linewidth=1.5)
    return figure


def png(card: Figure) -> bytes:
    """A card as a PNG file."""
    buffer = io.BytesIO()
    card.savefig(buffer, format="png", dpi=_DPI)
    return buffer.getvalue()


def writable(name: str) -> str:
    """A name with an ellipsis for what the font lacks; empty if no letter or digit of its stem is left."""
    font = FT2Font(font_manager.findfont(FONTS[-1]))
    text = ""
    for sign in name:
        sign = " " if unicodedata.category(sign) == "Zs" else sign  # the font lacks the wide space of Japanese
        text += sign if font.get_char_index(ord(sign)) else "…"
    text = re.sub(r"…[\W_]*(?=…)", "", text)  # punctuation between two gaps says nothing
    stem = text.rpartition(".")[0] or text
    return text if any(sign.isalnum() for sign in stem) else ""


def _page(headline: str, percent: str, name: str) -> tuple[Figure, Axes]:
    """The parts all cards share, and axes in pixels from the upper left corner to draw the rest on."""
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=STAGE.background)
    page = _area(figure, 0, 0, WIDTH, HEIGHT)
    page.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    _write_headline(page, headline, percent)
    _write(page, _MARGIN, 196, writable(shortened(visible(name), _MAX_NAME)), 17, color=_QUIET)
    _write(page, WIDTH - _MARGIN, 641, "drumclf", 15, weight="bold", color=_QUIET, ha="right")
    return figure, page


def _area(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes without frame, at a place in pixels from the upper left corner."""
    axes = figure.add_axes((left / WIDTH, 1 - (top + height) / HEIGHT, width / WIDTH, height / HEIGHT))
    axes.set_axis_off()
    return axes


def _write(page: Axes, x: float, y: float, text: str, size: float, **how):
    """Text on a baseline; dollar signs are not parsed as mathematics."""
    how = {"color": STAGE.text, "va": "baseline", "family": FONTS, "parse_math": False} | how
    return page.text(x, y, text, size=size, **how)


def _write_headline(page: Axes, headline: str, percent: str) -> None:
    """The headline, as large as fits, followed by the percentage in blue."""
    size, room = 92.0, WIDTH - 2 * _MARGIN
    word = _write(page, _MARGIN, 140, headline, size, weight="bold")
    number = _write(page, 0, 140, percent, size, weight="bold", color=STAGE.blue)
    gap = 32 if percent else 0
    widths = [text.get_window_extent().width for text in (word, number)]
    scale = min(1, (room - gap) / sum(widths))
    for text in (word, number):
        text.set_size(size * scale)
    number.set_x(_MARGIN + widths[0] * scale + gap)


def _draw_legend(page: Axes) -> None:
    x = _PICTURE
    for color, word in _LEGEND:
        page.add_patch(Rectangle((x, 626), 15, 15, facecolor=getattr(STAGE, color), linewidth=0))
        text = _write(page, x + 24, 640, word, 14, color=STAGE.text)
        x += 24 + text.get_window_extent().width + 34


def _draw_likely(page: Axes, prediction: Prediction, titles: dict[str, str]) -> None:
    """Bars of the three most likely classes, those of the decision in blue."""
    for row, name in enumerate(prediction.ranking[:3]):
        probability, decided = prediction.probabilities[name], name in prediction.decision
        y, weight = 350 + 114 * row, "bold" if decided else "normal"
        title = _write(page, _MARGIN, y, shortened(titles[name], 24), 20, weight=weight)
        number = _write(page, _MARGIN + _COLUMN, y, format_percent(probability), 20, weight=weight, ha="right")
        room = _COLUMN - number.get_window_extent().width - 16
        title.set_size(20 * min(1, room / title.get_window_extent().width))
        for width, color in (
            (_COLUMN, STAGE.faint),
            (max(probability * _COLUMN, 12), STAGE.blue if decided else _QUIET),
        ):
            bar = FancyBboxPatch((_MARGIN, y + 16), width, 12, boxstyle="round,pad=0,rounding_size=6")
            bar.set(facecolor=color, linewidth=0)
            page.add_patch(bar)


def _paint_waveform(axes: Axes, prediction: Prediction, columns: int) -> None:
    """The waveform, filled down to zero, in `columns` colours; in milliseconds after the onset."""
    limits = _time_limits(prediction)
    duration = (limits[1] - limits[0]) / 1000
    low, high = envelope(prediction.clip.samples, prediction.onset - c.PRE_ONSET, duration, columns)
    _fill_waveform(axes, low, high, waveform_colors(prediction.spectrogram, duration, columns), limits)


def _fill_waveform(
    axes: Axes, low: np.ndarray, high: np.ndarray, colors: np.ndarray, limits: tuple[float, float]
) -> None:
    """Draw a waveform over a stretch of time, from its lowest to its highest sample, zero included.

    Parameters
    ----------
    axes : Axes
    low, high : np.ndarray, shape (columns,)
    colors : np.ndarray, shape (columns, 3), uint8
    limits : tuple of float
        Start and end of the stretch.
    """
    time = np.linspace(*limits, len(low), endpoint=False)
    shape = axes.fill_between(time, np.minimum(low, 0), np.maximum(high, 0), facecolor="none", linewidth=0)
    picture = axes.imshow(colors[None], aspect="auto", interpolation="nearest", extent=(*limits, -1, 1))
    picture.set_clip_path(shape.get_paths()[0], axes.transData)
    axes.set(xlim=limits, ylim=(-1.05, 1.05))


def _paint_spectrogram(axes: Axes, prediction: Prediction) -> None:
    """The RGB spectrogram, each frame as wide as it lasts; in milliseconds after the onset."""
    columns = np.searchsorted(frame_edges(), np.linspace(0, c.SPAN, 900, endpoint=False), side="right") - 1
    extent = (-1000 * c.PRE_ONSET, 1000 * (c.SPAN - c.PRE_ONSET), -0.5, c.N_MELS - 0.5)
    axes.imshow(
        prediction.spectrogram[:, columns], origin="lower", aspect="auto", interpolation="nearest", extent=extent
    )
    axes.set_xlim(_time_limits(prediction))


def _time_limits(prediction: Prediction) -> tuple[float, float]:
    """Start of the grid and end of what is visible, in milliseconds after the onset."""
    return -1000 * c.PRE_ONSET, 1000 * shown_duration(prediction)
