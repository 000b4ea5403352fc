"""How often a label survives changes to the file: another pitch, level, codec or sample rate, a room."""

import io
from collections.abc import Callable

import numpy as np
import soundfile
import soxr

from drumclf.audio import AudioError, read_clip
from drumclf.classifier import Classifier
from drumclf.constants import SAMPLE_RATE
from training.data import Example


def kept_labels(classifier: Classifier, examples: list[Example]) -> dict[str, dict]:
    """For each change, the share of sounds whose label stays the same.

    Returns
    -------
    dict
        Name of the change -> ``n_sounds``; ``kept``, a share; ``kept_if_sure``, the share
        of the sounds for which the decision was one class, or None if there are none.
    """
    sounds = [sound for sound in map(_read, examples) if sound is not None]
    before = list(classifier.classify_many(_as_wav(sound) for sound in sounds))
    sure = np.array([prediction.is_sure for prediction in before])
    kept = {}
    for name, change in CHANGES.items():
        changed = (change(sound, np.random.default_rng(i)) for i, sound in enumerate(sounds))
        outcomes = classifier.classify_many(changed)
        same = np.array([getattr(o, "label", None) == b.label for o, b in zip(outcomes, before, strict=True)])
        kept[name] = {
            "n_sounds": len(same),
            "kept": round(float(same.mean()), 4),
            "kept_if_sure": round(float(same[sure].mean()), 4) if sure.any() else None,
        }
        print(f"label kept: {name:<28} {kept[name]['kept']:.3f}", flush=True)
    return kept


def _read(example: Example) -> np.ndarray | None:
    try:
        return read_clip(example.path).samples
    except AudioError:
        return None


def _as_wav(samples: np.ndarray, rate: int = SAMPLE_RATE, subtype: str = "PCM_24") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def _tuned(semitones: float) -> Callable:
    def change(samples: np.ndarray, rng: np.random.Generator) -> bytes:
        return _as_wav(soxr.resample(samples, SAMPLE_RATE * 2 ** (semitones / 12), SAMPLE_RATE))

    return change


def _at_rate(rate: int) -> Callable:
    def change(samples: np.ndarray, rng: np.random.Generator) -> bytes:
        return _as_wav(soxr.resample(samples, SAMPLE_RATE, rate), rate)

    return change


def _late(samples: np.ndarray, rng: np.random.Generator) -> bytes:
    return _as_wav(np.concatenate([np.zeros(int(rng.uniform(0, 3) * SAMPLE_RATE), np.float32), samples]))


def _late_over_noise(samples: np.ndarray, rng: np.random.Generator) -> bytes:
    noise = rng.standard_normal(int(rng.uniform(0, 3) * SAMPLE_RATE)).astype(np.float32)
    return _as_wav(np.concatenate([noise * 10 ** (-65 / 20) / 3, samples]))


def _quiet(samples: np.ndarray, rng: np.random.Generator) -> bytes:
    return _as_wav(samples * 10 ** (rng.uniform(-40, 0) / 20))


def _mp3(kilobits: int) -> Callable:
    level = (320 - kilobits) / (320 - 32)  # libsndfile's scale goes from 0, 320 kbit/s, to 1, 32 kbit/s

    def change(samples: np.ndarray, rng: np.random.Generator) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, samples, SAMPLE_RATE, format="MP3", bitrate_mode="CONSTANT", compression_level=level)
        return file.getvalue()

    return change


def _clipped(samples: np.ndarray, rng: np.random.Generator) -> bytes:
    return _as_wav(np.clip(2 * samples / np.abs(samples).max(), -1, 1))


def _in_a_room(samples: np.ndarray, rng: np.random.Generator) -> bytes:
    """Decaying noise (Moorer 1979) of 0.15 s, its loudest point 15 dB below the sound's."""
    time = np.arange(int(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    wet = np.convolve(samples, rng.standard_normal(len(time)) * 10 ** (-3 * time / 0.15))
    wet *= 10 ** (-15 / 20) * np.abs(samples).max() / np.abs(wet).max()
    wet[: len(samples)] += samples
    return _as_wav(0.5 * wet)


# Name -> function of (samples, random generator) that returns the bytes of a file.
CHANGES = {
    "4 semitones down": _tuned(-4),
    "2 semitones down": _tuned(-2),
    "2 semitones up": _tuned(2),
    "4 semitones up": _tuned(4),
    "0 to 3 s of silence before": _late,
    "0 to 3 s of low noise before": _late_over_noise,
    "0 to 40 dB quieter": _quiet,
    "MP3 at 96 kbit/s": _mp3(96),
    "MP3 at 64 kbit/s": _mp3(64),
    "at 8 kHz": _at_rate(8_000),
    "at 16 kHz": _at_rate(16_000),
    "at 22.05 kHz": _at_rate(22_050),
    "at 96 kHz": _at_rate(96_000),
    "clipped by 6 dB": _clipped,
    "in a short room": _in_a_room,
}
