"""What is not a sound among the files of a folder or a zip: told from the content, counted by kind."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from drumclf.file_types import SOUND_SUFFIXES
from drumclf.foreign import describe_foreign
from drumclf.headers import starts_as_sound

HEAD_BYTES = 4_096  # enough for `what_else`
SYSTEM, LINKED, BROKEN, OTHER = "system file", "linked folder", "broken link", "other file"
COMPANION, ARCHIVE = "companion file", "archive"
LITTER = frozenset(("__macosx", "thumbs.db", "desktop.ini", ".ds_store"))
# What programs keep beside a sound: Live, REAPER, Sound Forge, Audition, WaveLab, Adobe's tags.
COMPANION_SUFFIXES = (".asd", ".reapeaks", ".sfk", ".sfap0", ".pkf", ".pk", ".gpk", ".mrk", ".ovw", ".wfm", ".xmp")
# Films may have sound; what cannot be read is refused with a sentence, while pictures and texts are skipped.
_READ_SUFFIXES = SOUND_SUFFIXES | {".mp4", ".rx2", ".rex"}
_KIND_BY_SUFFIX = {
    suffix: kind
    for kind, suffixes in {
        COMPANION: " ".join(COMPANION_SUFFIXES),
        "picture": ".png .jpg .jpeg .gif .bmp .tif .tiff .webp .svg .heic .psd .ico",
        "text file": ".txt .md .nfo .rtf .pdf .html .htm .url .doc .docx .odt .csv .json .jsonl "
        ".log .ini .xml .yaml .m3u",
        "preset": ".adg .adv .als .alp .nki .nkm .nkx .fxp .fxb .sfz .exs .vstpreset .nmsv .h2p .flp .fst .sf2 .dls "
        ".xpm .xpj .rex .mxgrp .dspreset .patch .axp .aupreset",
        "MIDI file": ".mid .midi",
        ARCHIVE: ".zip .rar .7z .gz .tar .xz .bz2",
    }.items()
    for suffix in suffixes.split()
}
_KIND_BY_WORD = {
    "picture": "picture", "MIDI": "MIDI file", "archive": ARCHIVE, "companion": COMPANION, "preset": "preset",
    "instrument": "preset", "SoundFont": "preset", "patch": "preset", "project": "preset", "document": "text file",
    "web page": "text file", "playlist": "text file", "settings": "text file",
}  # fmt: skip


@dataclass(frozen=True)
class Skipped:
    """A file, or a linked folder, that is not read.

    Attributes
    ----------
    name : str
        Path, or name in an archive.
    kind : str
        What it is, such as "picture".
    """

    name: str
    kind: str


def what_else(name: str, head: bytes) -> str | None:
    """Kind of a file that is not a sound; None if it is to be read as one.

    Only the name can make a damaged sound one: what is called ``kick.wav`` gets its own sentence if it cannot be
    read. What is called otherwise is a sound if its content is.

    Parameters
    ----------
    name : str
    head : bytes
        The first `HEAD_BYTES` of it; not needed if `is_called_sound`.
    """
    if is_called_sound(name) or (describe_foreign(head) is None and starts_as_sound(head)):
        return None
    return _KIND_BY_SUFFIX.get(PurePath(name).suffix.lower()) or _by_content(head)


def is_called_sound(name: str) -> bool:
    """Whether the suffix is that of a sound."""
    return PurePath(name).suffix.lower() in _READ_SUFFIXES


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is skipped unseen: it begins with a dot, or the system made it."""
    return name.startswith(".") or name.lower() in LITTER


def say_skipped(skipped: Iterable[Skipped]) -> str:
    """How many of each kind, and what to do about archives: "2 companion files, 1 picture"; "" if there are none."""
    counts = Counter(each.kind for each in skipped).most_common()
    counts.sort(key=lambda kind_and_n: kind_and_n[0] == SYSTEM)  # nobody is interested in these
    return ", ".join(f"{n:,} {kind}" + ("s" if n != 1 else "") + _advice(kind, n) for kind, n in counts)


def _advice(kind: str, n: int) -> str:
    if kind != ARCHIVE:
        return ""
    return " (unpack it to include its sounds)" if n == 1 else " (unpack them to include their sounds)"


def _by_content(head: bytes) -> str:
    described = describe_foreign(head) or ""
    named = next((kind for word, kind in _KIND_BY_WORD.items() if word in described.partition(";")[0]), None)
    is_text = head and b"\0" not in head and head.decode("utf-8", "replace").count("\ufffd") <= 1  # cut off at the end
    return named or ("text file" if is_text else OTHER)
