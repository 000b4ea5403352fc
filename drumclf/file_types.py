"""File types, from first bytes and from suffixes.

Names the files that people send by mistake, and unwraps the one kind of valid WAV that
libsndfile cannot read.
"""

SOUND_SUFFIXES = frozenset(
    (".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".au", ".snd", ".w64")
)
_FOREIGN = (  # offset, first bytes, what the sentence calls it
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"MThd", "a MIDI file, notes without sound"),
    (0, b"\xf0\x7e", "a MIDI sample dump"),  # damaged, it makes libsndfile write to the standard output
    (0, b"\x00\x05\x16\x07", "a macOS resource file, a companion of the real one"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
    (4, b"ftyp", "an MP4 or M4A file"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"\x1aE\xdf\xa3", "a WebM or Matroska file"),
    (0, b"ADIF", "an AAC file"),
    (0, b"\xff\xf1", "an AAC file"),
    (0, b"\xff\xf9", "an AAC file"),
)
_PLAYABLE_WAV = {(1, channels, bits) for channels in (1, 2) for bits in (8, 16, 24)} | {(3, 1, 32), (3, 2, 32)}
_OGG_VORBIS_TAGS = (0x674F, 0x6750, 0x6751, 0x676F, 0x6770, 0x6771)


def describe_foreign(data: bytes) -> str | None:
    """What a file is, if it is of a type known not to be readable; else None."""
    head = data[:64]
    for offset, magic, name in _FOREIGN:
        if head[offset:].upper().startswith(magic.upper()):
            return name
    return None


def unwrap_wav(data: bytes) -> bytes:
    """The Ogg stream inside a WAV that holds one; any other data as is.

    The format tags of Ogg Vorbis in RIFF are those of vorbis.acm by H. Ogasawara, registered in
    Microsoft's mmreg.h. libsndfile does not read them.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    tag, position = None, 12
    while position + 8 <= len(data):
        name = data[position : position + 4]
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        body = position + 8
        if name == b"fmt ":
            tag = int.from_bytes(data[body : body + 2], "little")
            if tag not in _OGG_VORBIS_TAGS:
                return data
        elif name == b"data" and tag is not None:
            return data[body : body + size] if data[body : body + 4] == b"OggS" else data
        position = body + size + size % 2
    return data


def playable_type(data: bytes) -> str | None:
    """Media type of a file that browsers can play as is; None for others."""
    if data[:4] == b"RIFF" and data[8:16] == b"WAVEfmt ":
        coding = tuple(int.from_bytes(data[i : i + 2], "little") for i in (20, 22, 34))  # tag, channels, bits
        return "audio/wav" if coding in _PLAYABLE_WAV else None
    if data[:4] == b"fLaC":
        return "audio/flac"
    if data[:4] == b"OggS":
        return "audio/ogg"
    if data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0"):
        return "audio/mpeg"
    return None
