"""``drumclf library FOLDER... --scan-only`` and ``drumclf find SOUND``."""

import argparse
import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from drumclf.audio import AudioError
from drumclf.batch.tables import BYTE_ORDER_MARK, csv_line, title_width
from drumclf.classifier import Classifier, Prediction, load_classifier
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
from drumclf.decision import full_title
from drumclf.hits.find import find_hits
from drumclf.hits.onsets import NEEDS_LIBROSA
from drumclf.library.index import Index, LibraryError
from drumclf.library.opening import INDEX, open_index
from drumclf.library.places import cache_folder
from drumclf.library.scan import Work, content_of, do_work, look_for_work
from drumclf.library.search import Match, Search
from drumclf.names import escaped, visible
from drumclf.processes.decoders import separate_reader


def add_library_and_find(commands) -> None:
    """Add both commands to the parser's."""
    command = commands.add_parser(
        "library",
        help="listen to folders of sounds once, to find sounds in them",
        description=(
            "Listen to all sounds in folders and remember them, for 'find'. Later runs listen only to what is new or "
            "changed. Exit status: 0 all were read, 1 some refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=scan)
    command.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="with all its subfolders")
    command.add_argument("--scan-only", action="store_true", required=True, help="listen, and open no page")
    add_model(command)
    command = commands.add_parser(
        "find",
        help="find sounds like one, in the folders that 'library' knows",
        description=(
            "Find the sounds of your library that are most like one, nearest first. The percentage says how many of "
            "all pairs of sounds in it are less alike. Exit status: 0 found, 1 refused or nothing found, 2 wrong usage."
        ),
    )
    command.set_defaults(run=find)
    command.add_argument("sound", metavar="SOUND", help="a sound file")
    command.add_argument("--hit", type=int, metavar="N", help="of a recording, its hit number N as 'hits' lists them")
    command.add_argument("--in", dest="folder", type=Path, metavar="FOLDER", help="only sounds below this folder")
    command.add_argument("--class", dest="label", metavar="CLASS", help="only sounds of this class, such as snare")
    command.add_argument("-n", type=int, default=20, metavar="N", help="how many at most (default: %(default)s)")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")
    add_model(command)


def scan(options: argparse.Namespace) -> int:
    """Bring the index up to date with folders."""
    for folder in options.folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder")
    folders = [folder.resolve() for folder in options.folders]
    with _library() as index, index.scanning():
        with at_once():
            classifier = load_classifier(options.model, read=separate_reader())
        work = look_for_work(index, classifier, folders)
        report_skipped(work.skipped)
        _listen(index, classifier, work)
        return _say_what_is_there(index, work, folders)


def find(options: argparse.Namespace) -> int:
    """Print the sounds of the library that are most like one."""
    if options.n < 1 or (options.hit is not None and options.hit < 1):
        raise UsageError("numbers count from 1")
    if options.hit is not None and find_spec("librosa") is None:
        raise UsageError(NEEDS_LIBROSA)
    with at_once():
        classifier = load_classifier(options.model, read=separate_reader())
    if options.label is not None and options.label not in classifier.classes:
        raise UsageError(f"there is no class {options.label}; there are {', '.join(classifier.classes)}")
    with _library() as index:
        search = Search(index, classifier, options.folder and options.folder.resolve())
    where = options.folder or "FOLDER"
    if search.n_other:
        other = counted(search.n_other, "file")
        say(f"{other} left out, indexed with another model; to index them again: drumclf library {where} --scan-only")
    if not len(search):
        say(f"no sounds are known here; first: drumclf library {where} --scan-only")
        return SOME_REFUSED
    try:
        prediction = _heard(options, classifier)
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    matches = search.nearest(prediction.embedding, options.n, options.label, _content(options))
    write_lines(LINES[options.format](matches, classifier))
    return OK if matches else SOME_REFUSED


def table_lines(matches: list[Match], classifier: Classifier) -> Iterator[str]:
    """Aligned text for people: how near, label with kind, "?" if not sure, path."""
    width = title_width(classifier)
    for match in matches:
        title = full_title(classifier, match.label, match.kind) if match.label in classifier.titles else match.label
        sure = " " if match.is_sure else "?"
        yield f"{_percent(match.nearness):>7}  {title:<{width}}{sure} {visible(match.path)}\n"


def csv_lines(matches: list[Match], classifier: Classifier) -> Iterator[str]:
    """A byte order mark, a header and one line for each match."""
    yield BYTE_ORDER_MARK + csv_line(["path", "label", "kind", "is_sure", "is_given", "nearness", "cosine"])
    yield from (csv_line(_cells(match).values()) for match in matches)


def json_lines(matches: list[Match], classifier: Classifier) -> Iterator[str]:
    """One object a line, with the same names as the columns of `csv_lines`."""
    yield from (json.dumps(_cells(match)) + "\n" for match in matches)


LINES: dict[str, Callable[..., Iterator[str]]] = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def _cells(match: Match) -> dict:
    return {
        "path": escaped(match.path), "label": match.label, "kind": match.kind, "is_sure": match.is_sure,
        "is_given": match.is_given, "nearness": round(match.nearness, 5), "cosine": round(match.cosine, 5),
    }  # fmt: skip


def _percent(share: float) -> str:
    return ">99.99%" if share > 0.9999 else f"{share:.2%}"


@contextlib.contextmanager
def _library() -> Iterator[Index]:
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


def _heard(options: argparse.Namespace, classifier: Classifier) -> Prediction:
    """What is looked for; raises AudioError."""
    if options.hit is None:
        return classifier.classify(options.sound)
    hits = find_hits(classifier, options.sound).hits
    if options.hit > len(hits):
        raise UsageError(f"there are {counted(len(hits), 'hit')} in {options.sound}")
    return hits[options.hit - 1].prediction


def _content(options: argparse.Namespace) -> bytes | None:
    """Of the sound itself, which is not to be found; a loop may be, for one of its hits."""
    with contextlib.suppress(OSError):
        return content_of(Path(options.sound)) if options.hit is None else None
    return None


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
