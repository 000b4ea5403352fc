"""A Python process beside this one, and the pipes between the two.

Not `multiprocessing`, whose processes begin by importing the program's main module: under
Streamlit that is the page. What travels is bytes; nothing is unpickled.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
"""All that it is given of the environment, unless told otherwise: it must find no token there."""
_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",  # what is freed goes back to the system, with the sound that was in it
}


class Child:
    """One process, seen from whoever starts it; it ends when its owner does, at the latest.

    Parameters
    ----------
    command : sequence of str
        Its other end is `parent`.
    variables : sequence of str
        Names of what it is given of the environment besides the little that Python needs.
    """

    def __init__(self, command: Sequence[str], variables: Sequence[str] = ()):
        environment = {name: os.environ[name] for name in (*_ENVIRONMENT, *variables) if name in os.environ}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries print there what a stranger's file makes them say
            cwd=Path(__file__).resolve().parents[2],
            env=environment | _SETTINGS,
        )
        self.pid = self._process.pid
        self._to = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._from = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()

    def send(self, data: bytes) -> None:
        """Raises OSError where it is gone."""
        self._to.send_bytes(data)

    def receive(self, most: int) -> bytes:
        """Wait for an answer of so many bytes at most; raises EOFError or OSError where it is gone or sends more."""
        return self._from.recv_bytes(most)

    @property
    def status(self) -> int | None:
        """With what it ended; None while it runs."""
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether it can be asked; of one that died, the pipes are closed."""
        if self.status is not None:
            self.end()
        return not self._to.closed

    def kill(self) -> None:
        """From any thread: whoever waits for an answer finds the pipe closed."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, and let go of its pipes."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()


@contextlib.contextmanager
def parent() -> Iterator[tuple[Connection, Connection]]:
    """The pipes from and to whoever started this process, until it hangs up. What a library prints is no answer."""
    with contextlib.closing(Connection(os.dup(0), writable=False)) as incoming:
        outgoing = Connection(os.dup(1), readable=False)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        with contextlib.suppress(EOFError, BrokenPipeError):
            yield incoming, outgoing
