"""The record of `sort`: what was planned, what was done, and how each file was when it was put in its place.

``drumclf-sort.jsonl`` in the destination holds one JSON object a line: first the steps, all of
them before the first one is taken; then a line for each that was done or undone. What a person
does by hand afterwards is told apart from what a run that was cut off has left undone.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

JOURNAL = "drumclf-sort.jsonl"
ACTIONS = ("copy", "move", "link")


@dataclass(frozen=True)
class Step:
    """One file and where it goes.

    Attributes
    ----------
    action : str
        One of `ACTIONS`; links are symbolic.
    source, destination : str
        Absolute paths.
    root : str or None
        The folder that was sorted; None in journals of version 0.1.
    mount : str or None
        Where the drive that held the source was mounted, for example "/" or "/media/stick".
    sound : str or None
        For a companion, the destination of the sound that it goes with; it is moved only once the sound is there.
    """

    action: str
    source: str
    destination: str
    root: str | None = None
    mount: str | None = None
    sound: str | None = None


@dataclass(frozen=True)
class Filed:
    """How a file was when it was put in its place.

    Attributes
    ----------
    size : int or None
        In bytes; None for links, and in journals of version 0.1.
    digest : str or None
        Of its bytes, in hexadecimal.
    """

    size: int | None = None
    digest: str | None = None


class ChangedError(ValueError):
    """Another run has written the journal since it was read; the text says so."""


class Journal:
    """What the journal of a destination says.

    Attributes
    ----------
    folder : Path
        The destination.
    steps : dict[str, Step]
        Every step that was planned and not undone, by its destination, in the order of the plan.
    filed : dict[str, Filed]
        Those that were taken, by destination.
    duplicates : dict[str, Filed]
        Sounds that were left out as duplicates of another one, by their path, as they were.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.steps: dict[str, Step] = {}
        self.filed: dict[str, Filed] = {}
        self.duplicates: dict[str, Filed] = {}
        self._n_bytes = 0  # of the file, as this run knows it
        self._n_whole_bytes: int | None = None  # of a file whose last line was cut off

    def unfinished(self) -> list[Step]:
        """Steps that were planned and not taken, as far as the journal knows."""
        return [step for place, step in self.steps.items() if place not in self.filed]

    def write(self) -> None:
        """Replace the file in one piece. Without steps, remove it, and the folder too if that leaves it empty.

        Raises
        ------
        OSError
        ChangedError
            If another run has written to the file since; what that run did would be lost.
        """
        journal = self.folder / JOURNAL
        if self._is_changed():
            raise ChangedError(f"another run sorted into {self.folder} meanwhile")
        if not self.steps:
            journal.unlink(missing_ok=True)
            self._n_bytes = 0
            remove_if_empty(self.folder)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        part = journal.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.writelines(_line(asdict(step)) for step in self.steps.values())
                file.writelines(_line({"done": place, **asdict(filed)}) for place, filed in self.filed.items())
                file.writelines(_line({"duplicate": name, **asdict(was)}) for name, was in self.duplicates.items())
                file.flush()
                os.fsync(file.fileno())
            part.replace(journal)
            self._n_bytes, self._n_whole_bytes = journal.stat().st_size, None
        except BaseException:  # the disk is full, or Ctrl-C
            part.unlink(missing_ok=True)
            remove_if_empty(self.folder)
            raise

    def note_duplicates(self, duplicates: Iterable[tuple[str, str]]) -> None:
        """Remember, until `write`, which sounds were left out; `duplicates` gives each with its original."""
        for name, _ in duplicates:
            with contextlib.suppress(OSError):  # it is gone by now
                self.duplicates[name] = Filed(Path(name).stat().st_size, digest_of(Path(name)))

    def is_there(self) -> bool:
        """Whether the file is in its place; not if its drive is gone."""
        return (self.folder / JOURNAL).exists()

    def note_done(self, step: Step) -> None:
        """Record that a step was taken; raises OSError if that cannot be written."""
        filed = Filed()
        if step.action != "link":
            place = Path(step.destination)
            filed = Filed(place.stat().st_size, digest_of(place))
        self.filed[step.destination] = filed
        self._append({"done": step.destination, **asdict(filed)})

    def note_undone(self, step: Step) -> None:
        """Record that there is nothing left to undo of a step."""
        del self.steps[step.destination]
        self.filed.pop(step.destination, None)
        with contextlib.suppress(OSError):  # on a full disk; without the line, the next `undo` looks at it again
            self._append({"undone": step.destination})

    def _append(self, entry: dict) -> None:
        journal, line = self.folder / JOURNAL, _line(entry).encode()
        is_ours = not self._is_changed()
        if self._n_whole_bytes is not None and is_ours:
            os.truncate(journal, self._n_whole_bytes)
            self._n_bytes = self._n_whole_bytes
        self._n_whole_bytes = None
        try:
            with journal.open("ab") as file:
                file.write(line)
        except OSError:  # a full disk may have taken a part of the line
            if is_ours:
                self._n_whole_bytes, self._n_bytes = self._n_bytes, journal.stat().st_size
            raise
        self._n_bytes += len(line)

    def _is_changed(self) -> bool:
        try:
            return (self.folder / JOURNAL).stat().st_size != self._n_bytes
        except FileNotFoundError:
            return self._n_bytes > 0


def read_journal(folder: Path) -> Journal:
    """What was sorted into a folder; nothing if there is no journal.

    Raises
    ------
    ValueError
        If the journal cannot be read, or names places outside the folder.
    """
    journal = Journal(folder)
    try:
        data = (folder / JOURNAL).read_bytes()
    except FileNotFoundError:
        return journal
    except OSError as error:
        raise ValueError(f"{JOURNAL} in the destination cannot be read: {error.strerror}") from error
    journal._n_bytes = len(data)
    n_whole = data.rfind(b"\n") + 1
    if n_whole < len(data):  # the last line was cut off while it was written
        journal._n_whole_bytes = n_whole
    try:
        for line in data[:n_whole].splitlines():
            _take_in(journal, json.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{JOURNAL} in the destination is damaged: move it away to start again") from error
    for step in journal.steps.values():
        if step.action not in ACTIONS or folder not in Path(os.path.normpath(step.destination)).parents:
            raise ValueError(f"{JOURNAL} in the destination belongs to another folder: move it away")
    return journal


def digest_of(file: Path) -> str:
    """A digest of a file's bytes; raises OSError if it cannot be read."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def mount_of(folder: Path) -> str | None:
    """Where the drive that holds a folder is mounted; None if unknown."""
    try:
        return str(next(place for place in (folder, *folder.parents) if os.path.ismount(place)))
    except (OSError, StopIteration):
        return None


def remove_if_empty(*folders: Path) -> None:
    """Remove folders, one after the other, up to the first that is not empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _take_in(journal: Journal, entry: dict) -> None:
    if "undone" in entry:
        journal.steps.pop(entry["undone"], None)
        journal.filed.pop(entry["undone"], None)
    elif "duplicate" in entry:
        journal.duplicates[entry["duplicate"]] = Filed(entry["size"], entry["digest"])
    elif "done" in entry:
        if entry["done"] in journal.steps:
            journal.filed[entry["done"]] = Filed(entry["size"], entry["digest"])
    else:
        step = Step(**entry)
        journal.steps[step.destination] = step


def _line(entry: dict) -> str:
    return json.dumps(entry) + "\n"
