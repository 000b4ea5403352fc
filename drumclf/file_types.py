"""File types: the suffixes of sounds, and what browsers play."""

SOUND_SUFFIXES = frozenset(
    (
        ".wav", ".wave", ".bwf", ".rf64", ".bw64", ".w64", ".aif", ".aiff", ".aifc", ".aifs", ".caf", ".flac", ".ogg",
        ".oga", ".opus", ".au", ".snd", ".mp3", ".mp2", ".m4a", ".m4b", ".aac", ".wma", ".wv", ".ape", ".tta", ".mpc",
        ".mka", ".weba",
    )
)  # fmt: skip
_PLAYABLE_WAV = {(1, channels, bits) for channels in (1, 2) for bits in (8, 16, 24)} | {(3, 1, 32), (3, 2, 32)}


def playable_type(data: bytes) -> str | None:
    """Media type of a file that browsers can play as is; None for others."""
    if data[:4] == b"RIFF" and data[8:16] == b"WAVEfmt ":
        coding = tuple(int.from_bytes(data[i : i + 2], "little") for i in (20, 22, 34))  # tag, channels, bits
        return "audio/wav" if coding in _PLAYABLE_WAV else None
    if data[:4] == b"fLaC":
        return "audio/flac"
    if data[:4] == b"OggS":
        return "audio/ogg"
    if data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0" and data[1] & 6):  # without these, AAC
        return "audio/mpeg"
    return None
