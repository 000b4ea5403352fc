"""Files that cost gigabytes or hours if their headers are believed: tables for `odd_files`."""

import struct

import numpy as np

from synthesis.parts import SAMPLE_RATE
from tools.odd_files import odd_bytes as ob

MOST = 2**31 - 1
ENDLESS = 2**63 - 1
_MP3_FRAME = bytes.fromhex("ffe318c0") + bytes(68)  # 72 ms of silence: MPEG-2.5, layer III, 8 kbit/s, 8 kHz, mono


def lying_headers(sound: np.ndarray) -> dict[str, bytes]:
    """Headers with rates, channels and sizes that no file has; most are followed by far less than they state.

    Parameters
    ----------
    sound : np.ndarray, shape (n,)
    """
    wav, aiff, au, caf, flac, w64, ogg = (
        ob.encode(sound, container=container) for container in ("WAV", "AIFF", "AU", "CAF", "FLAC", "W64", "OGG")
    )
    first, *pages = ob.ogg_pages(ogg)
    opus, *opus_pages = ob.ogg_pages(ob.encode(sound, 48_000, "OGG", "OPUS"))
    rates = (0, 1, 10, 3_999, 768_001, MOST, 2**32 - 1)
    few = bytes(range(16))
    return {
        **{f"{rate}_hertz.wav": ob.wav(wav[44:], rate=rate) for rate in rates},
        **{f"{rate}_hertz.flac": ob.flac_saying(flac, rate, len(sound)) for rate in (0, 1, 10, 2**20 - 1)},
        **{f"{rate}_hertz.au": ob.patched(au, 16, struct.pack(">I", rate)) for rate in rates},
        **{f"{rate}_hertz.caf": ob.patched(caf, 20, struct.pack(">d", float(rate))) for rate in (*rates, "nan", -1)},
        **{f"{rate}_hertz.w64": ob.patched(w64, 68, struct.pack("<I", rate)) for rate in rates},
        **{f"{rate}_hertz.ogg": b"".join([_vorbis(first, 40, rate), *pages]) for rate in rates},
        **{f"rate_{rate.hex()}.aiff": ob.patched(aiff, 28, rate) for rate in (bytes(10), b"\x7f\xff" * 5)},
        **{f"{n}_channels.wav": ob.wav(wav[44:], channels=n, align=2 * n % 2**16) for n in (0, 65, 1_024, 65_535)},
        **{f"{n}_channels.au": ob.patched(au, 20, struct.pack(">I", n)) for n in (0, 65, MOST, 2**32 - 1)},
        **{f"{n}_channels.caf": ob.patched(caf, 44, struct.pack(">I", n)) for n in (0, 65, MOST, 2**32 - 1)},
        **{f"{n}_channels.aiff": ob.patched(aiff, 20, struct.pack(">H", n)) for n in (0, 65, 65_535)},
        "255_channels.ogg": b"".join([ob.ogg_page(ob.patched(first, 39, b"\xff")), *pages]),
        "255_channels.opus": b"".join([ob.ogg_page(ob.patched(opus, 37, b"\xff")), *opus_pages]),
        "comment_of_4_gigabytes.ogg": b"".join([first, ob.ogg_page(ob.patched(pages[0], 49, b"\xff" * 4)), *pages[1:]]),
        "2_gigabytes_of_data.wav": ob.patched(wav, 40, struct.pack("<I", MOST))[:60],
        "format_of_2_gigabytes.wav": ob.patched(wav, 16, struct.pack("<I", MOST)),
        "list_of_4_gigabytes.wav": ob.patched(ob.riff((b"LIST", few)), 16, b"\xff" * 4),
        "2e63_frames.rf64.wav": _rf64(few, ENDLESS),
        "2e63_frames.w64": ob.patched(w64, 16, struct.pack("<Q", ENDLESS))[:110],
        "2e36_frames.flac": ob.flac_saying(flac, total=2**36 - 1)[:90],
        "4e9_frames.aiff": ob.patched(aiff, 22, b"\xff" * 4)[:60],
        "2e63_frames.caf": ob.patched(caf, 56, struct.pack(">Q", ENDLESS))[:80],
        "data_behind_the_end.au": ob.patched(au, 4, struct.pack(">I", MOST)),
        "picture_of_16_megabytes.flac": b"fLaC\6\xff\xff\xff" + flac[8:],
        "2e63_frames.mat.wav": b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<4I", 14, MOST, 6, 8) + few,
        "2e31_frames.mat4.wav": ob.patched(ob.encode(sound[:16], container="MAT4"), 47, struct.pack("<I", MOST)),
        "1e18_frames.nist.wav": b"NIST_1A\n   1024\nsample_count -i 1000000000000000000\n".ljust(1_024) + few,
        "voice_without_end.voc.wav": b"Creative Voice File\x1a\x1a\0\x0a\x01\x29\x11" + b"\1\xff\xff\xff\xd3\0" + few,
        "instrument.xi.wav": b"Extended Instrument: ".ljust(298, b"\xff") + few,
        "2e31_channels.pvf.wav": b"PVF1\n2147483647 2147483647 32\n" + few,
        "4_gigabytes.svx.wav": b"FORM\xff\xff\xff\xff8SVXVHDR\0\0\0\x14" + b"\xff" * 20 + b"BODY\xff\xff\xff\xff" + few,
        "2e31_frames.htk.wav": struct.pack(">IIHH", MOST, 1, 2, 0) + few,
    }  # fmt: skip


def bombs() -> dict[str, bytes]:
    """Hours of silence in a few kilobytes, and files much longer than their headers state."""
    quiet = np.zeros(20 * SAMPLE_RATE)
    vorbis, opus = ob.encode(quiet, container="OGG"), ob.encode(quiet, 48_000, "OGG", "OPUS")
    hiss = ob.encode(np.resize([1e-5, -1e-5, 0], 20 * SAMPLE_RATE), container="AU", coding="G723_24")
    frames = np.zeros(1_500, int)
    hours = 65_535 * len(frames)
    return {
        "27_hours_1_hertz.flac": ob.constant_flac(frames[:2], 1, 2 * 65_535),
        "3_hours.flac": ob.constant_flac(frames, 8_000, hours, 8),
        "3_hours_unsaid.flac": ob.constant_flac(frames, 8_000, 0, 8),
        "3_hours_said_to_be_a_second.flac": ob.constant_flac(frames, 8_000, 8_000),
        "constant_blocks_unsaid.flac": ob.constant_flac(frames + 9_000, 768_000, 0, 8),
        "hour_of_silence.ogg": ob.repeated_ogg(vorbis, 608, 261_120),
        "hour_of_silence_said_to_be_a_second.ogg": ob.repeated_ogg(vorbis, 608, 72),
        "hour_of_silence_said_to_be_none.ogg": ob.repeated_ogg(vorbis, 608, 0),
        "15_minutes_of_silence.opus": ob.repeated_ogg(opus, 900, 48_000),
        "15_minutes_of_silence_said_to_be_a_second.opus": ob.repeated_ogg(opus, 900, 53),
        "7_minutes_of_hiss_in_a_slow_coding.au": hiss[:8] + b"\xff" * 4 + hiss[12:] + hiss[24:] * 20,
        "80_minutes_of_silence.mp3": _MP3_FRAME * 66_000,
        "lists_to_the_limit.wav": ob.riff(*[(b"LIST", b"INFO")] * 300_000),
    }  # fmt: skip


def large() -> dict[str, bytes]:
    """Files close to the size limit, and one a byte over it."""
    return {
        "zeros_up_to_the_limit.wav": bytes(9_900_000),
        "silence_up_to_the_limit.wav": ob.wav(bytes(9_900_000)),
        "one_byte_too_large.wav": ob.wav(bytes(10_000_001 - 44)),
        "tag_of_5_megabytes.mp3": ob.id3(bytes(5_000_000)),
    }


def _vorbis(first_page: bytes, offset: int, value: int) -> bytes:
    """The page with the identification header, with one number replaced (Vorbis I, section 4.2.2)."""
    return ob.ogg_page(ob.patched(first_page, offset, struct.pack("<I", value)))


def _rf64(pcm: bytes, n_bytes: int) -> bytes:
    """A WAV that states the given 64-bit size (EBU Tech 3306)."""
    sizes = struct.pack("<QQQI", n_bytes, n_bytes, n_bytes // 2, 0)
    wav = ob.riff((b"ds64", sizes), (b"fmt ", ob.wav_format()), (b"data", pcm))
    return b"RF64" + wav[4:]
