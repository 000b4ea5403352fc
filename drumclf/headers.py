"""Where the sound is in a file, from its content: which demuxer, from which byte on.

Every search is bounded, since the bytes are a stranger's.
"""

import re
import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

_MAGIC = (  # offset, bytes, FFmpeg's name of the demuxer
    (0, b"caff", "caf"),
    (0, b"wvpk", "wv"),
    (0, b"MAC ", "ape"),
    (0, b"TTA1", "tta"),
    (0, b"MP+", "mpc"),
    (0, b"MPCK", "mpc8"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    *((4, atom, "mov") for atom in (b"ftyp", b"moov", b"mdat", b"wide", b"pnot")),
)
_BEGINNING = 16_384  # bytes that are looked at in any case
_SPDIF = b"\x72\xf8\x1f\x4e"  # where AC-3 passes for 16-bit stereo, as it does on S/PDIF (IEC 61937): else, noise
_STARTS = (b"fLaC", b"OggS", b".snd", b"ID3", b"APETAGEX", b"riff\x2e\x91\xcf\x11")
_RIFF = (b"RIFF", b"RF64", b"BW64")
_SEARCHED = 1_000_000  # bytes of junk before the first frame
_MOST_TAGS = 32
_MOST_STARTS = 20_000  # bytes that look like the start of a frame and are followed up
_IN_A_ROW = 4  # frames that fit together are no coincidence
_MOST_FRAMES = 100_000  # that are counted: more than half an hour
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_FRAME = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]|\xff[\xf0\xf1\xf8\xf9]", re.DOTALL)
_KBITS = {  # MPEG 1 or not, layer -> kbit/s by index (ISO 11172-3, 2.4.2.3; ISO 13818-3, 2.4.2.3)
    (True, 1): range(0, 449, 32),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where the sound begins, and what it is.

    Attributes
    ----------
    demuxer : str or None
        FFmpeg's name; None if the content is of no kind that FFmpeg is asked to read.
    offset : int
        Bytes before the sound.
    head : bytes
        To be read in place of those bytes.
    is_misread : bool
        Whether libsndfile would read it wrongly or not at all.
    is_guess : bool
        Whether the bytes before may be those of some other kind of sound.
    """

    demuxer: str | None
    offset: int = 0
    head: bytes = b""
    is_misread: bool = False
    is_guess: bool = False


def find_sound(file: BinaryIO) -> Place:
    """Where the sound is in a file that can seek."""
    head = _at(file, 0, _BEGINNING)
    if head[:4] in _RIFF and head[8:12] == b"WAVE":
        return Place("wav", is_misread=_SPDIF in head)
    if head[:4] in (b"fLaC", b"OggS"):
        return Place(None)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Place("aiff")
    demuxer = _by_magic(head)
    if demuxer:
        return Place(demuxer, is_misread=demuxer != "caf")
    after_tags = _skip_tags(file)
    head = _at(file, after_tags, 64) if after_tags else b""
    demuxer = _by_magic(head)
    if demuxer or head[:4] in (b"fLaC", b"OggS"):
        return Place(demuxer, after_tags, is_misread=demuxer is not None)
    return _find_frames(file, after_tags) or (_find_frames(file, 10) if after_tags else None) or Place(None)


def starts_as_sound(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a sound that can be read; quick whatever they are."""
    if head[:4] in _RIFF or head[:4] == b"FORM":
        return head[8:12] in (b"WAVE", b"AIFF", b"AIFC")
    if head.startswith(_STARTS) or _by_magic(head):
        return True
    kind, length, constant = _frame(head[:7])
    return kind is not None and _frame(head[length : length + 7])[2] == constant


def _by_magic(head: bytes) -> str | None:
    return next((name for offset, magic, name in _MAGIC if head.startswith(magic, offset)), None)


# --- MP3 and AAC: frames, with tags or anything else before them.


def _skip_tags(file: BinaryIO) -> int:
    """Where the last of the tags at the start ends: ID3v2 (id3.org), ID3v1, APEv2 (wiki.hydrogenaud.io)."""
    offset, size = 0, file.seek(0, 2)
    for _ in range(_MOST_TAGS):
        head = _at(file, offset, 32)
        if head[:3] == b"ID3" and len(head) >= 10:
            seven_bits = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
            n = 10 + seven_bits + (10 if head[5] & 0x10 else 0)
        elif head[:8] == b"APETAGEX" and len(head) == 32:
            n = 32 + int.from_bytes(head[12:16], "little")
        elif head[:3] == b"TAG" and offset:
            n = 128
        else:
            break
        if offset + n >= size:
            break
        offset += n
    return offset


def _find_frames(file: BinaryIO, begin: int) -> Place | None:
    """The first of several frames in a row that fit together."""
    data = _at(file, begin, _SEARCHED)
    size = file.seek(0, 2) - begin
    for n, match in enumerate(_FRAME.finditer(data)):
        if n > _MOST_STARTS:
            break
        kind = _fits_together(data, match.start(), size)
        if kind:
            offset = begin + match.start()
            place = _mp3(file, offset) if kind == "mp3" else Place("aac", offset, is_misread=True)
            return replace(place, is_guess=match.start() > 0)
    return None


def _fits_together(data: bytes, position: int, size: int) -> str | None:
    """Kind of the frames from a position on; None if they are none."""
    first, known = position, None
    for n in range(_IN_A_ROW):
        kind, length, constant = _frame(data[position : position + 7])
        if kind is None or (known and constant != known):
            at_end = n > 0 and (position >= size or data[position : position + 3] in (b"TAG", b"APE", b"LYR"))
            return known[0] if at_end and (n > 1 or first == 0) else None
        known, position = constant, position + length
    return known[0]


def _frame(header: bytes) -> tuple[str | None, int, tuple]:
    """Kind, length in bytes and the fields that all frames of a stream share; None if it is no frame."""
    if len(header) < 7 or header[0] != 0xFF:
        return None, 0, ()
    _, b, c, d, e, f, _ = header
    version, layer_bits = b >> 3 & 3, b >> 1 & 3
    if b & 0xF6 == 0xF0:  # ADTS (ISO 13818-7, 6.2)
        length = (d & 3) << 11 | e << 3 | f >> 5
        is_frame = length > 7 and c >> 2 & 15 < len(_AAC_RATES)
        return ("aac", length, ("aac", b, c & 0xC1, _AAC_RATES[c >> 2 & 15])) if is_frame else (None, 0, ())
    if b & 0xE0 != 0xE0 or version == 1 or layer_bits == 0 or c >> 4 in (0, 15) or c >> 2 & 3 == 3:
        return None, 0, ()
    layer, is_mpeg1 = 4 - layer_bits, version == 3
    rate = (44_100, 48_000, 32_000)[c >> 2 & 3] >> {3: 0, 2: 1, 0: 2}[version]
    kbits, padding = _KBITS[is_mpeg1, layer][c >> 4], c >> 1 & 1
    if layer == 1:
        length = (12_000 * kbits // rate + padding) * 4
    else:
        length = (144_000 if is_mpeg1 or layer == 2 else 72_000) * kbits // rate + padding
    return "mp3", length, ("mp3", version, layer, rate)


def count_seconds(file: BinaryIO) -> float | None:
    """How long the frames of an MP3 or AAC last together; None if there are too many to count."""
    seconds, position, begin, data = 0.0, 0, 0, b""
    for _ in range(_MOST_FRAMES):
        if position + 7 > begin + len(data):
            begin, data = position, _at(file, position, _SEARCHED)
        at = position - begin
        kind, length, constant = _frame(data[at : at + 7])
        if kind is None:  # a tag, damage or the end
            match = _FRAME.search(data, at + 1)
            if match is None and len(data) < _SEARCHED:
                return seconds
            position = begin + (match.start() if match else len(data) - 3)
            continue
        position += length
        seconds += _n_samples(constant) / constant[-1]
    return None


def _n_samples(constant: tuple) -> int:
    """Samples in a frame with these constant fields."""
    kind, version, layer, _ = constant
    if kind == "aac":
        return 1_024
    return 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1_152


def _mp3(file: BinaryIO, offset: int) -> Place:
    """How to read an MP3: libsndfile needs a header in the first frame that states the length, and believes it."""
    first = _at(file, offset, 4_096)
    _, length, _ = _frame(first[:7])
    is_mono = first[3] >> 6 == 3
    side = (17 if is_mono else 32) if first[1] >> 3 & 3 == 3 else (9 if is_mono else 17)
    xing = 4 + side + (0 if first[1] & 1 else 2)
    if first[xing : xing + 4] not in (b"Xing", b"Info"):
        return Place("mp3", offset, is_misread=True)
    flags, _, n_bytes = struct.unpack(">III", first[xing + 4 : xing + 16].ljust(12, b"\0"))
    if flags & 3 == 3 and abs(n_bytes - (_end_of_frames(file) - offset)) <= 2 * length + 64:
        return Place("mp3", offset)
    return Place("mp3", offset + length, is_misread=True)  # cut or joined: the header is of another file


def _end_of_frames(file: BinaryIO) -> int:
    """Where the tags at the end begin."""
    end = file.seek(0, 2)
    if _at(file, end - 128, 3) == b"TAG":
        end -= 128
    footer = _at(file, end - 32, 32)
    if footer[:8] == b"APETAGEX":
        end -= int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
    return end


def _at(file: BinaryIO, offset: int, n: int) -> bytes:
    file.seek(max(offset, 0))
    return file.read(n)
