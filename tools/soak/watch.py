"""Watches a server that runs: its health and its memory."""

import math
import threading
import time
from collections.abc import Callable

import psutil
import requests

_MEGABYTE = 2**20


def listener(address: str) -> psutil.Process:
    """The process that listens at an address of this machine; raises LookupError."""
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.process_iter():
        try:
            if any(c.laddr.port == port and c.status == psutil.CONN_LISTEN for c in process.net_connections("tcp")):
                return process
        except psutil.Error:  # belongs to somebody else, or has ended
            continue
    raise LookupError(f"No visible process listens at {address}.")


def memory(process: psutil.Process) -> tuple[float, float]:
    """Resident megabytes: the server itself, and all its children together."""
    children = 0
    for child in process.children(recursive=True):
        try:
            children += child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return process.memory_info().rss / _MEGABYTE, children / _MEGABYTE


class Every(threading.Thread):
    """Calls a function repeatedly while a with block runs.

    Parameters
    ----------
    interval : float
        Seconds from one call to the next.
    function : callable

    Attributes
    ----------
    values : list
        What the calls returned, in order.
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
    """Seconds until the server reported that it is well; infinite if it did not."""
    started = time.perf_counter()
    try:
        requests.get(f"{address}/_stcore/health", timeout=30).raise_for_status()
    except OSError:
        return math.inf
    return time.perf_counter() - started
