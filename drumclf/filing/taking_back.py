"""Take back what `sort` did: only what still is as it was put."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drumclf.filing.carrying_out import OF_THE_DISK, DiskError, about_disk, is_done, is_spare, part_of, put_file
from drumclf.filing.journal import Filed, Journal, Step, digest_of, remove_if_empty

_CHANGED = "it was changed since"
_NOT_BACK = "its sound did not go back"


@dataclass(frozen=True)
class Left:
    """Why `undo` left a file as it is.

    Attributes
    ----------
    why : str
        One sentence.
    is_there : bool
        Whether it may still be taken back another time.
    """

    why: str
    is_there: bool = True


def undo(journal: Journal) -> Iterator[tuple[Step, Left | None]]:
    """Take steps back, the last one first; folders that this empties are removed.

    What is not as it was put stays: a file that was changed, or replaced by another. A copy is
    removed only if the original still is the same, and a moved file goes back only if nothing has
    taken its place and its drive is there; its companions go back only if it does. What is done is taken
    out of the journal, but the file only grows: call ``journal.write()`` in the end.

    Yields
    ------
    step, left : Step, Left or None
        Only for steps that were taken and not undone.

    Raises
    ------
    DiskError
        If no other file could be taken back either.
    """
    left_sounds: set[str] = set()
    for step in _last_first(journal.steps.values()):
        try:
            part_of(Path(step.destination)).unlink(missing_ok=True)
            if _is_back(step) or (step.destination not in journal.filed and not _is_half_done(step)):
                journal.note_undone(step)
                _remove_empty(step, journal.folder)
                continue
            is_with_sound = step.sound in left_sounds
            left = Left(_NOT_BACK) if is_with_sound else _take_back(step, journal.filed.get(step.destination, Filed()))
        except OSError as error:
            if error.errno in OF_THE_DISK:
                raise DiskError(about_disk(error, Path(step.source).parent)) from error
            left = Left(error.strerror or "the system refused")
        if left is not None:
            left_sounds.add(step.destination)
        if left is None or not left.is_there:
            journal.note_undone(step)
            _remove_empty(step, journal.folder)
        yield step, left and Left(f"{step.destination} is left as it is: {left.why}.", left.is_there)


def _last_first(steps: Iterable[Step]) -> Iterator[Step]:
    """The last step first, but companions after their sound."""
    steps = list(steps)
    sounds = {step.destination for step in steps}
    companions: dict[str, list[Step]] = {}
    for step in reversed(steps):
        if step.sound in sounds:
            companions.setdefault(step.sound, []).append(step)
    for step in reversed(steps):
        if step.sound not in sounds:
            yield step
            yield from companions.get(step.destination, ())


def _take_back(step: Step, filed: Filed) -> Left | None:
    source, destination = Path(step.source), Path(step.destination)
    if not os.path.lexists(destination):
        return Left("it was moved, renamed or deleted since", is_there=step.action == "move")
    if step.action == "link":
        if not destination.is_symlink() or destination.readlink() != source:
            return Left("it is no longer the link that sort made")
        destination.unlink()
        return None
    if destination.is_symlink() or not destination.is_file():
        return Left("something else has taken its place")
    if filed.digest and digest_of(destination) != filed.digest:
        return Left(_CHANGED)
    if step.action == "copy":
        if drive := _missing_drive(step):
            return Left(f"the drive of the original, {drive}, is not there")
        if not source.exists():
            return Left("the original is gone, and this is the only copy")
        if not is_spare(destination, source):
            return Left(_CHANGED if filed.digest is None else "the original was changed since, and this is how it was")
    elif not os.path.lexists(source):
        if why := _why_no_way_back(step):
            return Left(why)
        source.parent.mkdir(parents=True, exist_ok=True)
        put_file(Step("move", step.destination, step.source))
        return None
    elif not is_spare(destination, source):
        return Left("another file has taken its old place")
    destination.unlink()
    return None


def _why_no_way_back(step: Step) -> str | None:
    """Why a file cannot go back to the folder that it was moved out of; None if it can.

    A drive that is gone leaves its mount point behind, or nothing: a folder made there would be on
    another disk. Another drive may be in its place, too: one that holds none of the folders on the
    way. So folders are made anew from the one on that was sorted, and only in a folder that is there.
    """
    if drive := _missing_drive(step):
        return f"its drive, {drive}, is not there"
    folder = Path(step.source).parent
    if folder.is_dir():
        return None
    root = Path(step.root or folder)
    there = next(place for place in folder.parents if place.is_dir())
    is_bare = str(there) == step.mount and there.parent != there
    if is_bare or root.parent not in (there, *there.parents):
        return f"its old folder, {folder}, is gone; make it, and undo again"
    return None


def _is_back(step: Step) -> bool:
    """Whether a moved file is where it was: an `undo` that was cut off put it there, or a person."""
    return step.action == "move" and not os.path.lexists(step.destination) and os.path.lexists(step.source)


def _is_half_done(step: Step) -> bool:
    """Whether a run was cut off within a step, after the file had come to its place."""
    return is_done(step) or (step.action == "move" and is_spare(Path(step.destination), Path(step.source)))


def _missing_drive(step: Step) -> str | None:
    return step.mount if step.mount and not os.path.ismount(step.mount) else None


def _remove_empty(step: Step, top: Path) -> None:
    """Remove the folders below the destination that are empty now."""
    remove_if_empty(*[folder for folder in Path(step.destination).parents if top in folder.parents])
