"""Searches a process's memory, its open files and folders for traces of an upload."""

import os
import re
from pathlib import Path

import psutil

_CHUNK = 2**24  # bytes of a process's memory read at a time
_LONGEST_MATCH = 200  # bytes


def find_in_memory(process: psutil.Process, pattern: bytes) -> set[bytes]:
    """All distinct matches of a pattern in the writable memory of a process.

    Parameters
    ----------
    process : psutil.Process
    pattern : bytes
        A regular expression.

    Raises
    ------
    OSError
        If this process may not read another's memory, or the system is not Linux.
    """
    found, searched = set(), re.compile(pattern)
    maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as mem:
        for line in maps:
            first, last, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if rights.startswith("rw"):
                found |= _find(mem, int(first, 16), int(last, 16), searched)
    return found


def _find(mem, first: int, last: int, searched: re.Pattern) -> set[bytes]:
    found, before = set(), b""
    for start in range(first, last, _CHUNK):
        try:
            mem.seek(start)
            block = mem.read(min(_CHUNK, last - start))
        except (OSError, ValueError, OverflowError):  # the region is gone, or belongs to a device
            break
        found.update(searched.findall(before + block))
        before = block[-_LONGEST_MATCH:]
    return found


def open_files_hold(process: psutil.Process, token: bytes) -> list[str]:
    """Files on disk that contain a token and that a process holds open, deleted ones included."""
    holding = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            target = str(link.readlink())
            is_on_disk = target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/sys/", "/memfd:"))
            if is_on_disk and token in link.read_bytes():
                holding.append(target)
        except OSError:  # closed since, or unreadable
            continue
    return holding


def files_that_hold(token: bytes, *folders: Path, since: float = 0.0) -> list[Path]:
    """Files below folders, changed since a time, whose name or content includes a token."""
    holding = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        try:
            is_new = path.is_file() and path.stat().st_mtime >= since
            if is_new and (token in os.fsencode(path.name) or token in path.read_bytes()):
                holding.append(path)
        except OSError:  # gone since, or not readable
            continue
    return holding
