"""A separate Python process, and the pipes to and from it.

Not `multiprocessing`, whose processes start by importing the main module: under Streamlit, that
is the page. Only bytes travel; nothing is unpickled.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

# All that the process sees of the environment by default: it must find no token there.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")
_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    # What is freed stays for the next array: of up to 4 MB, and up to 64 MB in all. Otherwise the system would give
    # and take memory all the time, which takes as long again as decoding a WAV. `give_memory_back` returns it after
    # each sound.
    "MALLOC_MMAP_THRESHOLD_": "4194304",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
}


class Child:
    """A process, seen by whoever started it; it ends when its owner does, at the latest.

    Parameters
    ----------
    command : sequence of str
        Starts a program that uses `parent` as its end of the pipes.
    variables : sequence of str
        Names of environment variables that it needs, besides the few that Python itself needs.
    """

    def __init__(self, command: Sequence[str], variables: Sequence[str] = ()):
        environment = {name: os.environ[name] for name in (*_ENVIRONMENT, *variables) if name in os.environ}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what libraries print there is chosen by a stranger's file
            cwd=Path(__file__).resolve().parents[2],
            env=environment | _SETTINGS,
            process_group=0,  # Ctrl-C is for its owner: the file that it reads at that moment is not damaged
        )
        self.pid = self._process.pid
        self._to = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._from = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()

    def send(self, data: bytes) -> None:
        """Send bytes; raises OSError if the process is gone."""
        self._to.send_bytes(data)

    def receive(self, most: int) -> bytes:
        """Wait for an answer of at most so many bytes; raises EOFError or OSError if none comes, or more."""
        return self._from.recv_bytes(most)

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def is_alive(self) -> bool:
        """Whether it still runs; if not, its pipes are closed."""
        if self.status is not None:
            self.end()
        return not self._to.closed

    def kill(self) -> None:
        """Kill it, from any thread: whoever waits for its answer finds the pipe closed."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._to.close()
        self._from.close()


@contextlib.contextmanager
def parent() -> Iterator[tuple[Connection, Connection]]:
    """The other end: pipes from and to the process that started this one, until it hangs up.

    Standard input and output are replaced, so that what a library prints is not mistaken for an answer.
    """
    with contextlib.closing(Connection(os.dup(0), writable=False)) as incoming:
        outgoing = Connection(os.dup(1), readable=False)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        with contextlib.suppress(EOFError, BrokenPipeError):
            yield incoming, outgoing
