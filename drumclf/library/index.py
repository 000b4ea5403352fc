"""The index of a library: which files there are, what each sound is, and what the user says that it is.

A sound is known by its content, so that a copy or a moved file is not heard again. ``library.db``
in the cache folder holds what a scan makes; ``labels.db`` in the data folder holds the labels that
the user gave, which outlive it. Embeddings are rows of the index too: a file of their own would
be ready 0.09 s sooner at 100,000 sounds (docs/library-mode.md), and could disagree with the rows after a crash.
"""

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumclf.batch.rows import Row
from drumclf.batch.sounds import Given
from drumclf.classifier import Classifier
from drumclf.names import escaped

LOCK = "scan.lock"


class LibraryError(Exception):
    """The library cannot be used; the text is one sentence for the user."""


@dataclass(frozen=True)
class Known:
    """What the index says of a file.

    Attributes
    ----------
    size : int or None
    mtime_ns : int or None
        Size and time of change of the file when it was read; None if it could not be.
    content : bytes or None
    is_answered : bool
        Whether the present model's answer to this content is there.
    is_vanished : bool
    """

    size: int | None
    mtime_ns: int | None
    content: bytes | None
    is_answered: bool
    is_vanished: bool


class Index:
    """An open index, of one thread; any number of processes may have it open.

    Make one with `drumclf.library.opening.open_index`.

    Attributes
    ----------
    db : sqlite3.Connection
        With the user's labels attached as ``labels``.
    notice : str
        What the user must know about how it was opened; usually empty.
    """

    def __init__(self, db: sqlite3.Connection, folder: Path, notice: str = ""):
        self.db, self.notice, self._folder = db, notice, folder

    def close(self) -> None:
        """Let go of the files."""
        self.db.close()

    def model_of(self, classifier: Classifier) -> int:
        """The number by which the index knows a model; a new one for a new model."""
        fingerprint = classifier.metadata["checksum"]
        find = "select id from models where fingerprint = ?"
        if found := self.db.execute(find, (fingerprint,)).fetchone():
            return found[0]
        with self._writing():
            values = (fingerprint, json.dumps(classifier.classes))
            self.db.execute("insert or ignore into models (fingerprint, classes) values (?, ?)", values)
        return self.db.execute(find, (fingerprint,)).fetchone()[0]

    def known_below(self, folder: str, model: int) -> dict[str, Known]:
        """All files that the index knows below a folder, by their escaped path."""
        rows = self.db.execute(
            "select path, size, mtime_ns, files.content, sounds.model is ?, vanished"
            f" from files left join sounds on sounds.content = files.content where {BELOW}",
            (model, *below(folder)),
        )
        return {path: Known(*rest[:3], bool(rest[3]), bool(rest[4])) for path, *rest in rows}

    def has_answer(self, content: bytes, model: int) -> bool:
        """Whether a model's answer to a content is there."""
        found = self.db.execute("select 1 from sounds where content = ? and model = ?", (content, model))
        return found.fetchone() is not None

    def write(self, model: int, files: Iterable[tuple], sounds: Iterable[tuple[bytes, Row]]) -> None:
        """Write what was found, in one transaction.

        Parameters
        ----------
        model : int
        files : iterable of (path, size, mtime_ns, content, error)
            As in the table.
        sounds : iterable of (content, row)
        """
        sounds = list(sounds)
        with self._writing():
            self.db.executemany(
                "insert or replace into files (path, size, mtime_ns, content, error) values (?, ?, ?, ?, ?)", files
            )
            self.db.executemany(
                f"insert or replace into sounds values ({', '.join('?' * 12)})",
                [_sound(model, content, row) for content, row in sounds],
            )
            self.db.executemany(
                "insert or replace into vectors values (?, ?, ?)",
                [
                    (content, model, row.embedding.astype("<f2").tobytes())
                    for content, row in sounds
                    if row.embedding is not None
                ],
            )

    def counts_below(self, folder: str) -> tuple[int, int, int]:
        """How many files below a folder are here, how many of these are refused, and how many have vanished."""
        return self.db.execute(
            "select count(*) filter (where not vanished),"
            " count(*) filter (where not vanished and coalesce(files.error, sounds.error) is not null),"
            f" count(*) filter (where vanished) from files left join sounds using (content) where {BELOW}",
            below(folder),
        ).fetchone()

    def note_folder(self, folder: str) -> None:
        """Remember that a folder belongs to the library."""
        with self._writing():
            self.db.execute("insert or ignore into folders values (?)", (escaped(folder),))

    def mark_vanished(self, paths: Iterable[str]) -> int:
        """Mark files that are no longer there; those whose sound is elsewhere were moved and are forgotten.

        Returns
        -------
        int
            How many were moved.
        """
        with self._writing():
            gone = [(path,) for path in paths]
            self.db.executemany("update files set vanished = 1 where path = ?", gone)
            is_elsewhere = "vanished and content in (select content from files where not vanished)"
            n_moved = self.db.executemany(f"delete from files where path = ? and {is_elsewhere}", gone).rowcount
            self.db.execute(f"delete from files where {is_elsewhere}")
            return max(n_moved, 0)  # -1 of no paths

    def keep_labels(self, given: Mapping[bytes, Given]) -> None:
        """Keep what the user says of sounds, by content; nothing but None forgets it.

        Parameters
        ----------
        given : mapping of bytes to (label, kind, followed)
            As in `drumclf.batch.sounds.Sounds`.
        """
        now = time.time()
        rows = [(content, *values, now) for content, values in given.items() if any(values)]
        with self._writing():
            self.db.executemany("delete from labels.given where content = ?", ((content,) for content in given))
            columns = "content, label, kind, followed, time"
            self.db.executemany(f"insert into labels.given ({columns}) values (?, ?, ?, ?, ?)", rows)

    @contextlib.contextmanager
    def scanning(self) -> Iterator[None]:
        """Only one process at a time may be in here; raises LibraryError if another one is.

        The lock is one of SQLite's, which the system takes back when a process ends in any way.
        """
        lock = sqlite3.connect(self._folder / LOCK, timeout=0, isolation_level=None)
        try:
            lock.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            raise LibraryError("the library is being scanned by another drumclf; wait until it is done") from error
        else:
            yield
        finally:
            lock.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, kept short: others wait for it."""
        try:
            with self.db:
                yield
        except sqlite3.Error as error:
            raise LibraryError(f"the library in {self._folder} cannot be written: {error}") from error


BELOW = "path >= ? and path < ?"  # with the values of `below`


def below(folder: str) -> tuple[str, str]:
    """Between which paths, in order, the files below a folder lie."""
    start = escaped(folder).rstrip(os.sep) + os.sep
    return start, start[:-1] + chr(ord(os.sep) + 1)


def _sound(model: int, content: bytes, row: Row) -> tuple:
    if row.error is not None:
        return (content, model, row.error, *[None] * 9)
    probabilities = np.array([*row.probabilities.values()], "<f4").tobytes()
    return (
        content, model, None, row.label, probabilities, " ".join(row.decision), row.kind, row.kind_probability,
        row.duration, row.rate, row.loudness, row.onset,
    )  # fmt: skip
