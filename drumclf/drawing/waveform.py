"""A sound -> what it takes to draw its waveform in the colours of its RGB spectrogram."""

import numpy as np

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.hits.find import Recording
from drumclf.spectrogram import frame_edges

_SHOWN_DURATIONS = (0.1, 0.2, 0.3, 0.5, c.SPAN - c.PRE_ONSET)
"""Seconds after the onset: the first that holds all that can be seen is shown."""
_VISIBLE = 0.08
_PRIMARIES = np.array([[255, 64, 76], [44, 214, 118], [72, 124, 255]], float)
"""sRGB of long, middle and short window: the dark page's, more saturated, each legible on the stage by itself."""
_SATURATION = 2.0
"""Power to which ratios of the planes are raised: what is little in their picture is much to a listener."""
_SILENT = np.array([130.0, 134.0, 148.0])


def shown_duration(prediction: Prediction) -> float:
    """How much of the grid to show, in seconds after the onset: a fixed step, so that pictures compare."""
    visible = np.nonzero(prediction.spectrogram.max(axis=(0, 2)) > _VISIBLE)[0]
    end = frame_edges()[visible[-1] + 1] - c.PRE_ONSET
    return next(duration for duration in _SHOWN_DURATIONS if end <= duration + 1e-9)


def envelope(samples: np.ndarray, start: float, duration: float, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample in each column of a stretch of sound.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        At ``SAMPLE_RATE`` Hz; there are zeros before and after them.
    start : float
        Where the stretch begins, in seconds; may be negative.
    duration : float > 0
        How long it lasts, in seconds. Where it holds fewer samples than columns, neighbours share one.
    columns : int > 0

    Returns
    -------
    low, high : np.ndarray, shape (columns,), float32
    """
    first, length = round(start * c.SAMPLE_RATE), max(round(duration * c.SAMPLE_RATE), 1)
    stretch = np.zeros(length, np.float32)
    inside = samples[max(first, 0) : max(first + length, 0)]
    offset = min(max(-first, 0), length)
    stretch[offset : offset + len(inside)] = inside
    starts = np.arange(columns) * length // columns
    # reduceat takes the one sample at starts[i] where starts[i + 1] is the same.
    return np.minimum.reduceat(stretch, starts), np.maximum.reduceat(stretch, starts)


def waveform_colors(spectrogram: np.ndarray, duration: float, columns: int) -> np.ndarray:
    """Colour of each column of a waveform: red where it is pitch, green body, blue attack.

    As on the waveforms of DJ software, but of windows instead of bands. Only the ratio of
    the planes counts: steady noise, alike in all three, is nearly white. Silence is grey.

    Parameters
    ----------
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
        As from `drumclf.spectrogram.rgb_spectrogram`.
    duration : float > 0
        Seconds from the start of the grid, ``PRE_ONSET`` before the onset.
    columns : int > 0

    Returns
    -------
    np.ndarray, shape (columns, 3), uint8
        sRGB, each with a contrast of at least 3 to 1 with the stage, #08090c.
    """
    # In the plane whose window fits, energy lies close together: the mean of the squares of power is highest there.
    power = 10 ** (c.DYNAMIC_RANGE / 10 * (spectrogram.astype(float) - 1))
    level = np.log10((power**2).mean(axis=0)) / 2  # (N_FRAMES, 3), bel
    edges = frame_edges()
    times = (np.arange(columns) + 0.5) * duration / columns
    centres = (edges[:-1] + edges[1:]) / 2
    level = np.stack([np.interp(times, centres, plane) for plane in level.T], axis=1)  # (columns, 3)
    shares = 10 ** (_SATURATION * (level - level.max(axis=1, keepdims=True)))
    colors = shares @ _PRIMARIES
    colors *= 255 / np.maximum(colors.max(axis=1, keepdims=True), 1e-9)
    visible = np.interp(times, centres, spectrogram.max(axis=(0, 2))) > _VISIBLE
    colors[~visible] = _SILENT
    return np.round(colors).astype(np.uint8)


def recording_colors(recording: Recording, columns: int) -> np.ndarray:
    """Colour of each column of a recording's waveform: each hit's as `waveform_colors` has them.

    Returns
    -------
    np.ndarray, shape (columns, 3), uint8
    """
    duration = recording.clip.duration
    colors = np.full((columns, 3), _SILENT).astype(np.uint8)
    borders = [round(hit.time / duration * columns) for hit in recording.hits] + [columns]
    for hit, start, stop in zip(recording.hits, borders, borders[1:], strict=False):
        if stop > start:
            length = (stop - start) * duration / columns
            colors[start:stop] = waveform_colors(hit.prediction.spectrogram, c.PRE_ONSET + length, stop - start)
    return colors
