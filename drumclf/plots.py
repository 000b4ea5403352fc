"""Pictures of one prediction, drawn for a light or a dark page.

Each function returns a `matplotlib.figure.Figure` with a transparent background
(never pyplot: the page runs in threads). Waveform and spectrogram have the same
time axis and margins, so that one stands exactly above the other.
"""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.decision import format_percent
from drumclf.spectrogram import frame_edges, mel_frequencies

WIDTH = 5.2
"""Inches, for all figures."""
_MARGINS = {"left": 0.115, "right": 0.96}
_SHOWN_DURATIONS = (0.1, 0.2, 0.3, 0.5, c.SPAN - c.PRE_ONSET)
"""Seconds after the onset: the first that holds all that can be seen is shown."""
_VISIBLE = 0.08
_DIMMED = 0.3
"""Brightness of what does not speak for the class that is explained."""
_FREQUENCY_TICKS = (100, 500, 2000, 5000, 10000)


@dataclass(frozen=True)
class Ink:
    """Colours of one theme; text has a contrast of at least 4.5 to 1 on the page."""

    text: str
    faint: str
    accent: str
    miss: str


LIGHT = Ink(text="#3d4152", faint="#d9dbe3", accent="#2b4bdb", miss="#e2574c")
DARK = Ink(text="#c9ccda", faint="#3a3e4d", accent="#8ea2ff", miss="#ff7b72")


def draw_probabilities(prediction: Prediction, titles: dict[str, str], ink: Ink = LIGHT) -> Figure:
    """A bar for every class, in class order, the label's in the accent colour.

    Parameters
    ----------
    prediction : Prediction
    titles : dict[str, str]
        Name of a class -> what to call it.
    ink : Ink
    """
    names = list(prediction.probabilities)
    values = np.array(list(prediction.probabilities.values()))
    rows = np.arange(len(names))
    figure = Figure(figsize=(WIDTH, 0.34 * len(names) + 0.1))
    axes = figure.add_axes((0.215, 0.01, 0.66, 0.98))
    axes.barh(rows, np.ones(len(rows)), height=0.5, color=ink.faint, alpha=0.5)
    axes.barh(rows, values, height=0.5, color=[ink.accent if n == prediction.label else ink.text for n in names])
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xticks=[])
    axes.set_yticks(rows, [titles[name] for name in names])
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        axes.text(1.03, row, format_percent(value), va="center", color=ink.text, weight=_weight(name, prediction))
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_weight(_weight(name, prediction))
    return finish(figure, ink)


def draw_waveform(prediction: Prediction, ink: Ink = LIGHT) -> Figure:
    """Waveform of what the network saw, over milliseconds after the onset."""
    figure = Figure(figsize=(WIDTH, 1.3))
    axes = figure.add_axes((_MARGINS["left"], 0.06, _MARGINS["right"] - _MARGINS["left"], 0.88))
    time, low, high = _envelope(prediction)
    axes.axhline(0, color=ink.faint, linewidth=0.8)
    axes.fill_between(time, low, high, color=ink.accent, linewidth=0.6)
    axes.set(xlim=_time_limits(prediction), ylim=(-1.05, 1.05), yticks=[-1, 0, 1])
    axes.xaxis.set_tick_params(labelbottom=False)
    axes.set_ylabel("Amplitude", labelpad=9)
    return finish(figure, ink)


def draw_spectrogram(prediction: Prediction, ink: Ink = LIGHT, evidence: np.ndarray | None = None) -> Figure:
    """The RGB spectrogram, its frames as long as they last, over milliseconds after the onset.

    Parameters
    ----------
    prediction : Prediction
    ink : Ink
    evidence : np.ndarray, shape (N_MELS, N_FRAMES), in [0, 1], optional
        As from `drumclf.explain.grad_cam`: the picture is dimmed where there is little, and
        what holds the most is ringed.
    """
    figure = Figure(figsize=(WIDTH, 2.7))
    axes = figure.add_axes((_MARGINS["left"], 0.165, _MARGINS["right"] - _MARGINS["left"], 0.82))
    columns = np.searchsorted(frame_edges(), np.linspace(0, c.SPAN, 900, endpoint=False), side="right") - 1
    extent = (-1000 * c.PRE_ONSET, 1000 * (c.SPAN - c.PRE_ONSET), -0.5, c.N_MELS - 0.5)
    picture = prediction.spectrogram
    if evidence is not None:
        picture = picture * (_DIMMED + (1 - _DIMMED) * np.minimum(2 * evidence, 1)[..., None])
    axes.imshow(picture[:, columns], origin="lower", aspect="auto", interpolation="nearest", extent=extent)
    if evidence is not None and evidence.any():
        axes.contour(evidence[:, columns], levels=[0.5], origin="lower", colors="white", linewidths=1.2, extent=extent)
    axes.set_xlim(_time_limits(prediction))
    axes.set_yticks(
        np.interp(_FREQUENCY_TICKS, mel_frequencies(), np.arange(c.N_MELS)), ["100", "500", "2k", "5k", "10k"]
    )
    axes.set_xlabel("Milliseconds after the hit")
    axes.set_ylabel("Hertz")
    return finish(figure, ink)


def to_png(figure: Figure, pixels_per_inch: int = 200) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    # Packed as fast as can be: looking for the smallest file takes as long as drawing.
    figure.savefig(buffer, format="png", dpi=pixels_per_inch, transparent=True, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def _time_limits(prediction: Prediction) -> tuple[float, float]:
    """From the start of the grid to the end of what can be seen, in milliseconds after the onset."""
    visible = np.nonzero(prediction.spectrogram.max(axis=(0, 2)) > _VISIBLE)[0]
    end = frame_edges()[visible[-1] + 1] - c.PRE_ONSET
    shown = next(duration for duration in _SHOWN_DURATIONS if end <= duration + 1e-9)
    return -1000 * c.PRE_ONSET, 1000 * shown


def _envelope(prediction: Prediction, columns: int = 1400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest and highest sample in each column of the picture."""
    start = round((prediction.onset - c.PRE_ONSET) * c.SAMPLE_RATE)
    length = round(c.SPAN * c.SAMPLE_RATE)
    shown = np.zeros(length, np.float32)
    inside = prediction.clip.samples[max(start, 0) : start + length]
    shown[max(-start, 0) : max(-start, 0) + len(inside)] = inside
    starts = np.linspace(0, length, columns, endpoint=False).astype(int)
    time = 1000 * (starts / c.SAMPLE_RATE - c.PRE_ONSET)
    return time, np.minimum.reduceat(shown, starts), np.maximum.reduceat(shown, starts)


def _weight(name: str, prediction: Prediction) -> str:
    return "bold" if name == prediction.label else "normal"


def finish(figure: Figure, ink: Ink) -> Figure:
    """Transparent, without frames, in the colours of a theme."""
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=ink.text, length=0, labelsize=10)
        axes.xaxis.label.set(color=ink.text, size=10)
        axes.yaxis.label.set(color=ink.text, size=10)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure
