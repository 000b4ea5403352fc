"""``drumclf library FOLDER... --scan-only`` and ``drumclf find SOUND``."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from drumclf.audio import AudioError
from drumclf.batch.tables import BYTE_ORDER_MARK, csv_line, title_width
from drumclf.classifier import load_classifier
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import (
    OK,
    SOME_REFUSED,
    UsageError,
    add_model,
    counted,
    counting,
    report_skipped,
    say,
    write_lines,
)
from drumclf.library.index import Index, LibraryError
from drumclf.library.place import FOLDER_VARIABLE, library_folder
from drumclf.library.scan import Scan, scan
from drumclf.library.search import Found, nearest
from drumclf.model_folder import read_metadata
from drumclf.names import escaped, visible
from drumclf.processes.decoders import separate_reader


def add_library_and_find(commands) -> None:
    """Add both commands to the parser's."""
    command = commands.add_parser(
        "library",
        help="index folders of sounds, to search them",
        description=(
            "Index every sound below the folders, to search them with 'find'. Run again, it only looks at what is new "
            f"or changed. The index is in your cache folder, or in ${FOLDER_VARIABLE}. "
            "Exit status: 0 all indexed, 1 some refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=library)
    command.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a folder of sounds")
    command.add_argument(
        "--scan-only", action="store_true", help="scan, without opening a page: needed in this version"
    )
    add_model(command)
    command = commands.add_parser(
        "find",
        help="find the sounds of your library that are most like one",
        description=(
            "Find the sounds in your library that are most like one. "
            "Exit status: 0 found, 1 nothing found or refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=find)
    command.add_argument("sound", metavar="SOUND", help="a sound file")
    command.add_argument("--in", dest="folder", type=Path, metavar="FOLDER", help="only below this folder")
    command.add_argument("--class", dest="label", metavar="CLASS", help="only of this class, for example snare")
    command.add_argument("-n", type=int, default=20, help="at most so many (default: %(default)s)")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")
    add_model(command)


def library(options: argparse.Namespace) -> int:
    """Scan folders into the index."""
    if not options.scan_only:
        raise UsageError("the page for a library is not part of this version: add --scan-only, and search with 'find'")
    folders = [folder.resolve() for folder in options.folders]

    def load():
        with at_once():
            return load_classifier(options.model, read=separate_reader())

    done = Scan()
    try:
        with _open(options) as index, counting() as report:
            for done in scan(index, folders, load):
                report(done.n_done, done.n_to_do)
    except LibraryError as error:
        raise UsageError(str(error)) from error
    except KeyboardInterrupt as stopped:
        said = f"{done.n_done:,} of {counted(done.n_to_do, 'file')} indexed; the same command goes on"
        raise KeyboardInterrupt(said) from stopped
    report_skipped(done.skipped or [])
    if not done.n_files:
        say("there are no sound files here")
        return SOME_REFUSED
    parts = [
        f"{counted(done.n_files, 'sound')} in the index",
        f"{done.n_done - done.n_moved:,} new or changed" if done.n_done - done.n_moved else "nothing new",
        f"{done.n_moved:,} moved or copied" if done.n_moved else "",
        f"{done.n_gone:,} gone" if done.n_gone else "",
        f"{done.n_refused:,} refused: 'drumclf classify' says why" if done.n_refused else "",
    ]
    say("; ".join(filter(None, parts)))
    return SOME_REFUSED if done.n_refused else OK


def find(options: argparse.Namespace) -> int:
    """Print the nearest sounds."""
    if options.n < 1:
        raise UsageError("-n must be at least 1")
    with at_once():
        classifier = load_classifier(options.model, read=separate_reader())
    if options.label is not None and options.label not in classifier.classes:
        raise UsageError(f"there is no class {options.label}: the classes are {', '.join(classifier.classes)}")
    try:
        prediction = classifier.classify(options.sound)
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    folder, sound = options.folder and options.folder.resolve(), str(Path(options.sound).resolve())
    try:
        with _open(options) as index:
            found = nearest(index, prediction.embedding, options.n, options.label, folder, without=sound)
            n_outdated = index.n_outdated()
    except LibraryError as error:
        raise UsageError(str(error)) from error
    if n_outdated:
        say(f"{counted(n_outdated, 'sound')} were indexed with another model and are not searched: scan again")
    if not found:
        say("there is nothing like it in the index: 'drumclf library FOLDER --scan-only' fills it")
        return SOME_REFUSED
    write_lines(LINES[options.format](found, classifier))
    return OK


def table_lines(found: list[Found], classifier) -> Iterator[str]:
    """Aligned text for people: how like, label, path."""
    width = title_width(classifier)
    for each in found:
        title = classifier.titles.get(each.label, each.label)
        yield f"{each.likeness:.3f}  {title:<{width}} {visible(each.path)}\n"


def csv_lines(found: list[Found], classifier) -> Iterator[str]:
    """A byte order mark, a header, and a line for each."""
    yield BYTE_ORDER_MARK + csv_line(("path", "label", "likeness"))
    for each in found:
        yield csv_line((escaped(each.path), each.label, f"{each.likeness:.4f}"))


def json_lines(found: list[Found], classifier) -> Iterator[str]:
    """One JSON object a line."""
    for each in found:
        line = {"path": escaped(each.path), "label": each.label, "likeness": round(each.likeness, 4)}
        yield json.dumps(line) + "\n"


LINES = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def _open(options: argparse.Namespace) -> Index:
    return Index(library_folder(), read_metadata(options.model)["sha256"])
