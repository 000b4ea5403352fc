"""Any sound file -> a clip, or one sentence that says why not.

Files come from strangers, so nothing in a header is trusted that would cost memory or
time. Rate, channels and length are checked before the first sample is decoded; samples
are decoded block by block, and only as many as are needed.
"""

import contextlib
import io
import math
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
import soundfile
import soxr

from drumclf import constants as c
from drumclf import limits
from drumclf.chunks import find_in_chunks
from drumclf.clips import Channels, Clip
from drumclf.ffmpeg import FFmpegFile
from drumclf.foreign import describe_foreign, is_blank
from drumclf.headers import Place, find_sound
from drumclf.libsndfile import SndFile
from drumclf.sources import (
    NO_FILE,
    NO_PERMISSION,
    AudioError,
    Decoder,
    Source,
    Tail,
    UndecodableError,
    open_source,
    read_at,
    read_bytes,
)

__all__ = [
    "DAMAGED", "NO_FILE", "NO_PERMISSION", "AudioError", "Channels", "Clip", "Source",
    "encode_wav", "read_bytes", "read_channels", "read_channels_of", "read_clip", "read_open",
]  # fmt: skip
DAMAGED = f"This file is damaged or not a sound that can be read; send {limits.ACCEPTED}."
NO_SAMPLES = "This file holds no samples; send a sound."
_BLANK = "This file holds nothing but zeros, as after a failed download or copy; fetch it again."
_SCAN_DURATION = 0.1  # seconds read at a time while looking for the first sound


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
    with open_source(source) as file:
        return read_open(file, duration)


def read_open(file: BinaryIO, duration: float = c.CLIP_DURATION) -> Clip:
    """As `read_clip`, for an open file of any size that can seek.

    Raises
    ------
    AudioError
    """
    channels, rate, start, stated_duration = _decode(file, duration)
    decoded_duration = len(channels) / rate
    loudest, level = _loudest_channel(channels)
    samples = soxr.resample(loudest, rate, c.SAMPLE_RATE)[: round(duration * c.SAMPLE_RATE)]
    if len(samples) < limits.MIN_DURATION * c.SAMPLE_RATE:
        raise AudioError(f"This sound is too short to tell; send at least {1000 * limits.MIN_DURATION:.0f} ms.")
    if np.abs(samples).max() < limits.INAUDIBLE_LEVEL:
        raise AudioError(
            f"There is nothing below {c.SAMPLE_RATE // 2000} kHz in this sound; send one that can be heard."
        )
    is_whole = stated_duration is None and decoded_duration <= duration
    peak = _peak(samples)
    file_duration = start + decoded_duration if stated_duration is None else stated_duration
    return Clip(samples / peak, start, is_whole, file_duration, rate, float(level * peak))


def read_channels(source: Source, duration: float = limits.RECORDING_DURATION) -> Channels:
    """Decode a sound file and keep its channels and its rate; parameters and errors as in `read_clip`."""
    with open_source(source) as file:
        return read_channels_of(file, duration)


def read_channels_of(file: BinaryIO, duration: float = limits.RECORDING_DURATION) -> Channels:
    """As `read_channels`, for an open file of any size that can seek."""
    channels, rate, start, _ = _decode(file, duration)
    return Channels(channels[: round(duration * rate)], rate, start)


def encode_wav(clip: Clip) -> bytes:
    """A clip as a 16-bit mono WAV file, for players that cannot read the original."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.samples, c.SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _check_header(sound: Decoder) -> None:
    if not limits.MIN_FILE_RATE <= sound.rate <= limits.MAX_FILE_RATE:
        low, high = limits.MIN_FILE_RATE // 1000, limits.MAX_FILE_RATE // 1000
        raise AudioError(f"The sample rate of this file is out of range; send {low} to {high} kHz.")
    if sound.n_channels > limits.MAX_CHANNELS:
        raise AudioError(f"This file has {sound.n_channels} channels; send 1 to {limits.MAX_CHANNELS}.")
    if (sound.n_frames or 0) > limits.MAX_DURATION * sound.rate:
        raise AudioError(
            f"This file says that it is longer than {limits.MAX_DURATION / 60:.0f} minutes; send a shorter sound."
        )


def _decoders(file: BinaryIO) -> Iterator[Callable[[], Decoder]]:
    """What opens the file, best first: libsndfile unless it is known to misread such a file, then FFmpeg."""
    place = find_sound(file)
    if place.is_guess:
        yield lambda: SndFile(file, may_be_mp3=False)
    if not place.is_misread:
        yield lambda: SndFile(_placed(file, place))
    if place.demuxer in ("wav", "aiff"):
        place = find_in_chunks(file, place.demuxer)
        if place.offset and not place.demuxer:
            yield lambda: SndFile(_placed(file, place))
    if place.demuxer:
        yield lambda: FFmpegFile(_placed(file, place), place.demuxer)


def _placed(file: BinaryIO, place: Place) -> BinaryIO:
    return io.BufferedReader(Tail(file, place.offset, place.head)) if place.offset else file


def _decode(file: BinaryIO, duration: float) -> tuple[np.ndarray, int, float, float | None]:
    """Decode up to `duration` seconds with the first decoder that can, from the first sound on.

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
    foreign = describe_foreign(read_at(file, 0, 4_096))
    if foreign:
        raise AudioError(f"This is {foreign}.")
    try:
        return _decode_with_any(file, duration)
    except (UndecodableError, MemoryError, OSError) as error:
        raise AudioError(_BLANK if is_blank(file) else DAMAGED) from error


def _decode_with_any(file: BinaryIO, duration: float) -> tuple[np.ndarray, int, float, float | None]:
    problem = None
    for open_sound in _decoders(file):
        try:
            decoded = _decode_with(open_sound, duration)
        except UndecodableError as error:
            problem = problem or error
        else:
            if decoded is not None:
                return decoded
            problem = AudioError(NO_SAMPLES)
    try:
        raise problem
    finally:
        del problem  # it refers to this frame: as long as the frame refers to it, the file stays in memory


def _decode_with(open_sound: Callable[[], Decoder], duration: float) -> tuple | None:
    """As `_decode`; None if there are no samples."""
    for level in (limits.NOISE_LEVEL, limits.SILENCE_LEVEL):  # a file that is quiet throughout is read again
        with contextlib.closing(open_sound()) as sound:
            _check_header(sound)
            lead, n_skipped, loudest = _skip_below(level, sound)
            if len(lead):
                most = limits.MAX_DECODED_SAMPLES // (sound.n_channels + 1)
                n_lead, n_rest = len(lead), min(int(duration * sound.rate), most)
                samples = np.empty((n_lead + n_rest, sound.n_channels), np.float32)
                samples[:n_lead] = lead
                n = sound.read_into(samples[n_lead:])
                samples = _finite(samples[: n_lead + n])
                stated = math.nan if sound.n_frames is None else sound.n_frames / sound.rate
                return samples, sound.rate, n_skipped / sound.rate, None if n < n_rest else stated
            if loudest < limits.SILENCE_LEVEL:
                break
    if n_skipped:
        raise AudioError("There is no sound in this file, or none for minutes; send one that begins with the hit.")
    return None


def _skip_below(level: float, sound: Decoder) -> tuple[np.ndarray, int, float]:
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
    n_skipped, loudest, before = 0, 0.0, np.zeros((0, sound.n_channels), np.float32)
    n_most = limits.MAX_SCANNED_SAMPLES["PCM" if sound.is_cheap else "other"] // sound.n_channels
    block = _read_block(sound)
    while len(block) and n_skipped < n_most:
        # A constant offset is silence too.
        swing = max(channel.max() / 2 - channel.min() / 2 for channel in block.T)
        if swing >= level:
            return np.concatenate([before, block]), n_skipped - len(before), loudest
        n_skipped, loudest = n_skipped + len(block), max(loudest, swing)
        before, block = block, _read_block(sound)
    return before[:0], n_skipped, loudest


def _read_block(sound: Decoder) -> np.ndarray:
    """The next samples, shape (n, n_channels), float32; fewer, or none, at the end of the data."""
    n = min(int(_SCAN_DURATION * sound.rate), limits.MAX_BLOCK_SAMPLES // sound.n_channels)
    block = np.empty((n, sound.n_channels), np.float32)
    return _finite(block[: sound.read_into(block)])


def _finite(samples: np.ndarray) -> np.ndarray:
    if not np.isfinite(samples).all():
        raise AudioError("This file holds values that are not numbers; export it again.")
    return samples


def _loudest_channel(channels: np.ndarray) -> tuple[np.ndarray, float]:
    """The channel with the most energy, and its peak: shape (n,), no DC, scaled to 1. In place, as 5 s can be 120 MB.

    Not the sum of the channels: in opposite phase they would cancel, and with a few
    milliseconds of delay between them, as from a stereo widener, the sum is a comb filter.
    """
    highest = _peak(channels)
    channels /= highest
    if channels.shape[1] <= limits.USUAL_CHANNELS:
        # One by one: along the first axis of a stereo file, NumPy takes ten times as long.
        for channel in channels.T:
            channel -= channel.mean()
        loudest = max(channels.T, key=lambda channel: np.dot(channel, channel))
    else:
        channels -= channels.mean(axis=0)
        loudest = channels[:, np.argmax(np.einsum("ij,ij->j", channels, channels))]
    peak = _peak(loudest)
    return loudest / peak, float(highest) * float(peak)


def _peak(samples: np.ndarray) -> np.float32:
    return max(samples.max(), -samples.min())
