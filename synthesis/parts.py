"""The parts that drums are made of. Sounds are float64 arrays, times are in seconds, frequencies in hertz."""

import numpy as np
from scipy import signal

SAMPLE_RATE = 44_100

# Modes of an ideal circular membrane relative to its lowest: zeros of Bessel functions over the
# first one of J0 (Fletcher and Rossing, The Physics of Musical Instruments, section 3.6).
MEMBRANE_RATIOS = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.600, 3.652, 4.060, 4.154])


def times(duration: float) -> np.ndarray:
    """Sample times from 0."""
    return np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE


def decay(duration: float, t60: float, attack: float = 0.0005) -> np.ndarray:
    """Exponential envelope: rises within `attack` and is 60 dB down after `t60`."""
    t = times(duration)
    return np.minimum(t / attack, 1) * 10 ** (-3 * t / t60)


def glide(duration: float, start: float, end: float, half_life: float) -> np.ndarray:
    """Sine whose pitch falls exponentially from `start` to `end`."""
    t = times(duration)
    frequency = end + (start - end) * 2 ** (-t / half_life)
    return np.sin(2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE)


def modes(duration: float, frequencies: np.ndarray, levels: np.ndarray, t60s: np.ndarray, rng=None) -> np.ndarray:
    """Sum of decaying sines: modal synthesis (Adrien 1991). With a generator, phases are random."""
    t = times(duration)
    phases = rng.uniform(0, 2 * np.pi, len(frequencies)) if rng is not None else np.zeros(len(frequencies))
    sound = np.zeros_like(t)
    for frequency, level, t60, phase in zip(frequencies, levels, t60s, phases, strict=True):
        if frequency < SAMPLE_RATE / 2:
            sound += level * 10 ** (-3 * t / t60) * np.sin(2 * np.pi * frequency * t + phase)
    return sound


def squares(duration: float, frequencies: tuple[float, ...]) -> np.ndarray:
    """Sum of square waves, as from a bank of Schmitt trigger oscillators."""
    t = times(duration)
    return np.sum([np.sign(np.sin(2 * np.pi * f * t)) for f in frequencies], axis=0)


def noise(duration: float, rng: np.random.Generator) -> np.ndarray:
    """White noise."""
    return rng.standard_normal(len(times(duration)))


def low_pass(sound: np.ndarray, cutoff: float, order: int = 2) -> np.ndarray:
    """Butterworth low-pass."""
    return signal.sosfilt(signal.butter(order, cutoff, "low", fs=SAMPLE_RATE, output="sos"), sound)


def high_pass(sound: np.ndarray, cutoff: float, order: int = 2) -> np.ndarray:
    """Butterworth high-pass."""
    return signal.sosfilt(signal.butter(order, cutoff, "high", fs=SAMPLE_RATE, output="sos"), sound)


def band_pass(sound: np.ndarray, low: float, high: float, order: int = 1) -> np.ndarray:
    """Butterworth band-pass."""
    return signal.sosfilt(signal.butter(order, (low, high), "band", fs=SAMPLE_RATE, output="sos"), sound)


def finish(sound: np.ndarray, peak_level: float = -1.0) -> np.ndarray:
    """Fade the last 5 ms and set the peak in dBFS."""
    fade = np.linspace(1, 0, int(0.005 * SAMPLE_RATE))
    sound = sound - np.mean(sound)
    sound[-len(fade) :] *= fade
    return sound / np.abs(sound).max() * 10 ** (peak_level / 20)
