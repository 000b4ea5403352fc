"""Copy, move or link files into folders: never over another file, resumable and undoable.

Every step is written to ``drumclf-sort.jsonl`` in the destination before the first one is
done. A run that was cut off resumes from that journal, and undoing reads it backwards.
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
    """One file and where it goes.

    Attributes
    ----------
    action : str
        One of `ACTIONS`; links are symbolic.
    source, destination : str
        Absolute paths.
    """

    action: str
    source: str
    destination: str


def read_journal(folder: Path) -> list[Step]:
    """All steps ever planned for a destination, done or not; none if there is no journal.

    Raises
    ------
    ValueError
        If the journal cannot be read, or names places outside the folder.
    """
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ValueError(f"{JOURNAL} in the destination cannot be read: {error.strerror}") from error
    if lines and not lines[-1].endswith("\n"):  # cut off while the plan was written: that step has not begun
        lines.pop()
    try:
        steps = [Step(**json.loads(line)) for line in lines]
        places = [Path(os.path.normpath(step.destination)) for step in steps]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{JOURNAL} in the destination is damaged: move it away to start again") from error
    if not all(step.action in ACTIONS and folder in place.parents for step, place in zip(steps, places, strict=True)):
        raise ValueError(f"{JOURNAL} in the destination belongs to another folder: move it away")
    return steps


def write_journal(folder: Path, steps: Iterable[Step]) -> None:
    """Replace the journal in one piece. Without steps, remove it, and the folder too if that leaves it empty."""
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
    """Whether a step is already done: its destination holds what the step puts there."""
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
    """Do one step after the other; those already done are skipped.

    Yields
    ------
    step, error : Step, str or None
        Why the file stays where it is, in one sentence; None if it is in its place.
    """
    for step in steps:
        try:
            _part(Path(step.destination)).unlink(missing_ok=True)  # left by a run that was cut off
            if not is_done(step):
                _file(step)
            yield step, None
        except OSError as error:
            yield step, f"{step.source} stays where it is: {error.strerror or 'it could not be moved'}."


def undo(steps: Iterable[Step]) -> Iterator[tuple[Step, str | None]]:
    """Undo steps, the last one first; folders that this empties are removed.

    A copy is removed only if it still equals the original, and a moved file goes back only
    if nothing has taken its place.

    Yields
    ------
    step, error : Step, str or None
    """
    for step in reversed(list(steps)):
        try:
            error = _take_back(step)
        except OSError as problem:
            error = problem.strerror or "the system refused"
        if error is None:
            _remove_if_empty(*list(Path(step.destination).parents)[:2])
        yield step, error and f"{step.destination} was not undone: {error}."


def _file(step: Step) -> None:
    source, destination = Path(step.source), Path(step.destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    if step.action == "link":
        destination.symlink_to(source)  # fails if there is a file
        return
    if step.action == "copy":
        _copy(source, destination)
        return
    if source.is_symlink():
        raise OSError(errno.EINVAL, "it is a link, which may break in another folder")
    if _is_spare(source, destination):  # a run was cut off before its last line
        source.unlink()
        return
    try:
        os.link(source, destination)  # fails if there is a file; a rename would not
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without hard links
        _copy(source, destination)
    try:
        source.unlink()
    except OSError:  # its folder may be read-only
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
    """Give a finished file its name, unless another file has it."""
    try:
        os.link(part, destination)
        part.unlink()
    except FileExistsError:
        part.unlink()
        raise
    except OSError:  # a disk without hard links
        if os.path.lexists(destination):
            part.unlink()
            raise FileExistsError(errno.EEXIST, "another file has its name") from None
        part.rename(destination)


def _take_back(step: Step) -> str | None:
    source, destination = Path(step.source), Path(step.destination)
    _part(destination).unlink(missing_ok=True)
    if not os.path.lexists(destination):
        is_lost = step.action == "move" and not os.path.lexists(source)
        return "it is gone" if is_lost else None
    if step.action == "link":
        if not destination.is_symlink() or destination.readlink() != source:
            return "it is no longer the link that sort made"
    elif step.action == "copy" and not source.exists():
        return "the original is gone, and this is the only copy"
    elif not os.path.lexists(source):
        source.parent.mkdir(parents=True, exist_ok=True)
        _file(Step("move", step.destination, step.source))
        return None
    elif not _is_spare(destination, source):
        return "it was changed since" if step.action == "copy" else "another file has taken its old place"
    destination.unlink()
    return None


def _is_spare(file: Path, other: Path) -> bool:
    """Whether a file may be deleted because another holds the same; not if one is a link to the other."""
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
