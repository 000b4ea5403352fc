"""Samples -> where hits begin.

Onsets are peaks of the spectral flux (Böck, Krebs and Schedl, "Evaluating the online
capabilities of onset detection methods", ISMIR 2012), by librosa, moved to where the
waveform rises. Every number here was chosen on loops made of training sounds; what they
give on others: ``docs/hits.md``.
"""

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.spectrogram import find_onset

NEEDS_LIBROSA = "Finding hits needs librosa: pip install 'drumclf[hits]'."
_HOP, _WINDOW, _N_MELS = 128, 512, 40
"""Frames of 6 ms; windows of 23 ms, short enough for sixteenths at any tempo."""
_FLOOR = 50.0
"""Decibels: in a band, what is further below the loudest moment cannot rise."""
_LAG = 3
"""Frames over which a band's rise is taken."""
_MIN_FLUX = 1.5
"""Decibels that a peak of the flux, the mean rise of all bands, lies above the flux around it."""
_PEAK_WIDTH, _FLUX_AROUND = 0.03, 0.1
"""Seconds to both sides."""
MIN_DISTANCE = 0.06
"""Seconds between two hits: the bursts of a clap are one, and so is a flam. 30 s hold 500 hits at most."""
_MIN_LEVEL = -30.0
"""Peak of a hit, relative to the loudest."""
_EARLIER, _LATER, _RISE_WINDOW = 0.015, 0.01, 0.01
"""Seconds around a peak of the flux, which comes 5 ms late, where the steepest rise is looked for; and to its sides."""
_LEAST_POWER = 0.003
"""Of the loudest behind a rise: less, before it, counts as this much."""
_RISE, _SMALL_RISE, _N_SMALL = 12.0, 3.0, 5
"""Decibels by which the level rises after the first hit where there are several: once by much, or often by less."""
_BEFORE_RISE, _AFTER_RISE, _TURN = 10, 8, 2
"""Frames whose loudest are compared, and how many lie between."""
_FIRST_HIT, _FIRST_LEVEL = 16, -25.0
"""Frames that the first hit may go on rising from where it reaches this level: 93 ms."""


def find_onsets(samples: np.ndarray) -> np.ndarray:
    """Where hits begin.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        A clip: mono, ``SAMPLE_RATE`` Hz, not silent.

    Returns
    -------
    np.ndarray, shape (n_hits,), int
        Sample indices, rising; at least one.
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
    """Whether the level rises again clearly after the first hit, once or time and again. Needs no librosa.

    That of loops does, that of one-shots hardly ever: bursts of a clap and flams are too near, beating too faint.

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
    """The highest of each `length` values in a row."""
    return np.lib.stride_tricks.sliding_window_view(values, length).max(axis=1)


def _flux_peaks(samples: np.ndarray) -> np.ndarray:
    """Sample indices at which the spectral flux has a peak; about 5 ms after an onset."""
    try:
        import librosa  # takes two seconds
    except ImportError as error:
        raise ModuleNotFoundError(NEEDS_LIBROSA) from error

    lead = 16 * _HOP  # of silence: a hit at the very start rises from it
    mel = librosa.feature.melspectrogram(
        y=np.pad(samples, (lead, 0)), sr=c.SAMPLE_RATE, n_fft=_WINDOW, hop_length=_HOP, n_mels=_N_MELS
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
    """For each peak of the flux the index near it with most power behind it relative to that before it."""
    n = _n(_RISE_WINDOW)
    energy = np.pad(np.cumsum(np.square(samples, dtype=np.float64)), (n + 1, 0))  # at i: of all before sample i - n
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
