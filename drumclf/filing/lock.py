"""One run at a time in a folder: a lock that the system takes back when its process ends in any way."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from drumclf.filing.journal import JOURNAL, remove_if_empty

if os.name == "nt":
    import msvcrt
else:
    import fcntl

LOCK = "drumclf-sort.lock"
_TRIES = 10  # each is lost only if another run ends in the microseconds between two calls


class InUseError(ValueError):
    """Another run is at work in the folder; the text says so."""


@contextlib.contextmanager
def alone_in(folder: Path, make: bool = False) -> Iterator[None]:
    """Only one run at a time may be in here, of all threads and processes.

    The lock is on a file in the folder, so that it holds for whatever user or computer sorts there. Where
    none can be had - the folder is missing or read-only, or its disk has no locks - this goes on without: whoever
    writes there fails by itself, and `put_file` deletes no original before it has seen that the copy is whole.

    Parameters
    ----------
    folder : Path
        In the end it is removed, if it was made here or held a journal, and is empty.
    make : bool
        Whether to make it if it is not there.

    Raises
    ------
    InUseError
        If another run is in there.
    """
    is_ours = (folder / JOURNAL).exists()
    if make and not folder.exists():
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            is_ours = True
    path = folder / LOCK
    lock = _take(path)
    try:
        yield
    finally:
        if lock is not None:
            _give_back(lock, path)
        if is_ours:
            remove_if_empty(folder)


def check_alone(folder: Path) -> None:
    """Raise InUseError if another run is at work in a folder; nothing is made there."""
    if (folder / LOCK).exists():
        with alone_in(folder):
            pass


def _take(path: Path) -> int | None:
    """The locked file, open; None if there can be no lock."""
    for _ in range(_TRIES):
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            _lock(file)
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        except FileNotFoundError:  # its last holder has removed it since it was opened
            pass
        except (BlockingIOError, PermissionError) as error:
            os.close(file)
            raise InUseError(
                f"another drumclf is sorting into {path.parent}, or undoing it; wait until it is done"
            ) from error
        except OSError:
            os.close(file)
            return None
        os.close(file)
    return None


def _lock(file: int) -> None:
    if os.name == "nt":
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _give_back(lock: int, path: Path) -> None:
    """Remove the file while it is locked, or on Windows, where no open file can be removed, after that."""
    if os.name == "nt":
        os.close(lock)
    with contextlib.suppress(OSError):  # on Windows another run may have it open by now
        path.unlink()
    if os.name != "nt":
        os.close(lock)
