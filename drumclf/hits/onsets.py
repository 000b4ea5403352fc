"""Where hits begin in a recording.

Onsets are peaks of the spectral flux (Böck, Krebs and Schedl, "Evaluating the online
capabilities of onset detection methods", ISMIR 2012), computed by librosa and moved to where
the waveform rises. Every number here was chosen on loops made from training sounds; how well
they do on others is in ``docs/hits.md``.
"""

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.onset import find_onset

NEEDS_LIBROSA = "Finding hits needs librosa: pip install 'drumclf[hits]'."
MIN_DISTANCE = 0.06  # seconds between hits: the bursts of a clap are one hit, and so is a flam
_MIN_LEVEL = -30.0  # decibels: peak of a hit, relative to the loudest one

# Spectral flux.
_HOP = 256  # samples: 6 ms
_WINDOW = 1024  # samples: 23 ms, short enough for sixteenth notes at any tempo
_N_MELS = 40
_HIGHEST = 11_000.0  # hertz; above it there is little that is not noise
_FLOOR = 50.0  # decibels below the loudest moment: in a band, anything quieter counts as this
_LAG = 3  # frames over which the rise of a band is measured
_MIN_FLUX = 1.5  # decibels by which a peak of the flux must exceed the flux around it
_PEAK_WIDTH = 0.03  # seconds to either side in which a peak must be the highest
_FLUX_AROUND = 0.1  # seconds to either side that the flux is compared with

# Where the waveform rises. A peak of the flux comes about 5 ms late.
_EARLIER = 0.015  # seconds before a peak at which the search starts
_LATER = 0.01  # seconds after it at which the search ends
_RISE_WINDOW = 0.01  # seconds before and after a rise whose power is compared
_LEAST_POWER = 0.003  # added to the power before and after a rise; relative to the loudest after one

# Whether there is more than one hit at all: the level rises again, once by a lot or several times by less.
_RISE = 12.0  # decibels
_SMALL_RISE = 3.0  # decibels
_N_SMALL = 5  # small rises
_BEFORE_RISE = 10  # frames before a rise, whose loudest is compared
_AFTER_RISE = 8  # frames after it, whose loudest is compared
_TURN = 2  # frames between them
_FIRST_LEVEL = -25.0  # decibels: where the first hit begins
_FIRST_HIT = 16  # frames, 93 ms, in which it may keep rising


def find_onsets(samples: np.ndarray) -> np.ndarray:
    """Find where hits begin.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        A clip: mono, ``SAMPLE_RATE`` Hz, not silent.

    Returns
    -------
    np.ndarray, shape (n_hits,), int
        Sample indices in rising order; at least one.

    Raises
    ------
    ModuleNotFoundError
        If librosa is needed and not installed.
    """
    onsets = []
    if rises_again(samples):
        loud, n_apart = np.abs(samples).max() * 10 ** (_MIN_LEVEL / 20), _n(MIN_DISTANCE)
        for onset in sorted(_steepest_rises(samples, _flux_peaks(samples))):
            is_loud = np.abs(samples[onset : onset + n_apart]).max() >= loud
            is_apart = not onsets or onset - onsets[-1] >= n_apart
            if is_loud and is_apart and len(samples) - onset >= _n(limits.MIN_DURATION):
                onsets.append(onset)
    return np.array(onsets if len(onsets) > 1 else [find_onset(samples)])


def rises_again(samples: np.ndarray) -> bool:
    """Whether the level clearly rises again after the first hit. Does not need librosa.

    It does in loops, and hardly ever in one-shots: the bursts of a clap or a flam are too close, beating too weak.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        As for `find_onsets`.
    """
    n_frames = len(samples) // _HOP
    if n_frames < _FIRST_HIT + _BEFORE_RISE + _TURN:
        return False
    power = np.square(samples[: n_frames * _HOP]).reshape(n_frames, _HOP).mean(axis=1)
    power = np.convolve(power, np.full(4, 0.25))[:n_frames]
    levels = 10 * np.log10(power + power.max() * 10 ** (-_FLOOR / 10) + np.finfo(np.float32).tiny)
    first = int(np.argmax(levels >= levels.max() + _FIRST_LEVEL))
    before = _running_max(levels, _BEFORE_RISE)
    after = _running_max(np.append(levels, np.full(_AFTER_RISE - 1, levels[-1])), _AFTER_RISE)
    n_between = _BEFORE_RISE + _TURN - 1
    rises = (after[n_between:] - before[: n_frames - n_between])[max(first + _FIRST_HIT - n_between, 0) :]
    is_small = np.append(False, rises >= _SMALL_RISE)
    return bool((rises >= _RISE).any() or np.sum(is_small[1:] & ~is_small[:-1]) >= _N_SMALL)


def _running_max(values: np.ndarray, length: int) -> np.ndarray:
    """The highest of each `length` consecutive values."""
    return np.lib.stride_tricks.sliding_window_view(values, length).max(axis=1)


def _flux_peaks(samples: np.ndarray) -> np.ndarray:
    """Sample indices of peaks in the spectral flux, about 5 ms after each onset."""
    try:
        import librosa  # takes two seconds
    except ImportError as error:
        raise ModuleNotFoundError(NEEDS_LIBROSA) from error

    lead = 16 * _HOP  # samples of silence, from which a hit at the very start can rise
    mel = librosa.feature.melspectrogram(
        y=np.pad(samples, (lead, 0)), sr=c.SAMPLE_RATE, n_fft=_WINDOW, hop_length=_HOP, n_mels=_N_MELS, fmax=_HIGHEST
    )
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=_FLOOR)
    flux = librosa.onset.onset_strength(S=decibels, sr=c.SAMPLE_RATE, hop_length=_HOP, lag=_LAG, center=False)
    width, around = round(_PEAK_WIDTH * c.SAMPLE_RATE / _HOP), round(_FLUX_AROUND * c.SAMPLE_RATE / _HOP)
    peaks = librosa.onset.onset_detect(
        onset_envelope=flux, sr=c.SAMPLE_RATE, hop_length=_HOP, normalize=False, units="samples", delta=_MIN_FLUX,
        pre_max=width, post_max=width + 1, pre_avg=around, post_avg=around + 1,
        wait=round(MIN_DISTANCE * c.SAMPLE_RATE / _HOP),
    )  # fmt: skip
    return peaks - lead


def _steepest_rises(samples: np.ndarray, peaks: np.ndarray) -> list[int]:
    """For each peak of the flux, the index nearby with the largest ratio of power after it to power before it."""
    n = _n(_RISE_WINDOW)
    energy = np.pad(np.cumsum(np.square(samples, dtype=np.float64)), (n + 1, 0))  # at i: of all samples before i - n
    energy = np.pad(energy, (0, n), mode="edge")
    onsets = []
    for peak in np.clip(peaks, 0, len(samples) - 1):
        start, stop = max(peak - _n(_EARLIER), 0), min(peak + _n(_LATER), len(samples))
        steps = [energy[start + k * n : stop + k * n] for k in range(3)]
        before, behind = steps[1] - steps[0], steps[2] - steps[1]
        least = _LEAST_POWER * behind.max() + np.finfo(np.float64).tiny
        onsets.append(int(start + np.argmax((behind + least) / (before + least))))
    return onsets


def _n(seconds: float) -> int:
    return round(seconds * c.SAMPLE_RATE)
