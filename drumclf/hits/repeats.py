"""Which hits of a recording are the same sound again, and what they say together.

In a loop, the same sample comes again and again, each time with something else ringing over it. Its
waveform tells: two hits of one sample correlate, whatever their level, and two others hardly do, even
if both are kicks (two long bass drums a few hertz apart come nearest to it). On patterns made from
training sounds, 85% of the pairs that are the same sound correlate more than all but 1% of the other
pairs do.
"""

from collections.abc import Sequence

import numpy as np
import scipy.fft

from drumclf import constants as c
from drumclf.hits.onsets import MIN_DISTANCE

_LENGTH = round(MIN_DISTANCE * c.SAMPLE_RATE)  # samples at the start of each hit that are compared
_MAX_LAG = round(0.006 * c.SAMPLE_RATE)  # by how much two onsets may have been found differently
_WHITENING = 0.5  # power of the magnitude that is divided out, so that the lows do not decide alone
_DIFFERENT, _SAME = 0.4, 0.8  # correlations; in between, a hit counts in part
_NEIGHBOURS = 64  # hits before and after each one that it is compared with


def evidence_weights(slices: Sequence[np.ndarray]) -> np.ndarray:
    """How much each hit's evidence is to count in the answer for each hit.

    A hit counts in its own answer and in those of its repeats: the more, the surer it is that they are repeats,
    and the longer it is, since the one that is not soon cut off by the next hit shows how the sound decays. All
    numbers were chosen on patterns made from training sounds.

    Parameters
    ----------
    slices : sequence of np.ndarray, shape (n_samples,), float32
        Hits from their onsets, as from `drumclf.hits.slices.slice_hits`; at least one, none silent.

    Returns
    -------
    np.ndarray, shape (n_hits, n_hits), float64
        Rows sum to 1.
    """
    likeness = np.clip((_correlations(slices) - _DIFFERENT) / (_SAME - _DIFFERENT), 0, 1)
    np.fill_diagonal(likeness, 1)
    weights = likeness * np.array([len(samples) for samples in slices])
    return weights / weights.sum(axis=1, keepdims=True)


def _correlations(slices: Sequence[np.ndarray]) -> np.ndarray:
    """Highest correlation of each pair within the lag allowed; 0 for pairs too far apart to be compared."""
    starts = np.zeros((len(slices), _LENGTH), np.float32)
    for row, samples in zip(starts, slices, strict=True):
        row[: len(samples)] = samples[:_LENGTH]
    n_points = scipy.fft.next_fast_len(2 * _LENGTH, real=True)
    spectra = scipy.fft.rfft(starts, n_points)
    spectra /= np.abs(spectra) ** _WHITENING + np.finfo(np.float32).tiny
    whitened = scipy.fft.irfft(spectra, n_points)
    spectra /= np.sqrt(np.square(whitened).sum(axis=1, keepdims=True)) + np.finfo(np.float32).tiny
    highest = np.eye(len(slices))
    for i in range(len(slices) - 1):
        others = slice(i + 1, i + 1 + _NEIGHBOURS)
        by_lag = scipy.fft.irfft(spectra[i] * spectra[others].conj(), n_points)
        highest[i, others] = highest[others, i] = np.concatenate(
            [by_lag[:, : _MAX_LAG + 1], by_lag[:, -_MAX_LAG:]], axis=1
        ).max(axis=1)
    return highest
