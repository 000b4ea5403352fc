"""Prediction -> why: where the network looked, what speaks for the answer, which sounds are alike."""

import numpy as np
from scipy.ndimage import zoom

from drumclf import constants as c
from drumclf.classifier import Classifier, Prediction
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


def grad_cam(classifier: Classifier, prediction: Prediction, label: str | None = None) -> np.ndarray:
    """How much each place of the spectrogram speaks for a class.

    Grad-CAM (Selvaraju et al. 2017) in its element-wise form (HiResCAM, Draelos and Carin
    2020): gradients are not averaged over the maps first, since this network weighs each
    place by itself. Only what speaks for the class is kept.

    Parameters
    ----------
    classifier : Classifier
        The one that made the prediction.
    prediction : Prediction
    label : str, optional
        Name of a class; the predicted one when left out.

    Returns
    -------
    np.ndarray, shape (N_MELS, N_FRAMES), float32 in [0, 1]
        1 where most speaks for the class; 0 everywhere when nothing does.
    """
    maps, gradient = classifier.maps_and_gradient(prediction, label or prediction.label)
    evidence = np.maximum((maps * gradient).sum(axis=-1), 0)
    factors = np.array(prediction.spectrogram.shape[:2]) / evidence.shape
    enlarged = np.clip(zoom(evidence, factors, order=1, mode="nearest", grid_mode=True), 0, None)
    return (enlarged / max(enlarged.max(), 1e-9)).astype(np.float32)


def find_traits(spectrogram: np.ndarray) -> frozenset[str]:
    """What can be heard in a picture, of `TRAITS`.

    Parameters
    ----------
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
    """
    power = np.where(spectrogram > 0, 10 ** ((spectrogram - 1) * c.DYNAMIC_RANGE / 10), 0)
    durations = np.diff(frame_edges())
    frequencies = mel_frequencies()
    long_window, middle, short = np.moveaxis(power, -1, 0)
    bands = long_window @ durations
    bands /= bands.sum()
    envelope = _decibels(middle.sum(axis=0))
    attack = _decibels(short[frequencies > _BURSTS_ABOVE, : c.ATTACK_FRAMES].sum(axis=0))
    end = frame_edges()[np.nonzero(envelope > _END_LEVEL)[0][-1] + 1] - c.PRE_ONSET
    bursts = count_peaks(attack, height=-18, prominence=_BURST_DEPTH)
    loudest = np.argmax(envelope[: c.ATTACK_FRAMES])
    pitches = np.argmax(long_window, axis=0)
    sounding = np.nonzero((envelope > -15) & (long_window.max(axis=0) > 0))[0]
    fall = pitches[sounding[0]] - pitches[sounding[-1]]
    found = {
        "low": bands[frequencies < _LOW].sum() > 0.5,
        "bright": bands[frequencies > _BRIGHT].sum() > 0.5,
        "short": end < _SHORT,
        "long": end > _LONG,
        "bursts": bursts >= 3,
        "pitched": np.sort(bands)[-3:].sum() > 0.7,
        "noisy": np.exp(-(bands * np.log(bands + 1e-12)).sum()) > 0.4 * len(bands),
        "falling": fall >= 2 and frequencies[pitches[sounding[0]]] < 1_000,
        "slow": frame_edges()[loudest] - c.PRE_ONSET > 0.02,
    }
    return frozenset(name for name, is_found in found.items() if is_found)


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


def nearest(prediction: Prediction, others: dict[str, Prediction], n: int = 3) -> list[str]:
    """Keys of the `n` sounds most alike to the network: those with the closest embedding (cosine)."""
    likeness = {key: float(prediction.embedding @ other.embedding) for key, other in others.items()}
    return sorted(likeness, key=likeness.get, reverse=True)[:n]


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
