"""``drumclf library FOLDER...``: the page of the sounds that are on this computer."""

import argparse
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from drumclf.classifier import Classifier, load_classifier
from drumclf.cli.serve import add_window, become_page
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import (
    OK,
    SOME_REFUSED,
    UsageError,
    add_model,
    counted,
    following,
    report_skipped,
    say,
    write_lines,
)
from drumclf.library.index import Index, LibraryError
from drumclf.library.opening import INDEX, open_index
from drumclf.library.places import cache_folder
from drumclf.library.scan import Work, do_work, look_for_work
from drumclf.names import visible
from drumclf.processes.decoders import separate_reader


def add_library(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "library",
        help="the sounds in your folders on a page: browse, search by sound, label, sort",
        description=(
            "Listen to all sounds in folders once, and open a page on them, on this computer only: browse, search by "
            "sound, label, sort. Later runs listen only to what is new or changed. Exit status with --scan-only: 0 all "
            "were read, 1 some refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=library)
    command.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="with all its subfolders")
    command.add_argument("--scan-only", action="store_true", help="listen, and open no page")
    command.add_argument(
        "--sort-to",
        type=Path,
        metavar="FOLDER",
        help="where the page sorts to (default: beside the first folder)",
    )
    add_window(command)
    add_model(command)


def library(options: argparse.Namespace) -> int:
    """Scan, or open the page, which scans."""
    for folder in options.folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder")
    if options.scan_only:
        return scan(options)
    arguments = [str(folder.resolve()) for folder in options.folders]
    if options.sort_to:
        arguments = ["--sort-to", str(options.sort_to.resolve()), *arguments]
    become_page("library.py", options, "localhost", arguments)
    return OK


def scan(options: argparse.Namespace) -> int:
    """Bring the index up to date with folders."""
    folders = [folder.resolve() for folder in options.folders]
    with the_library() as index, index.scanning():
        with at_once():
            classifier = load_classifier(options.model, read=separate_reader())
        work = look_for_work(index, classifier, folders)
        report_skipped(work.skipped)
        _listen(index, classifier, work)
        return _say_what_is_there(index, work, folders)


@contextlib.contextmanager
def the_library() -> Iterator[Index]:
    """The user's library; raises UsageError if it cannot be used."""
    try:
        with contextlib.closing(open_index()) as index:
            if index.notice:
                say(index.notice)
            yield index
    except LibraryError as error:
        raise UsageError(str(error)) from error
    except sqlite3.Error as error:
        raise UsageError(
            f"the library cannot be read ({error}); remove {cache_folder() / INDEX} and scan again"
        ) from error


def _listen(index: Index, classifier: Classifier, work: Work) -> None:
    n_all, n_done = len(work.new), 0

    def refused() -> Iterator[str]:
        nonlocal n_done
        with contextlib.closing(do_work(index, classifier, work)) as rows:
            for row in following(rows, n_all):
                n_done += 1
                if row.error is not None:
                    yield f"{visible(row.name)}: {row.error}\n"

    lines = refused()
    try:
        write_lines(lines)
    except KeyboardInterrupt as stopped:
        lines.close()  # writes down what is known
        said = f"{n_done:,} of {counted(n_all, 'new file')} read; the same command goes on"
        raise KeyboardInterrupt(said) from stopped
    for _ in lines:  # whoever read the output has seen enough; the scan goes on
        pass


def _say_what_is_there(index: Index, work: Work, folders: list[Path]) -> int:
    counts = [index.counts_below(str(folder)) for folder in folders]
    n_here, n_refused, _ = map(sum, zip(*counts, strict=True))
    done = [f"{work.done[what]:,} {what}" for what in _SAID if work.done[what]]
    say(f"{counted(n_here, 'file')} here, {n_refused:,} of them refused; in this scan: {', '.join(done) or 'no files'}")
    return SOME_REFUSED if n_refused or not n_here else OK


_SAID = ("unchanged", "heard", "recognised", "refused", "moved", "vanished")
