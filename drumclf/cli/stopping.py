"""What Ctrl-C does. Imports nothing that takes time, so that it is in force before anything else is."""

import contextlib
import os
import signal
from collections.abc import Iterator

INTERRUPTED = 130  # exit status


def take_over() -> None:
    """From here on, Ctrl-C ends the process at once, with one line; not if it is ignored, as under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)


def in_good_order() -> None:
    """From here on, the first Ctrl-C raises KeyboardInterrupt, and a second one does not wait for what that does."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, _interrupt)


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """While something is loaded, Ctrl-C ends the process at once: an import may lose a KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is not _interrupt:
        yield
        return
    signal.signal(signal.SIGINT, _stop)
    yield
    signal.signal(signal.SIGINT, _interrupt)


def _stop(*_) -> None:
    os.write(2, b"drumclf: stopped\n")
    os._exit(INTERRUPTED)


def _interrupt(*_) -> None:
    signal.signal(signal.SIGINT, _stop)
    raise KeyboardInterrupt
