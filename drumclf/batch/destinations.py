"""Where each sound goes: a folder for each class, a name from a pattern, and never two files in one place."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import PurePosixPath

from drumclf.names import safe_name

ORIGINAL_NAMES = "{name}"
# Fields of a pattern: the class, its kind, a running number in the class, the old name, the name of the old folder.
FIELDS = ("class", "kind", "n", "name", "folder")
UNSURE_FOLDER = "not sure"
_WIDTH = re.compile(r"0?[0-9]?")


class PatternError(ValueError):
    """A pattern for names is invalid; the text says why."""


def check_pattern(pattern: str) -> None:
    """Check a pattern before anything is named by it.

    Parameters
    ----------
    pattern : str
        Text with fields in braces, for example ``{class}_{n:03}``; see `FIELDS`. With "/" it makes
        folders: ``{kind}/{name}``. Without a kind, a folder ``{kind}`` is left out, and elsewhere the
        class stands in its place.

    Raises
    ------
    PatternError
    """
    allowed = "use " + ", ".join(f"{{{field}}}" for field in FIELDS) + ", for example {class}_{n:03}"
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise PatternError(f"The braces of this pattern do not match; {allowed}.") from error
    fields = [(field, spec) for _, field, spec, _ in parts if field is not None]
    for field, spec in fields:
        if field not in FIELDS:
            raise PatternError(f"A pattern has no field {{{field}}}; {allowed}.")
        if not _WIDTH.fullmatch(spec) or (spec and field != "n"):
            raise PatternError("Only the number takes a width, of one digit, for example {n:03}.")
    if any(conversion for *_, conversion in parts):
        raise PatternError(f"A pattern takes no conversions; {allowed}.")
    last = string.Formatter().parse(pattern.rpartition("/")[2])
    if not {"n", "name"} & {field for _, field, _, _ in last}:
        raise PatternError("This pattern gives all sounds of a class the same name; it needs {n} or {name}.")


def destinations(
    sounds: Iterable[tuple[str, str, bool, str | None]],
    pattern: str = ORIGINAL_NAMES,
    taken: Callable[[str], bool] = lambda _: False,
    is_file: Callable[[str], bool] = lambda _: False,
) -> Iterator[str]:
    """Decide where each sound goes.

    Parameters
    ----------
    sounds : iterable of (name, label, is_sure, kind)
        ``name`` is the path or the name in an archive, with "/" between folders.
    pattern : str
        As in `check_pattern`; suffixes are kept.
    taken : function
        Whether a destination is already taken by a file or a folder.
    is_file : function
        Whether there can be no folder, since a file has that path.

    Yields
    ------
    str
        For example "snare/crack.wav": the class, then "not sure" if the model is not, then the name.
        No two are the same, even on disks that ignore case, none is a folder of another, and none leaves the folder.

    Raises
    ------
    PatternError
    """
    check_pattern(pattern)
    given: set[str] = set()
    folders: set[str] = set()
    numbers: Counter[str] = Counter()
    marks: Counter[str] = Counter()

    @cache
    def free_folder(folder: str) -> str:
        """The folder, with a mark at each part that is a file; from now on no file gets its path."""
        path = ""
        for name in folder.split("/"):
            start, path, n = path, f"{path}{name}", 1
            while _same(path) in given or is_file(path):
                n += 1
                path = f"{start}{name} ({n})"
            folders.add(_same(path))
            path += "/"
        return path

    def in_free_folder(path: str) -> str:
        folder, _, name = path.rpartition("/")
        return free_folder(folder) + name

    def is_free(path: str) -> bool:
        return _same(path) not in given and _same(path) not in folders and not taken(path)

    places = []
    for name, label, is_sure, kind in sounds:
        unsure = f"{safe_name(label)}/{UNSURE_FOLDER}"
        old = PurePosixPath(name.replace("\\", "/"))
        place = partial(_place, pattern, safe_name(label) if is_sure else unsure, label, kind, old)
        places.append((label, place))
        free_folder(unsure)  # a later run may need it
        in_free_folder(place(1))  # before a file is given the path of its folder
    for label, place in places:
        number = numbers[label] + 1
        plain = place(number)
        while not is_free(in_free_folder(plain)) and plain != place(number + 1):
            number += 1
            plain = place(number)
        numbers[label] = number
        path = in_free_folder(plain)
        while not is_free(path):  # the name has no number, or is too long to show it
            marks[plain] += 1
            path = in_free_folder(place(number, f" ({marks[plain] + 1})"))
        given.add(_same(path))
        yield path


def _same(path: str) -> str:
    """What is the same for two paths that are one on a disk that ignores case."""
    return unicodedata.normalize("NFC", path).casefold()


def _place(
    pattern: str, folder: str, label: str, kind: str | None, old: PurePosixPath, number: int, mark: str = ""
) -> str:
    *folders, last = pattern.split("/")
    values = {"class": label, "kind": kind or label, "n": number, "name": old.stem, "folder": old.parent.name}
    made = [safe_name(part.format(**values)) for part in folders if kind or part.strip() != "{kind}"]
    return "/".join([folder, *made, safe_name(last.format(**values), old.suffix, mark)])
