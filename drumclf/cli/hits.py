"""``drumclf hits FILE``."""

import argparse
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from drumclf.audio import AudioError
from drumclf.batch.tables import BYTE_ORDER_MARK, answer, csv_line, said_decision, title_width
from drumclf.classifier import Classifier, Prediction, load_classifier
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import OK, SOME_REFUSED, UsageError, add_model, say, write_lines
from drumclf.decision import format_percent, full_title
from drumclf.hits.find import Recording, find_hits
from drumclf.hits.onsets import NEEDS_LIBROSA
from drumclf.processes.decoders import separate_reader


def add_hits(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "hits",
        help="find and classify the hits in a recording",
        description=(
            "Find and classify the hits in the first 30 s of a recording: one line for each, with its time in seconds "
            "from the start of the file. Exit status: 0 classified, 1 refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=hits)
    command.add_argument("file", metavar="FILE", help="a sound file")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")
    add_model(command)


def hits(options: argparse.Namespace) -> int:
    """Find, classify and print the hits of one file."""
    if find_spec("librosa") is None:
        raise UsageError(NEEDS_LIBROSA)
    with at_once():
        classifier = load_classifier(options.model, read=separate_reader())
    try:
        recording = find_hits(classifier, options.file)
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    write_lines(LINES[options.format](recording, classifier))
    if not recording.clip.is_whole:
        say(f"the file is longer: these are the hits in its first {recording.clip.duration:.0f} s of sound")
    return OK


def table_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """Aligned text for people: time, label, "?" if not sure, probability."""
    width = title_width(classifier)
    for time, hit in _timed(recording):
        sure = " " if hit.is_sure else "?"
        title = full_title(classifier, hit.label, hit.kind)
        yield f"{time:7.3f}  {title:<{width}}{sure} {format_percent(hit.probability):>4}\n"


def csv_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """A byte order mark, a header and one line for each hit: time, label, all probabilities, decision, kind."""
    names = ["time", "label", *classifier.classes, "decision", "kind", "kind_probability"]
    yield BYTE_ORDER_MARK + csv_line(names)
    for time, hit in _timed(recording):
        decided = [said_decision(hit), hit.kind, hit.kind_probability]
        yield csv_line([round(time, 4), hit.label, *hit.probabilities.values(), *decided])


def json_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """One object a line: time, label, decision, kind, kind_probability, probabilities."""
    for time, hit in _timed(recording):
        yield json.dumps({"time": round(time, 4), **answer(hit)}) + "\n"


LINES: dict[str, Callable[..., Iterator[str]]] = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def _timed(recording: Recording) -> Iterator[tuple[float, Prediction]]:
    """Seconds from the start of the file, and the prediction, for each hit."""
    return ((recording.clip.start + hit.time, hit.prediction) for hit in recording.hits)
