"""A few at a time, first come, first served."""

import threading
from collections import deque


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
