"""All cores at work, in order and without reading far ahead; and turns, where only a few may be in at a time."""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
WORKERS = min(os.cpu_count() or 1, 8)
"""Threads: decoding, transforms and the network all let go of Python's lock."""


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, the last one shorter."""
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def map_ahead(function: Callable[[T], U], items: Iterable[T], workers: int = WORKERS) -> Iterator[U]:
    """Like `map`, in `workers` threads.

    At most twice as many items as there are threads are taken before their results
    are asked for, so memory does not grow with the number of items. What has not
    begun when the caller stops asking is dropped.
    """
    items, ahead = iter(items), deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="drumclf")
    try:
        for item in itertools.islice(items, 2 * workers):
            ahead.append(pool.submit(function, item))
        while ahead:
            result = ahead.popleft().result()
            for item in itertools.islice(items, 1):
                ahead.append(pool.submit(function, item))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


class Turns:
    """A semaphore that is fair: who came first goes first, and how many wait can be asked.

    Parameters
    ----------
    n : int
        How many may be in at a time.
    """

    def __init__(self, n: int):
        self._free = n
        self._queue: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @property
    def n_waiting(self) -> int:
        """How many are in the queue now."""
        return len(self._queue)

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._queue.append(turn)
        try:
            turn.wait()
        except BaseException:  # Ctrl-C: whoever is next must not wait for one who left
            with self._lock:
                if not turn.is_set():
                    self._queue.remove(turn)
                    raise
            self.__exit__()
            raise

    def __exit__(self, *_) -> None:
        with self._lock:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._free += 1
