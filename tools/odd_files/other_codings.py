"""Sound files as FFmpeg writes them, and what no encoder at hand can write, byte by byte."""

import io
import struct
from collections.abc import Iterator

import av
import numpy as np
import soxr

from synthesis.parts import SAMPLE_RATE
from tools.odd_files import odd_bytes as ob
from tools.odd_files.monkeys_audio import encode_ape

# Container, coding, sample rate as FFmpeg names them -> the name of a file.
CODINGS = {
    ("ipod", "aac", 44_100): "telephone.m4a",
    ("ipod", "alac", 44_100): "store.m4a",
    ("mov", "pcm_s24le", 48_000): "camera.m4a",
    ("adts", "aac", 48_000): "stream.aac",
    ("caf", "alac", 44_100): "lossless.caf",
    ("asf", "wmav2", 44_100): "windows.wma",
    ("asf", "wmav1", 44_100): "old_windows.wma",
    ("wv", "wavpack", 44_100): "packed.wv",
    ("wav", "ac3", 48_000): "ac3.wav",
    ("wav", "libmp3lame", 44_100): "mp3.wav",
    ("matroska", "flac", 96_000): "lossless.mka",
    ("webm", "libopus", 48_000): "browser.weba",
    ("tta", "tta", 44_100): "true_audio.tta",
    ("mp2", "mp2", 44_100): "broadcast.mp2",
}


def other_codings(sound: np.ndarray) -> dict[str, bytes]:
    """Name -> a sound of one channel in a coding that libsndfile cannot read."""
    files = {name: encode_other(sound, *how) for how, name in CODINGS.items()}
    return files | {"loop.caf": apple_loop(sound), "monkey.ape": encode_ape(sound), "spdif.wav": ac3_as_pcm(sound)}


def other_headers(sound: np.ndarray) -> dict[str, bytes]:
    """Name -> a sound of one channel in a coding that libsndfile can read, with a header that it cannot."""
    wav, mp3 = ob.encode(sound), ob.encode(sound, container="MP3")
    head, pcm = (b"fmt ", ob.wav_format()), wav[44:]
    sizes = struct.pack("<QQQI", len(pcm) + 80, len(pcm), len(pcm) // 2, 0)
    variable = ob.encode(sound, container="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    return {
        "streamed.wav": ob.patched(wav, 40, bytes(4)),
        "bw64.wav": b"BW64" + ob.riff((b"ds64", sizes), head, (b"data", pcm))[4:],
        "zero_chunk.wav": ob.riff(head, (bytes(4), bytes(20)), (b"data", pcm)),
        "unpadded.wav": ob.riff(head, (b"bext", b"x" * 603), (b"data", pcm)).replace(b"x\0data", b"xdata"),
        "died.caf": caf_without_size(sound),
        "variable.mp3": mp3_frames(variable),
        "zeros_before.mp3": bytes(3_000) + mp3,
        "tags_before.mp3": ob.id3(bytes(9_000)) * 2 + ape_tag((b"Title", b"Kick")) + mp3,
        "joined.mp3": mp3 + mp3_frames(variable),
        "13_channels.wav": ob.encode(np.outer(sound, np.linspace(0.2, 1, 13)), coding="PCM_24"),
    }


def encode_other(sound: np.ndarray, container: str, coding: str, rate: int = SAMPLE_RATE, **options: str) -> bytes:
    """A sound as FFmpeg writes it, the same bytes every time.

    Parameters
    ----------
    sound : np.ndarray, shape (n,) or (n, n_channels)
        At `SAMPLE_RATE`; one or two channels.
    container, coding : str
        As FFmpeg names them.
    rate : int
        Of the file; the sound is resampled.
    **options
        Of the container.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options={"fflags": "+bitexact", **options}) as file:
        _, packets = _encoded(file, sound, coding, rate)
        for packet in packets:
            file.mux(packet)
    return buffer.getvalue()


def frames_of(sound: np.ndarray, coding: str = "aac") -> tuple[bytes, list[bytes]]:
    """What FFmpeg tells a decoder beforehand, and the encoded frames, without a container."""
    with av.open(io.BytesIO(), "w", format="mov") as file:
        stream, packets = _encoded(file, sound, coding, SAMPLE_RATE)
        frames = [bytes(packet) for packet in packets]
        return stream.codec_context.extradata, frames


def apple_loop(sound: np.ndarray) -> bytes:
    """AAC in a CAF, as Apple Loops are (Apple, "Core Audio Format Specification 1.0")."""
    config, frames = frames_of(sound)
    info = _described(4, bytes((0x40, 0x15)) + bytes(11) + _described(5, config))
    cookie = _described(3, bytes(3) + info + _described(6, b"\2"))
    sizes = b"".join(_seven_bits(len(frame)) for frame in frames)
    priming = 1_024
    tail = 1_024 * len(frames) - priming - len(sound)
    table = struct.pack(">qqii", len(frames), len(sound), priming, max(tail, 0)) + sizes
    chunks = (
        (b"desc", struct.pack(">d4sIIIII", SAMPLE_RATE, b"aac ", 0, 0, 1_024, 1, 0)),
        (b"kuki", cookie),
        (b"pakt", table),
        (b"data", bytes(4) + b"".join(frames)),
    )
    return b"caff\0\1\0\0" + b"".join(name + struct.pack(">q", len(body)) + body for name, body in chunks)


def ac3_as_pcm(sound: np.ndarray) -> bytes:
    """AC-3 in the bursts of S/PDIF in a WAV that says it is plain stereo (IEC 61937)."""
    bursts = encode_other(np.tile(sound[:, None], 2), "spdif", "ac3", 48_000)
    return ob.riff((b"fmt ", ob.wav_format(channels=2, rate=48_000, align=4)), (b"data", bursts))


def caf_without_size(sound: np.ndarray) -> bytes:
    """A CAF whose writer never came back to fill in the size of the data."""
    caf = ob.encode(sound, container="CAF")
    return ob.patched(caf, caf.index(b"data") + 4, b"\xff" * 8)


def mp3_frames(mp3: bytes) -> bytes:
    """The frames of an MP3 without the tags and the header that states its length."""
    first = mp3.index(b"\xff\xfb")
    return mp3[mp3.index(b"\xff\xfb", first + 4) :]


def ape_tag(*items: tuple[bytes, bytes]) -> bytes:
    """An APEv2 tag with a header, as some programs put before the sound (wiki.hydrogenaud.io)."""
    body = b"".join(struct.pack("<II", len(value), 0) + key + b"\0" + value for key, value in items)

    def end(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII", 2_000, len(body) + 32, len(items), flags) + bytes(8)

    return end(0xA0000000) + body + end(0x80000000)


def _encoded(file, sound: np.ndarray, coding: str, rate: int) -> tuple[av.AudioStream, Iterator[av.Packet]]:
    """A stream in an open file, and its packets."""
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, SAMPLE_RATE, rate)
    channels = sound.reshape(len(sound), -1)
    layout = "mono" if channels.shape[1] == 1 else "stereo"
    stream = file.add_stream(coding, rate=rate, layout=layout)
    stream.bit_rate = 128_000
    coder = stream.codec_context
    formats = [choice.name for choice in coder.codec.audio_formats]
    coder.format = next(choice for choice in ("fltp", "s32p", "s32", "s16p", "s16", *formats) if choice in formats)
    coder.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels.T, np.float32), format="fltp", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    coder.open()
    resampler = av.AudioResampler(coder.format, layout, rate, coder.frame_size or None)

    def packets() -> Iterator[av.Packet]:
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            yield from stream.encode(piece)

    return stream, packets()


def _described(tag: int, body: bytes) -> bytes:
    """A descriptor of ISO 14496-1, 7.2.2."""
    return bytes((tag, 0x80, 0x80, 0x80, len(body))) + body


def _seven_bits(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.insert(0, number & 0x7F | 0x80)
    return bytes(digits)
