"""A recording -> each hit as a file of its own, for samplers: all channels, at the file's own rate."""

import io
from collections.abc import Iterator, Mapping

import numpy as np
import soundfile

from drumclf import limits
from drumclf.audio import Channels, Source
from drumclf.classifier import Classifier
from drumclf.hits.find import Recording
from drumclf.names import safe_name

_FADE = 0.003  # seconds at the end of a hit, so that the cut does not click
_FAINT = 2**-8  # a peak below this keeps fewer than 16 of 24 bits


def hit_files(classifier: Classifier, source: Source, recording: Recording) -> Iterator[tuple[str, bytes]]:
    """Each hit of a recording as a WAV file.

    All have the rate and the channels of the source. They have 16 bits if that holds every sample of it exactly,
    otherwise 24; and 32-bit float if it is louder than full scale or very faint, since 24 bits would lose some of it.

    Parameters
    ----------
    classifier : Classifier
    source : path, bytes or binary file object
        What the recording was read from, from its start.
    recording : Recording
        As `find_hits` gives it.

    Yields
    ------
    name, data : str, bytes
        As in `cut_hits`, with the name's suffix.

    Raises
    ------
    AudioError
        If the sound can no longer be read.
    """
    clip = recording.clip
    sound = classifier.read_channels(source, limits.RECORDING_DURATION if clip.is_whole else clip.duration)
    subtype = _subtype(sound.samples)
    for name, samples in cut_hits(sound, recording, classifier.titles):
        yield name, _encoded(samples, sound.rate, subtype)


def cut_hits(sound: Channels, recording: Recording, titles: Mapping[str, str]) -> Iterator[tuple[str, np.ndarray]]:
    """Cut a sound where its hits begin; each ends where the next one begins, with a fade of 3 ms.

    Parameters
    ----------
    sound : Channels
        What the recording was read from.
    recording : Recording
    titles : mapping of str to str
        Name of a class -> what to call it.

    Yields
    ------
    name : str
        Number and label, such as "01 Kick.wav": valid on every system, and no two are the same.
    samples : np.ndarray, shape (n, n_channels), float32
        As they are in `sound`, except for the fade.
    """
    before, hits = recording.clip.start - sound.start, recording.hits
    cuts = [*(round((before + hit.time) * sound.rate) for hit in hits), len(sound.samples)]
    n_digits = max(2, len(str(len(hits))))
    for k, hit in enumerate(hits):
        samples = sound.samples[cuts[k] : cuts[k + 1]].copy()
        n = min(round(_FADE * sound.rate), len(samples))
        samples[len(samples) - n :] *= np.linspace(1, 0, n + 1, dtype=np.float32)[1:, None]
        yield safe_name(f"{k + 1:0{n_digits}} {titles[hit.prediction.label]}", ".wav"), samples


def _subtype(samples: np.ndarray) -> str:
    """Which of libsndfile's encodings keeps the quality of samples of shape (n, n_channels), float32."""
    low, high = samples.min(), samples.max()
    if low >= -1 and high < 1:
        for bits in (16, 24):
            scaled = samples * np.float32(2 ** (bits - 1))
            if np.array_equal(scaled, np.rint(scaled)):
                return f"PCM_{bits}"
    return "PCM_24" if _FAINT <= max(-low, high) <= 1 else "FLOAT"


def _encoded(samples: np.ndarray, rate: int, subtype: str) -> bytes:
    """A WAV file. Integers are made here: libsndfile scales by one less than it divides by when it reads."""
    if subtype != "FLOAT":
        kept = 16 if subtype == "PCM_16" else 24
        full = 2.0 ** (kept - 1)
        steps = np.clip(np.rint(samples * np.float64(full)), -full, full - 1)
        samples = steps.astype(np.int16) if kept == 16 else steps.astype(np.int32) << 8
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()
