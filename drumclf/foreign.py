"""Files that are no sound, though people drop them as one: what each is, and what to do."""

import zlib
from typing import BinaryIO

_SAVE = "save the sound as WAV, FLAC or MP3"
_PICTURE = "send the sound itself"
_UNPACK = "unpack it and send the sounds in it"
_PRESET = "it points to sounds elsewhere, or holds settings for an instrument; send the sounds themselves"
_LIST = "it only names sounds; send the sounds themselves"
_FOREIGN = (  # offset, first bytes in any case, what it is, what to do
    (0, b"\x89PNG", "a PNG picture", _PICTURE),
    (0, b"\xff\xd8\xff", "a JPEG picture", _PICTURE),
    (0, b"GIF8", "a GIF picture", _PICTURE),
    (0, b"II*\0", "a TIFF picture", _PICTURE),
    (0, b"MM\0*", "a TIFF picture", _PICTURE),
    (0, b"8BPS", "a Photoshop picture", _PICTURE),
    (8, b"WEBP", "a WebP picture", _PICTURE),
    (4, b"ftypheic", "an HEIC picture", _PICTURE),
    (4, b"ftypavif", "an AVIF picture", _PICTURE),
    (0, b"<svg", "an SVG picture", _PICTURE),
    (0, b"%PDF", "a PDF document", _PICTURE),
    (0, b"{\\rtf", "a text document", _PICTURE),
    (0, b"PK\x03\x04", "a zip archive", _UNPACK),
    (0, b"PK\x05\x06", "an empty zip archive", _PICTURE),
    (0, b"Rar!", "a RAR archive", _UNPACK),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", _UNPACK),
    (0, b"\xfd7zXZ", "an XZ archive", _UNPACK),
    (0, b"BZh", "a bzip2 archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"MThd", "a MIDI file, notes without sound", "play it in an instrument and export that as WAV"),
    (8, b"RMID", "a MIDI file, notes without sound", "play it in an instrument and export that as WAV"),
    # Damaged, it makes libsndfile write to the standard output.
    (0, b"\xf0\x7e", "a MIDI sample dump", _SAVE),
    (8, b"REX2", "a ReCycle loop (REX or RX2)", "export it or its slices as WAV"),
    (8, b"REX ", "a ReCycle loop (REX or RX2)", "export it or its slices as WAV"),
    (8, b"RCY ", "a ReCycle project", "export it or its slices as WAV"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the sound itself", "fetch the sound with git lfs pull"),
    (0, b"version https://hawser", "a Git LFS pointer, not the sound itself", "fetch the sound with git lfs pull"),
    (0, b"\x00\x05\x16\x07", "a macOS resource file, a companion of the real one", "send the real one"),
    (0, b"bplist00", "a settings file or placeholder of macOS", "download the sound itself and send that"),
    (0, b"<!DOCTYPE html", "a web page", "download the sound itself and send that"),
    (0, b"<html", "a web page", "download the sound itself and send that"),
    (0, b"#EXTM3U", "a playlist", _LIST),
    (0, b"[playlist]", "a playlist", _LIST),
    (0, b"ffconcat version", "a playlist", _LIST),
    (0, b"v=0\r\no=", "the description of a stream", _LIST),
    (0, b"v=0\no=", "the description of a stream", _LIST),
    (0, b"CcnK", "a plug-in preset (FXP or FXB)", _PRESET),
    (8, b"sfbkLIST", "a SoundFont", "export its sounds as WAV"),
    (8, b"DLS ", "a DLS instrument", "export its sounds as WAV"),
    (12, b"hsin", "a Native Instruments preset", _PRESET),
    (0, b"\xb3\x6e\xe5\x5e", "a Kontakt instrument", _PRESET),
    (0, b"\x12\x90\xa8\x7f", "a Kontakt instrument", _PRESET),
    (0, b"\x01\xa8\x9e\xd6", "a Native Instruments NCW sound", _SAVE),
    (16, b"SOBT", "an EXS24 instrument", _PRESET),
    (16, b"TBOS", "an EXS24 instrument", _PRESET),
    (0, b"FLhd", "an FL Studio project or preset", _PRESET),
    (0, b"\xab\x1eVx", "an Ableton analysis file, a companion of the real one", "send the real one"),
    (0, b"RPKM", "a REAPER peaks file, a companion of the real one", "send the real one"),
    (0, b"RPKN", "a REAPER peaks file, a companion of the real one", "send the real one"),
    (0, b"SFKA", "a Sound Forge peaks file, a companion of the real one", "send the real one"),
    (8, b"PTCH", "a Reason patch", _PRESET),
    (0, b"ADIF", "an AAC file of an old kind", _SAVE),
    (0, b"#!AMR", "an AMR voice recording", _SAVE),
    (8, b"AVI ", "an AVI film", _SAVE),
)
_IN_TEXT = (  # words near the start of a text
    ((b"<region>", b"<group>", b"<global>", b"<control>"), "an SFZ instrument", _PRESET),
    ((b"<MPD",), "a playlist", _LIST),
    ((b"<svg",), "an SVG picture", _PICTURE),
    ((b"<html", b"<HTML"), "a web page", "download the sound itself and send that"),
    ((b"<?xml",), "a settings file or preset (XML)", _PRESET),
)
_BITMAPS = tuple(bytes((size, 0, 0, 0)) for size in (12, 40, 52, 56, 64, 108, 124))  # sizes of BMP's second header
_BLOCK = 1_000_000


def describe_foreign(head: bytes) -> str | None:
    """What a file is and what to do, if it is of a type known not to be a sound that can be read; else None.

    Parameters
    ----------
    head : bytes
        Its first bytes; 4,096 are enough.
    """
    upper = head[:512].upper()
    for offset, magic, name, advice in _FOREIGN:
        if upper.startswith(magic.upper(), offset):
            return f"{name}; {advice}"
    if head[:2] == b"BM" and not any(head[6:10]) and head[14:18] in _BITMAPS:
        return f"a BMP picture; {_PICTURE}"
    if head[:2] == b"\x1f\x8b":
        is_live = b"<Ableton" in _unzipped(head)
        return f"an Ableton preset or set; {_PRESET}" if is_live else f"a gzip archive; {_UNPACK}"
    if b"\0" not in head:
        for words, name, advice in _IN_TEXT:
            if any(word in head for word in words):
                return f"{name}; {advice}"
    return None


def is_blank(file: BinaryIO) -> bool:
    """Whether there are only zeros in a file that can seek, or in the first megabyte of it."""
    file.seek(0)
    data = file.read(_BLOCK)
    return data.count(0) == len(data)


def _unzipped(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 1_000)
    except zlib.error:
        return b""
