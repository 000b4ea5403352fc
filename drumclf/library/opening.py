"""The files of a library -> an open index, whatever state they are in."""

import contextlib
import sqlite3
from pathlib import Path

from drumclf.library.index import Index, LibraryError
from drumclf.library.places import cache_folder, data_folder

INDEX, LABELS = "library.db", "labels.db"
SCHEMA = 1  # of the index; any older one is made again
LABELS_SCHEMA = 2
_PATIENCE = 10.0  # seconds to wait while another process writes
_TABLES = """
create table models (id integer primary key, fingerprint text unique, classes text);
create table folders (path text primary key) without rowid;
create table files (
    path text primary key,  -- as `drumclf.names.escaped` writes it
    size integer, mtime_ns integer, content blob, vanished integer default 0,
    error text  -- why it could not be read; tried again by every scan
) without rowid;
create index files_by_content on files (content);
create table sounds (
    content blob primary key, model integer, error text, label text, probabilities blob, decision text, kind text,
    kind_probability real, duration real, rate integer, loudness real, onset real
) without rowid;
create table vectors (content blob primary key, model integer, embedding blob);
"""
# What makes each version of the labels from the one before it.
_LABEL_STATEMENTS = (
    "create table labels.given (content blob primary key, label text, kind text, time real) without rowid",
    "alter table labels.given add column followed text",
)


def open_index(cache: Path | None = None, data: Path | None = None) -> Index:
    """Open the user's library, or begin it.

    Parameters
    ----------
    cache, data : Path, optional
        Where the index and the labels are; by default in the user's own folders.

    Returns
    -------
    Index
        An index of an older version is begun anew, a damaged one moved aside; `notice` then says so.

    Raises
    ------
    LibraryError
        If it is of a newer version, the labels are damaged, or the folders cannot be written.
    """
    cache, data = cache or cache_folder(), data or data_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"the library cannot be kept in {error.filename}: {error.strerror}") from error
    notice = ""
    try:
        db = _connect(cache / INDEX)
    except sqlite3.OperationalError as error:
        raise LibraryError(f"the library in {cache} cannot be opened: {error}") from error
    except sqlite3.DatabaseError:
        _move_aside(cache / INDEX)
        db, notice = _connect(cache / INDEX), "the index of the library was damaged and is begun anew; labels are kept"
    if db is None:
        _move_aside(cache / INDEX)
        db, notice = (
            _connect(cache / INDEX),
            "the library is begun anew for this version of drumclf; labels are kept",
        )
    try:
        _attach_labels(db, data / LABELS)
    except sqlite3.OperationalError as error:  # another process writes, or the disk is full
        db.close()
        raise LibraryError(f"the labels in {data / LABELS} cannot be opened: {error}") from error
    except sqlite3.DatabaseError as error:
        db.close()
        raise LibraryError(f"the labels in {data / LABELS} cannot be read ({error}); move the file away") from error
    return Index(db, cache, notice)


def _connect(path: Path) -> sqlite3.Connection | None:
    """None if it is of an older version; raises sqlite3.DatabaseError if it is damaged."""
    db = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        db.execute("pragma journal_mode = wal")  # readers do not wait for a scan
        version = _version(db, "main")
        if version == 0:
            with db:
                db.execute("begin immediate")  # of two that begin it, one waits
                if _version(db, "main") == 0:
                    for statement in filter(str.strip, _TABLES.split(";\n")):
                        db.execute(statement)
                    db.execute(f"pragma user_version = {SCHEMA}")
        elif version != SCHEMA:
            db.close()
            if version > SCHEMA:
                raise LibraryError(f"the library in {path.parent} was made by a newer drumclf; update this one")
            return None
        else:
            db.execute("select 1 from files, sounds, vectors, folders, models limit 1")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _attach_labels(db: sqlite3.Connection, path: Path) -> None:
    db.execute("attach ? as labels", (str(path),))
    version = _version(db, "labels")
    if version > LABELS_SCHEMA:
        raise LibraryError(f"the labels in {path} were made by a newer drumclf; update this one")
    if version == LABELS_SCHEMA:
        return
    with db:
        db.execute("begin immediate")
        for statement in _LABEL_STATEMENTS[_version(db, "labels") :]:  # whoever waited finds nothing left to do
            db.execute(statement)
        db.execute(f"pragma labels.user_version = {LABELS_SCHEMA}")


def _version(db: sqlite3.Connection, name: str) -> int:
    return db.execute(f"pragma {name}.user_version").fetchone()[0]


def _move_aside(path: Path) -> None:
    """Under another name, with its journals; what lay there before is overwritten."""
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(path.with_name(f"{path.stem}-old.db{end}"))
