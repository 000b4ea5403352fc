"""What the commands say on the terminal beside their answers."""

import sys
from collections.abc import Iterable, Iterator
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
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]:.0f} files/s")
    bar = Progress(BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("", total=total, completed=done, rate=0.0)
        for item in items:
            bar.update(task, advance=1, rate=bar.tasks[0].speed or 0.0)
            yield item
