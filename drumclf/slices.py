"""A recording -> the sound of each of its hits."""

import numpy as np

from drumclf import constants as c
from drumclf.onsets import find_onsets
from drumclf.ring import without_ring

_FADE = 0.002
"""Seconds at the end of a slice where the next hit begins."""


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


def _slice(samples: np.ndarray, start: int, end: int) -> np.ndarray:
    piece = without_ring(samples, start, end)
    if end < len(samples):
        n = round(_FADE * c.SAMPLE_RATE)
        piece[-n:] *= np.linspace(1, 0, n, endpoint=False, dtype=np.float32)
    return piece
