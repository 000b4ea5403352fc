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
_RIFF = (b"RIFF", b"RF64", b"BW64")
_OGG_VORBIS_TAGS = (0x674F, 0x6750, 0x6751, 0x676F, 0x6770, 0x6771)
_SEARCHED = 1_000_000  # bytes of junk before the first frame, or within the chunks of a WAV
_MOST_TAGS = 32
_MOST_CHUNKS = 30_000
_USUAL_CHUNKS = (
    b"data fmt  LIST fact bext iXML smpl inst cue  JUNK junk PAD  id3  ID3  ds64 axml chna _PMX acid strc levl PEAK "
    b"cart afsp umid minf elm1 regn DISP FLLR ResU AFAn Cr8r"
)
_USUAL_CHUNKS = frozenset(_USUAL_CHUNKS[i : i + 4] for i in range(0, len(_USUAL_CHUNKS), 5))
_MOST_FORMAT = 1_000
_UNKNOWN_SIZE = 2**32 - 1
_MOST_DATA = 2**32 - 1_000
_MOST_STARTS = 20_000  # bytes that look like the start of a frame and are followed up
_IN_A_ROW = 4  # frames that fit together are no coincidence
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
    head = _at(file, 0, 64)
    if head[:4] in _RIFF and head[8:12] == b"WAVE":
        return Place("wav")
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
        return ("aac", length, ("aac", b, c & 0xFD)) if length > 7 and c >> 2 & 15 < 13 else (None, 0, ())
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


def _mp3(file: BinaryIO, offset: int) -> Place:
    """How to read an MP3: libsndfile needs a header in the first frame that states the length, and believes it."""
    first = _at(file, offset, 4_096)
    _, length, _ = _frame(first[:7])
    is_mono = first[3] >> 6 == 3
    side = (17 if is_mono else 32) if first[1] >> 3 & 3 == 3 else (9 if is_mono else 17)
    xing = 4 + side + (0 if first[1] & 1 else 2)
    if first[xing : xing + 4] not in (b"Xing", b"Info"):
        return Place("mp3", offset, is_misread=True)
    flags, _, n_bytes = struct.unpack(">III", first[xing + 4 : xing + 16])
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


# --- WAV.


def find_in_wav(file: BinaryIO) -> Place:
    """The sound in a WAV whose chunks or sizes are off, behind a plain header; or the Ogg stream that a WAV wraps."""
    form, offset, size = _format_and_data(file)
    if not form or not offset:
        return Place("wav")
    if int.from_bytes(form[:2], "little") in _OGG_VORBIS_TAGS and _at(file, offset, 4) == b"OggS":
        return Place(None, offset)
    rest = file.seek(0, 2) - offset
    if size == 0 and _is_chunks(file, offset):
        return Place(None)  # it really holds no samples
    n = min(rest if size in (0, _UNKNOWN_SIZE) else size, rest, _MOST_DATA)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + bytes(len(form) % 2) + b"data" + struct.pack("<I", n)
    return Place("wav", offset, b"RIFF" + struct.pack("<I", len(head) + n) + head)


def _format_and_data(file: BinaryIO) -> tuple[bytes, int, int]:
    """Body of the format, and offset and size of the data (0 and 0 if there are none)."""
    end, position, form, size64 = file.seek(0, 2), 12, b"", 0
    for _ in range(_MOST_CHUNKS):
        name, size = _chunk(file, position)
        if name == b"data":
            return form, position + 8, size64 if size == _UNKNOWN_SIZE and size64 else size
        body, after = position + 8, position + 8 + size
        if name == b"fmt " and not form and size < _MOST_FORMAT:
            form = _at(file, body, min(size, 64))
        elif name == b"ds64":
            size64 = int.from_bytes(_at(file, body + 8, 8), "little")
        follower = _follower(file, after, size % 2) if _is_name(name) else 0
        if follower:
            position = follower
        else:  # lost, among zeros or behind a size that is wrong
            wanted = b"data" if form else b"fmt "
            position = _search(file, position + (8 if name == b"fmt " else 0), wanted, end)
            if not position:
                break
    return form, 0, 0


def _follower(file: BinaryIO, after: int, pad: int) -> int:
    """Where the next chunk begins, with or without the byte that makes the last one even; 0 if there is none."""
    at = {position: _chunk(file, position)[0] for position in (after + pad, after)}
    known = [position for position, name in at.items() if name in _USUAL_CHUNKS]
    return next(iter(known + [position for position, name in at.items() if _is_name(name)]), 0)


def _search(file: BinaryIO, begin: int, name: bytes, end: int) -> int:
    """Offset of the next chunk with this name and a believable size; 0 if there is none."""
    found = _at(file, begin, _SEARCHED)
    for match in re.finditer(name, found):
        size = int.from_bytes(found[match.end() : match.end() + 4], "little")
        if size in (0, _UNKNOWN_SIZE) or begin + match.end() + 4 + size <= end:
            return begin + match.start()
    return 0


def _chunk(file: BinaryIO, position: int) -> tuple[bytes, int]:
    head = _at(file, position, 8)
    return head[:4], int.from_bytes(head[4:8], "little")


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= letter < 127 for letter in name)


def _is_chunks(file: BinaryIO, position: int) -> bool:
    """Whether nothing but whole chunks lie between a position and the end of the file."""
    end = file.seek(0, 2)
    for _ in range(_MOST_CHUNKS):
        if position >= end:
            return True
        name, size = _chunk(file, position)
        if not _is_name(name) or position + 8 + size > end:
            return False
        position += 8 + size + size % 2
    return False


def _at(file: BinaryIO, offset: int, n: int) -> bytes:
    file.seek(max(offset, 0))
    return file.read(n)
