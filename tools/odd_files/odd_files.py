"""Uploads that strangers may send: valid but odd sounds, damaged ones, and files with false headers.

Every file is made here, from the example drums and a seed; the same seed gives the same bytes.
Each group is a table: file name -> bytes.
"""

import io
import struct
from dataclasses import dataclass
from functools import cache
from itertools import cycle

import numpy as np
import soundfile

from synthesis import drums
from synthesis.parts import SAMPLE_RATE
from tools.odd_files import odd_bytes as ob
from tools.odd_files.lying_files import ENDLESS, MOST, bombs, large, lying_headers
from tools.odd_files.other_codings import other_codings, other_headers

KICK, SNARE, CLAP, HAT = "kick_analogue", "snare_analogue", "clap_analogue", "closed_hat_analogue"


@dataclass(frozen=True)
class OddFile:
    """One upload and what should happen to it.

    Attributes
    ----------
    name : str
        A name that a disk can hold.
    data : bytes
        The content, which decides what kind of file it is; the name does not.
    expect : {"classify", "error", "either"}
        Must be answered, must be refused, or either; an answer must never be wrong.
    reference : str or None
        Which of `drums.EXAMPLES` is in it; its label is the right one.
    """

    name: str
    data: bytes
    expect: str
    reference: str | None = None


def odd_files(seed: int = 0) -> list[OddFile]:
    """More than 400 files, 85 MB in total.

    Parameters
    ----------
    seed : int
        For the noise in them, and for where the damaged ones are damaged.
    """
    rng = np.random.default_rng(seed)
    others = other_codings(clean(KICK)) | other_headers(clean(KICK))
    lawful = {
        KICK: _kicks(rng) | _misnamed() | others,
        SNARE: _snares(),
        CLAP: _claps(),
        HAT: _rates(HAT, 48_000, 96_000),
    }
    without_wires = _rates(SNARE, 4_000, 8_000)
    unclear = {KICK: _unclear_kicks(rng) | _damaged(rng), SNARE: without_wires, None: _ambiguous()}
    refused = _without_sound(rng) | _not_numbers() | _foreign(rng) | _cut_off()
    refused |= lying_headers(clean(KICK)) | bombs() | large()
    files = codings({sound: clean(sound) for sound in (KICK, SNARE, CLAP)})
    for expect, group in (("classify", lawful), ("either", unclear), ("error", {None: refused})):
        files += [OddFile(*file, expect, sound) for sound, table in group.items() for file in table.items()]
    return files


def codings(sounds: dict[str, np.ndarray]) -> list[OddFile]:
    """A file in every container and coding that libsndfile can write and `read_clip` can recognise.

    Parameters
    ----------
    sounds : dict of str to np.ndarray
        The contents, in turn.
    """
    files = []
    for container in sorted(set(soundfile.available_formats()) - {"RAW", "SD2", "SDS", "WVE"}):
        for coding, name in zip(sorted(soundfile.available_subtypes(container)), cycle(sounds), strict=False):
            rate = 48_000 if coding == "OPUS" else SAMPLE_RATE
            try:
                data = ob.encode(sounds[name], rate, container, coding)
            except soundfile.SoundFileError:  # listed, but libsndfile can only read it
                continue
            files.append(OddFile(f"{container}_{coding}.wav", data, "classify", name))
    return files


@cache
def clean(name: str) -> np.ndarray:
    """The sound with that name in `drums.EXAMPLES`."""
    return drums.EXAMPLES[name][2]()


def _rates(name: str, *rates: int) -> dict[str, bytes]:
    return {f"{name}_{rate}.aiff": ob.encode(clean(name), rate, "AIFF", "PCM_24") for rate in rates}


def _kicks(rng: np.random.Generator) -> dict[str, bytes]:
    """Rates, levels, and valid extra data before, after and around the sound."""
    kick, hiss, picture = clean(KICK), 1e-4 * rng.standard_normal(len(clean(KICK))), rng.bytes(300_000)
    wav, flac, ogg, mp3 = (ob.encode(kick, container=container) for container in ("WAV", "FLAC", "OGG", "MP3"))
    head, pcm, html = (b"fmt ", ob.wav_format()), (b"data", wav[44:]), b"<!DOCTYPE html><script>alert(1)</script>"
    levels = {
        "dc": 0.4 * kick + 0.5, "quiet": 1e-3 * kick, "inverted": -kick, "over_full_scale": 30 * kick,
        "huge": 1e30 * kick, "integers_as_floats": 32_767 * kick, "hiss": 0.9 * kick + hiss,
        "clipped": np.clip(3 * kick, -1, 1),
    }  # fmt: skip
    rates = (4_000, 8_000, 11_025, 12_345, 22_050, 32_000, 47_250, 48_000, 88_200, 96_000, 192_000, 767_999, 768_000)
    return _rates(KICK, *rates) | {
        **{f"level_{name}.wav": ob.encode(sound, coding="FLOAT") for name, sound in levels.items()},
        "production_chunks.wav": ob.riff((b"bext", bytes(603)), (b"junk", b"odd"), head, pcm, (b"smpl", bytes(36))),
        "html_chunk.wav": ob.riff((b"html", html), head, pcm),
        "id3_chunk.wav": ob.riff(head, pcm, (b"id3 ", ob.id3(picture))),
        "vorbis_in_riff.wav": ob.riff((b"fmt ", ob.wav_format(tag=0x674F)), (b"data", ogg)),
        "zip_behind.wav": wav + ob.zipped(("a.wav", wav)),
        "from_a_pipe.wav": ob.patched(ob.patched(wav, 4, b"\xff" * 4), 40, b"\xff" * 4),
        "from_a_pipe.flac": ob.flac_saying(flac, total=0),
        "picture.mp3": ob.id3(picture) + mp3,
        "old_tag.mp3": mp3 + b"TAG" + bytes(125),
    }


def _snares() -> dict[str, bytes]:
    """Two to eight channels; some cancel each other or are empty."""
    snare = clean(SNARE)[:, None]
    gains = {"opposite": [1, -1], "nearly_opposite": [1, -0.97], "right": [0, 1], "rear": [0, 0, 0, 0, 1, 0]}
    gains |= {str(n): [1] * n for n in range(2, 9)}
    return {f"channels_{name}.flac": ob.encode(snare * gain, container="FLAC") for name, gain in gains.items()}


def _claps() -> dict[str, bytes]:
    """Silence before and after."""

    def padded(before: int, after: int) -> np.ndarray:
        return np.pad(clean(CLAP), (before * SAMPLE_RATE, after * SAMPLE_RATE))

    return {
        f"silence_{before}_{after}.flac": ob.encode(padded(before, after), container="FLAC")
        for before, after in ((3, 0), (0, 30), (61, 1), (299, 290))
    }


def _misnamed() -> dict[str, bytes]:
    """Names with a meaning to a shell, a page, a spreadsheet or right-to-left text, and wrong suffixes."""
    wav, flac = ob.encode(clean(KICK)), ob.encode(clean(KICK), container="FLAC")
    names = (
        "a;rm -rf ~ `id`.wav", "<img src=x onerror=alert(1)>.wav", "**b** [l](javascript:1) :red[x].wav",
        "=1+1.wav", "@SUM(1).wav", "-rf.wav", "hat\u202evaw.exe.wav", "a\\..\\..\\x.wav", "C:\\x.wav", "%2e%2e%2fx.wav",
        "two\nlines\r\x1b[31m.wav", "e\u0301\u200b\ufeff.wav", "鼓🥁.WAV", "L" * 251 + ".wav", " .wav", "CON.wav",
    )  # fmt: skip
    return dict.fromkeys(names, wav) | dict.fromkeys(("really.mp3", "really.ogg", "really.wav", "really.aiff"), flac)


def _unclear_kicks(rng: np.random.Generator) -> dict[str, bytes]:
    """Sounds in files that contradict themselves: read as they were meant, or refused."""
    kick = clean(KICK)
    wav, flac, ogg, mp3 = (ob.encode(kick, container=container) for container in ("WAV", "FLAC", "OGG", "MP3"))
    head, pcm, pages = (b"fmt ", ob.wav_format()), (b"data", wav[44:]), ob.ogg_pages(ogg)
    sizes = {"0": 0, "1": 1, "less": 20_000, "more": len(wav) + 20_000, "2_gigabytes": MOST}
    return {
        **{f"riff_size_{name}.wav": ob.patched(wav, 4, struct.pack("<I", size)) for name, size in sizes.items()},
        **{f"data_size_{name}.wav": ob.patched(wav, 40, struct.pack("<I", size)) for name, size in sizes.items()},
        **{f"align_{n}.wav": ob.wav(wav[44:], align=n) for n in (0, 1, 4, 65_535)},
        **{f"tag_{tag:x}.wav": ob.wav(wav[44:], tag=tag) for tag in (0, 0x50, 0x55, 0xFFFE, 0xFFFF)},
        **{f"gain_{gain}.wav": ob.encode(gain * kick, coding="DOUBLE") for gain in (1e-38, 1e-5, 1e38, 1e300)},
        "20000_chunks.wav": ob.riff(*[(b"junk", b"")] * 20_000, head, pcm),
        "lists_in_lists.wav": ob.riff((b"LIST", ob.nested_lists(2_000)), head, pcm),
        "two_formats.wav": ob.riff(head, (b"fmt ", ob.wav_format(rate=8_000)), pcm),
        "format_behind.wav": ob.riff(pcm, head),
        "flac_in_riff.wav": ob.riff((b"fmt ", ob.wav_format(tag=0xF1AC)), (b"data", flac)),
        "mp3_in_riff.wav": ob.riff((b"fmt ", ob.wav_format(tag=0x55)), (b"data", mp3)),
        "riff_in_riff.wav": ob.riff((b"fmt ", ob.wav_format(tag=0x674F)), (b"data", wav)),
        "chained.ogg": ogg + ogg,
        "last_granule_lies.ogg": b"".join(pages[:-1]) + ob.ogg_page(pages[-1], granule=ENDLESS),
        "pages_swapped.ogg": b"".join(pages[:2] + pages[:1:-1]),
        "endless.flac": ob.flac_saying(flac, total=2**36 - 1),
        "shorter_than_stated.flac": ob.flac_saying(flac, total=20 * SAMPLE_RATE),
        "huge_tag.mp3": ob.id3(bytes(2_000_000)) + mp3,
        "tag_size_lies.mp3": ob.id3(b"", size=2**28 - 1) + mp3,
        "3_tags.mp3": ob.id3(rng.bytes(9)) * 3 + mp3,
        "many_frames_stated.mp3": ob.patched(mp3, mp3.index(b"Xing") + 8, struct.pack(">I", MOST)),
        "10_ms.wav": ob.encode(kick[:441]),
        "30_ms.wav": ob.encode(kick[:1_323]),
    }


def _ambiguous() -> dict[str, bytes]:
    """Sounds whose right label depends on how the header is read, or is unknown."""
    pcm = ob.encode(clean(KICK))[44:]
    return {
        **{f"{n}_bits.wav": ob.wav(pcm, bits=n) for n in (0, 7, 8, 15, 17, 24, 255, 65_535)},
        "square_wave_768000_hertz.flac": ob.constant_flac(np.resize([9_000, -9_000], 200), 768_000, 0, channels=8),
        "8_bit_noise_768000_hertz.wav": ob.wav(pcm * 20, rate=768_000, channels=8, bits=8, align=8),
    }


def _damaged(rng: np.random.Generator) -> dict[str, bytes]:
    """Cut in half, or with a bit flipped in the sound, not in the header."""
    damaged = {}
    for container in ("WAV", "AIFF", "FLAC", "OGG", "MP3", "CAF", "AU", "W64", "RF64"):
        data = ob.encode(clean(KICK), container=container)
        damaged[f"half.{container.lower()}.wav"] = data[: len(data) // 2]
        broken = bytearray(data)
        broken[len(data) // 2 + int(rng.integers(len(data) // 3))] ^= 0x10
        damaged[f"flipped.{container.lower()}.wav"] = bytes(broken)
    return damaged


def _without_sound(rng: np.random.Generator) -> dict[str, bytes]:
    silences = {
        "zeros": np.zeros(SAMPLE_RATE), "constant": np.full(SAMPLE_RATE, 0.4), "stereo": np.zeros((SAMPLE_RATE, 2)),
        "denormal": np.resize([1e-40, -1e-40], SAMPLE_RATE), "last_bit": rng.choice([0, 2**-16], SAMPLE_RATE),
        "0_samples": np.zeros(0), "1_sample": np.ones(1), "300_samples": np.resize([0.5, -0.5], 300),
    }  # fmt: skip
    files = {f"silent_{name}.wav": ob.encode(sound, coding="FLOAT") for name, sound in silences.items()}
    files |= {
        f"silent_zeros.{end}": ob.encode(silences["zeros"], container=end.upper()) for end in ("mp3", "ogg", "flac")
    }
    files["silent_ultrasound.wav"] = _ultrasound()
    return files | {f"{end}_0_samples.wav": ob.encode(np.zeros(0), container=end) for end in ("AIFF", "CAF", "W64")}


def _ultrasound() -> bytes:
    """A tone of 30 kHz at 96 kHz."""
    file = io.BytesIO()
    time = np.arange(96_000) / 96_000
    soundfile.write(file, np.hanning(96_000) * np.sin(2 * np.pi * 30_000 * time), 96_000, format="WAV")
    return file.getvalue()


def _not_numbers() -> dict[str, bytes]:
    files = {}
    for name, value in {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}.items():
        for coding in ("FLOAT", "DOUBLE"):
            sound = np.tile(clean(SNARE)[:, None], 2)
            sound[3_000, 1] = value
            files[f"{name}_{coding}.wav"] = ob.encode(sound, coding=coding)
        files[f"all_{name}.aiff"] = ob.encode(np.full(SAMPLE_RATE, value), 22_050, "AIFF", "FLOAT")
    return files


def _foreign(rng: np.random.Generator) -> dict[str, bytes]:
    """Files that are not sounds."""
    pdf, html = b"%PDF-1.7\n" + rng.bytes(3_000), b"<html><body>404 not found</body></html>" * 20
    return {
        "empty.wav": b"", "one_byte.wav": b"R", "text.wav": b"This is no sound. " * 99, "html.wav": html,
        "json.wav": b'{"sound": [0, 1, -1]}' * 50, "utf16.wav": ("\ufeff" + "no sound " * 99).encode("utf-16-le"),
        "png.wav": b"\x89PNG\r\n\x1a\n" + rng.bytes(2_000), "zip.wav": ob.zipped(("kick.wav", ob.encode(clean(KICK)))),
        "gzip.wav": b"\x1f\x8b\x08" + rng.bytes(900), "midi.wav": b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + bytes(90),
        "sds.wav": ob.encode(clean(KICK), container="SDS"), "pdf.wav": pdf,
        "m4a.wav": b"\0\0\0\x20ftypM4A " + rng.bytes(900), "aac.wav": b"\xff\xf1\x50\x80" + rng.bytes(900),
        "rx2.wav": b"CAT \0\0\4\0REX2HEAD" + rng.bytes(900), "pickle.wav": b"\x80\4\x95" + rng.bytes(99),
        "noise.wav": rng.bytes(65_536), "tag_only.mp3": ob.id3(rng.bytes(5_000)), "old_tag.wav": b"TAG" + bytes(125),
        "riff_of_noise.wav": b"RIFF" + rng.bytes(9_000), "wave_of_noise.wav": ob.riff((b"fmt ", rng.bytes(900))),
        "flac_of_noise.flac": b"fLaC" + rng.bytes(9_000), "no_format.wav": ob.riff((b"data", bytes(9_000))),
        "no_data.wav": ob.riff((b"fmt ", ob.wav_format())), "avi.wav": ob.riff((b"LIST", bytes(99)), kind=b"AVI "),
    }  # fmt: skip


def _cut_off() -> dict[str, bytes]:
    """Only the beginning of a header."""
    ends = {
        "WAV": (4, 12, 35, 44), "AIFF": (4, 12, 30, 54), "FLAC": (4, 8, 30, 42), "OGG": (4, 27, 58, 90), "MP3": (3, 40),
        "CAF": (4, 20, 52), "AU": (4, 24), "W64": (16, 40, 90), "RF64": (12, 48), "VOC": (26,), "MAT5": (128,),
    }  # fmt: skip
    return {
        f"{name}_cut_at_{end}.wav": ob.encode(clean(KICK), container=name)[:end]
        for name, ats in ends.items()
        for end in ats
    }
