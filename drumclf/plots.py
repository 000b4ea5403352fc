"""Pictures of one prediction, drawn for a light or a dark page.

Each function returns a `matplotlib.figure.Figure` with a transparent background
(never pyplot: the page runs in threads). Waveform and spectrogram have the same
time axis and margins, so that one stands exactly above the other.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.decision import format_percent
from drumclf.spectrogram import frame_edges, mel_frequencies
from drumclf.waveform import envelope, shown_duration, waveform_colors

WIDTH = 5.2
"""Inches, for all figures."""
FONTS = ("Archivo", "DejaVu Sans")
"""The page's own, of drumclf/fonts, and what Matplotlib brings, for what Archivo cannot write."""
for _file in (Path(__file__).parent / "fonts").glob("*.ttf"):
    font_manager.fontManager.addfont(_file)
_MARGINS = {"left": 0.115, "right": 0.96}
_DIMMED = 0.3
"""Brightness of what does not speak for the class that is explained."""
_FREQUENCY_TICKS = (100, 500, 2000, 5000, 10000)


@dataclass(frozen=True)
class Ink:
    """Colours of one theme; all but the faint one have a contrast of at least 4.5 to 1 with the background.

    Red, green and blue are those of the RGB spectrogram: pitch, body, attack.
    """

    background: str
    text: str
    faint: str
    red: str
    green: str
    blue: str


LIGHT = Ink("#ffffff", text="#15161c", faint="#dcdee6", red="#c42b3f", green="#157a3c", blue="#2450d8")
DARK = Ink("#0d0e13", text="#e9eaf2", faint="#2f323f", red="#ff7079", green="#46d17f", blue="#86a5ff")
STAGE = replace(DARK, background="#08090c")
"""What spectrogram and waveform stand on, in both themes."""


def draw_probabilities(prediction: Prediction, titles: dict[str, str], ink: Ink = LIGHT) -> Figure:
    """A bar for every class, in class order, the label's in blue.

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
    axes.barh(rows, values, height=0.5, color=[ink.blue if n == prediction.label else ink.text for n in names])
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xticks=[])
    axes.set_yticks(rows, [titles[name] for name in names])
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        axes.text(1.03, row, format_percent(value), va="center", color=ink.text, weight=_weight(name, prediction))
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_weight(_weight(name, prediction))
    return finish(figure, ink)


def draw_waveform(prediction: Prediction, ink: Ink = LIGHT) -> Figure:
    """Waveform of what the network saw, in the colours of its picture, over milliseconds after the onset."""
    figure = Figure(figsize=(WIDTH, 1.3))
    axes = figure.add_axes((_MARGINS["left"], 0.06, _MARGINS["right"] - _MARGINS["left"], 0.88))
    paint_waveform(axes, prediction, 1400)
    axes.set(yticks=[-1, 0, 1], xticks=[])
    axes.set_ylabel("Amplitude", labelpad=9)
    return _on_stage(finish(figure, ink))


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
    paint_spectrogram(axes, prediction, evidence)
    axes.set_yticks(
        np.interp(_FREQUENCY_TICKS, mel_frequencies(), np.arange(c.N_MELS)), ["100", "500", "2k", "5k", "10k"]
    )
    axes.set_xlabel("Milliseconds after the hit")
    axes.set_ylabel("Hertz")
    return _on_stage(finish(figure, ink))


def paint_waveform(axes: Axes, prediction: Prediction, columns: int) -> None:
    """The waveform, filled down to zero, in `columns` of its colours; milliseconds after the onset."""
    limits = _time_limits(prediction)
    duration = (limits[1] - limits[0]) / 1000
    low, high = envelope(prediction.clip.samples, prediction.onset - c.PRE_ONSET, duration, columns)
    fill_waveform(axes, low, high, waveform_colors(prediction.spectrogram, duration, columns), limits)


def fill_waveform(
    axes: Axes, low: np.ndarray, high: np.ndarray, colors: np.ndarray, limits: tuple[float, float]
) -> None:
    """A waveform from its lowest to its highest sample, zero included, over a stretch of time.

    Parameters
    ----------
    axes : Axes
    low, high : np.ndarray, shape (columns,)
    colors : np.ndarray, shape (columns, 3), uint8
    limits : tuple of float
        Where the stretch begins and ends.
    """
    time = np.linspace(*limits, len(low), endpoint=False)
    shape = axes.fill_between(time, np.minimum(low, 0), np.maximum(high, 0), facecolor="none", linewidth=0)
    picture = axes.imshow(colors[None], aspect="auto", interpolation="nearest", extent=(*limits, -1, 1))
    picture.set_clip_path(shape.get_paths()[0], axes.transData)
    axes.set(xlim=limits, ylim=(-1.05, 1.05))


def paint_spectrogram(axes: Axes, prediction: Prediction, evidence: np.ndarray | None = None) -> None:
    """The RGB spectrogram, and what speaks for a class as in `draw_spectrogram`, over milliseconds after the onset."""
    columns = np.searchsorted(frame_edges(), np.linspace(0, c.SPAN, 900, endpoint=False), side="right") - 1
    extent = (-1000 * c.PRE_ONSET, 1000 * (c.SPAN - c.PRE_ONSET), -0.5, c.N_MELS - 0.5)
    picture = prediction.spectrogram
    if evidence is not None:
        picture = picture * (_DIMMED + (1 - _DIMMED) * np.minimum(2 * evidence, 1)[..., None])
    axes.imshow(picture[:, columns], origin="lower", aspect="auto", interpolation="nearest", extent=extent)
    if evidence is not None and evidence.any():
        axes.contour(evidence[:, columns], levels=[0.5], origin="lower", colors="white", linewidths=1.2, extent=extent)
    axes.set_xlim(_time_limits(prediction))


def to_png(figure: Figure, pixels_per_inch: int = 200) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    # Packed as fast as can be: looking for the smallest file takes as long as drawing.
    figure.savefig(buffer, format="png", dpi=pixels_per_inch, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def _time_limits(prediction: Prediction) -> tuple[float, float]:
    """From the start of the grid to the end of what can be seen, in milliseconds after the onset."""
    return -1000 * c.PRE_ONSET, 1000 * shown_duration(prediction)


def _on_stage(figure: Figure) -> Figure:
    for axes in figure.axes:
        axes.patch.set(facecolor=STAGE.background, alpha=1)
    return figure


def _weight(name: str, prediction: Prediction) -> str:
    return "bold" if name == prediction.label else "normal"


def finish(figure: Figure, ink: Ink) -> Figure:
    """Transparent, without frames, in the font of the page and the colours of a theme."""
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=ink.text, length=0, labelsize=10, labelfontfamily=FONTS)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set(color=ink.text, size=10)
        for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
            text.set_family(FONTS)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure
