"""Augmentation: the same hit as someone else might have recorded, exported or tuned it.

`vary_sound` changes the waveform, once for each stored variant of a training
sound; `vary_batch` changes pictures, differently in every batch. Neither makes a label
wrong: decays change only together with the pitch, or an open hat would become a closed one.
"""

import io
from collections.abc import Sequence

import numpy as np
import soundfile
import soxr

from drumclf import constants as c
from drumclf.constants import SAMPLE_RATE
from drumclf.hits.slices import without_ring
from drumclf.onset import find_onset
from drumclf.spectrogram import frame_edges, mel_frequencies

_MEL_FREQUENCIES = mel_frequencies()
_FRAME_CENTRES = (frame_edges()[:-1] + frame_edges()[1:]) / 2
_LOWEST_CUT = int(np.searchsorted(_MEL_FREQUENCIES, 3_500))


def vary_sound(samples: np.ndarray, rng: np.random.Generator, others: Sequence[np.ndarray] = ()) -> np.ndarray:
    """A variant of one sound: retuned, filtered, encoded, overdriven, in a room, over noise, in a pattern.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        Mono, ``SAMPLE_RATE`` Hz.
    others : sequence of np.ndarray
        Hits that may come before it; each begins at its onset.

    Returns
    -------
    np.ndarray, shape (m,), float32
    """
    if rng.random() < 0.7:
        samples = _resample(samples, SAMPLE_RATE * 2 ** (rng.uniform(-6, 6) / 12), SAMPLE_RATE)
    if len(others) and rng.random() < 0.5:
        samples = _in_pattern(samples, others[rng.integers(len(others))], rng)
    if rng.random() < 0.35:
        samples = _filter(samples, rng)
    if rng.random() < 0.25:
        rate = 2 ** rng.uniform(np.log2(7_000), np.log2(30_000))
        samples = _resample(_resample(samples, SAMPLE_RATE, rate), rate, SAMPLE_RATE)
    if rng.random() < 0.35:
        samples = _add_room(samples, rng)
    if rng.random() < 0.4:
        gain = 10 ** (rng.uniform(0, 15) / 20) / np.abs(samples).max()
        samples = np.tanh(gain * samples) if rng.random() < 0.5 else np.clip(gain * samples, -1, 1)
    if rng.random() < 0.35:
        samples = _add_noise(samples, rng)
    if rng.random() < 0.15:
        samples = _encode(samples, rng)
    if rng.random() < 0.1:
        samples = _disturb(samples, rng)
    return samples.astype(np.float32)


def _resample(samples: np.ndarray, rate: float, new_rate: float) -> np.ndarray:
    return soxr.resample(samples, rate, new_rate, quality="LQ")


def _in_pattern(samples: np.ndarray, before: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A hit as `drumclf.hits` cuts it out of a pattern: over the ringing of the one before, up to the next."""
    onset = find_onset(samples)
    distance = round(rng.uniform(0.07, 0.45) * SAMPLE_RATE)
    stop = onset + round(rng.uniform(0.09, 0.6) * SAMPLE_RATE)
    ringing = before[: distance + stop - onset]
    scene = np.zeros(distance + len(samples[onset:stop]), np.float32)
    scene[: len(ringing)] += ringing[: len(scene)] * 10 ** (rng.uniform(-14, 6) / 20)
    scene[distance:] += samples[onset:stop] / np.abs(samples).max()
    piece = without_ring(scene, distance, len(scene)) if rng.random() < 0.8 else scene[distance:]
    n = round(0.002 * SAMPLE_RATE)
    piece[-n:] *= np.linspace(1, 0, n, endpoint=False, dtype=np.float32)
    return piece if np.abs(piece).max() > 1e-3 else samples


def _encode(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Through MP3 at 48 to 96 kbit/s, 8 bits, or 8 bits on a logarithmic scale as in telephones and samplers."""
    samples = samples / np.abs(samples).max()
    kind = rng.integers(3)
    if kind == 0:
        file = io.BytesIO()
        soundfile.write(file, samples, SAMPLE_RATE, format="MP3", bitrate_mode="CONSTANT",
                        compression_level=rng.uniform(0.75, 0.9))  # fmt: skip
        file.seek(0)
        return soundfile.read(file, dtype="float32")[0]
    if kind == 1:
        return np.round(samples * 127) / 127
    compressed = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log(256)  # mu-law
    return np.sign(samples) * np.expm1(np.abs(np.round(compressed * 127) / 127) * np.log(256)) / 255


def _disturb(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A click, a burst of noise or a thump, 4 to 60 ms before the hit and 6 to 30 dB below its peak."""
    kind, gap = rng.integers(3), round(rng.uniform(0.004, 0.06) * SAMPLE_RATE)
    time = np.arange(round((0.0, 0.001, 0.04)[kind] * SAMPLE_RATE) or 1) / SAMPLE_RATE
    noise = rng.standard_normal(len(time))
    sound = (np.ones(1), noise, np.sin(2 * np.pi * rng.uniform(40, 120) * time) * np.exp(-time / 0.015))[kind]
    sound = sound / np.abs(sound).max() * np.abs(samples).max() * 10 ** (rng.uniform(-30, -6) / 20)
    onset = find_onset(samples.astype(np.float32))
    disturbed = np.zeros(max(gap + len(samples) - onset, len(sound)))
    disturbed[gap : gap + len(samples) - onset] = samples[onset:]
    disturbed[: len(sound)] += sound
    return disturbed


def _filter(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Zero-phase high cut, falling with the sixth power of frequency, or low cut, with the fourth."""
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    if rng.random() < 0.65:
        gain = 1 / (1 + (frequency / 2 ** rng.uniform(11.8, 13.4)) ** 6)
    else:
        gain = 1 - 1 / (1 + (frequency / rng.uniform(20, 120)) ** 4)
    return np.fft.irfft(spectrum * gain, len(samples))


def _add_room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reverb from decaying noise (Moorer 1979), 30 to 200 ms, 6 to 20 dB below the sound."""
    decay = rng.uniform(0.03, 0.2)
    time = np.arange(int(decay * SAMPLE_RATE)) / SAMPLE_RATE
    response = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    length = len(samples) + len(response) - 1
    wet = np.fft.irfft(np.fft.rfft(samples, length) * np.fft.rfft(response, length), length)
    wet *= 10 ** (rng.uniform(-20, -6) / 20) * np.abs(samples).max() / np.abs(wet).max()
    wet[: len(samples)] += samples
    return wet


def _add_noise(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Steady noise 30 to 70 dB below the peak, white to brown."""
    spectrum = np.fft.rfft(rng.standard_normal(len(samples)))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** rng.uniform(0, 1)
    noise = np.fft.irfft(spectrum, len(samples))
    return samples + noise / np.abs(noise).max() * np.abs(samples).max() * 10 ** (rng.uniform(-70, -30) / 20)


def vary_batch(images: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Retune, equalise, low-pass, mask and mix a batch.

    Parameters
    ----------
    images : np.ndarray, shape (batch, mel, time, 3), float32 in [0, 1]
    targets : np.ndarray, shape (batch, n_classes), float32

    Returns
    -------
    images, targets : np.ndarray
        Shapes and dtypes as given; targets of mixed pictures are mixed too.
    """
    images = _equalise(np.stack([_tune(image, rng) for image in images]), rng)
    for image in images:
        if rng.random() < 0.15:
            image[rng.integers(_LOWEST_CUT, image.shape[0]) :] = 0
        if rng.random() < 0.3:
            start = rng.integers(0, image.shape[0] - 8)
            image[start : start + rng.integers(1, 9)] = 0
        if rng.random() < 0.3:
            start = rng.integers(8, image.shape[1] - 8)
            image[:, start : start + rng.integers(1, 9)] = 0
    return _mix(images, targets, rng)


def _tune(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture as if the file were played faster or slower, by up to three semitones.

    Most stored variants are retuned already, but there are few of them. Both shifts can add up to nine semitones,
    but rarely do.
    """
    ratio = 2 ** (rng.uniform(-3, 3) / 12)
    frequencies = _MEL_FREQUENCIES / ratio
    rows = np.interp(frequencies, _MEL_FREQUENCIES, np.arange(c.N_MELS))
    columns = np.interp(
        c.PRE_ONSET + (_FRAME_CENTRES - c.PRE_ONSET) * ratio, _FRAME_CENTRES, np.arange(c.N_FRAMES), right=c.N_FRAMES
    )
    image = _interpolate(image, rows)
    image[frequencies > c.MEL_FMAX] = 0
    padded = np.concatenate([image, np.zeros_like(image[:, :1])], axis=1)
    return _interpolate(padded.swapaxes(0, 1), columns).swapaxes(0, 1)


def _interpolate(image: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Rows at fractional positions."""
    below = np.minimum(positions.astype(int), len(image) - 2)
    share = (positions - below).astype(np.float32)[:, None, None]
    return (1 - share) * image[below] + share * image[below + 1]


def _equalise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add a smooth random curve over frequency: up to about 9 dB, of the range of 60 dB, at its ends."""
    knots = rng.normal(0, 0.06, (len(images), 4))
    position = np.linspace(0, 3, images.shape[1])
    curves = np.stack([np.interp(position, np.arange(4), k) for k in knots])[:, :, None, None]
    shaped = np.where(images > 0, images + curves, 0)
    shaped += 1 - shaped.max(axis=(1, 2, 3), keepdims=True)
    return np.clip(np.where(images > 0, shaped, 0), 0, 1).astype(np.float32)


def _mix(images: np.ndarray, targets: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mixup (Zhang et al. 2018) on half of the batch."""
    n = len(images)
    share = rng.beta(0.4, 0.4, n).astype(np.float32)
    share[rng.random(n) > 0.5] = 1
    other = rng.permutation(n)
    weight = share[:, None, None, None]
    mixed = weight * images + (1 - weight) * images[other]
    return mixed, share[:, None] * targets + (1 - share[:, None]) * targets[other]
