"""Random patterns of one-shots in which every onset and label is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, read_clip
from drumclf.onset import find_onset
from training.data import TRAIN, read_examples

_MOST_SOUNDS = 2500
_JITTER, _MAX_JITTER = 0.005, 0.015
_START = 0.05


@dataclass(frozen=True, eq=False)
class Sound:
    """A one-shot, its class and the sample at which it begins."""

    clip: Clip
    label: str
    onset: int


@dataclass(frozen=True, eq=False)
class Loop:
    """A pattern, and what is in it.

    Attributes
    ----------
    clip : Clip
    onsets : np.ndarray, shape (n,)
        In seconds, rising.
    played : list of Sound or None
        The sound that begins there; None if two begin together.
    """

    clip: Clip
    onsets: np.ndarray
    played: list[Sound | None]


def read_sounds(folder: Path, train: bool) -> list[Sound]:
    """Sounds from the training sources or from all others; at most `_MOST_SOUNDS`, drawn at random."""
    examples = [example for example in read_examples(folder) if (example.split == TRAIN) == train]
    if len(examples) > _MOST_SOUNDS:
        chosen = np.random.default_rng(0).choice(len(examples), _MOST_SOUNDS, replace=False)
        examples = [examples[i] for i in sorted(chosen)]
    sounds = []
    for example in examples:
        try:
            clip = read_clip(example.path)
        except AudioError:
            continue
        sounds.append(Sound(clip, example.label, find_onset(clip.samples)))
    return sounds


def make_loop(sounds: list[Sound], rng: np.random.Generator) -> Loop:
    """2 to 8 s at 70 to 170 bpm: two to four sounds of different classes on eighths or sixteenths.

    Each step is one sound, sometimes two, or a rest; levels differ by up to 12 dB, times by
    5 ms (standard deviation). Sounds ring into the next ones. Some loops have noise under them,
    some are in a room (decaying noise, Moorer 1979).
    """
    by_label = {label: [s for s in sounds if s.label == label] for label in sorted({s.label for s in sounds})}
    n_tracks = int(rng.integers(2, 5))
    labels = rng.permutation(sorted(by_label))[:n_tracks]
    tracks = [by_label[label][rng.integers(len(by_label[label]))] for label in labels]
    step, duration = 60 / rng.uniform(70, 170) / rng.choice([2, 4]), rng.uniform(2, 8)
    density = rng.uniform(0.4, 0.9)
    bar = [rng.permutation(n_tracks)[: 1 + (rng.random() < 0.15)] if rng.random() < density else [] for _ in range(16)]
    bar[0] = rng.permutation(n_tracks)[:1]
    samples = np.zeros(int((duration + 2) * c.SAMPLE_RATE), np.float32)
    onsets, played = [], []
    for k in range(int(duration / step)):
        who = [tracks[i] for i in bar[k % 16]]
        if not who:
            continue
        onsets.append(_START + k * step + np.clip(rng.normal(0, _JITTER), -_MAX_JITTER, _MAX_JITTER))
        played.append(who[0] if len(who) == 1 else None)
        for sound in who:
            _add(samples, sound, onsets[-1], 10 ** (rng.uniform(-12, 0) / 20))
    samples = _in_its_place(samples, rng)[: int((onsets[-1] + rng.uniform(0.2, 1.2)) * c.SAMPLE_RATE)]
    clip = Clip((samples / np.abs(samples).max()).astype(np.float32), 0.0, True, len(samples) / c.SAMPLE_RATE)
    return Loop(clip, np.array(onsets), played)


def _add(samples: np.ndarray, sound: Sound, onset: float, gain: float) -> None:
    start = round(onset * c.SAMPLE_RATE) - sound.onset
    piece = sound.clip.samples[max(-start, 0) :][: len(samples) - max(start, 0)]
    samples[max(start, 0) : max(start, 0) + len(piece)] += gain * piece


def _in_its_place(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    is_in_room, is_noisy = rng.random(2) < 0.4
    peak = np.abs(samples).max()
    if is_in_room:
        t60 = rng.uniform(0.2, 0.6)
        t = np.arange(int(t60 * c.SAMPLE_RATE)) / c.SAMPLE_RATE
        n = len(samples) + len(t)
        room = rng.standard_normal(len(t)) * 10 ** (-3 * t / t60)
        wet = np.fft.irfft(np.fft.rfft(samples, n) * np.fft.rfft(room, n), n)[: len(samples)]
        samples = samples + wet * 10 ** (rng.uniform(-20, -8) / 20) * peak / np.abs(wet).max()
    if is_noisy:
        samples = samples + rng.standard_normal(len(samples)) * 10 ** (rng.uniform(-55, -30) / 20) * peak / 3
    return samples
