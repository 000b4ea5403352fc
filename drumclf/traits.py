"""What can be measured in a picture of a hit, and how a producer says it."""

from dataclasses import dataclass

import numpy as np

from drumclf import constants as c
from drumclf.classifier import Prediction
from drumclf.spectrogram import frame_edges, mel_frequencies

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
"""Name of what can be measured in a picture -> how a producer says it."""
_LOW, _BRIGHT = 200.0, 4_000.0
_SHORT, _LONG = 0.09, 0.4
_END_LEVEL = -30.0
_BURSTS_ABOVE, _BURST_DEPTH = 500.0, 3.0
"""Below, the periods of a low tone would count as bursts."""
_TYPICAL = 0.5
_TELLING = 1.5
_TONAL = 0.5
"""Share of the energy in three bands that makes a tone of it."""
_SLOW = 0.02


@dataclass(frozen=True)
class Measures:
    """What a picture says in numbers.

    Attributes
    ----------
    bands : np.ndarray, shape (N_MELS,)
        Share of the energy in each band, in the long window.
    duration : float
        Seconds from the onset until the level stays 30 dB below the loudest moment.
    rise : float
        Seconds from the onset to the loudest moment of the attack.
    bursts : int
        Peaks of the attack, in the short window.
    fall : int
        Bands by which the pitch is lower at the end than at the beginning.
    first_pitch : float
        In hertz, that of the strongest band where the sound begins.
    """

    bands: np.ndarray
    duration: float
    rise: float
    bursts: int
    fall: int
    first_pitch: float

    @property
    def pitch(self) -> float | None:
        """In hertz, that of the strongest band; None where no three bands hold most of the energy."""
        return float(mel_frequencies()[np.argmax(self.bands)]) if np.sort(self.bands)[-3:].sum() > _TONAL else None


def measure(spectrogram: np.ndarray) -> Measures:
    """Measure a picture.

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
    """What can be heard in a picture, of `TRAITS`.

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
    """What red, green and blue show in this very picture, in a few words each.

    Returns
    -------
    dict[str, str]
        ``red`` the pitch, ``green`` how long the body rings, ``blue`` the attack.
    """
    found, most = measure(spectrogram), c.SPAN - c.PRE_ONSET
    is_longer = found.duration > most - 1e-6
    return {
        "red": "no single tone" if found.pitch is None else f"near {_rounded(found.pitch):,} Hz",
        "green": f"rings {most:.0f} s or more" if is_longer else f"rings {_rounded(1000 * found.duration):,} ms",
        "blue": f"{found.bursts} bursts" if found.bursts >= 3 else f"peaks in {max(1000 * found.rise, 3):.0f} ms",
    }


def supporting_traits(prediction: Prediction, traits_of: dict[str, dict[str, float]]) -> list[str]:
    """The traits of a sound that speak for its label.

    Each is one that most training sounds of that class have, and of the other classes clearly fewer.

    Parameters
    ----------
    traits_of : dict
        Class -> trait -> share of its training sounds that have it.

    Returns
    -------
    list[str]
        Of `TRAITS`, the most telling first; empty where nothing that was measured supports the label.
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
    """How many peaks are at least so high, and so far above the higher of the valleys beside them.

    Counts what ``scipy.signal.find_peaks`` finds, which would take a second to import. A
    valley reaches to the next higher value, or to the end.

    Parameters
    ----------
    levels : np.ndarray, shape (n,)
    height, prominence : float
        In the unit of the levels.
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
    """To two digits."""
    return int(float(f"{value:.2g}"))
