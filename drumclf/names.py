"""File names from strangers: made safe to show and to write, and written so that they can be read back."""

import re
import unicodedata

# Unicode categories: control characters, invisible ones and those that reverse text, lone surrogates, line breaks.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # invisible but needed, in Persian, in many Indian scripts and in some emoji
# Control characters, line breaks, what is not text, and a backslash that could be taken for one.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\(?=x[0-9a-f]{2})")
_MAX_NAME_BYTES = 200
# Not allowed on Windows, control characters, bytes that are not text, and characters that reverse text.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]) *(\.|$)", re.IGNORECASE)
_WRITTEN = re.compile(rb"\\x([0-9a-f]{2})")


def visible(name: str) -> str:
    """A name in which every character is visible and in its place.

    Characters that a screen would obey instead of showing become "�", so that no name can look like another.
    """
    if name.isascii() and name.isprintable():  # nearly all are
        return name
    return "".join("�" if unicodedata.category(sign) in _HIDDEN and sign not in _JOINERS else sign for sign in name)


def escaped(name: str) -> str:
    r"""A name as it is written in tables and JSON lines: text that every reader of UTF-8 reads, on one line.

    Each byte that is not UTF-8, and each byte of a control character, becomes ``\x`` and two
    hexadecimal digits. The backslash of a name that already holds such a group becomes ``\x5c``, so that
    `unescaped` gives every name back and no two names are written alike. Other names stay as they are.

    Parameters
    ----------
    name : str
        As Python gives names of files, with "surrogateescape" for bytes that are not UTF-8.
    """
    return _UNWRITABLE.sub(lambda found: "".join(f"\\x{byte:02x}" for byte in _bytes(found[0])), name)


def unescaped(text: str) -> str:
    """The name that `escaped` wrote, ready to open."""
    raw = _WRITTEN.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def shortened(name: str, longest: int) -> str:
    """A name of at most `longest` characters. The middle is cut, since names differ at their ends."""
    if len(name) <= longest:
        return name
    end = (longest - 1) // 2
    return f"{name[: longest - 1 - end]}…{name[-end:]}"


def safe_name(stem: str, suffix: str = "", mark: str = "") -> str:
    """A file name that is valid on every system and stays in its folder; keeps as much of the old name as possible.

    Parameters
    ----------
    stem, suffix : str
        From anybody.
    mark : str
        Goes between them as is.

    Returns
    -------
    str
        1 to 200 bytes of UTF-8.
    """
    suffix = _FORBIDDEN.sub("", suffix)[:10].rstrip(". ")
    stem = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", stem)).strip().strip(". ") or "_"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    stem = stem.encode()[: _MAX_NAME_BYTES - len((mark + suffix).encode())].decode(errors="ignore").rstrip(". ")
    return (stem or "_") + mark + suffix


def _bytes(sign: str) -> bytes:
    try:
        return sign.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a character of UTF-16, which no file system here gives
        return sign.encode("utf-8", "surrogatepass")
