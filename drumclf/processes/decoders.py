"""Processes that read strangers' sounds, so that a file that breaks its decoder breaks nothing else.

`Decoders` is one end of the pipe, ``python -m drumclf.processes.decoders`` the other. Native code
that meets a hostile file may crash, hang or grow; there it takes nothing along. A process gets one
file after another, the seconds to read and then the bytes, and answers each. It has no names, no
paths, no secrets of the environment; it can write no file, and it is killed where it passes a limit.
Nothing is unpickled that comes from a process which such a file may have taken over.
"""

import contextlib
import json
import logging
import math
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import DAMAGED, AudioError, Clip, Source, read_bytes, read_clip
from drumclf.names import visible
from drumclf.processes.child import Child, parent
from drumclf.threads import WORKERS, Turns

TOO_SLOW = "This file takes too long to decode; save the sound again, as WAV."
_COMMAND = (sys.executable, "-m", "drumclf.processes.decoders")
CPU_LIMIT = 1.8
"""Seconds of processor time for one file; lawful ones take up to 1.0, with minutes of silence before the hit."""
MEMORY_LIMIT = 300_000_000
"""Bytes on top of what the process takes before the first file."""
MAX_OPEN_FILES = 16
_WALL_LIMIT = 15.0
"""Seconds for one file where it waits instead of working; the process itself counts its work."""
_START_LIMIT = 60.0
_LOOK_INTERVAL = 1.0
_MAX_HEAD_BYTES, _MAX_SENTENCE = 2_000, 200
_log = logging.getLogger(__name__)


class Decoders:
    """Processes that decode, one file at a time each. May be shared by threads.

    A process that dies or passes a limit is replaced, and only the file that it read is refused.

    Parameters
    ----------
    n : int
        How many; more than there are cores, so that one slow file leaves the others theirs.
    command : sequence of str
        What starts one.
    """

    def __init__(self, n: int = 2 * WORKERS, command: Sequence[str] = _COMMAND):
        self._command = command
        self._turns = Turns(n)
        self._begun: set[_Decoder] = set()
        self._idle = [self._start()]  # the others are started when they are needed
        self._is_closed = False
        threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    @property
    def n_waiting(self) -> int:
        """How many calls wait for a process; they are taken in the order in which they came."""
        return self._turns.n_waiting

    def read_clip(self, source: Source, duration: float = c.CLIP_DURATION) -> Clip:
        """As `drumclf.audio.read_clip`, in another process.

        Raises
        ------
        AudioError
        RuntimeError
            When no process can be started.
        """
        data = read_bytes(source)
        with self._turns:
            decoder = self._idle.pop() if self._idle else self._start()
            try:
                if not decoder.is_alive():
                    decoder = self._replace(decoder)
                try:
                    return decoder.read_clip(data, duration)
                except _KilledError:  # by somebody else: the file gets a second chance
                    decoder = self._replace(decoder)
                    return decoder.read_clip(data, duration)
            except _KilledError as error:
                raise AudioError(DAMAGED) from error
            finally:
                if self._is_closed:
                    decoder.end()
                else:
                    self._idle.append(decoder)

    __call__ = read_clip

    def _start(self) -> "_Decoder":
        decoder = _Decoder(self._command)
        self._begun.add(decoder)
        return decoder

    def _replace(self, dead: "_Decoder") -> "_Decoder":
        self._begun.discard(dead)
        return self._start()

    def close(self) -> None:
        """End the processes; one that is reading finishes first."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().end()


def separate_reader() -> Callable[..., Clip]:
    """`Decoders` where processes of this kind can be had (POSIX), else `drumclf.audio.read_clip`."""
    return Decoders() if os.name == "posix" else read_clip


class _KilledError(Exception):
    """A process was killed, and not for what it did."""


class _Decoder(Child):
    """One process; ended where it does not answer."""

    def __init__(self, command: Sequence[str]):
        super().__init__(command)
        self._is_ready, self._was_slow, self._deadline = False, False, math.inf

    def read_clip(self, data: bytes, duration: float) -> Clip:
        """Raises AudioError, _KilledError, or RuntimeError where it cannot be started."""
        try:
            self._wait_until_ready()
            head, samples = self._answer(data, duration)
            clip = _clip(head, samples) if head["error"] is None else None
        except Exception as error:  # whatever came was not an answer
            self.end()
            status = self.status
            _log.warning("a decoder ended with status %s on a file of %d bytes", status, len(data))
            if not self._is_ready:
                raise RuntimeError("no process that decodes can be started") from error
            if self._was_slow or status == -signal.SIGPROF:
                raise AudioError(TOO_SLOW) from error
            if status in (-signal.SIGKILL, -signal.SIGTERM) and isinstance(error, EOFError | OSError):
                raise _KilledError from error
            raise AudioError(DAMAGED) from error
        if clip is None:
            raise AudioError(visible(str(head["error"]))[:_MAX_SENTENCE])
        return clip

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            with self._no_longer_than(_START_LIMIT):
                self.receive(_MAX_HEAD_BYTES)
            self._is_ready = True

    def _answer(self, data: bytes, duration: float) -> tuple[dict, np.ndarray]:
        with self._no_longer_than(_WALL_LIMIT):
            self.send(str(duration).encode())
            self.send(data)
            head = json.loads(self.receive(_MAX_HEAD_BYTES))
            return head, np.frombuffer(self.receive(4 * round(duration * c.SAMPLE_RATE)), "<f4")

    def end_if_late(self) -> None:
        """Kill the process if it had to answer before now; whoever waits for it finds the pipe closed."""
        if time.monotonic() > self._deadline:
            self._was_slow = True
            self.kill()

    @contextlib.contextmanager
    def _no_longer_than(self, seconds: float) -> Iterator[None]:
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = math.inf


def _watch(owner: "weakref.ref[Decoders]") -> None:
    """Look at all deadlines now and then: a timer for each file would cost more than to decode it."""
    while decoders := owner():
        for decoder in tuple(decoders._begun):
            decoder.end_if_late()
        del decoders
        time.sleep(_LOOK_INTERVAL)


def _clip(head: dict, samples: np.ndarray) -> Clip:
    """The clip that was sent; raises ValueError, KeyError or TypeError where it is none."""
    start, file_duration = float(head["start"]), float(head["file_duration"])
    if not (len(samples) and np.isfinite(samples).all() and math.isfinite(start)):
        raise ValueError("this is no clip")
    return Clip(samples, start, bool(head["is_whole"]), file_duration)


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
