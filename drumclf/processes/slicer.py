"""A separate process that slices recordings: `Slicer` starts ``python -m drumclf.processes.slicer``.

librosa, which finds the onsets, takes 180 MB and two seconds to import, with the GIL held:
a server that answers many visitors keeps it out of its own process.
"""

import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.hits.slices import slice_hits
from drumclf.memory import give_memory_back
from drumclf.processes.child import Child, parent
from drumclf.threads import Turns

_COMMAND = (sys.executable, "-m", "drumclf.processes.slicer")
_CACHES = ("HOME", "NUMBA_CACHE_DIR")  # where numba keeps what it has compiled for librosa
_MOST_BYTES = 4 * round(limits.RECORDING_DURATION * c.SAMPLE_RATE)
_INDEX = np.dtype("<i8")
_SAMPLE = np.dtype("<f4")
Slices = tuple[np.ndarray, list[np.ndarray]]


class Slicer:
    """`slice_hits` in a separate process, one recording at a time. Threads may share it."""

    def __init__(self):
        self._turns = Turns(1)
        self._child = Child(_COMMAND, _CACHES)

    def __call__(self, samples: np.ndarray) -> Slices:
        """As `slice_hits`; raises RuntimeError if the process cannot be started."""
        with self._turns:
            for _ in range(2):
                try:
                    return self._ask(samples)
                except (EOFError, OSError):  # something else killed it: try once more
                    self._start_again()
                except BaseException:  # Ctrl-C: the answer is still to come, and must not be taken for the next one
                    self._start_again()
                    raise
        raise RuntimeError("the slicing process cannot be started")

    def close(self) -> None:
        """End the process."""
        self._child.end()

    def _start_again(self) -> None:
        self._child.end()
        self._child = Child(_COMMAND, _CACHES)

    def _ask(self, samples: np.ndarray) -> Slices:
        self._child.send(samples.astype(_SAMPLE).tobytes())
        onsets, lengths = (np.frombuffer(self._child.receive(_MOST_BYTES), _INDEX) for _ in range(2))
        joined = np.frombuffer(self._child.receive(_MOST_BYTES), _SAMPLE)
        return onsets, np.split(joined, np.cumsum(lengths)[:-1]) if len(lengths) else []


def separate_slicer() -> Callable[[np.ndarray], Slices]:
    """A `Slicer`; without POSIX, `slice_hits` in this process."""
    return Slicer() if os.name == "posix" else slice_hits


# --- The process itself.


def serve() -> None:
    """Answer until the other end hangs up."""
    with parent() as (incoming, outgoing):
        slice_hits(np.tile(np.geomspace(1, 1e-4, c.SAMPLE_RATE // 4, dtype=np.float32), 4))  # imports librosa
        while True:
            _serve_one(incoming, outgoing)


def _serve_one(incoming: Connection, outgoing: Connection) -> None:
    """Answer for one recording and keep nothing from it."""
    onsets, slices = slice_hits(np.frombuffer(incoming.recv_bytes(_MOST_BYTES), _SAMPLE))
    outgoing.send_bytes(onsets.astype(_INDEX).tobytes())
    outgoing.send_bytes(np.array([len(piece) for piece in slices], _INDEX).tobytes())
    outgoing.send_bytes(np.concatenate([*slices, []]).astype(_SAMPLE).tobytes())
    del slices
    give_memory_back()


if __name__ == "__main__":
    serve()
