"""A recording -> the sound of each hit, without the ringing of earlier hits.

Spectral subtraction of power (Boll, "Suppression of acoustic noise in speech using spectral
subtraction", 1979), with the last moment before the onset as the noise. On patterns made
from training sounds it raises the share of correct labels from 65% to 71%.
"""

import numpy as np

from drumclf import constants as c
from drumclf.hits.onsets import find_onsets

_FADE = 0.002  # seconds at the end of a slice, before the next hit
# In samples: 46 and 12 ms. Shorter or longer ones score the same within a percentage point.
_WINDOW = 2048
_HOP = 512
_GUARD = round(0.0035 * c.SAMPLE_RATE)  # samples before the onset that may already belong to the hit
_FLOOR = 0.05  # minimum share of the power that is kept


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
        From each onset to the next, at most CLIP_DURATION, without the ringing of earlier hits;
        empty if there is only one hit.
    """
    onsets = find_onsets(samples)
    if len(onsets) == 1:
        return onsets, []
    ends = np.minimum(np.append(onsets[1:], len(samples)), onsets + round(c.CLIP_DURATION * c.SAMPLE_RATE))
    return onsets, [_slice(samples, start, end) for start, end in zip(onsets, ends, strict=True)]


def without_ring(samples: np.ndarray, onset: int, stop: int) -> np.ndarray:
    """A hit without the sound before it, as far as that keeps sounding the same.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        The recording.
    onset, stop : int
        Where the hit begins and ends, as sample indices.

    Returns
    -------
    np.ndarray, shape (stop - onset,), float32
        Not all zero unless the hit is.
    """
    import librosa  # already imported by whoever found the onset

    before = samples[max(onset - _GUARD - _WINDOW, 0) : max(onset - _GUARD, 0)]
    before = np.pad(before, (_WINDOW - len(before), 0))
    ring = np.abs(librosa.stft(before, n_fft=_WINDOW, center=False)) ** 2  # (frequencies, 1)
    hit = np.pad(samples[onset:stop], (_WINDOW, 0))  # starts from silence, like a one-shot
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
