"""Where each sound goes: a folder for each class, a name from a pattern, and never two files in one place."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
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
) -> Iterator[str]:
    """Decide where each sound goes.

    Parameters
    ----------
    sounds : iterable of (name, label, is_sure, kind)
        ``name`` is the path or the name in an archive, with "/" between folders.
    pattern : str
        As in `check_pattern`; suffixes are kept.
    taken : function
        Whether a destination is already taken by a file.

    Yields
    ------
    str
        For example "snare/crack.wav": the class, then "not sure" if the model is not, then the name.
        No two are the same, even on disks that ignore case, and none leaves the folder.

    Raises
    ------
    PatternError
    """
    check_pattern(pattern)
    given: set[str] = set()
    numbers: Counter[str] = Counter()
    marks: Counter[str] = Counter()

    def is_free(path: str) -> bool:
        return unicodedata.normalize("NFC", path).casefold() not in given and not taken(path)

    for name, label, is_sure, kind in sounds:
        folder = safe_name(label) if is_sure else f"{safe_name(label)}/{UNSURE_FOLDER}"
        old = PurePosixPath(name.replace("\\", "/"))
        place = partial(_place, pattern, folder, label, kind, old)
        number = numbers[label] + 1
        path = plain = place(number)
        while not is_free(path) and plain != place(number + 1):
            number += 1
            path = plain = place(number)
        numbers[label] = number
        while not is_free(path):  # the name has no number, or is too long to show it
            marks[plain] += 1
            path = place(number, f" ({marks[plain] + 1})")
        given.add(unicodedata.normalize("NFC", path).casefold())
        yield path


def _place(
    pattern: str, folder: str, label: str, kind: str | None, old: PurePosixPath, number: int, mark: str = ""
) -> str:
    *folders, last = pattern.split("/")
    values = {"class": label, "kind": kind or label, "n": number, "name": old.stem, "folder": old.parent.name}
    made = [safe_name(part.format(**values)) for part in folders if kind or part.strip() != "{kind}"]
    return "/".join([folder, *made, safe_name(last.format(**values), old.suffix, mark)])
