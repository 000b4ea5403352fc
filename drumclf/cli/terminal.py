"""What the commands share: exit statuses, what they say on the terminal, and where their answers go."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from drumclf.batch.skipped import LINKED, Skipped, say_skipped
from drumclf.batch.tables import BYTE_ORDER_MARK
from drumclf.cli.stopping import at_once
from drumclf.names import visible

T = TypeVar("T")
_MOST_LINKS = 10  # that are named

# Exit statuses.
OK = 0
SOME_REFUSED = 1
WRONG_USAGE = 2


class UsageError(ValueError):
    """The command cannot do what was asked; the text says why."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors, like all that is printed, show no control characters of what was typed."""

    def error(self, message: str):
        """Say what is wrong and exit with 2."""
        super().error(visible(message))


def add_model(command: argparse.ArgumentParser) -> None:
    """Add the option that chooses a model."""
    command.add_argument(
        "--model",
        metavar="FOLDER",
        help="use your own model (default: $DRUMCLF_MODEL, or the one that comes with drumclf)",
    )


def say(text: str) -> None:
    """Print one line on standard error; of names in it, only what is visible."""
    print(f"drumclf: {visible(text)}", file=sys.stderr)


def report_skipped(skipped: list[Skipped]) -> None:
    """Say how many files are not sounds, by kind, and which links to folders are not followed."""
    linked = [each.name for each in skipped if each.kind == LINKED]
    for name in linked[:_MOST_LINKS]:
        say(f"{name} is a link to a folder, which is not followed: name it as well to include it")
    if len(linked) > _MOST_LINKS:
        say(f"{len(linked) - _MOST_LINKS:,} more links to folders are not followed")
    if said := say_skipped(each for each in skipped if each.kind != LINKED):
        say(f"skipped (not sounds): {said}")


def counted(n: int, noun: str) -> str:
    """``counted(2, "file")`` -> "2 files"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def write_lines(lines: Iterable[str], out: Path | None = None, mode: str = "w") -> None:
    """Write lines as they come, each at once, to a file or to standard output.

    Parameters
    ----------
    lines : iterable of str
        With their line ends.
    out : Path, optional
        Standard output unless given.
    mode : str
        "w", or "a" to append.

    Raises
    ------
    UsageError
        If the output cannot be written.
    """
    is_screen = out is None and sys.stdout.isatty()
    try:
        with _open(out, mode) as file:
            for line in lines:
                file.write(f"{visible(line.removeprefix(BYTE_ORDER_MARK)[:-1])}\n" if is_screen else line)
                file.flush()
    except BrokenPipeError:  # `| head` has seen enough
        _drop_output()
    except OSError as error:
        if out is None:
            _drop_output()
        raise UsageError(f"cannot write {out or 'the output'}: {error.strerror}") from error


def following(items: Iterable[T], total: int, done: int = 0, quiet: bool = False) -> Iterator[T]:
    """The same items, with a progress bar on standard error: how many, how fast, how long to go.

    Parameters
    ----------
    items : iterable
    total : int
        How many there will be in the end.
    done : int
        How many of them were done before.
    quiet : bool
        Show no bar; none is shown either if standard error is not a terminal.
    """
    with counting(quiet) as report:
        for n, item in enumerate(items, done + 1):
            report(n, total)
            yield item


@contextlib.contextmanager
def counting(quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar as in `following`, moved by calls with the number of items done and the number in all."""
    if quiet or not sys.stderr.isatty():
        yield lambda n_done, n_all: None
        return
    with at_once():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]:.0f} files/s")
    bar = Progress(BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn(), console=Console(stderr=True))
    with bar:
        task = bar.add_task("", total=None, rate=0.0)
        first = None

        def report(n_done: int, n_all: int) -> None:
            nonlocal first
            if first is None:  # what was done before says nothing about the speed
                first = n_done
                bar.reset(task, total=n_all, completed=n_done, rate=0.0)
            bar.update(task, total=n_all, completed=n_done, rate=bar.tasks[0].speed or 0.0)

        yield report


def _open(path: Path | None, mode: str):
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        return contextlib.nullcontext(sys.stdout)
    return path.open(mode, encoding="utf-8", newline="")


def _drop_output() -> None:
    """Without this, Python would try to write the rest again at exit, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
