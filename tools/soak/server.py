"""The page in processes of its own: started, watched, weighed, searched for what should not be there."""

import math
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parents[2]
_MEGABYTE = 2**20
_CHUNK = 2**24
"""Bytes of a process's memory that are looked at together."""
_LONGEST_MATCH = 200


@contextmanager
def serve(log: Path | None = None, **environment: str):
    """Serve the page as `make app` does, on a free port of the loopback.

    Parameters
    ----------
    log : path, optional
        Where its output goes.
    **environment : str
        Variables that are to be different from here; TMPDIR, HOME, STREAMLIT_SERVER_...

    Yields
    ------
    address : str
    process : psutil.Process
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (log or Path(os.devnull)).open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1"],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(server, address)
        yield address, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_for(server: subprocess.Popen, address: str) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError(f"The server ended by itself, with status {server.returncode}.")
        try:
            requests.get(f"{address}/_stcore/health", timeout=1).raise_for_status()
            return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError("The server does not answer.")


def serving(address: str) -> psutil.Process:
    """The process that listens at an address of this machine; raises LookupError."""
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.process_iter():
        try:
            if any(c.laddr.port == port and c.status == psutil.CONN_LISTEN for c in process.net_connections("tcp")):
                return process
        except psutil.Error:  # not ours, or gone
            continue
    raise LookupError(f"No process that can be seen listens at {address}.")


def memory(process: psutil.Process) -> tuple[float, float]:
    """Resident megabytes: of the server itself, and of all its children together."""
    children = 0
    for child in process.children(recursive=True):
        try:
            children += child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return process.memory_info().rss / _MEGABYTE, children / _MEGABYTE


class Every(threading.Thread):
    """Calls a function again and again while a with block lasts.

    Parameters
    ----------
    interval : float
        Seconds between two calls.
    function : callable

    Attributes
    ----------
    values : list
        What the calls gave, in order.
    """

    def __init__(self, interval: float, function: Callable):
        super().__init__(daemon=True)
        self.values = []
        self._interval, self._function, self._is_over = interval, function, threading.Event()

    def __enter__(self) -> "Every":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        """Call until the block is left."""
        while not self._is_over.wait(self._interval):
            self.values.append(self._function())


def ask_health(address: str) -> float:
    """Seconds until the server said that it is well; infinite where it did not."""
    started = time.perf_counter()
    try:
        requests.get(f"{address}/_stcore/health", timeout=30).raise_for_status()
    except OSError:
        return math.inf
    return time.perf_counter() - started


def find_in_memory(process: psutil.Process, pattern: bytes) -> set[bytes]:
    """All different matches of a pattern in the memory that a process can write to.

    Parameters
    ----------
    process : psutil.Process
    pattern : bytes
        A regular expression.

    Raises
    ------
    OSError
        When this process may not read another's memory, or the system is not Linux.
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
        except (OSError, ValueError, OverflowError):  # the region is gone, or is a device's
            break
        found.update(searched.findall(before + block))
        before = block[-_LONGEST_MATCH:]
    return found


def open_files_hold(process: psutil.Process, token: bytes) -> list[str]:
    """Files on a disk that a process holds open, deleted ones too, and that hold a token."""
    holding = []
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            target = str(link.readlink())
            is_on_disk = target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/sys/", "/memfd:"))
            if is_on_disk and token in link.read_bytes():
                holding.append(target)
        except OSError:  # closed since, or not to be read
            continue
    return holding


def files_that_hold(token: bytes, *folders: Path, since: float = 0.0) -> list[Path]:
    """Files below folders, changed since a time, in whose name or bytes a token is."""
    holding = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        try:
            is_new = path.is_file() and path.stat().st_mtime >= since
            if is_new and (token in os.fsencode(path.name) or token in path.read_bytes()):
                holding.append(path)
        except OSError:  # gone since, or not ours
            continue
    return holding
