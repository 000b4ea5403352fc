"""Separate processes that decode strangers' sounds: a file that breaks its decoder breaks nothing else.

`Decoders` starts a few of ``python -m drumclf.processes.decoders``. Native code that meets a
hostile file may crash, hang or use up memory; here, it takes nothing down with it. A process gets
one request after another, the seconds to read and then the bytes of a file; of a file on the user's
own disk that is larger than an upload may be, it asks for the pieces that it needs. It knows no names,
no paths and no secrets from the environment, cannot write files, and is killed if it exceeds a limit.
Nothing that it sends is unpickled, since a file may have taken it over.
"""

import contextlib
import io
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
from typing import BinaryIO

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.audio import DAMAGED, AudioError, Channels, Clip, Source, read_channels_of, read_clip, read_open
from drumclf.memory import give_memory_back
from drumclf.names import visible
from drumclf.processes.child import Child, parent
from drumclf.processes.confinement import confine, memory_left
from drumclf.processes.lent_file import LentFile, is_request, piece
from drumclf.processes.sent import MAKE, head_of
from drumclf.sources import open_source, size_of
from drumclf.threads import WORKERS, Turns

TOO_SLOW = "This file takes too long to decode; save the sound again, as WAV."
_COMMAND = (sys.executable, "-m", "drumclf.processes.decoders")
# Limits that the process sets itself.
CPU_LIMIT = 1.8  # seconds for one file; valid ones take up to 1.0, with minutes of silence before the hit
MEMORY_LIMIT = 300_000_000  # bytes on top of what the process takes before its first file
_LEAST_LEFT = 0.75  # of the memory that it had at first: a process that keeps more of it gets no other file
MAX_OPEN_FILES = 16
# Limits that its owner enforces, in seconds.
_WALL_LIMIT = 15.0  # for one file, in case the process waits instead of working
_START_LIMIT = 60.0
_CHECK_INTERVAL = 1.0
_MAX_HEAD_BYTES = 2_000
_MAX_SENTENCE = 200
_PIECE = 1 << 20  # bytes of samples that are sent at a time
_MOST_OF_CHANNELS = limits.MAX_DECODED_SAMPLES + 2 * limits.MAX_BLOCK_SAMPLES  # samples, over all channels
_log = logging.getLogger(__name__)


class Decoders:
    """A pool of processes that each decode one file at a time. Threads may share it.

    A process that dies or exceeds a limit is replaced, and only the file it was reading is refused.

    Parameters
    ----------
    n : int
        Number of processes; more than there are cores, so that a few slow files do not hold up the rest.
    command : sequence of str
        Starts one.
    """

    def __init__(self, n: int = 2 * WORKERS, command: Sequence[str] = _COMMAND):
        self._command = command
        self._turns = Turns(n)
        self._started: set[_Decoder] = set()
        self._idle = [self._start()]  # the others start when they are needed
        self._is_closed = False
        threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    @property
    def n_waiting(self) -> int:
        """How many calls are waiting for a process; first come, first served."""
        return self._turns.n_waiting

    def read_clip(self, source: Source, duration: float = c.CLIP_DURATION) -> Clip:
        """As `drumclf.audio.read_clip`, in another process.

        Raises
        ------
        AudioError
        RuntimeError
            If no process can be started.
        """
        return self._read(source, "clip", duration)

    __call__ = read_clip

    def read_channels(self, source: Source, duration: float = limits.RECORDING_DURATION) -> Channels:
        """As `drumclf.audio.read_channels`, in another process; raises what `read_clip` raises."""
        return self._read(source, "channels", duration)

    def _read(self, source: Source, what: str, duration: float) -> Clip | Channels:
        with open_source(source) as file, self._turns:
            decoder = self._idle.pop() if self._idle else self._start()
            try:
                if not decoder.is_alive():
                    decoder = self._replace(decoder)
                try:
                    return decoder.read(file, what, duration)
                except _KilledError:  # by something else: the file gets a second chance
                    decoder = self._replace(decoder)
                    return decoder.read(file, what, duration)
            except _KilledError as error:
                raise AudioError(DAMAGED) from error
            finally:
                if self._is_closed:
                    decoder.end()
                else:
                    self._idle.append(decoder)

    def _start(self) -> "_Decoder":
        decoder = _Decoder(self._command)
        self._started.add(decoder)
        return decoder

    def _replace(self, dead: "_Decoder") -> "_Decoder":
        self._started.discard(dead)
        return self._start()

    def close(self) -> None:
        """End the processes; a file that is being read is finished first."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().end()


def separate_reader() -> Callable[..., Clip]:
    """Read sounds in separate processes, within limits on time and memory, for `load_classifier`.

    Returns
    -------
    `Decoders`, or `drumclf.audio.read_clip` on systems without POSIX
    """
    return Decoders() if os.name == "posix" else read_clip


class _KilledError(Exception):
    """Something else killed a process; its file is not to blame."""


class _Decoder(Child):
    """One process; ended if it does not answer."""

    def __init__(self, command: Sequence[str]):
        super().__init__(command)
        self._is_ready, self._was_slow, self._deadline = False, False, math.inf

    def read(self, file: BinaryIO, what: str, duration: float) -> Clip | Channels:
        """A "clip" or the "channels"; raises AudioError, _KilledError, or RuntimeError if no process can be started."""
        try:
            self._wait_until_ready()
            head, samples = self._answer(file, what, duration)
            if head["is_last"]:
                self.end()
            sound = MAKE[what](head, samples) if head["error"] is None else None
        except Exception as error:  # whatever came back was not an answer
            self.end()
            status = self.status
            _log.warning("a decoder ended with status %s on a file of %d bytes", status, size_of(file))
            if not self._is_ready:
                raise RuntimeError("no decoding process can be started") from error
            if self._was_slow or status == -signal.SIGPROF:
                raise AudioError(TOO_SLOW) from error
            if status in (-signal.SIGKILL, -signal.SIGTERM) and isinstance(error, EOFError | OSError):
                raise _KilledError from error
            raise AudioError(DAMAGED) from error
        except BaseException:  # Ctrl-C: the answer is still to come, and must not be taken for that to the next file
            self.end()
            raise
        if sound is None:
            raise AudioError(visible(str(head["error"]))[:_MAX_SENTENCE])
        return sound

    def _wait_until_ready(self) -> None:
        if not self._is_ready:
            with self._no_longer_than(_START_LIMIT):
                self.receive(_MAX_HEAD_BYTES)
            self._is_ready = True

    def _answer(self, file: BinaryIO, what: str, duration: float) -> tuple[dict, np.ndarray]:
        data = file.getvalue() if isinstance(file, io.BytesIO) else None
        lent = size_of(file) if data is None else None
        with self._no_longer_than(_WALL_LIMIT):
            self.send(json.dumps({"what": what, "duration": duration, "lent": lent}).encode())
            if data is not None:
                self.send(data)
            head = json.loads(self.receive(_MAX_HEAD_BYTES))
            while data is None and is_request(head):
                self.send(piece(file, head))
                head = json.loads(self.receive(_MAX_HEAD_BYTES))
            most = round(duration * c.SAMPLE_RATE) if what == "clip" else _MOST_OF_CHANNELS
            return head, self._samples(head["n"] if head["error"] is None else 0, most)

    def _samples(self, n: int, most: int) -> np.ndarray:
        """What follows the head, piece by piece: shape (n,); raises ValueError if it is more than was asked for."""
        if not 0 <= n <= most:
            raise ValueError("too many samples")
        samples = np.empty(n, "<f4")
        room = memoryview(samples).cast("B")
        begin = 0
        while begin < len(room):
            received = self.receive(min(len(room) - begin, _PIECE))
            if not received:
                raise ValueError("fewer samples than were announced")
            room[begin : begin + len(received)] = received
            begin += len(received)
        return samples

    def end_if_late(self) -> None:
        """Kill the process if its deadline has passed; whoever waits for it finds the pipe closed."""
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
    """Check all deadlines now and then: a timer for each file would cost more than decoding it."""
    while decoders := owner():
        for decoder in tuple(decoders._started):
            decoder.end_if_late()
        del decoders
        time.sleep(_CHECK_INTERVAL)


# --- The process itself.


def serve() -> None:
    """Answer until the other end hangs up."""
    with parent() as (incoming, outgoing):
        confine(MEMORY_LIMIT, MAX_OPEN_FILES)
        least = _LEAST_LEFT * memory_left()
        outgoing.send_bytes(b"ready")
        while _serve_one(incoming, outgoing, least):
            pass


def _serve_one(incoming: Connection, outgoing: Connection, least: float) -> bool:
    """Answer for one file and keep nothing from it.

    Returns
    -------
    bool
        Whether the process is fit for another file: it may still take `least` bytes of memory.
    """
    request = json.loads(incoming.recv_bytes())
    data = incoming.recv_bytes() if request["lent"] is None else None
    signal.setitimer(signal.ITIMER_PROF, CPU_LIMIT)  # after that, SIGPROF ends the process
    is_fit, samples = True, np.zeros(0, "<f4")
    try:
        head, samples = _read(request, data, incoming, outgoing)
    except AudioError as error:
        head = {"error": str(error)}
        is_fit = not isinstance(error.__cause__, MemoryError)
    signal.setitimer(signal.ITIMER_PROF, 0)
    del data
    give_memory_back()  # nothing of the file is left once the answer is out, and soon nothing of the samples
    is_fit = is_fit and memory_left() + samples.nbytes >= least
    outgoing.send_bytes(json.dumps(head | {"n": samples.size, "is_last": not is_fit}).encode())
    for k in range(0, samples.nbytes, _PIECE):
        outgoing.send_bytes(memoryview(samples).cast("B")[k : k + _PIECE])
    del samples
    give_memory_back()
    return is_fit


def _read(request: dict, data: bytes | None, incoming: Connection, outgoing: Connection) -> tuple[dict, np.ndarray]:
    """What was asked for: a head that describes the samples, and the samples; raises AudioError."""
    file = io.BytesIO(data) if data is not None else LentFile(request["lent"], incoming, outgoing)
    if request["what"] == "channels":
        sound = read_channels_of(file, request["duration"])
    else:
        sound = read_open(file, request["duration"]) if data is None else read_clip(data, request["duration"])
    return head_of(sound), sound.samples.astype("<f4", copy=False)


if __name__ == "__main__":
    sys.exit(serve())
