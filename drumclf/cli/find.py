"""``drumclf find SOUND``: the sounds of the library that are most like one."""

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from drumclf.audio import AudioError
from drumclf.batch.tables import BYTE_ORDER_MARK, csv_line, title_width
from drumclf.classifier import Classifier, Prediction, load_classifier
from drumclf.cli.library import the_library
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import OK, SOME_REFUSED, UsageError, add_model, counted, say, write_lines
from drumclf.decision import full_title
from drumclf.hits.find import find_hits
from drumclf.hits.onsets import NEEDS_LIBROSA
from drumclf.library.catalogue import Catalogue
from drumclf.library.scan import content_of
from drumclf.library.search import Match, Search
from drumclf.names import escaped, visible
from drumclf.processes.decoders import separate_reader


def add_find(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "find",
        help="find sounds like one, in the folders that 'library' knows",
        description=(
            "Find the sounds of your library that are most like one, nearest first. The percentage is the share of its "
            "sounds whose closest match is less like them. Exit status: 0 found, 1 refused or nothing found, 2 wrong "
            "usage."
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
    with the_library() as index:
        folders = [options.folder.resolve()] if options.folder else None
        catalogue = Catalogue(index, classifier, folders)
    where = options.folder or "FOLDER"
    search = Search(catalogue)
    if catalogue.n_other:
        other = counted(catalogue.n_other, "file")
        say(f"{other} left out, indexed with another model; to index them again: drumclf library {where} --scan-only")
    if not len(search):
        say(f"no sounds are known here; first: drumclf library {where} --scan-only")
        return SOME_REFUSED
    try:
        prediction = _heard(options, classifier)
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    among = None if options.label is None else catalogue.labelled(options.label)
    matches = search.nearest(prediction.embedding, options.n, among, _content(options))
    write_lines(LINES[options.format](matches, catalogue, classifier))
    return OK if matches else SOME_REFUSED


def table_lines(matches: list[Match], catalogue: Catalogue, classifier: Classifier) -> Iterator[str]:
    """Aligned text for people: how near, label with kind, "?" if not sure, path."""
    width = title_width(classifier)
    for match in matches:
        i = match.index
        title = full_title(classifier, catalogue.label(i), catalogue.kind(i))
        sure = " " if catalogue.is_sure(i) else "?"
        yield f"{match.said:>4}  {title:<{width}}{sure} {visible(catalogue.paths[i])}\n"


def csv_lines(matches: list[Match], catalogue: Catalogue, classifier: Classifier) -> Iterator[str]:
    """A byte order mark, a header and one line for each match."""
    yield BYTE_ORDER_MARK + csv_line(["path", "label", "kind", "is_sure", "is_given", "nearness", "cosine"])
    yield from (csv_line(_cells(match, catalogue).values()) for match in matches)


def json_lines(matches: list[Match], catalogue: Catalogue, classifier: Classifier) -> Iterator[str]:
    """One object a line, with the same names as the columns of `csv_lines`."""
    yield from (json.dumps(_cells(match, catalogue)) + "\n" for match in matches)


LINES: dict[str, Callable[..., Iterator[str]]] = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def _cells(match: Match, catalogue: Catalogue) -> dict:
    i = match.index
    return {
        "path": escaped(catalogue.paths[i]), "label": catalogue.label(i), "kind": catalogue.kind(i),
        "is_sure": catalogue.is_sure(i), "is_given": i in catalogue.corrections,
        "nearness": round(match.nearness, 5), "cosine": round(match.cosine, 5),
    }  # fmt: skip


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
