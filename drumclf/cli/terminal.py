"""What the commands say on the terminal beside their answers."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
OK, SOME_REFUSED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit status of the commands."""


class UsageError(ValueError):
    """What was asked for cannot be done; the text says why."""


def say(text: str) -> None:
    """One line on standard error."""
    print(f"drumclf: {text}", file=sys.stderr)


def following(items: Iterable[T], total: int, done: int = 0, quiet: bool = False) -> Iterator[T]:
    """The same items, with a bar on standard error: how many, how fast, how long still.

    Parameters
    ----------
    items : iterable
    total : int
        How many there will have been in the end.
    done : int
        How many of them were done before.
    quiet : bool
        No bar; there is none either where standard error is not a terminal.
    """
    with counting(quiet) as report:
        for n, item in enumerate(items, done + 1):
            report(n, total)
            yield item


@contextlib.contextmanager
def counting(quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar as in `following`, moved by calls with the number of items done and of all."""
    if quiet or not sys.stderr.isatty():
        yield lambda n_done, n_all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]:.0f} files/s")
    bar = Progress(BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("", total=None, rate=0.0)
        first = None

        def report(n_done: int, n_all: int) -> None:
            nonlocal first
            if first is None:  # what was done before says nothing of the speed
                first = n_done
                bar.reset(task, total=n_all, completed=n_done, rate=0.0)
            bar.update(task, total=n_all, completed=n_done, rate=bar.tasks[0].speed or 0.0)

        yield report
