"""The second decoder, FFmpeg through PyAV: what telephones, stores and old computers make, and headers that are off.

FFmpeg can open other files and the network where a playlist or a film tells it to. Here it cannot: the
demuxer is named, never guessed, and is one of a few that hold sound themselves; only audio decoders are
allowed; no protocol is; and whatever FFmpeg wants to open besides the file in hand is refused.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

from drumclf.headers import count_seconds
from drumclf.sources import AudioError, UndecodableError

# Around the import of PyAV: a process that limits its own memory makes room for the libraries here.
while_importing: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext
DEMUXERS = frozenset(("wav", "aiff", "caf", "mp3", "aac", "mov", "asf", "wv", "ape", "tta", "mpc", "mpc8", "matroska"))
_PCM = [f"pcm_{kind}{order}" for kind in ("s16", "s24", "s32", "f32", "f64") for order in ("le", "be")]
CODECS = (
    *_PCM, "pcm_u8", "pcm_s8", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "mp3float", "mp3",
    "mp2float", "mp2", "mp1float", "mp1", "aac", "alac", "flac", "vorbis", "opus", "libopus", "speex", "ac3", "eac3",
    "wmav1", "wmav2", "wmapro", "wmalossless", "wavpack", "ape", "tta", "mpc7", "mpc8",
)  # fmt: skip
# These state no length, and FFmpeg guesses it from the first frame: the frames are counted.
_COUNTED = frozenset(("mp3", "aac"))
_MOST_BAD = 1_000  # packets in a row that cannot be decoded
_PADDING = 4_096  # at most so many samples behind the stated end are the encoder's
_MISSING = "Sounds of this type need the package av, which is not installed here; save the sound as WAV, FLAC or MP3."
_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63, "flt": 1.0, "dbl": 1.0}


class FFmpegFile:
    """A sound that FFmpeg decodes; attributes as in `drumclf.sources.Decoder`.

    Parameters
    ----------
    file : binary file object
        Can seek. Nothing else is opened.
    demuxer : str
        One of `DEMUXERS`.

    Raises
    ------
    UndecodableError
    AudioError
        If PyAV is not installed.
    """

    def __init__(self, file: BinaryIO, demuxer: str):
        self._left = np.zeros((0, 1), np.float32)
        seconds = count_seconds(file) if demuxer in _COUNTED else None
        self._container = _open(file, demuxer)
        with _undecodable(), contextlib.ExitStack() as on_failure:
            on_failure.callback(self._container.close)
            stream = _audio_stream(self._container)
            coder = stream.codec_context
            coder.thread_count = 1
            self.rate, self.n_channels = coder.sample_rate, coder.layout.nb_channels
            self._packets = self._container.demux(stream)
            self.n_frames = _stated_length(stream)
            if demuxer in _COUNTED:
                self.n_frames = None if seconds is None else round(seconds * self.rate)
            self.is_cheap = coder.name.startswith("pcm_")
            self._end = self.n_frames if demuxer == "mov" else None
            if demuxer == "caf" and coder.name == "alac":  # FFmpeg would cut the padding from a packet that has none
                coder.flags2 |= 1 << 29  # AV_CODEC_FLAG2_SKIP_MANUAL
                self._end = self.n_frames
            self._n_read, self._n_good, self._n_bad = 0, 0, 0
            on_failure.pop_all()

    def read_into(self, out: np.ndarray) -> int:
        """As in `drumclf.sources.Decoder`."""
        n = 0
        while n < len(out):
            if not len(self._left):
                with _undecodable():
                    self._left = self._next()
                if not len(self._left):
                    break
            part = self._left[: len(out) - n]
            out[n : n + len(part)] = part
            self._left, n = self._left[len(part) :], n + len(part)
        return n

    def close(self) -> None:
        """Free what FFmpeg holds."""
        self._packets.close()
        self._container.close()

    def _next(self) -> np.ndarray:
        """The samples of one or more packets, shape (n, n_channels), float32; none at the end."""
        error = _load().error
        while True:
            try:
                packet = next(self._packets, None)
                frames = packet.decode() if packet else []
            except error.EOFError:
                packet = None
            except error.InvalidDataError:  # players skip such a packet too
                self._n_bad += 1
                if self._n_bad - self._n_good > _MOST_BAD:
                    raise
                continue
            if packet is None:
                if self._n_bad > self._n_good:
                    raise UndecodableError
                return np.zeros((0, self.n_channels), np.float32)
            parts = [self._samples(frame) for frame in frames if frame.sample_rate == self.rate]
            self._n_good += len(parts)
            if any(map(len, parts)):
                return self._without_padding(np.concatenate(parts))

    def _samples(self, frame) -> np.ndarray:
        """Shape (n, n_channels), float32; where a joined file changes to other channels, the first ones of them."""
        n_channels, kind = frame.layout.nb_channels, frame.format.name
        values = frame.to_ndarray()
        values = values.T if kind.endswith("p") else values.reshape(-1, n_channels)
        samples = values.astype(np.float32)
        if kind.startswith("u8"):
            samples -= 128
        samples /= _FULL_SCALE[kind.removesuffix("p")]
        if n_channels == self.n_channels:
            return samples
        return samples[:, np.minimum(np.arange(self.n_channels), n_channels - 1)]

    def _without_padding(self, samples: np.ndarray) -> np.ndarray:
        begin, self._n_read = self._n_read, self._n_read + len(samples)
        if self._end and 0 < self._n_read - self._end <= _PADDING:
            return samples[: max(self._end - begin, 0)]
        return samples


def _open(file: BinaryIO, demuxer: str):
    if demuxer not in DEMUXERS:
        raise UndecodableError
    av = _load()
    options = {
        "format_whitelist": demuxer,
        "codec_whitelist": ",".join(CODECS),
        "protocol_whitelist": "none",
    }
    if demuxer == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    file.seek(0)
    with _undecodable():
        return av.open(file, format=demuxer, options=options, io_open=_refuse, metadata_errors="ignore")


def _refuse(url: str, flags: int, options: dict) -> None:
    """Called by FFmpeg to open anything else."""
    raise PermissionError


def _audio_stream(container):
    """The first sound; a picture of the cover, a film and subtitles are left alone."""
    for stream in container.streams:
        coder = stream.codec_context if stream.type == "audio" else None
        if coder is not None and coder.name in CODECS and coder.sample_rate > 0 and coder.layout.nb_channels > 0:
            return stream
    raise UndecodableError


def _stated_length(stream) -> int | None:
    if stream.duration is None or stream.time_base is None or stream.duration <= 0:
        return None
    return round(stream.duration * stream.time_base * stream.codec_context.sample_rate)


@contextlib.contextmanager
def _undecodable() -> Iterator[None]:
    """Turn whatever PyAV raises into UndecodableError, except for what says more."""
    try:
        yield
    except (AudioError, UndecodableError, MemoryError):
        raise
    except Exception as error:
        raise UndecodableError from error


def _load():
    """PyAV, imported when it is first needed: most sounds never need it."""
    try:
        with contextlib.nullcontext() if "av" in sys.modules else while_importing():
            import av
    except ImportError as error:
        raise AudioError(_MISSING) from error
    return av
