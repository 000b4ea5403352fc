"""Copy, move or link files into folders: never over another file, and a run that was cut off can be resumed."""

import contextlib
import errno
import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from drumclf.filing.journal import Filed, Journal, Step, digest_of, remove_if_empty

# With these, every other file would fail too: the disk is full, or no longer there.
OF_THE_DISK = frozenset(
    getattr(errno, name, -1) for name in ("ENOSPC", "EDQUOT", "EROFS", "ENODEV", "ENXIO", "ESTALE", "ENOTCONN")
)
_PART_BYTES = 100  # of a name, before the suffix: disks take 255 bytes, and encrypted ones 143


class DiskError(Exception):
    """A disk takes or gives no more files; the text says why."""


def settle(journal: Journal) -> None:
    """Count steps as taken that were, though the run was cut off before it could write so.

    Journals of version 0.1 do not record at all what was done. Steps are taken in order, so
    all before the last one that is as it was put were taken, too.
    """
    unfinished = journal.unfinished()
    is_taken = [is_done(step) for step in unfinished]
    last = max((i for i, taken in enumerate(is_taken) if taken), default=-1)
    for i, step in enumerate(unfinished):
        if is_taken[i] and step.root is not None:
            journal.filed[step.destination] = _as_it_is(step)
        elif is_taken[i] or (step.root is None and i < last):
            journal.filed[step.destination] = Filed()


def can_resume(step: Step) -> bool:
    """Whether a step that was planned and not taken can still be: nothing else is in its place."""
    source, destination = Path(step.source), Path(step.destination)
    with contextlib.suppress(OSError):
        return not os.path.lexists(destination) or is_spare(destination, source)
    return True


def is_done(step: Step) -> bool:
    """Whether a step is done, by the look of it: its destination holds what the step puts there."""
    source, destination = Path(step.source), Path(step.destination)
    try:
        if step.action == "link":
            return destination.is_symlink() and destination.readlink() == source
        if not destination.exists() or os.path.lexists(part_of(destination)):
            return False
        if step.action == "move":
            return not os.path.lexists(source)
        return not source.exists() or filecmp.cmp(source, destination)
    except OSError:
        return False


def carry_out(journal: Journal, steps: Iterable[Step]) -> Iterator[tuple[Step, str | None]]:
    """Take one step after the other, and record each.

    Parameters
    ----------
    journal : Journal
        Written, with all these steps in it.
    steps : iterable of Step

    Yields
    ------
    step, error : Step, str or None
        Why the file stays where it is, in one sentence; None if it is in its place.

    Raises
    ------
    DiskError
        If no other file could be filed either.
    """
    for step in steps:
        destination = Path(step.destination)
        if not journal.is_there():
            raise DiskError(f"{journal.folder} is gone")
        if step.sound and step.sound not in journal.filed:
            yield step, f"{step.source} stays where it is: its sound was not moved."
            continue
        try:
            part_of(destination).unlink(missing_ok=True)  # left by a run that was cut off
            if not is_done(step):
                put_file(step)
            journal.note_done(step)
        except OSError as error:
            if step.destination not in journal.filed:
                remove_if_empty(*[folder for folder in destination.parents if journal.folder in folder.parents])
            if error.errno in OF_THE_DISK:
                raise DiskError(about_disk(error, journal.folder)) from error
            yield step, f"{step.source} stays where it is: {error.strerror or 'it could not be moved'}."
        else:
            yield step, None


def _as_it_is(step: Step) -> Filed:
    place = Path(step.destination)
    with contextlib.suppress(OSError):
        return Filed() if step.action == "link" else Filed(place.stat().st_size, digest_of(place))
    return Filed()


def about_disk(error: OSError, folder: Path) -> str:
    """What is wrong with the disk of a folder."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"the disk of {folder} is full"
    return f"the disk of {folder} can no longer be written to ({error.strerror})"


def put_file(step: Step) -> None:
    """Take a step, never over another file; raises OSError, and then the file is where it was."""
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
    if is_spare(source, destination):  # a run was cut off before its last line
        source.unlink()
        return
    try:
        os.link(source, destination)  # fails if there is a file; a rename would not
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without hard links
        _copy(source, destination)
    try:
        if not is_spare(source, destination):
            raise OSError(errno.EIO, "its copy is not whole")
        source.unlink()
    except OSError:  # its folder may be read-only
        if source.exists():  # not moved by another meanwhile, so that this is the only one
            destination.unlink()
        raise


def _copy(source: Path, destination: Path) -> None:
    part = part_of(destination)
    try:
        shutil.copy2(source, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
    except OSError:  # the disk is full
        part.unlink(missing_ok=True)
        raise
    publish(part, destination)


def part_of(destination: Path) -> Path:
    """What a file is called until all of it is written."""
    name = destination.name
    while len(os.fsencode(name)) > _PART_BYTES:
        name = name[:-1]
    return destination.with_name(f"{name}.drumclf-part")


def publish(part: Path, destination: Path) -> None:
    """Give a finished file its name; raises OSError if another file has it, and then the part is gone."""
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


def is_spare(file: Path, other: Path) -> bool:
    """Whether a file may be deleted because another holds the same; not if one is a link to the other."""
    return (
        other.exists()
        and file.exists()
        and os.path.realpath(file) != os.path.realpath(other)
        and (file.samefile(other) or filecmp.cmp(file, other, shallow=False))
    )
