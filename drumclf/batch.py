"""Many files -> a table, CSV or JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from drumclf.audio import AudioError
from drumclf.classifier import Classifier, Prediction

SOUND_SUFFIXES = frozenset(
    (".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".caf", ".au", ".snd", ".w64")
)


@dataclass(frozen=True)
class Row:
    """The answer for one file: a prediction, or the sentence that says why there is none."""

    path: Path
    prediction: Prediction | None
    error: str | None


def find_sounds(paths: Iterable[Path]) -> list[Path]:
    """Files as they are given; folders as the sound files below them, by name.

    Hidden files, and files whose suffix is not a sound's, are passed over in folders.
    """
    found = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if _is_sound(file))
        else:
            found.append(path)
    return found


def classify_files(classifier: Classifier, paths: list[Path]) -> Iterator[Row]:
    """One row for each path, in order."""
    for path, outcome in zip(paths, classifier.classify_many(paths), strict=True):
        if isinstance(outcome, AudioError):
            yield Row(path, None, str(outcome))
        else:
            yield Row(path, outcome, None)


def write_table(rows: Iterable[Row], file: TextIO, classifier: Classifier) -> None:
    """Aligned text for people: label, probability, path."""
    width = max(map(len, classifier.titles.values()))
    for row in rows:
        if row.prediction:
            sure = " " if row.prediction.is_sure else "?"
            title = classifier.titles[row.prediction.label]
            file.write(f"{title:<{width}}{sure} {row.prediction.probability:4.0%}  {row.path}\n")
        else:
            file.write(f"{'-':<{width}}       {row.path}: {row.error}\n")


def write_csv(rows: Iterable[Row], file: TextIO, classifier: Classifier) -> None:
    """Columns: path, label, one for each class, error."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["path", "label", *classifier.classes, "error"])
    for row in rows:
        if row.prediction:
            writer.writerow([_defuse(str(row.path)), row.prediction.label, *row.prediction.probabilities.values(), ""])
        else:
            writer.writerow([_defuse(str(row.path)), "", *[""] * len(classifier.classes), row.error])


def write_jsonl(rows: Iterable[Row], file: TextIO, classifier: Classifier) -> None:
    """One object a line: path, label, probabilities, error."""
    for row in rows:
        prediction = row.prediction
        answer = {
            "path": str(row.path),
            "label": prediction.label if prediction else None,
            "probabilities": prediction.probabilities if prediction else None,
            "error": row.error,
        }
        file.write(json.dumps(answer) + "\n")
        file.flush()


WRITERS = {"table": write_table, "csv": write_csv, "jsonl": write_jsonl}


def _is_sound(file: Path) -> bool:
    return file.suffix.lower() in SOUND_SUFFIXES and file.name[0] != "." and file.is_file()


def _defuse(cell: str) -> str:
    """Keep a spreadsheet from running a file name as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
