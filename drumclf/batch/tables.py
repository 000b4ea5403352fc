"""Rows -> lines of text for people, spreadsheets and programs; and what such a file already holds."""

import csv
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from drumclf.batch.rows import Row
from drumclf.classifier import Classifier
from drumclf.decision import Decided, format_percent, full_title
from drumclf.names import escaped, visible

# What a spreadsheet may run as a formula, with or without apostrophes before it (OWASP, CSV injection).
_DANGEROUS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - the full-width characters are intended
# At the start of a table: without it, Excel takes UTF-8 for the encoding of its country.
BYTE_ORDER_MARK = "\ufeff"
DUPLICATE_OF = "duplicate_of"  # name of the column
_NOT_CSV = "it is not a CSV table of this model's answers"
_JSON_START = '{"path": "'


def table_lines(
    rows: Iterable[Row], classifier: Classifier, duplicate_of: Sequence[str | None] | None = None
) -> Iterator[str]:
    """Aligned text for people: label with kind, "?" if not sure, probability, path, and of what it is a duplicate.

    Control characters in a name are shown as "�".
    """
    width = title_width(classifier)
    for row, first in _with_first(rows, duplicate_of):
        name = visible(row.name)
        if row.error is None:
            sure = " " if row.is_sure else "?"
            same = "" if first is None else f"  (duplicate of {visible(first)})"
            title = full_title(classifier, row.label, row.kind)
            yield f"{title:<{width}}{sure} {format_percent(row.probability):>4}  {name}{same}\n"
        else:
            yield f"{'-':<{width}}       {name}: {row.error}\n"


def csv_lines(
    rows: Iterable[Row],
    classifier: Classifier,
    duplicate_of: Sequence[str | None] | None = None,
    header: bool = True,
) -> Iterator[str]:
    """A byte order mark and a header, then one line for each row; see `columns`.

    Parameters
    ----------
    rows : iterable of Row
    classifier : Classifier
    duplicate_of : sequence of str or None, optional
        For each row, the first file that is the same recording; adds a column, before the last.
    header : bool
        Not for lines that are appended to a table.
    """
    more = () if duplicate_of is None else (DUPLICATE_OF,)
    names = columns(classifier.classes, more)
    if header:
        yield BYTE_ORDER_MARK + csv_line(names)
    for row, first in _with_first(rows, duplicate_of):
        cells = record(row, classifier.classes) | {DUPLICATE_OF: first and escaped(first)}
        yield csv_line(cells[name] for name in names)


def json_lines(
    rows: Iterable[Row], classifier: Classifier, duplicate_of: Sequence[str | None] | None = None
) -> Iterator[str]:
    """One JSON object a line: path, `answer`, error; and ``duplicate_of``, as for `csv_lines`."""
    for row, first in _with_first(rows, duplicate_of):
        line = {"path": escaped(row.name), **answer(row), "error": row.error}
        if duplicate_of is not None:
            line[DUPLICATE_OF] = first and escaped(first)
        yield json.dumps(line) + "\n"


def answer(row: Decided) -> dict:
    """A prediction, or a row, as JSON holds it: label, decision (a list), kind, kind_probability, probabilities."""
    return {
        "label": row.label,
        "decision": list(row.decision),
        "kind": row.kind,
        "kind_probability": row.kind_probability,
        "probabilities": row.probabilities,
    }


def title_width(classifier: Classifier) -> int:
    """How many letters the longest title of a class, with its kind, takes."""
    kinds = [(name, kind) for name in classifier.classes for kind in (None, *classifier.kinds.get(name, ()))]
    return max(len(full_title(classifier, *pair)) for pair in kinds)


LINES: dict[str, Callable[..., Iterator[str]]] = {"table": table_lines, "csv": csv_lines, "jsonl": json_lines}


def columns(classes: Iterable[str], more: Iterable[str] = ()) -> list[str]:
    """Column names of a table of answers; `more` of them before the last."""
    return ["path", "label", *classes, "decision", "kind", "kind_probability", "duration", *more, "error"]


def record(row: Row, classes: Iterable[str]) -> dict[str, str | float | None]:
    """A row as a flat dictionary with the keys of `columns`; its path is `drumclf.names.escaped`.

    ``decision`` is the name of a class, "clap or snare", or "not sure"; ``kind`` is named only
    if the model is sure of it; ``duration`` is in seconds. None if there is no value.
    """
    known = row.error is None
    return {
        "path": escaped(row.name),
        "label": row.label,
        **{name: row.probabilities[name] if known else None for name in classes},
        "decision": said_decision(row) if known else None,
        "kind": row.kind,
        "kind_probability": row.kind_probability,
        "duration": row.duration if known and math.isfinite(row.duration) else None,
        "error": row.error,
    }


def said_decision(answer: Decided) -> str:
    """The decision as a cell of a table: "clap", "clap or snare" or "not sure"."""
    return " or ".join(answer.decision) or "not sure"


def csv_line(cells: Iterable) -> str:
    """One line of CSV in which no text can be run as a formula. None is an empty cell."""
    line = io.StringIO()
    # With "\n" as line end, Python before 3.13 does not quote a name that holds "\r".
    csv.writer(line, lineterminator="\r\n").writerow(defuse(c) if isinstance(c, str) else c for c in cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def defuse(cell: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run; different texts stay different."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def read_done(path: Path, format: str, classifier: Classifier) -> tuple[Counter[str], int]:
    """What a file of answers already holds; an incomplete last line is removed from it.

    Parameters
    ----------
    path : Path
        Written by `csv_lines` or `json_lines`; need not exist.
    format : str
        "csv" or "jsonl".
    classifier : Classifier

    Returns
    -------
    done : Counter of str
        The paths in it, as written there (`written_name`), with how often each occurs.
    n_refused : int
        How many of them have no answer.

    Raises
    ------
    ValueError
        If it is not such a file; it is then left unchanged.
    """
    if not path.exists():
        return Counter(), 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        read = _read_csv if format == "csv" else _read_json_lines
        done, n_refused, end = read(file, columns(classifier.classes))
    os.truncate(path, end)
    return done, n_refused


def written_name(name: str, format: str) -> str:
    """A path as it is written in a file of that format."""
    return defuse(escaped(name)) if format == "csv" else escaped(name)


def _with_first(rows: Iterable[Row], duplicate_of: Sequence[str | None] | None) -> Iterator[tuple[Row, str | None]]:
    if duplicate_of is None:
        return ((row, None) for row in rows)
    return zip(rows, duplicate_of, strict=True)


def _read_json_lines(file: io.TextIOWrapper, _: list[str]) -> tuple[Counter[str], int, int]:
    done, n_refused, end = Counter(), 0, 0
    for line in file:
        if not line.endswith("\n") and line.startswith(_JSON_START[: len(line)]):
            break
        try:
            if not line.endswith("\n"):
                raise ValueError
            answer = json.loads(line)
            done[answer["path"]] += 1
            n_refused += answer["error"] is not None
        except (ValueError, KeyError, TypeError):
            raise ValueError("a line of it is not an answer in JSON lines") from None
        end += _n_bytes(line)
    return done, n_refused, end


def _read_csv(file: io.TextIOWrapper, header: list[str]) -> tuple[Counter[str], int, int]:
    done, n_refused, end, record_text = Counter(), 0, 0, ""
    for line in file:
        record_text += line  # a name may hold a line break, and its record then takes several lines
        if not line.endswith("\n") or record_text.count('"') % 2:
            continue
        try:
            (cells,) = csv.reader(io.StringIO(record_text, newline=""))
        except csv.Error:
            cells = []
        if end == 0 and cells:  # tables of version 0.1 have no byte order mark
            cells[0] = cells[0].removeprefix(BYTE_ORDER_MARK)
        if (end == 0 and cells != header) or len(cells) != len(header):
            raise ValueError(_NOT_CSV)
        if end:
            done[cells[0]] += 1
            n_refused += bool(cells[-1])
        end += _n_bytes(record_text)
        record_text = ""
    if end == 0 and not any(
        f"{mark}{csv_line(header)}".encode().startswith(record_text.encode("utf-8", "surrogateescape"))
        for mark in (BYTE_ORDER_MARK, "")
    ):
        raise ValueError(_NOT_CSV)
    return done, n_refused, end


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))
