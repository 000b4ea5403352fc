"""A sorted pack -> a table, a zip with folders, a training set."""

import io
import zipfile
from pathlib import PurePosixPath

from drumclf.audio import AudioError, read_bytes
from drumclf.batch.destinations import ORIGINAL_NAMES, destinations
from drumclf.batch.pack import Pack
from drumclf.batch.tables import BYTE_ORDER_MARK, DUPLICATE_OF, columns, csv_line, record
from drumclf.names import escaped


def pack_csv(pack: Pack, classes: tuple[str, ...]) -> str:
    """A CSV table with a line for every file, after a byte order mark for spreadsheets.

    Columns: path, label (the visitor's if there is one), the probability of each class, decision, kind,
    kind_probability, duration in seconds, duplicate_of (path of the first sound that is the same recording), corrected
    ("yes" if the label is the visitor's), error.
    """
    names = columns(classes, (DUPLICATE_OF, "corrected"))
    lines = [BYTE_ORDER_MARK + csv_line(names)]
    for i, row in enumerate(pack.rows):
        cells = record(row, classes) | {
            "label": pack.label(i),
            "kind": pack.kind(i),
            "kind_probability": row.kind_probability if pack.kind(i) == row.kind else None,
            DUPLICATE_OF: escaped(pack.rows[pack.duplicate_of[i]].name) if pack.is_duplicate(i) else None,
            "corrected": "yes" if i in pack.corrections else None,
        }
        lines.append(csv_line(cells[name] for name in names))
    return "".join(lines)


def sorted_names(pack: Pack, pattern: str = ORIGINAL_NAMES, skip_duplicates: bool = False) -> dict[int, str]:
    """Where each sound goes in the sorted zip.

    Raises
    ------
    PatternError
        If the pattern is invalid.
    """
    sounds = pack.sounds(skip_duplicates)
    described = ((pack.rows[i].name, pack.label(i), pack.is_sure(i), pack.kind(i)) for i in sounds)
    return dict(zip(sounds, destinations(described, pattern), strict=True))


def sorted_zip(pack: Pack, pattern: str = ORIGINAL_NAMES, skip_duplicates: bool = False) -> bytes:
    """A zip with a folder for each class; its files are those that came in, byte for byte.

    Raises
    ------
    PatternError
        If the pattern is invalid.
    """
    places = sorted_names(pack, pattern, skip_duplicates)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _write_sounds(archive, pack, places)
    return buffer.getvalue()


def training_zip(pack: Pack, corrected_only: bool = True) -> bytes:
    """A zip with ``manifest.csv`` and the sounds it names: ``make model DATA=...`` trains on it.

    Parameters
    ----------
    pack : Pack
    corrected_only : bool
        Only include sounds that the visitor labelled; otherwise all, with the model's labels for
        the rest. Duplicates are included once.
    """
    chosen = [i for i in pack.sounds() if i in pack.corrections or not corrected_only]
    chosen.sort(key=lambda i: i not in pack.corrections)  # of several duplicates, take one that a person labelled
    sounds = sorted({pack.first(i): i for i in reversed(chosen)}.values())
    described = ((pack.rows[i].name, pack.label(i), True, pack.kind(i)) for i in sounds)
    places = {i: f"sounds/{place}" for i, place in zip(sounds, destinations(described), strict=True)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        lines = [csv_line(["path", "target", "label", "kit", "labelled_by"])]
        for i in _write_sounds(archive, pack, places):
            kit = PurePosixPath(pack.rows[i].name).parent.as_posix()
            by = "person" if i in pack.corrections else "model"
            label = pack.kind(i) or pack.label(i)
            lines.append(csv_line([places[i], pack.label(i), label, "" if kit == "." else escaped(kit), by]))
        archive.writestr("manifest.csv", "".join(lines).encode())
    return buffer.getvalue()


def _write_sounds(archive: zipfile.ZipFile, pack: Pack, places: dict[int, str]) -> list[int]:
    """Add sounds uncompressed: they hardly shrink, and this is instant. Returns those that could be read."""
    written = []
    for i, place in places.items():
        try:
            data = read_bytes(pack.files[i][1])
        except AudioError:  # the file has gone since; keep the others
            continue
        archive.writestr(place, data)
        written.append(i)
    return written
