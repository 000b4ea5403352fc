"""The index of a library: a row for each file in SQLite, and its embedding in a file beside it.

SQLite keeps what is committed if a process dies in mid-write, and lets others read while one writes. Embeddings are
half precision, one after the other in a file that only grows; a row says which is its own. They are written before the
rows that point at them, so that no row ever points at nothing.
"""

import contextlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumclf.batch.rows import Row

_SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS sounds (
    path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, content BLOB, model TEXT, is_here INTEGER,
    error TEXT, label TEXT, answer BLOB, duration REAL, digest BLOB, slot INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_content ON sounds (content);
CREATE TABLE IF NOT EXISTS labels (content BLOB PRIMARY KEY, label TEXT, kind TEXT) WITHOUT ROWID;
"""
_LABELLED = """
SELECT path, slot, coalesce(labels.label, sounds.label) AS said
FROM sounds LEFT JOIN labels ON labels.content = sounds.content
"""
_COLUMNS = "path, size, mtime, content, model, is_here, error, label, answer, duration, digest, slot"
_BUSY = 30.0  # seconds to wait for another process


class LibraryError(RuntimeError):
    """The index cannot be used as asked; the text is one sentence."""


@dataclass(frozen=True)
class Entry:
    """What the index knows of one file.

    Attributes
    ----------
    path : str
    size, mtime : int
        In bytes; in nanoseconds.
    content : bytes
        As `drumclf.library.place.content_of` gives it.
    row : Row
        The model's answer, or why there is none; without embedding and fingerprint.
    slot : int or None
        Number of its embedding; None for refused files.
    """

    path: str
    size: int
    mtime: int
    content: bytes
    row: Row
    slot: int | None


class Index:
    """An open index. Use it in one thread; close it, or use it in a ``with`` statement.

    Parameters
    ----------
    folder : Path
        Made if there is none.
    model : str
        What tells the model from others; rows of other models are no answers.

    Raises
    ------
    LibraryError
        If it is of a newer version, or cannot be opened.
    """

    def __init__(self, folder: Path, model: str):
        self.folder, self.model = folder, model
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = _open(folder / "index.sqlite")
        except (OSError, sqlite3.Error) as error:
            raise LibraryError(f"the index in {folder} cannot be used: {error}") from error
        self._vectors = folder / "embeddings.f16"
        self._scanning: sqlite3.Connection | None = None

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; another process may then scan."""
        self._database.close()
        if self._scanning:
            self._scanning.close()

    def begin_scan(self) -> None:
        """Be the only one who scans, until closed.

        Raises
        ------
        LibraryError
            If another process scans.
        """
        lock = sqlite3.connect(self.folder / "scanning.sqlite", timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")  # the system lets go of it if this process dies
        except sqlite3.OperationalError as error:
            lock.close()
            raise LibraryError("another drumclf is scanning; its results can be searched as they come") from error
        self._scanning = lock

    def known(self) -> dict[str, tuple[int, int, bool, bool]]:
        """Path -> size, mtime, whether the answer is of this model, whether the file was there at the last scan."""
        rows = self._database.execute("SELECT path, size, mtime, model, is_here FROM sounds")
        return {os.fsdecode(path): (size, mtime, m == self.model, bool(here)) for path, size, mtime, m, here in rows}

    def answer_for(self, content: bytes) -> Entry | None:
        """A file with the same content and an answer of this model, wherever it is or was."""
        found = self._database.execute(
            f"SELECT {_COLUMNS} FROM sounds WHERE content = ? AND model = ? LIMIT 1", (content, self.model)
        ).fetchone()
        return _entry(found) if found else None

    def add(self, entries: list[tuple[Entry, np.ndarray | None]]) -> None:
        """Write entries and their embeddings; all are kept, or none.

        Parameters
        ----------
        entries : list of (Entry, embedding)
            With an embedding, shape (n,), the entry gets a new slot; without, it keeps its own.
        """
        size = self._vectors.stat().st_size if self._vectors.exists() else 0
        new = [vector for _, vector in entries if vector is not None]
        rows, slot = [], size // (2 * len(new[0])) if new else 0
        for entry, vector in entries:
            rows.append(_values(entry, self.model, slot if vector is not None else entry.slot))
            slot += vector is not None
        if new:
            with self._vectors.open("r+b" if size else "wb") as file:
                file.truncate(size - size % (2 * len(new[0])))  # what a process that died had begun
                file.seek(0, os.SEEK_END)
                file.write(np.stack(new).astype("<f2").tobytes())
                file.flush()
                os.fsync(file.fileno())
        with self._database:
            marks = ", ".join("?" * len(_COLUMNS.split(", ")))
            self._database.executemany(f"INSERT OR REPLACE INTO sounds ({_COLUMNS}) VALUES ({marks})", rows)

    def mark(self, paths: Iterable[str], is_here: bool) -> None:
        """Note that files are there, or are gone; what is known of them stays."""
        with self._database:
            self._database.executemany(
                "UPDATE sounds SET is_here = ? WHERE path = ?", ((is_here, os.fsencode(path)) for path in paths)
            )

    def entries(self, paths: Iterable[str]) -> list[Entry]:
        """What is known of these files, in their order; those without an answer of this model are left out."""
        query = f"SELECT {_COLUMNS} FROM sounds WHERE path = ? AND model = ?"
        found = (self._database.execute(query, (os.fsencode(path), self.model)).fetchone() for path in paths)
        return [_entry(values) for values in found if values]

    def sounds(self, label: str | None = None, folder: Path | None = None) -> tuple[list[str], np.ndarray, list[str]]:
        """Every sound that was there at the last scan and has an answer of this model.

        Parameters
        ----------
        label : str, optional
            Only those with this label, the user's or else the model's.
        folder : Path, optional
            Only those below this folder.

        Returns
        -------
        paths : list of str
            In their order.
        slots : np.ndarray, shape (n,), int
            Numbers of their embeddings.
        labels : list of str
        """
        query, values = f"{_LABELLED} WHERE is_here AND slot IS NOT NULL AND model = ?", [self.model]
        if folder is not None:
            begin = os.fsencode(f"{str(folder).rstrip(os.sep)}{os.sep}")
            query, values = f"{query} AND path >= ? AND path < ?", [*values, begin, begin[:-1] + bytes([begin[-1] + 1])]
        if label is not None:
            query, values = f"{query} AND said = ?", [*values, label]
        found = self._database.execute(f"{query} ORDER BY path", values).fetchall()
        paths, slots, labels = zip(*found, strict=True) if found else ((), (), ())
        return [os.fsdecode(path) for path in paths], np.array(slots, int), list(labels)

    def n_outdated(self) -> int:
        """How many files that are there have an answer of another model."""
        found = self._database.execute("SELECT count(*) FROM sounds WHERE is_here AND model != ?", (self.model,))
        return found.fetchone()[0]

    def embeddings(self, n_dimensions: int) -> np.ndarray:
        """All embeddings, by slot: shape (n_slots, n_dimensions), float16, mapped into memory."""
        n = self._vectors.stat().st_size // (2 * n_dimensions) if self._vectors.exists() else 0
        if not n:
            return np.zeros((0, n_dimensions), "<f2")
        return np.memmap(self._vectors, "<f2", "r", shape=(n, n_dimensions))

    def labels(self) -> dict[bytes, tuple[str, str | None]]:
        """Labels and kinds that the user gave, by content."""
        return {content: (label, kind) for content, label, kind in self._database.execute("SELECT * FROM labels")}

    def give_label(self, content: bytes, label: str | None, kind: str | None = None) -> None:
        """Keep the user's label for a content, whatever models say later; None takes it back."""
        with self._database:
            self._database.execute("DELETE FROM labels WHERE content = ?", (content,))
            if label is not None:
                self._database.execute("INSERT INTO labels VALUES (?, ?, ?)", (content, label, kind))


def _open(file: Path) -> sqlite3.Connection:
    """The database; a damaged one is put aside, and what labels it still gives are kept."""
    try:
        return _prepared(file)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # busy, or a full disk: not damaged
            raise
    damaged = file.with_suffix(".damaged")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + suffix).replace(damaged.with_name(damaged.name + suffix))
    kept = []
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(damaged)) as old:
        kept = old.execute("SELECT * FROM labels").fetchall()
    database = _prepared(file)
    with database:
        database.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", kept)
    return database


def _prepared(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=_BUSY)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA:
            raise LibraryError(f"{file} is of a newer drumclf: use that, or set another folder with DRUMCLF_LIBRARY")
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(_TABLES)
        database.execute(f"PRAGMA user_version = {_SCHEMA}")
    except BaseException:
        database.close()
        raise
    return database


def _values(entry: Entry, model: str, slot: int | None) -> tuple:
    row = entry.row
    answer = None
    if row.error is None:
        numbers = [list(row.probabilities), [round(p, 5) for p in row.probabilities.values()]]
        kinds = {kind: round(p, 5) for kind, p in row.kinds.items()}
        answer = zlib.compress(json.dumps([*numbers, list(row.decision), kinds, row.kind]).encode(), 1)
    return (
        os.fsencode(entry.path), entry.size, entry.mtime, entry.content, model, True,
        row.error, row.label, answer, row.duration, row.digest, slot,
    )  # fmt: skip


def _entry(values: tuple) -> Entry:
    path, size, mtime, content, _, _, error, label, answer, duration, digest, slot = values
    name = os.fsdecode(path)
    if answer is None:
        return Entry(name, size, mtime, content, Row(name, error), None)
    classes, probabilities, decision, kinds, kind = json.loads(zlib.decompress(answer))
    row = Row(
        name, None, label, dict(zip(classes, probabilities, strict=True)), tuple(decision), kinds, kind, duration,
        digest=digest,
    )  # fmt: skip
    return Entry(name, size, mtime, content, row, slot)
