"""Where the sound is in a WAV or AIFF whose chunks or sizes are off.

Writers die before they fill in the sizes, stream what they cannot go back to, forget the byte that makes
a chunk even, or leave zeros between chunks. Every search is bounded, since the bytes are a stranger's.
"""

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

from drumclf.headers import Place

_OGG_VORBIS_TAGS = (0x674F, 0x6750, 0x6751, 0x676F, 0x6770, 0x6771)
_USUAL = (
    b"data fmt  LIST fact bext iXML smpl inst cue  JUNK junk PAD  id3  ID3  ds64 axml chna _PMX acid strc levl PEAK "
    b"cart afsp umid minf elm1 regn DISP FLLR ResU AFAn Cr8r COMM SSND MARK INST NAME AUTH ANNO (c)  APPL FVER COMT"
)
_USUAL = frozenset(_USUAL[i : i + 4] for i in range(0, len(_USUAL), 5))
_SEARCHED = 1_000_000  # bytes that are searched for a chunk
_MOST_CHUNKS = 30_000
_MOST_FORMAT = 1_000
_UNKNOWN_SIZE = 2**32 - 1
_MOST_DATA = 2**32 - 10_000


@dataclass(frozen=True)
class _Found:
    """Body of the chunk that states the format; offset and size of the body with the samples, 0 if there is none."""

    form: bytes
    offset: int = 0
    size: int = 0


def find_in_chunks(file: BinaryIO, demuxer: str) -> Place:
    """The sound in a WAV or AIFF behind a plain header, or the Ogg stream that a WAV wraps.

    Parameters
    ----------
    file : binary file object
        Can seek.
    demuxer : {"wav", "aiff"}
        What its first bytes say it is.

    Returns
    -------
    Place
        Without a demuxer if there is nothing for FFmpeg to read.
    """
    chunks = _Chunks(file, "little" if demuxer == "wav" else "big")
    found = chunks.find(*((b"fmt ", b"data") if demuxer == "wav" else (b"COMM", b"SSND")))
    if not found.form or not found.offset:
        return Place(demuxer)
    rest = max(chunks.end - found.offset, 0)
    if demuxer == "wav":
        tag = int.from_bytes(found.form[:2], "little")
        if tag in _OGG_VORBIS_TAGS and chunks.at(found.offset, 4) == b"OggS":
            return Place(None, found.offset)
        if found.size == 0 and chunks.fill(found.offset):
            return Place(None)  # it really holds no samples
        n = min(rest if found.size in (0, _UNKNOWN_SIZE) else found.size, rest, _MOST_DATA)
        head = b"WAVE" + _chunk(b"fmt ", found.form, "<") + b"data" + struct.pack("<I", n)
        return Place("wav", found.offset, b"RIFF" + struct.pack("<I", len(head) + n) + head)
    if found.size in (0, 8) and chunks.fill(found.offset + 8):
        return Place(None)
    n = min(rest if found.size in (0, 8, _UNKNOWN_SIZE) else found.size, rest, _MOST_DATA)
    kind = chunks.at(8, 4)
    head = kind + _chunk(b"COMM", _with_length(found.form, n - 8), ">") + b"SSND" + struct.pack(">I", n)
    return Place("aiff", found.offset, b"FORM" + struct.pack(">I", len(head) + n) + head)


def _chunk(name: bytes, body: bytes, order: str) -> bytes:
    return name + struct.pack(f"{order}I", len(body)) + body + bytes(len(body) % 2)


def _with_length(form: bytes, n_bytes: int) -> bytes:
    """The format of an AIFF that was never finished, with the length that its samples have."""
    channels, frames, bits = struct.unpack(">HIH", form[:8].ljust(8, b"\0"))
    if frames not in (0, _UNKNOWN_SIZE) or not channels or not bits:
        return form
    return form[:2] + struct.pack(">I", max(n_bytes, 0) // (channels * ((bits + 7) // 8))) + form[6:]


class _Chunks:
    """The chunks of a file: four letters, a size, a body, and a byte if that makes it even."""

    def __init__(self, file: BinaryIO, order: Literal["little", "big"]):
        self._file, self._order, self.end = file, order, file.seek(0, 2)

    def at(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes."""
        self._file.seek(offset)
        return self._file.read(n)

    def find(self, form_name: bytes, data_name: bytes) -> _Found:
        """The format and the samples."""
        position, form, size64 = 12, b"", 0
        for _ in range(_MOST_CHUNKS):
            name, size = self._head(position)
            if name == data_name:
                return _Found(form, position + 8, size64 if size == _UNKNOWN_SIZE and size64 else size)
            if name == form_name and not form and size < _MOST_FORMAT:
                form = self.at(position + 8, size)
            elif name == b"ds64":  # of RF64 and BW64 (EBU Tech 3306)
                size64 = int.from_bytes(self.at(position + 16, 8), "little")
            follower = self._follower(position + 8 + size, size % 2) if _is_name(name) else 0
            if not follower:  # lost, among zeros or behind a size that is wrong
                begin = position + (8 if name == form_name else 0)
                follower = self._search(begin, data_name if form else form_name)
            if not follower:
                break
            position = follower
        return _Found(form)

    def fill(self, position: int) -> bool:
        """Whether nothing but whole chunks lie between a position and the end of the file."""
        for _ in range(_MOST_CHUNKS):
            if position >= self.end:
                return True
            name, size = self._head(position)
            if not _is_name(name) or position + 8 + size > self.end:
                return False
            position += 8 + size + size % 2
        return False

    def _head(self, position: int) -> tuple[bytes, int]:
        head = self.at(position, 8)
        return head[:4], int.from_bytes(head[4:8], self._order)

    def _follower(self, after: int, pad: int) -> int:
        """Where the next chunk begins, with or without the byte that makes the last one even; 0 if there is none."""
        at = {position: self._head(position)[0] for position in (after + pad, after)}
        known = [position for position, name in at.items() if name in _USUAL]
        return next(iter(known + [position for position, name in at.items() if _is_name(name)]), 0)

    def _search(self, begin: int, name: bytes) -> int:
        """Offset of the next chunk with this name and a believable size; 0 if there is none."""
        data = self.at(begin, _SEARCHED)
        for match in re.finditer(name, data):
            size = int.from_bytes(data[match.end() : match.end() + 4], self._order)
            if size in (0, _UNKNOWN_SIZE) or begin + match.end() + 4 + size <= self.end:
                return begin + match.start()
        return 0


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(32 <= letter < 127 for letter in name)
