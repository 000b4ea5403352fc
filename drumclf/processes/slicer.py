"""A process that slices recordings: ``python -m drumclf.processes.slicer`` at one end, `Slicer` at the other.

librosa, which finds the onsets, takes two seconds to import, with Python's lock held, and
180 MB; where many are served, that is not to be in the process that serves them.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.hits.slices import slice_hits
from drumclf.processes.child import Child, parent
from drumclf.threads import Turns

_COMMAND = (sys.executable, "-m", "drumclf.processes.slicer")
_CACHES = ("HOME", "NUMBA_CACHE_DIR")
"""Variables that say where librosa's compiled parts lie."""
_MOST_BYTES = 4 * round(limits.RECORDING_DURATION * c.SAMPLE_RATE)
_INDEX, _SAMPLE = np.dtype("<i8"), np.dtype("<f4")
Slices = tuple[np.ndarray, list[np.ndarray]]


class Slicer:
    """`slice_hits` in a process apart, one recording after the other. May be shared by threads."""

    def __init__(self):
        self._turns = Turns(1)
        self._child = Child(_COMMAND, _CACHES)

    def __call__(self, samples: np.ndarray) -> Slices:
        """As `slice_hits`; raises RuntimeError when the process cannot be started."""
        with self._turns:
            for _ in range(2):
                with contextlib.suppress(EOFError, OSError):
                    return self._ask(samples)
                self._child.end()
                self._child = Child(_COMMAND, _CACHES)  # killed by somebody else: a second chance
        raise RuntimeError("no process that slices can be started")

    def close(self) -> None:
        """End the process."""
        self._child.end()

    def _ask(self, samples: np.ndarray) -> Slices:
        self._child.send(samples.astype(_SAMPLE).tobytes())
        onsets, lengths = (np.frombuffer(self._child.receive(_MOST_BYTES), _INDEX) for _ in range(2))
        joined = np.frombuffer(self._child.receive(_MOST_BYTES), _SAMPLE)
        return onsets, np.split(joined, np.cumsum(lengths)[:-1]) if len(lengths) else []


def separate_slicer() -> Callable[[np.ndarray], Slices]:
    """`Slicer` where processes of this kind can be had (POSIX), else `slice_hits`."""
    return Slicer() if os.name == "posix" else slice_hits


def serve() -> None:
    """Answer until the other end hangs up."""
    with parent() as (incoming, outgoing):
        slice_hits(np.tile(np.geomspace(1, 1e-4, c.SAMPLE_RATE // 4, dtype=np.float32), 4))  # imports librosa
        while True:
            _serve_one(incoming, outgoing)


def _serve_one(incoming: Connection, outgoing: Connection) -> None:
    """Answer for one recording, and keep nothing of it."""
    onsets, slices = slice_hits(np.frombuffer(incoming.recv_bytes(_MOST_BYTES), _SAMPLE))
    outgoing.send_bytes(onsets.astype(_INDEX).tobytes())
    outgoing.send_bytes(np.array([len(piece) for piece in slices], _INDEX).tobytes())
    outgoing.send_bytes(np.concatenate([*slices, []]).astype(_SAMPLE).tobytes())


if __name__ == "__main__":
    serve()
