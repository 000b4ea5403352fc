"""Work shared out over threads: in order, without reading far ahead; and fair turns for what is scarce."""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")
WORKERS = min(os.cpu_count() or 1, 8)  # threads: decoding, transforms and the network all release the GIL


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items; the last one may be shorter."""
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def map_ahead(function: Callable[[T], U], items: Iterable[T], workers: int = WORKERS) -> Iterator[U]:
    """Like `map`, in `workers` threads.

    At most twice as many items as there are threads are taken before their results are
    asked for, so memory does not grow with the number of items. Calls that have not begun
    when the caller stops iterating are dropped.
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
    """A fair semaphore: first come, first served, and it knows how many are waiting.

    Parameters
    ----------
    n : int
        How many may hold it at a time.
    """

    def __init__(self, n: int):
        self._free = n
        self._queue: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @property
    def n_waiting(self) -> int:
        """How many are waiting now."""
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
        except BaseException:  # Ctrl-C: the next in line must not wait for one who has left
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
