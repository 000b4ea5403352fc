"""Any sound file -> a clip, or one sentence that says why not.

Files come from strangers, so nothing in a header is trusted that would cost memory or
time. Rate, channels and length are checked before the first sample is decoded; samples
are decoded block by block, and only as many as are needed.
"""

import errno
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from drumclf import constants as c
from drumclf import limits
from drumclf.file_types import describe_foreign, unwrap_wav

Source = str | os.PathLike | bytes | BinaryIO
DAMAGED = f"This file is damaged or not a sound that can be read; send {limits.ACCEPTED}."
NO_FILE = "There is no file here that can be opened; give the path of a sound file."
NO_PERMISSION = "You have no permission to read this; ask its owner, or change the permissions."
_SCAN_DURATION = 0.1  # seconds read at a time while looking for the first sound
_LENGTH_UNKNOWN = 2**63 - 1  # libsndfile's SF_COUNT_MAX, for example for a FLAC that was written to a pipe


class AudioError(ValueError):
    """A sound cannot be used; the text is one sentence for the person who sent it."""


@dataclass(frozen=True)
class Clip:
    """Decoded, checked, mono sound at the model's sample rate.

    Attributes
    ----------
    samples : np.ndarray, shape (n,), float32
        Mono, ``SAMPLE_RATE`` Hz, free of DC, peak 1.0, never silent; at most
        ``CLIP_DURATION`` seconds, or as many as were asked for, from the first sound in the file.
    start : float
        Seconds of silence that were skipped at the start of the file.
    is_whole : bool
        Whether the clip reaches the end of the file.
    file_duration : float
        Length of the whole file in seconds; for a long one, as its header states. NaN if unknown.
    """

    samples: np.ndarray
    start: float
    is_whole: bool
    file_duration: float = math.nan

    @property
    def duration(self) -> float:
        """Length of the clip in seconds."""
        return len(self.samples) / c.SAMPLE_RATE


def read_clip(source: Source, duration: float = c.CLIP_DURATION) -> Clip:
    """Decode a sound file.

    Parameters
    ----------
    source : path, bytes or binary file object
        The file type is detected from the content, never from the name.
    duration : float
        Seconds to read, from the first sound on. Fewer are read if the rate and channels of the
        file would make that more than ``MAX_DECODED_SAMPLES``.

    Raises
    ------
    AudioError
        If the sound cannot be used; the text is for the person who sent it.
    """
    data = read_bytes(source)
    foreign = describe_foreign(data)
    if foreign:
        raise AudioError(f"This is {foreign}; save the sound as {limits.ACCEPTED}.")
    try:
        channels, rate, start, stated_duration = _decode(unwrap_wav(data), duration)
    except (soundfile.SoundFileError, OSError, RuntimeError, MemoryError) as error:
        raise AudioError(DAMAGED) from error
    decoded_duration = len(channels) / rate
    samples = soxr.resample(_loudest_channel(channels), rate, c.SAMPLE_RATE)[: round(duration * c.SAMPLE_RATE)]
    if len(samples) < limits.MIN_DURATION * c.SAMPLE_RATE:
        raise AudioError(f"This sound is too short to tell; send at least {1000 * limits.MIN_DURATION:.0f} ms.")
    if np.abs(samples).max() < limits.INAUDIBLE_LEVEL:
        raise AudioError(
            f"There is nothing below {c.SAMPLE_RATE // 2000} kHz in this sound; send one that can be heard."
        )
    is_whole = stated_duration is None
    return Clip(_to_full_scale(samples), start, is_whole, start + decoded_duration if is_whole else stated_duration)


def read_bytes(source: Source) -> bytes:
    """The bytes of a file, as is.

    Raises
    ------
    AudioError
        If it cannot be opened, is empty or is too large.
    """
    limit = limits.MAX_FILE_BYTES + 1
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif isinstance(source, str | os.PathLike):
        try:
            with Path(source).open("rb") as file:
                data = file.read(limit)
        except (OSError, ValueError) as error:
            raise AudioError(_why_not_opened(source, error)) from error
    else:
        data = source.read(limit)
    if not data:
        raise AudioError("This file is empty; send a sound file.")
    if len(data) >= limit:
        raise AudioError(f"This file is larger than {limits.MAX_FILE_BYTES // 1_000_000} MB; send a shorter sound.")
    return data


def _why_not_opened(source: str | os.PathLike, error: Exception) -> str:
    try:
        if isinstance(error, IsADirectoryError):
            os.scandir(source).close()
            return "This is a folder; give the path of a sound file."
    except OSError as of_folder:
        error = of_folder
    if isinstance(error, PermissionError):
        return NO_PERMISSION
    if getattr(error, "errno", None) in (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT):
        return "This file cannot be read from its disk; check the disk."
    return NO_FILE


def encode_wav(clip: Clip) -> bytes:
    """A clip as a 16-bit mono WAV file, for players that cannot read the original."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.samples, c.SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


class _Stream(soundfile.SoundFile):
    """A file that is read front to back, to the real end of its data.

    A SoundFile that can seek stops at the length in the header, and seeks after every
    read, which fails at the end of a FLAC whose header states no length.
    """

    def seekable(self) -> bool:
        return False


def _check_header(file: soundfile.SoundFile) -> None:
    if not limits.MIN_FILE_RATE <= file.samplerate <= limits.MAX_FILE_RATE:
        low, high = limits.MIN_FILE_RATE // 1000, limits.MAX_FILE_RATE // 1000
        raise AudioError(f"The sample rate of this file is out of range; send {low} to {high} kHz.")
    if file.channels > limits.MAX_CHANNELS:
        raise AudioError(f"This file has {file.channels} channels; send 1 to {limits.MAX_CHANNELS}.")
    if limits.MAX_DURATION * file.samplerate < file.frames < _LENGTH_UNKNOWN:
        raise AudioError(
            f"This file says that it is longer than {limits.MAX_DURATION / 60:.0f} minutes; send a shorter sound."
        )


def _decode(data: bytes, duration: float) -> tuple[np.ndarray, int, float, float | None]:
    """Decode up to `duration` seconds, from the first sound on.

    Returns
    -------
    channels : np.ndarray, shape (n, n_channels), float32
        Finite.
    rate : int
        In hertz.
    start : float
        Seconds before the first of them.
    stated_duration : float or None
        Length of the whole file according to its header, in seconds; NaN if the header states none.
        None if the file ends with these samples.
    """
    for level in (limits.NOISE_LEVEL, limits.SILENCE_LEVEL):  # a file that is quiet throughout is read again
        with _Stream(io.BytesIO(data)) as file:
            _check_header(file)
            lead, n_skipped, loudest = _skip_below(level, file)
            if len(lead):
                most = limits.MAX_DECODED_SAMPLES // (file.channels + 1)
                n_lead, n_rest = len(lead), min(int(duration * file.samplerate), most)
                samples = np.empty((n_lead + n_rest, file.channels), np.float32)
                samples[:n_lead] = lead
                rest = _finite(file.read(out=samples[n_lead:]))
                is_whole = len(rest) < n_rest
                stated = file.frames / file.samplerate if file.frames < _LENGTH_UNKNOWN else math.nan
                samples = samples[: n_lead + len(rest)]
                return samples, file.samplerate, n_skipped / file.samplerate, None if is_whole else stated
            if loudest < limits.SILENCE_LEVEL:
                break
    if n_skipped:
        raise AudioError("There is no sound in this file, or none for minutes; send one that begins with the hit.")
    raise AudioError("This file holds no samples; send a sound.")


def _skip_below(level: float, file: soundfile.SoundFile) -> tuple[np.ndarray, int, float]:
    """Read up to the first block with a sound above `level`.

    Returns
    -------
    lead : np.ndarray, shape (n, n_channels), float32
        That block and the one before it, in which a fade-in may begin; empty if no block is loud enough.
    n_skipped : int
        Samples before `lead`.
    loudest : float
        The highest level among them.
    """
    n_skipped, loudest, before = 0, 0.0, np.zeros((0, file.channels), np.float32)
    n_most = limits.MAX_SCANNED_SAMPLES["PCM" if file.subtype.startswith("PCM") else "other"] // file.channels
    block = _read_block(file, _SCAN_DURATION)
    while len(block) and n_skipped < n_most:
        swing = np.max(block.max(axis=0) / 2 - block.min(axis=0) / 2)  # a constant offset is silence too
        if swing >= level:
            return np.concatenate([before, block]), n_skipped - len(before), loudest
        n_skipped, loudest = n_skipped + len(block), max(loudest, swing)
        before, block = block, _read_block(file, _SCAN_DURATION)
    return before[:0], n_skipped, loudest


def _read_block(file: soundfile.SoundFile, duration: float) -> np.ndarray:
    """The next samples, shape (n, n_channels), float32; fewer, or none, at the end of the data."""
    return _finite(file.read(max(int(duration * file.samplerate), 1), dtype="float32", always_2d=True))


def _finite(samples: np.ndarray) -> np.ndarray:
    if not np.isfinite(samples).all():
        raise AudioError("This file holds values that are not numbers; export it again.")
    return samples


def _loudest_channel(channels: np.ndarray) -> np.ndarray:
    """The channel with the most energy: shape (n,), no DC, peak 1. Works in place, since 5 s can be 120 MB.

    Not the sum of the channels: in opposite phase they would cancel, and with a few
    milliseconds of delay between them, as from a stereo widener, the sum is a comb filter.
    """
    channels /= _peak(channels)
    channels -= channels.mean(axis=0)
    energies = np.einsum("ij,ij->j", channels, channels)
    return _to_full_scale(channels[:, np.argmax(energies)])


def _to_full_scale(samples: np.ndarray) -> np.ndarray:
    return samples / _peak(samples)


def _peak(samples: np.ndarray) -> np.float32:
    return max(samples.max(), -samples.min())
