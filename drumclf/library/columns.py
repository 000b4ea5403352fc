"""The tables of an index -> columns in memory, for a catalogue."""

import json
import os
import posixpath
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drumclf.library.index import BELOW, Index, below

_COLUMNS = {  # name -> where it is in the index
    "path": "path",
    "content": "files.content",
    "mtime_ns": "mtime_ns",
    "error": "coalesce(files.error, sounds.error)",
    "label": "sounds.label",
    "probabilities": "probabilities",
    "decision": "decision",
    "kind": "sounds.kind",
    "kind_probability": "kind_probability",
    "duration": "duration",
    "rate": "rate",
    "loudness": "loudness",
    "onset": "onset",
    "embedding": "embedding",
    "given": "given.label",
    "given_kind": "given.kind",
    "followed": "followed",
    "time": "time",
}


_PACKED = {"probabilities", "embedding"}  # numbers, row by row: float32 and float16
_REPEATED = {"label", "decision", "kind"}
_SOME = 500  # rows


def read_columns(index: Index, model: int, folders: Sequence[Path] | None) -> tuple[dict[str, Any], int]:
    """What a model says of the files below folders, or of all files.

    Returns
    -------
    columns : dict[str, list or bytearray]
        By the names in `_COLUMNS`, in the order of the paths; `_PACKED` ones as bytes.
    n_other : int
        How many files another model heard.
    """
    where, bounds = "", []
    if folders is not None:
        where = f"and ({' or '.join([f'({BELOW})'] * len(folders)) or 'false'})"
        bounds = [bound for folder in folders for bound in below(str(folder))]
    cursor = index.db.execute(
        f"select {', '.join(_COLUMNS.values())} from files left join sounds using (content)"
        " left join vectors on vectors.content = files.content and vectors.model = sounds.model"
        " left join labels.given as given on given.content = files.content"
        f" where not vanished and (files.error is not null or sounds.model = ?) {where} order by path",
        (model, *bounds),
    )
    columns: dict[str, Any] = {name: bytearray() if name in _PACKED else [] for name in _COLUMNS}
    nothing = {name: bytes(width) for name, width in _widths(index, model).items()}
    # Some at a time: all at once would take twice the memory that is needed in the end.
    for rows in iter(lambda: cursor.fetchmany(_SOME), []):
        for (name, column), values in zip(columns.items(), zip(*rows, strict=True), strict=True):
            if name in _PACKED:
                column += b"".join(value or nothing[name] for value in values)
            elif name in _REPEATED:
                column += [value and sys.intern(value) for value in values]
            else:
                column += values
    n_other = index.db.execute(
        f"select count(*) from files join sounds using (content) where not vanished and sounds.model is not ? {where}",
        (model, *bounds),
    ).fetchone()[0]
    return columns, n_other


def _widths(index: Index, model: int) -> dict[str, int]:
    """Bytes of an embedding, and of the probabilities, in each row."""
    embedding = index.db.execute("select length(embedding) from vectors where model = ? limit 1", (model,)).fetchone()
    classes = index.db.execute("select classes from models where id = ?", (model,)).fetchone()
    return {"embedding": embedding[0] if embedding else 0, "probabilities": 4 * len(json.loads(classes[0]))}


def as_float32(numbers: np.ndarray) -> np.ndarray:
    """Finite float16 -> float32, exactly, in a third of the time that numpy takes: by moving the bits (IEEE 754)."""
    bits = numbers.view(np.uint16).astype(np.uint32)
    signs = (bits & 0x8000) << 16
    return ((bits & 0x7FFF) << 13 | signs).view(np.float32) * np.float32(2.0**112)  # 112: from one bias to the other


def names_below(paths: list[str], folders: Sequence[Path]) -> list[str]:
    """Paths below their folder, after its `_title`; with slashes on every system."""
    starts = [(os.path.join(folder, ""), _title(folder, folders)) for folder in folders]  # noqa: PTH118
    names = []
    for path in paths:
        start, title = next((pair for pair in starts if path.startswith(pair[0])), ("", ""))
        names.append(title + path.removeprefix(start).replace(os.sep, "/"))
    return names


def sources_of(names: Sequence[str]) -> list[str]:
    """For each file, the folder that tells its maker: of the first level on which there are several.

    What holds for one maker's sounds does not hold for another's (docs/library-mode.md).
    """
    folders = [posixpath.dirname(name) for name in names]
    common = posixpath.commonpath(folders) if folders else ""
    depth = common.count("/") + bool(common)
    return ["/".join(folder.split("/")[: depth + 1]) for folder in folders]


def _title(folder: Path, folders: Sequence[Path]) -> str:
    """The end of its path, with a slash, that tells a folder from the others; "" if there are none."""
    others = [other for other in folders if other != folder]
    if not others:
        return ""
    for k in range(1, len(folder.parts)):
        end = folder.parts[-k:]
        if all(other.parts[-k:] != end for other in others):
            return "/".join(end) + "/"
    return f"{folder.name or folder.drive}/".lstrip("/")  # a whole drive has no name
