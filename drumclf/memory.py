"""Memory that a sound was in, back to the system."""

import contextlib
import ctypes
import os

_libc = ctypes.CDLL(None) if os.name == "posix" else None


def give_memory_back() -> None:
    """Return freed memory to the system, and with it the content that it held; does nothing without glibc.

    By default, glibc keeps freed memory for the next array, content and all. It could be told to return all of it at
    once (``MALLOC_MMAP_THRESHOLD_``), but then memory comes and goes all the time, and a spectrogram takes twice as
    long. What is free at the end of another thread's heap stays, but with ``MALLOC_ARENA_MAX=1`` there is none.
    """
    with contextlib.suppress(AttributeError):
        _libc.malloc_trim(0)
