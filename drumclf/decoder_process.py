"""Reads strangers' sounds in a process of its own: ``python -m drumclf.decoder_process``.

Native code that meets a hostile file may crash, hang or grow; here it takes nothing
along. The process gets one file after another from its standard input, the seconds to read
and then the bytes, and answers each on its standard output. It has no names, no paths, no secrets of the
environment; it can write no file, and it is killed where it passes a limit. See
`drumclf.decoders` for the other end.
"""

import contextlib
import json
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from drumclf.audio import AudioError, read_clip
from drumclf.child import parent

CPU_LIMIT = 1.8
"""Seconds of processor time for one file; lawful ones take up to 1.0, with minutes of silence before the hit."""
MEMORY_LIMIT = 300_000_000
"""Bytes on top of what the process takes before the first file."""
MAX_OPEN_FILES = 16


def serve() -> None:
    """Answer until the other end hangs up."""
    with parent() as (incoming, outgoing):
        _limit()
        outgoing.send_bytes(b"ready")
        while _serve_one(incoming, outgoing):
            pass


def _serve_one(incoming: Connection, outgoing: Connection) -> bool:
    """Answer for one file, and keep nothing of it; whether the process is fit for another one."""
    duration, data = float(incoming.recv_bytes()), incoming.recv_bytes()
    signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT)  # then SIGPROF ends the process
    is_fit, samples = True, b""
    try:
        clip = read_clip(data, duration)
        head = {"error": None, "start": clip.start, "is_whole": clip.is_whole, "file_duration": clip.file_duration}
        samples = clip.samples.astype("<f4").tobytes()
    except AudioError as error:
        head = {"error": str(error)}
        is_fit = not isinstance(error.__cause__, MemoryError)
    signal.setitimer(signal.ITIMER_PROF, 0)
    del data  # once the answer is out, nothing of it is left
    outgoing.send_bytes(json.dumps(head).encode())
    outgoing.send_bytes(samples)
    return is_fit


def _limit() -> None:
    import resource

    with contextlib.suppress(OSError):  # no /proc: no memory limit
        n_pages = int(Path("/proc/self/statm").read_text().split()[0])
        _lower(resource.RLIMIT_AS, n_pages * resource.getpagesize() + MEMORY_LIMIT)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)


def _lower(limit: int, most: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    sys.exit(serve())
