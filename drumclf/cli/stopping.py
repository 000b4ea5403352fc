"""What Ctrl-C does. Imports nothing that takes time, so that it is in force before anything else is."""

import _signal as signal  # `signal` itself first imports enum, for 3 ms in which Ctrl-C would give a traceback
import contextlib
import os
import sys
from collections.abc import Iterator

INTERRUPTED = 130  # exit status
_screen = 2  # file descriptor of standard error; while a model is loaded, 2 leads nowhere


def take_over() -> None:
    """From here on, Ctrl-C ends the process at once, with one line; not if it is ignored, as under nohup."""
    global _screen
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(OSError):  # there is no standard error
            _screen = os.dup(2)
        signal.signal(signal.SIGINT, _stop)


def in_good_order() -> None:
    """From here on, the first Ctrl-C raises KeyboardInterrupt, and a second one does not wait for what that does."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, _interrupt)
        sys.unraisablehook = _not_lost


def no_more() -> None:
    """From here on, all is done and said, and Ctrl-C changes nothing."""
    if signal.getsignal(signal.SIGINT) in (_stop, _interrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


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
    with contextlib.suppress(OSError):
        os.write(_screen, b"drumclf: stopped\n")
    os._exit(INTERRUPTED)


def _not_lost(unraisable) -> None:
    """A KeyboardInterrupt that came while an object was deleted cannot be raised: end at once instead."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _stop()
    sys.__unraisablehook__(unraisable)


def _interrupt(*_) -> None:
    signal.signal(signal.SIGINT, _stop)
    raise KeyboardInterrupt
