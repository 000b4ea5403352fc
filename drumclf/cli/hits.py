"""``python -m drumclf hits FILE``."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator

from drumclf.audio import AudioError
from drumclf.batch.tables import csv_line
from drumclf.classifier import Classifier, load_classifier
from drumclf.cli.terminal import OK, SOME_REFUSED, say
from drumclf.decision import format_percent
from drumclf.hits.find import Recording, find_hits
from drumclf.processes.decoders import reading_apart


def add_hits(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "hits",
        help="find and classify the hits in a recording",
        description=(
            "Find and classify the hits in a recording, in its first 30 s: one line for each, with its time in seconds "
            "from the start of the file. Exit status: 0 classified, 1 refused, 2 wrong usage."
        ),
    )
    command.set_defaults(run=hits)
    command.add_argument("file", metavar="FILE", help="a sound file")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")


def hits(options: argparse.Namespace) -> int:
    """Answers for the hits of one file."""
    classifier = load_classifier(read=reading_apart())
    try:
        recording = find_hits(classifier, options.file)
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    try:
        sys.stdout.writelines(LINES[options.format](recording, classifier))
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not recording.clip.is_whole:
        say(f"the file goes on: these are the hits in {recording.clip.duration:.0f} s of it")
    return OK


def table_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """Aligned text for people: time, label, "?" where it is not sure, probability."""
    width = max(map(len, classifier.titles.values()))
    for time, hit in _timed(recording):
        sure = " " if hit.is_sure else "?"
        yield f"{time:7.3f}  {classifier.titles[hit.label]:<{width}}{sure} {format_percent(hit.probability):>4}\n"


def csv_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """A header and one line a hit: time, label, a probability for each class, decision."""
    yield csv_line(["time", "label", *classifier.classes, "decision"])
    for time, hit in _timed(recording):
        decision = " or ".join(hit.decision) or "not sure"
        yield csv_line([round(time, 4), hit.label, *hit.probabilities.values(), decision])


def json_lines(recording: Recording, classifier: Classifier) -> Iterator[str]:
    """One object a line: time, label, probabilities."""
    for time, hit in _timed(recording):
        yield json.dumps({"time": round(time, 4), "label": hit.label, "probabilities": hit.probabilities}) + "\n"


LINES: dict[str, Callable[..., Iterator[str]]] = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def _timed(recording: Recording) -> Iterator[tuple]:
    """Seconds from the start of the file, and prediction, of each hit."""
    return ((recording.clip.start + hit.time, hit.prediction) for hit in recording.hits)
