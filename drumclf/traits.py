"""Spectrogram -> what can be measured in it, in a producer's words."""

from dataclasses import dataclass

import numpy as np

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.spectrogram import frame_edges, mel_frequencies

# What can be measured in a spectrogram -> how a producer says it.
TRAITS = {
    "low": "low",
    "bright": "bright",
    "short": "short",
    "long": "long",
    "bursts": "made of several bursts",
    "pitched": "clearly pitched",
    "noisy": "noise from low to high",
    "falling": "falling in pitch",
    "slow": "slow to start",
}
_LOW = 200.0  # Hz: a low sound has most of its energy below
_BRIGHT = 4_000.0  # Hz: a bright sound has most of its energy above
_SHORT = 0.09  # seconds, at most
_LONG = 0.4  # seconds, at least
_END_LEVEL = -30.0  # dB below the loudest moment: where a sound ends
_BURSTS_ABOVE = 500.0  # Hz: lower, the periods of a low tone would count as bursts
_BURST_DEPTH = 3.0  # dB between a burst and the gap beside it
_TYPICAL = 0.5  # least share of a class's training sounds that have a trait typical of it
_TELLING = 1.5  # how many times more often than in the other classes, at least
_TONAL = 0.5  # least share of the energy in three bands for a sound to have a pitch
_SLOW = 0.02  # seconds from the onset to the loudest moment of the attack, at least


@dataclass(frozen=True)
class Measures:
    """What is measured in a spectrogram.

    Attributes
    ----------
    bands : np.ndarray, shape (N_MELS,)
        Share of the energy in each band, as the long window sees it.
    duration : float
        Seconds from the onset until the level stays 30 dB below the loudest moment.
    rise : float
        Seconds from the onset to the loudest moment of the attack.
    bursts : int
        Number of peaks in the attack, as the short window sees it.
    fall : int
        How many bands lower the pitch is at the end than at the beginning.
    first_pitch : float
        Frequency of the strongest band at the beginning of the sound, in hertz.
    """

    bands: np.ndarray
    duration: float
    rise: float
    bursts: int
    fall: int
    first_pitch: float

    @property
    def pitch(self) -> float | None:
        """Frequency of the strongest band in hertz; None if no three bands hold most of the energy."""
        return float(mel_frequencies()[np.argmax(self.bands)]) if np.sort(self.bands)[-3:].sum() > _TONAL else None


def measure(spectrogram: np.ndarray) -> Measures:
    """Measure a spectrogram.

    Parameters
    ----------
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
    """
    power = np.where(spectrogram > 0, 10 ** ((spectrogram - 1) * c.DYNAMIC_RANGE / 10), 0)
    frequencies = mel_frequencies()
    long_window, middle, short = np.moveaxis(power, -1, 0)
    bands = long_window @ np.diff(frame_edges())
    envelope = _decibels(middle.sum(axis=0))
    attack = _decibels(short[frequencies > _BURSTS_ABOVE, : c.ATTACK_FRAMES].sum(axis=0))
    pitches = np.argmax(long_window, axis=0)
    sounding = np.nonzero((envelope > -15) & (long_window.max(axis=0) > 0))[0]
    return Measures(
        bands=bands / bands.sum(),
        duration=float(frame_edges()[np.nonzero(envelope > _END_LEVEL)[0][-1] + 1] - c.PRE_ONSET),
        rise=float(frame_edges()[np.argmax(envelope[: c.ATTACK_FRAMES])] - c.PRE_ONSET),
        bursts=count_peaks(attack, height=-18, prominence=_BURST_DEPTH),
        fall=int(pitches[sounding[0]] - pitches[sounding[-1]]),
        first_pitch=float(frequencies[pitches[sounding[0]]]),
    )


def find_traits(spectrogram: np.ndarray) -> frozenset[str]:
    """The `TRAITS` that a spectrogram has.

    Parameters
    ----------
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
    """
    found = measure(spectrogram)
    bands, frequencies = found.bands, mel_frequencies()
    has = {
        "low": bands[frequencies < _LOW].sum() > 0.5,
        "bright": bands[frequencies > _BRIGHT].sum() > 0.5,
        "short": found.duration < _SHORT,
        "long": found.duration > _LONG,
        "bursts": found.bursts >= 3,
        "pitched": np.sort(bands)[-3:].sum() > 0.7,
        "noisy": np.exp(-(bands * np.log(bands + 1e-12)).sum()) > 0.4 * len(bands),
        "falling": found.fall >= 2 and found.first_pitch < 1_000,
        "slow": found.rise > _SLOW,
    }
    return frozenset(name for name, has_it in has.items() if has_it)


def say_colors(spectrogram: np.ndarray) -> dict[str, str]:
    """What red, green and blue show in this spectrogram, in a few words each.

    Returns
    -------
    dict[str, str]
        ``red`` the pitch, ``green`` how long the body rings, ``blue`` the attack.
    """
    found, most = measure(spectrogram), c.SPAN - c.PRE_ONSET
    rings = f"{_rounded(1000 * found.duration):,} ms" if found.duration < 1 else f"{found.duration:.1f} s"
    if found.duration > most - 1e-6:
        rings = f"{most:.0f} s or more"
    return {
        "red": "no single tone" if found.pitch is None else f"near {_rounded(found.pitch):,} Hz",
        "green": f"rings {rings}",
        "blue": f"{found.bursts} bursts" if found.bursts >= 3 else f"peaks in {max(1000 * found.rise, 3):.0f} ms",
    }


def supporting_traits(prediction: Prediction, traits_of: dict[str, dict[str, float]]) -> list[str]:
    """The traits of a sound that support its label.

    Most training sounds of that class have such a trait, and clearly fewer sounds of the other classes.

    Parameters
    ----------
    traits_of : dict
        Class -> trait -> share of the class's training sounds that have it.

    Returns
    -------
    list[str]
        Keys of `TRAITS`, the most telling first; empty if nothing measured supports the label.
    """
    if prediction.label not in traits_of:
        return []
    others = [shares for name, shares in traits_of.items() if name != prediction.label]
    telling = {}
    for trait in find_traits(prediction.spectrogram):
        share = traits_of[prediction.label].get(trait, 0)
        elsewhere = np.mean([shares.get(trait, 0) for shares in others]) if others else 0
        if share >= _TYPICAL and share >= _TELLING * elsewhere:
            telling[trait] = share / (elsewhere + 0.01)
    return sorted(telling, key=telling.get, reverse=True)


def count_peaks(levels: np.ndarray, height: float, prominence: float) -> int:
    """Number of peaks of at least some height and prominence above the higher of the two valleys beside them.

    Counts what ``scipy.signal.find_peaks`` finds, which would take a second to import. A valley
    extends to the next higher value, or to the end.

    Parameters
    ----------
    levels : np.ndarray, shape (n,)
    height, prominence : float
        In the unit of `levels`.
    """
    levels = levels[np.diff(levels, prepend=np.nan) != 0]  # a plateau counts once
    rises = np.diff(levels) > 0
    count = 0
    for i in np.flatnonzero(rises[:-1] & ~rises[1:]) + 1:
        higher = np.flatnonzero(levels > levels[i])
        left, right = higher[higher < i].max(initial=-1) + 1, higher[higher > i].min(initial=len(levels))
        valley = max(levels[left:i].min(), levels[i + 1 : right].min())
        count += levels[i] >= height and levels[i] - valley >= prominence
    return int(count)


def _decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power / max(power.max(), 1e-12), 1e-6))


def _rounded(value: float) -> int:
    """Rounded to two digits."""
    return int(float(f"{value:.2g}"))
