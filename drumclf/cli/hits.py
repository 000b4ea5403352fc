"""``drumclf hits FILE``."""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from drumclf.audio import AudioError
from drumclf.batch.tables import BYTE_ORDER_MARK, answer, csv_line, said_decision, title_width
from drumclf.classifier import Classifier, Prediction, load_classifier
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import OK, SOME_REFUSED, UsageError, add_model, counted, say, write_lines
from drumclf.decision import format_percent, full_title
from drumclf.filing.carrying_out import OF_THE_DISK, about_disk, part_of, publish
from drumclf.hits.files import hit_files
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
            "from the start of the file. Exit status: 0 classified, 1 refused or not written, 2 wrong usage."
        ),
    )
    command.set_defaults(run=hits)
    command.add_argument("file", metavar="FILE", help="a sound file")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")
    command.add_argument(
        "--slices", metavar="FOLDER", type=Path, help="also write each hit to a WAV file in FOLDER, over no other file"
    )
    add_model(command)


def hits(options: argparse.Namespace) -> int:
    """Find, classify and print the hits of one file."""
    if find_spec("librosa") is None:
        raise UsageError(NEEDS_LIBROSA)
    if options.slices and os.path.lexists(options.slices) and not options.slices.is_dir():
        raise UsageError(f"{options.slices} is not a folder")
    with at_once():
        classifier = load_classifier(options.model, read=separate_reader())
    try:
        recording = find_hits(classifier, options.file)
        slices = list(hit_files(classifier, options.file, recording)) if options.slices else []
    except AudioError as error:
        say(str(error))
        return SOME_REFUSED
    write_lines(LINES[options.format](recording, classifier))
    if not recording.clip.is_whole:
        say(f"the file is longer: these are the hits in its first {recording.clip.duration:.0f} s of sound")
    return write_slices(slices, options.slices) if options.slices else OK


def write_slices(slices: list[tuple[str, bytes]], folder: Path) -> int:
    """Write files into a folder, which is made if there is none; returns the exit status.

    Raises
    ------
    UsageError
        If one of the names is taken; then none is written.
    """
    taken = next((name for name, _ in slices if os.path.lexists(folder / name)), None)
    if taken:
        raise UsageError(f"{folder} already holds {taken}: nothing is written there; name another folder")
    n_written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in slices:
            _write(folder / name, data)
            n_written += 1
    except OSError as error:
        is_disk = error.errno in OF_THE_DISK
        trouble = about_disk(error, folder) if is_disk else f"{folder} cannot be written to ({error.strerror})"
        say(f"{trouble}: {n_written} of {counted(len(slices), 'hit')} written")
        return SOME_REFUSED
    say(f"{counted(n_written, 'hit')} written to {folder}")
    return OK


def _write(place: Path, data: bytes) -> None:
    """Write a whole file or none, and never over another one; raises OSError."""
    part = part_of(place)
    try:
        part.write_bytes(data)
        publish(part, place)
    except BaseException:  # the disk is full, or Ctrl-C
        part.unlink(missing_ok=True)
        raise


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
