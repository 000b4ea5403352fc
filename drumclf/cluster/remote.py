"""Folders and files wherever fsspec reaches: a disk, a bucket, a store in memory."""

import contextlib
import functools
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from drumclf import limits
from drumclf.audio import NO_FILE, NO_PERMISSION, Source
from drumclf.batch.rows import Refused, find_sounds
from drumclf.batch.skipped import HEAD_BYTES, SYSTEM, Skipped, is_called_sound, is_hidden, what_else
from drumclf.threads import map_ahead

try:
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem
except ImportError:  # drumclf.cluster.run reports it
    url_to_fs = None

READERS = 8  # remote files that are read at once: most of the time is spent waiting for the first byte


def list_sounds(
    paths: Iterable[str], report_skipped: Callable[[list[Skipped]], object] = lambda _: None
) -> Iterator[str]:
    """Absolute paths and addresses of all sounds, told from the rest and in order as by `find_sounds`.

    Parameters
    ----------
    paths : iterable of str
    report_skipped : function
        Called in the end, with everything that is skipped.

    Raises
    ------
    ValueError
        If an address is of an unknown kind, or a folder there cannot be listed.
    """
    skipped: list[Skipped] = []
    for path in paths:
        fs, root = file_system(path)
        if isinstance(fs, LocalFileSystem):
            yield from map(str, find_sounds([Path(root)], skipped.append))
            continue
        root = root.rstrip("/")
        with or_say(f"{path} cannot be listed: check the address and your right to read it."):
            fs.invalidate_cache()
            if not fs.isdir(root):
                yield path
                continue
            for name, kind in map_ahead(functools.partial(_look, fs), _walk(fs, root), READERS):
                address = join(path, name[len(root) :].lstrip("/"))
                if kind is None:
                    yield address
                else:
                    skipped.append(Skipped(address, kind))
    report_skipped(skipped)


def fetch(path: str) -> Source:
    """A local path as is; for a remote file, at most as many bytes as are ever read, or a `Refused`."""
    if "://" not in path:
        return path
    try:
        fs, name = file_system(path)
        with fs.open(name, "rb") as file:
            return file.read(limits.MAX_FILE_BYTES + 1)
    except PermissionError:
        return Refused(NO_PERMISSION)
    except Exception:  # each kind of store has its own errors
        return Refused(NO_FILE)


def file_system(path: str):
    """The fsspec file system for a path or address, and the path's name there."""
    if "://" not in path:
        return LocalFileSystem(), os.path.abspath(path)  # noqa: PTH100 - like find_sounds, it resolves no links
    if "::" in path:
        raise ValueError(f"{path} is an address inside another file: unpack it first.")
    try:
        return url_to_fs(path)
    except ImportError as error:  # fsspec's text says what to install
        raise ValueError(f"{path} cannot be used yet: {error}.") from error
    except Exception as error:
        raise ValueError(f"{path} is not an address that fsspec knows.") from error


def names_in(folder: str) -> set[str]:
    """Names of everything in a folder; none if there is no such folder."""
    fs, root = file_system(folder)
    with or_say(f"{folder} cannot be listed: check the address and your right to read it."):
        fs.invalidate_cache()
        with contextlib.suppress(FileNotFoundError):
            return {name.rstrip("/").rpartition("/")[2] for name in fs.ls(root, detail=False)}
        return set()


def put(folder: str, name: str, data: bytes) -> None:
    """Write a whole file, or nothing."""
    fs, root = file_system(folder)
    if not isinstance(fs, LocalFileSystem):
        fs.pipe_file(join(root, name), data)  # an object store shows an object only once it is complete
        return
    fs.makedirs(root, exist_ok=True)
    temporary = Path(root, f".{name}.{uuid.uuid4().hex}")  # two workers may write the same partition
    temporary.write_bytes(data)
    temporary.replace(Path(root, name))


def join(folder: str, name: str) -> str:
    """The address of a file in a folder."""
    return f"{folder}{name}" if folder.endswith("/") else f"{folder}/{name}"


@contextlib.contextmanager
def or_say(sentence: str, kind: type[Exception] = ValueError) -> Iterator[None]:
    """Turn any error into one sentence: each kind of store has its own exceptions."""
    try:
        yield
    except Exception as error:
        raise kind(sentence) from error


def _walk(fs, folder: str) -> Iterator[tuple[str, str | None, int | None]]:
    """Each file below a folder: its name; why it is skipped, if its name says so; its size in bytes, if known."""
    entries = sorted(fs.ls(folder, detail=True), key=lambda entry: entry["name"].rstrip("/"))
    fs.invalidate_cache(folder)  # otherwise the listing of a whole bucket stays in memory
    for entry in entries:
        name = entry["name"].rstrip("/")
        if name == folder:  # some stores list a folder in itself
            continue
        if is_hidden(name.rpartition("/")[2]):
            yield name, SYSTEM, None
        elif entry["type"] == "directory":
            yield from _walk(fs, name)
        else:
            yield name, None, entry.get("size")


def _look(fs, found: tuple[str, str | None, int | None]) -> tuple[str, str | None]:
    """A file's name and why it is skipped, if it is; of one that is not called a sound, the first bytes are read."""
    name, kind, size = found
    if kind is None and not is_called_sound(name):
        with contextlib.suppress(Exception):  # a worker will say that it cannot be read
            # Stores refuse to read a range of nothing.
            kind = what_else(name, b"" if size == 0 else fs.cat_file(name, 0, HEAD_BYTES)[:HEAD_BYTES])
    return name, kind
