"""Copy, move or link files into their folders: never over another file, to be gone on with, to be undone.

Everything that is to be done is written down, in ``drumclf-sort.jsonl`` in the destination,
before anything is done. A run that was cut off goes on from that file, and undoing reads it
backwards.
"""

import errno
import filecmp
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

JOURNAL = "drumclf-sort.jsonl"
ACTIONS = ("copy", "move", "link")


@dataclass(frozen=True)
class Step:
    """One file to be filed.

    Attributes
    ----------
    action : str
        One of `ACTIONS`; a link is a symbolic one.
    source, destination : str
        Absolute paths.
    """

    action: str
    source: str
    destination: str


def read_journal(folder: Path) -> list[Step]:
    """All steps that were ever planned for a destination, done or not; none if there is no journal.

    Raises
    ------
    ValueError
        When the journal cannot be read, or leads out of the folder.
    """
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ValueError(f"{JOURNAL} in the destination cannot be read: {error.strerror}") from error
    if lines and not lines[-1].endswith("\n"):  # cut off while the plan was written: that step was not begun
        lines.pop()
    try:
        steps = [Step(**json.loads(line)) for line in lines]
        places = [Path(os.path.normpath(step.destination)) for step in steps]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{JOURNAL} in the destination is damaged: move it away to begin anew") from error
    if not all(step.action in ACTIONS and folder in place.parents for step, place in zip(steps, places, strict=True)):
        raise ValueError(f"{JOURNAL} in the destination is of another folder: move that back, or it away")
    return steps


def write_journal(folder: Path, steps: Iterable[Step]) -> None:
    """The whole journal anew, in one piece; without steps it is removed, and the folder too if that leaves it empty."""
    steps, journal = list(steps), folder / JOURNAL
    if steps:
        folder.mkdir(parents=True, exist_ok=True)
        part = journal.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(step)) + "\n" for step in steps)
            file.flush()
            os.fsync(file.fileno())
        part.replace(journal)
    else:
        journal.unlink(missing_ok=True)
        _remove_if_empty(folder)


def is_done(step: Step) -> bool:
    """Whether a step needs no more doing: what is at its destination is what it was to put there."""
    source, destination = Path(step.source), Path(step.destination)
    try:
        if step.action == "link":
            return destination.is_symlink() and destination.readlink() == source
        if not destination.exists() or os.path.lexists(_part(destination)):
            return False
        if step.action == "move":
            return not os.path.lexists(source)
        return not source.exists() or filecmp.cmp(source, destination)
    except OSError:
        return False


def carry_out(steps: Iterable[Step]) -> Iterator[tuple[Step, str | None]]:
    """File after file; steps that are done already are passed over.

    Yields
    ------
    step, error : Step, str or None
        Why the file stays where it is, in one sentence; None where it is filed.
    """
    for step in steps:
        try:
            _part(Path(step.destination)).unlink(missing_ok=True)  # of a run that was cut off
            if not is_done(step):
                _file(step)
            yield step, None
        except OSError as error:
            yield step, f"{step.source} stays where it is: {error.strerror or 'it could not be filed'}."


def undo(steps: Iterable[Step]) -> Iterator[tuple[Step, str | None]]:
    """Take back steps, the last one first; folders that this empties go too.

    A copy is removed only while it is still what the original is, a moved file goes back
    only where nothing has taken its place.

    Yields
    ------
    step, error : Step, str or None
    """
    for step in reversed(list(steps)):
        try:
            error = _take_back(step)
        except OSError as problem:
            error = problem.strerror or "it could not be taken back"
        if error is None:
            _remove_if_empty(*list(Path(step.destination).parents)[:2])
        yield step, error and f"{step.destination} is not taken back: {error}."


def _file(step: Step) -> None:
    source, destination = Path(step.source), Path(step.destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    if step.action == "link":
        destination.symlink_to(source)  # fails where there is a file
        return
    if step.action == "copy":
        _copy(source, destination)
        return
    if source.is_symlink():
        raise OSError(errno.EINVAL, "it is a link, and may lead nowhere from another folder")
    if _is_spare(source, destination):  # a run was cut off before the last line
        source.unlink()
        return
    try:
        os.link(source, destination)  # fails where there is a file; a rename would not
    except FileExistsError:
        raise
    except OSError:  # another disk, or one that knows no links
        _copy(source, destination)
    try:
        source.unlink()
    except OSError:  # its folder may not be written to
        destination.unlink()
        raise


def _copy(source: Path, destination: Path) -> None:
    part = _part(destination)
    try:
        shutil.copy2(source, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
    except OSError:  # the disk is full
        part.unlink(missing_ok=True)
        raise
    _publish(part, destination)


def _part(destination: Path) -> Path:
    return destination.with_name(f"{destination.name[:100]}.drumclf-part")


def _publish(part: Path, destination: Path) -> None:
    """Give a finished file its name, unless another has it."""
    try:
        os.link(part, destination)
        part.unlink()
    except FileExistsError:
        part.unlink()
        raise
    except OSError:  # a disk that knows no links
        if os.path.lexists(destination):
            part.unlink()
            raise FileExistsError(errno.EEXIST, "there is another file") from None
        part.rename(destination)


def _take_back(step: Step) -> str | None:
    source, destination = Path(step.source), Path(step.destination)
    _part(destination).unlink(missing_ok=True)
    if not os.path.lexists(destination):
        is_lost = step.action == "move" and not os.path.lexists(source)
        return "it is no longer there" if is_lost else None
    if step.action == "link":
        if not destination.is_symlink() or destination.readlink() != source:
            return "it is no longer the link that was made"
    elif step.action == "copy" and not source.exists():
        return "the original is gone, and this is the only copy"
    elif not os.path.lexists(source):
        source.parent.mkdir(parents=True, exist_ok=True)
        _file(Step("move", step.destination, step.source))
        return None
    elif not _is_spare(destination, source):
        return "it was changed since" if step.action == "copy" else "there is another file where it was"
    destination.unlink()
    return None


def _is_spare(file: Path, other: Path) -> bool:
    """Whether a file may go, as another one holds the same: not where one of them is a link to the other."""
    return (
        other.exists()
        and os.path.realpath(file) != os.path.realpath(other)
        and (file.samefile(other) or filecmp.cmp(file, other, shallow=False))
    )


def _remove_if_empty(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
