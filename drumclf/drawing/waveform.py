"""A sound -> outline and colours of its waveform, which are those of its RGB spectrogram."""

import numpy as np

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.hits.find import Recording
from drumclf.spectrogram import frame_edges

# Seconds after the onset; the shortest that holds everything visible is used.
_SHOWN_DURATIONS = (0.1, 0.2, 0.3, 0.5, 1.0, c.SPAN - c.PRE_ONSET)
_VISIBLE = 0.08  # least value of a spectrogram that can be seen
# sRGB of long, middle and short window: the dark page's colours, more saturated, each legible on the stage by itself.
_PRIMARIES = np.array([[255, 64, 76], [44, 214, 118], [72, 124, 255]], float)
_SATURATION = 2.0  # exponent for ratios of the planes: small differences in the picture are large to the ear
_SILENT = np.array([130.0, 134.0, 148.0])


def shown_duration(prediction: Prediction) -> float:
    """How much of the grid to show, in seconds after the onset: one of a few steps, so that pictures are comparable."""
    visible = np.nonzero(prediction.spectrogram.max(axis=(0, 2)) > _VISIBLE)[0]
    end = frame_edges()[visible[-1] + 1] - c.PRE_ONSET
    return next(duration for duration in _SHOWN_DURATIONS if end <= duration + 1e-9)


def envelope(samples: np.ndarray, start: float, duration: float, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample in each column of a stretch of sound.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        At ``SAMPLE_RATE`` Hz, with zeros before and after.
    start : float
        Start of the stretch in seconds; may be negative.
    duration : float > 0
        Length of the stretch in seconds. If it has fewer samples than columns, neighbours share one.
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
    # reduceat takes the single sample at starts[i] if starts[i + 1] is equal.
    return np.minimum.reduceat(stretch, starts), np.maximum.reduceat(stretch, starts)


def waveform_colors(spectrogram: np.ndarray, duration: float, columns: int) -> np.ndarray:
    """Colour of each column of a waveform: red for pitch, green for body, blue for attack.

    As in DJ software, but from windows instead of bands. Only the ratio of the planes
    counts: steady noise, which is equal in all three, is nearly white. Silence is grey.

    Parameters
    ----------
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
        From `drumclf.spectrogram.rgb_spectrogram`.
    duration : float > 0
        Seconds from the start of the grid, which is ``PRE_ONSET`` before the onset.
    columns : int > 0

    Returns
    -------
    np.ndarray, shape (columns, 3), uint8
        sRGB, each with a contrast of at least 3 to 1 to the stage, #08090c.
    """
    # In the plane whose window fits, energy is concentrated: there the mean of the squared power is highest.
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
    """Colour of each column of a recording's waveform: for each hit, those of `waveform_colors`.

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
