"""Bring an index up to date: only what is new or changed is looked at."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from drumclf.batch.rows import Row, classify_files, find_sounds
from drumclf.batch.skipped import Skipped
from drumclf.classifier import Classifier
from drumclf.library.index import Entry, Index, LibraryError
from drumclf.library.place import content_of

_MOST_UNWRITTEN = 500  # answers that a crash may cost
_LONGEST_UNWRITTEN = 3.0  # seconds


@dataclass
class Scan:
    """What a scan found and did.

    Attributes
    ----------
    n_files : int
        Sounds below the folders.
    n_to_do : int
        How many of them are new or changed, or have no answer of this model.
    n_done, n_moved, n_refused : int
        How many of these were looked at; how many of them had the content of another file; how many are refused.
    n_gone : int
        Files that were there before and no longer are.
    skipped : list of Skipped
        What is no sound.
    """

    n_files: int = 0
    n_to_do: int = 0
    n_done: int = 0
    n_moved: int = 0
    n_refused: int = 0
    n_gone: int = 0
    skipped: list[Skipped] | None = None


def scan(index: Index, folders: list[Path], load: Callable[[], Classifier]) -> Iterator[Scan]:
    """Look at what is new or changed below the folders; can be stopped at any time, and goes on where it was.

    Parameters
    ----------
    index : Index
    folders : list of Path
        Absolute.
    load : function
        Loads the classifier; only called if it is needed.

    Yields
    ------
    Scan
        The same object: first when it is known how much there is to do, then after each file.

    Raises
    ------
    LibraryError
        If a folder is not there, or another process scans.
    """
    missing = next((folder for folder in folders if not folder.is_dir()), None)
    if missing:
        raise LibraryError(f"there is no folder {missing}")
    index.begin_scan()
    known = index.known()
    done = Scan(skipped=[])
    here, to_do = set(), []
    for path in find_sounds(folders, done.skipped.append):
        name = str(path)
        if name in here or path in folders:  # within two of the folders; or a folder that cannot be opened
            continue
        here.add(name)
        before = known.get(name)
        try:
            status = path.stat()
        except OSError:
            status = None
        if before is None or not before[2] or status is None or before[:2] != (status.st_size, status.st_mtime_ns):
            to_do.append(name)
    tops = tuple(f"{str(folder).rstrip(os.sep)}{os.sep}" for folder in folders)
    gone = [name for name, (*_, is_here) in known.items() if is_here and name.startswith(tops) and name not in here]
    back = [name for name in here if name in known and not known[name][3]]
    index.mark(gone, False)
    index.mark(back, True)
    done.n_files, done.n_to_do, done.n_gone = len(here), len(to_do), len(gone)
    yield done
    if to_do:
        yield from _look_at(index, to_do, load, done)


def _look_at(index: Index, names: list[str], load: Callable[[], Classifier], done: Scan) -> Iterator[Scan]:
    unwritten, written_at = [], time.monotonic()
    heads: dict[str, Entry] = {}
    moved: list[Entry] = []

    def new() -> Iterator[tuple[str, Path]]:
        """The files that the model has to hear; what has the content of another file is put into `moved`."""
        for name in names:
            path = Path(name)
            try:
                status = path.stat()
                head = Entry(name, status.st_size, status.st_mtime_ns, content_of(path), Row(name), None)
            except OSError:  # the reader will say what is wrong
                head = Entry(name, -1, -1, b"", Row(name), None)
            twin = index.answer_for(head.content) if head.content else None
            if twin is None:
                heads[name] = head
                yield name, path
            else:
                row = replace(twin.row, name=name)
                moved.append(replace(twin, path=name, size=head.size, mtime=head.mtime, row=row))

    def take_in(is_last: bool = False) -> None:
        nonlocal written_at
        unwritten.extend((entry, None) for entry in moved)
        done.n_done += len(moved)
        done.n_moved += len(moved)
        done.n_refused += sum(entry.row.error is not None for entry in moved)
        moved.clear()
        is_late = time.monotonic() - written_at > _LONGEST_UNWRITTEN
        if unwritten and (is_last or is_late or len(unwritten) >= _MOST_UNWRITTEN):
            index.add(unwritten)
            unwritten.clear()
            written_at = time.monotonic()

    try:
        for row in _rows(new(), load):
            unwritten.append((replace(heads.pop(row.name), row=row), row.embedding))
            done.n_done += 1
            done.n_refused += row.error is not None
            take_in()
            yield done
    finally:  # also if it is stopped
        take_in(is_last=True)
    yield done


def _rows(files: Iterator[tuple[str, Path]], load: Callable[[], Classifier]) -> Iterator[Row]:
    """Answers for the files, if there are any; without, the model is not even loaded."""
    first = next(files, None)
    if first is not None:

        def all_files() -> Iterator[tuple[str, Path]]:
            yield first
            yield from files

        yield from classify_files(load(), all_files())
