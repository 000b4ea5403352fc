"""One function over many items on all cores, in order and without reading far ahead."""

import itertools
import os
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
