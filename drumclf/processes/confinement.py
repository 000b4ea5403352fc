"""What a process that reads strangers' bytes may use, set by the process itself before it reads any."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

from drumclf import ffmpeg

# PyAV's libraries take 110 MB of address space, which is not memory: more room than this is not made for them.
_LIBRARIES_ROOM = 250_000_000


def confine(memory: int, open_files: int) -> None:
    """Limit this process for good: no file written, no core dump, and so much of memory and files.

    Parameters
    ----------
    memory : int
        Bytes on top of what the process takes now, and of PyAV's libraries if they are loaded later.
    open_files : int
    """
    import resource

    with contextlib.suppress(OSError):  # no /proc: no memory limit
        most = _address_space() + memory
        _lower(resource.RLIMIT_AS, most, most + _LIBRARIES_ROOM)
        ffmpeg.while_importing = _room_for_libraries
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, open_files)


def memory_left() -> float:
    """Bytes that this process may still take; infinite if its memory is not limited, or cannot be measured."""
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError):  # no /proc
        return math.inf if most == resource.RLIM_INFINITY else most - _address_space()
    return math.inf


@contextlib.contextmanager
def _room_for_libraries() -> Iterator[None]:
    """Raise the limit on memory by what is loaded meanwhile, once."""
    import resource

    limit, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = _address_space()
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        _lower(resource.RLIMIT_AS, limit + _address_space() - before)
        ffmpeg.while_importing = contextlib.nullcontext


def _address_space() -> int:
    import resource

    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _lower(limit: int, most: int, hardest: int | None = None) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    hardest = most if hardest is None else hardest
    hardest = hardest if hard == resource.RLIM_INFINITY else min(hardest, hard)
    resource.setrlimit(limit, (min(most, hardest), hardest))
