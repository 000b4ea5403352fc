"""Copy, move or link files into their folders: never over another file, to be gone on with, to be undone.

Everything that is to be done is written down, in ``drumclf-sort.jsonl`` in the destination,
before anything is done. A run that was cut off goes on from that file, and undoing reads it
backwards.
"""

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
        When the journal cannot be read.
    """
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    if lines and not lines[-1].endswith("\n"):  # cut off while the plan was written: that step was not begun
        lines.pop()
    try:
        return [Step(**json.loads(line)) for line in lines]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{JOURNAL} in the destination is damaged: move it away to begin anew") from error


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
    if step.action == "link":
        return destination.is_symlink() and destination.readlink() == source
    if step.action == "move":
        return destination.exists() and not os.path.lexists(source)
    return destination.exists() and (not source.exists() or filecmp.cmp(source, destination))


def carry_out(steps: Iterable[Step]) -> Iterator[tuple[Step, str | None]]:
    """File after file; steps that are done already are passed over.

    Yields
    ------
    step, error : Step, str or None
        Why the file stays where it is, in one sentence; None where it is filed.
    """
    for step in steps:
        try:
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
        yield step, error and f"{step.destination} stays where it is: {error}."


def _file(step: Step) -> None:
    source, destination = Path(step.source), Path(step.destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    if step.action == "link":
        destination.symlink_to(source)  # fails where there is a file
        return
    if step.action == "move":
        if destination.exists() and _same_file(source, destination):  # a run was cut off between the two
            source.unlink()
            return
        try:
            os.link(source, destination, follow_symlinks=False)  # fails where there is a file; a rename would not
            source.unlink()
            return
        except FileExistsError:
            raise
        except OSError:  # another disk, or one that knows no links
            pass
    part = destination.with_name(f"{destination.name[:100]}.drumclf-part")
    shutil.copy2(source, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    _publish(part, destination)
    if step.action == "move":
        source.unlink()


def _publish(part: Path, destination: Path) -> None:
    """Give a finished file its name, unless another has it."""
    try:
        os.link(part, destination)
        part.unlink()
    except FileExistsError:
        part.unlink()
        raise
    except OSError:  # a disk that knows no links
        if destination.exists():
            part.unlink()
            raise FileExistsError(17, "there is another file") from None
        part.rename(destination)


def _take_back(step: Step) -> str | None:
    source, destination = Path(step.source), Path(step.destination)
    if not os.path.lexists(destination):
        return None
    if step.action == "link":
        if not destination.is_symlink() or destination.readlink() != source:
            return "it is no longer the link that was made"
    elif step.action == "copy":
        if not source.exists():
            return "the original is gone, and this is the only copy"
        if not filecmp.cmp(source, destination, shallow=False):
            return "it was changed since"
    elif os.path.lexists(source):
        return "there is another file where it was"
    else:
        source.parent.mkdir(parents=True, exist_ok=True)
        _file(Step("move", step.destination, step.source))
        return None
    destination.unlink()
    return None


def _same_file(one: Path, other: Path) -> bool:
    """Two names of one file, or two files of the same bytes."""
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


def _remove_if_empty(*folders: Path) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
