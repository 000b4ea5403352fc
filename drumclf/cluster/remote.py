"""Folders and files wherever fsspec reaches: a disk, a bucket, a store in memory."""

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from drumclf import limits
from drumclf.audio import NO_FILE, NO_PERMISSION, Source
from drumclf.batch.rows import Refused, find_sounds
from drumclf.file_types import SOUND_SUFFIXES

try:
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem
except ImportError:  # drumclf.cluster.run reports it
    url_to_fs = None


def list_sounds(paths: Iterable[str]) -> Iterator[str]:
    """Absolute paths and addresses of all sound files, in the order of `find_sounds`.

    Raises
    ------
    ValueError
        If an address is of an unknown kind, or a folder there cannot be listed.
    """
    for path in paths:
        fs, root = file_system(path)
        if isinstance(fs, LocalFileSystem):
            yield from map(str, find_sounds([Path(root)]))
            continue
        root = root.rstrip("/")
        with or_say(f"{path} cannot be listed: check the address and your right to read it."):
            fs.invalidate_cache()
            if fs.isdir(root):
                yield from (join(path, name[len(root) :].lstrip("/")) for name in _walk(fs, root))
            else:
                yield path


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


def _walk(fs, folder: str) -> Iterator[str]:
    entries = sorted((entry["name"].rstrip("/"), entry["type"]) for entry in fs.ls(folder, detail=True))
    fs.invalidate_cache(folder)  # otherwise the listing of a whole bucket stays in memory
    for name, kind in entries:
        base = name.rpartition("/")[2]
        if base.startswith(".") or name == folder:  # some stores list a folder in itself
            continue
        if kind == "directory":
            yield from _walk(fs, name)
        elif os.path.splitext(base)[1].lower() in SOUND_SUFFIXES:  # noqa: PTH122
            yield name
