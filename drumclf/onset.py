"""Where a hit begins, and where it ends in a long recording.

It begins by the energy that a listener hears, not at the first sample above a level.

A click, the plop of a cut edit or hum before a drum can be as high as the drum's own attack, yet
hold little energy. So the first moment is sought after which nearly as much energy follows within
`EVENT` as after the loudest moment, both in the sound and in its high frequencies: a click is loud
only in the second, a thump only in the first. From there, the beginning is found in finer steps.
"""

import numpy as np
import scipy.fft

from drumclf import constants as c

_BLOCK = round(0.001 * c.SAMPLE_RATE)
_EVENT_BLOCKS = round(c.EVENT / 0.001)
_FINE_BLOCKS = 2
_GAP_BLOCKS = 4  # shorter gaps belong to the sound
_REPEATED = round(0.06 * c.SAMPLE_RATE)  # samples that must come back
_ALIKE = 0.8  # their correlation
_RISE_BLOCK = round(0.02 * c.SAMPLE_RATE)  # before and after which the level must differ
_RISE = 6.0  # decibels
_HEARD = -20.0  # decibels, beside the loudest such block
_SILENT = -50.0  # decibels, as well
_SILENCE = 0.4  # seconds that end a sound
_LAG = round(0.00036 * c.SAMPLE_RATE)  # x(t) - x(t - lag) weakens what lies below some 500 Hz, by 17 dB at 60 Hz


def find_onset(samples: np.ndarray) -> int:
    """Index of the sample at which the hit begins.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        A clip: mono, ``SAMPLE_RATE`` Hz, not silent.

    Returns
    -------
    int
        0 <= onset < n
    """
    energies = _block_energies(samples)
    follows = _sums_ahead(energies, _EVENT_BLOCKS)
    event = _first(follows >= follows.max(axis=0) * _ratio(c.EVENT_LEVEL))
    fine = _sums_ahead(energies, _FINE_BLOCKS)
    near = fine[event : event + 2 * _EVENT_BLOCKS]
    begun = event + _first(near >= near.max(axis=0) * _ratio(c.ATTACK_LEVEL))
    block = _walk_back(np.all(fine >= fine.max(axis=0) * _ratio(c.ONSET_LEVEL), axis=1), begun)
    level = np.abs(samples[block * _BLOCK :][: (_FINE_BLOCKS + 1) * _BLOCK])
    threshold = min(level.max(), np.abs(samples).max() * np.sqrt(_ratio(c.ONSET_LEVEL)))
    return block * _BLOCK + int(np.argmax(level >= threshold))


def find_end(samples: np.ndarray, onset: int) -> int:
    """Index up to which a long recording is one sound; the number of samples if it goes on, or is of many sounds.

    The sound has ended if silence follows, before anything else begins. And a recording of one sample, played again
    and again, is a recording of that sound: it begins again where the waveform of its first 60 ms comes back, at any
    level, and the level rises. If anything else begins in between, or later, it is a loop of several sounds, and none
    of them is the answer. (What comes back within those 60 ms is the period of a tone.)

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        As for `find_onset`.
    onset : int
        Where the hit begins.

    Returns
    -------
    int
        onset < end <= n
    """
    rest = samples[onset:]
    if len(rest) < 2 * _REPEATED:
        return len(samples)
    lags = np.arange(_RISE_BLOCK, len(rest) - _REPEATED)
    begins = _rises(rest, lags) | _rises(_highs(rest), lags)
    begun = lags[begins]
    silence = _find_silence(rest)
    if not np.any((begun > _REPEATED) & (begun < silence)):
        return onset + silence
    again = lags[begins & _comes_back(rest, lags)]
    if not len(again) or again[0] < _REPEATED:
        return len(samples)
    starts = np.append(0, again)
    since = begun - starts[np.searchsorted(starts, begun + _RISE_BLOCK, side="right") - 1]
    return onset + int(again[0]) if since.max() <= _REPEATED else len(samples)


def _find_silence(samples: np.ndarray) -> int:
    """Index at which the first silence begins that is long enough to end a sound; the number of samples if none is."""
    block = _RISE_BLOCK // 2
    energies = np.square(samples[: len(samples) // block * block], dtype=np.float64).reshape(-1, block).sum(axis=1)
    is_quiet = energies <= _ratio(_SILENT) * energies.max()
    n_blocks = round(_SILENCE * c.SAMPLE_RATE / block)
    if len(is_quiet) < n_blocks:
        return len(samples)
    is_silence = np.lib.stride_tricks.sliding_window_view(is_quiet, n_blocks).all(axis=1)
    return int(np.argmax(is_silence)) * block if is_silence.any() else len(samples)


def _rises(samples: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Whether the level rises at each lag, to one that is heard beside the loudest: shape of `lags`, bool."""
    energy = _energy_before(samples)
    after, before = energy[lags + _RISE_BLOCK] - energy[lags], energy[lags] - energy[lags - _RISE_BLOCK]
    return (after >= _ratio(_RISE) * before) & (after >= _ratio(_HEARD) * max(after.max(), energy[_RISE_BLOCK]))


def _comes_back(samples: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Whether the waveform of the first 60 ms is there again, at each lag: shape of `lags`, bool."""
    first = samples[:_REPEATED]
    n_points = scipy.fft.next_fast_len(len(samples) + _REPEATED, real=True)
    spectra = [scipy.fft.rfft(part, n_points) for part in (samples, first)]
    products = scipy.fft.irfft(spectra[0] * spectra[1].conj(), n_points)[lags]
    energy = _energy_before(samples)
    energies = np.maximum(energy[lags + _REPEATED] - energy[lags], energy[-1] * 1e-6)
    return products >= _ALIKE * np.sqrt(energy[_REPEATED] * energies)


def _energy_before(samples: np.ndarray) -> np.ndarray:
    """Energy before each sample, and of all: shape (n + 1,), float64."""
    return np.concatenate([np.zeros(1), np.cumsum(np.square(samples, dtype=np.float64))])


def _highs(samples: np.ndarray) -> np.ndarray:
    """The sound without most of what lies below some 500 Hz: same shape and dtype."""
    highs = samples.copy()
    highs[_LAG:] -= samples[:-_LAG]
    return highs


def _block_energies(samples: np.ndarray) -> np.ndarray:
    """Energy of each millisecond of the sound and of its high frequencies: shape (n_blocks, 2), float64."""
    n_blocks = -(-len(samples) // _BLOCK)
    both = np.zeros((2, n_blocks * _BLOCK), np.float32)
    both[:, : len(samples)] = samples, _highs(samples)
    blocks = both.reshape(2, n_blocks, _BLOCK)
    return np.einsum("ijk,ijk->ji", blocks, blocks).astype(np.float64)


def _sums_ahead(energies: np.ndarray, n: int) -> np.ndarray:
    """Sum of each block and those after it, `n` in all."""
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(energies, axis=0)])
    first = np.arange(len(energies))
    return sums[np.minimum(first + n, len(energies))] - sums[first]


def _first(is_loud: np.ndarray) -> int:
    """First block that is loud in both columns; 0 if none is."""
    return int(np.argmax(is_loud.all(axis=1)))


def _walk_back(goes_on: np.ndarray, begun: int) -> int:
    """The first of the blocks up to `begun` between which no gap is longer than `_GAP_BLOCKS`."""
    before = np.flatnonzero(goes_on[:begun])
    steps = np.diff(np.append(before, begun))
    gaps = np.flatnonzero(steps > _GAP_BLOCKS)
    reached = before[gaps[-1] + 1 :] if len(gaps) else before
    return int(reached[0]) if len(reached) else begun


def _ratio(level: float) -> float:
    """Decibels -> ratio of powers."""
    return 10 ** (level / 10)
