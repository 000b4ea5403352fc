"""Sorted sounds -> a table, a zip with folders, a playlist, a training set."""

import io
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from drumclf.audio import AudioError, read_bytes
from drumclf.batch.destinations import ORIGINAL_NAMES, destinations
from drumclf.batch.pack import Pack
from drumclf.batch.sounds import Sounds
from drumclf.batch.tables import BYTE_ORDER_MARK, DUPLICATE_OF, columns, csv_line, record
from drumclf.names import escaped, visible


def pack_csv(sounds: Sounds, classes: tuple[str, ...], indices: Iterable[int] | None = None) -> str:
    """A CSV table with a line for every file, after a byte order mark for spreadsheets.

    Columns: path, label (the user's if there is one), the probability of each class, decision, kind,
    kind_probability, duration in seconds, duplicate_of (path of the first sound that is the same recording), corrected
    ("yes" if the label is the user's own), error.

    Parameters
    ----------
    sounds : Sounds
    classes : tuple of str
        The model's.
    indices : iterable of int, optional
        Only these files.
    """
    names = columns(classes, (DUPLICATE_OF, "corrected"))
    lines = [BYTE_ORDER_MARK + csv_line(names)]
    for i in range(len(sounds.rows)) if indices is None else indices:
        row, kind = sounds.rows[i], sounds.kind(i)
        cells = record(row, classes) | {
            "path": escaped(_path(sounds, i)),
            "label": sounds.label(i),
            "kind": kind,
            "kind_probability": row.kind_probability if kind == row.kind else None,
            DUPLICATE_OF: escaped(_path(sounds, sounds.first(i))) if sounds.is_duplicate(i) else None,
            "corrected": "yes" if i in sounds.corrections else None,
        }
        lines.append(csv_line(cells[name] for name in names))
    return "".join(lines)


def playlist(sounds: Sounds, indices: Iterable[int]) -> str:
    """A playlist of sounds on this disk, for a file ``.m3u8`` in UTF-8; files that could not be read are left out.

    A path that could not stand on a line of its own is written as an address, ``file:///...``.
    """
    lines = ["#EXTM3U"]
    for i in indices:
        if sounds.label(i) is not None:
            path, seconds = Path(_path(sounds, i)), sounds.rows[i].duration
            lines.append(f"#EXTINF:{math.ceil(seconds) if math.isfinite(seconds) else -1},{visible(path.stem)}")
            lines.append(str(path) if escaped(str(path)) == str(path) else path.as_uri())
    return "\n".join([*lines, ""])


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
    with zipfile.ZipFile(buffer, "w", strict_timestamps=False) as archive:  # a file's time may be before 1980
        _write_sounds(archive, pack, places)
    return buffer.getvalue()


def training_sounds(sounds: Sounds, corrected_only: bool = True, indices: Iterable[int] | None = None) -> list[int]:
    """Which sounds a training set holds; see `training_zip`."""
    chosen = [i for i in sounds.sounds() if i in sounds.corrections or not corrected_only]
    if indices is not None:
        allowed = set(indices)
        chosen = [i for i in chosen if i in allowed]
    chosen.sort(key=lambda i: i not in sounds.corrections)  # of several duplicates, take one that a person labelled
    return sorted({sounds.first(i): i for i in reversed(chosen)}.values())


def training_zip(sounds: Sounds, corrected_only: bool = True, indices: Iterable[int] | None = None) -> bytes:
    """A zip with ``manifest.csv`` and the sounds it names: ``make model DATA=...`` trains on it.

    Parameters
    ----------
    sounds : Sounds
    corrected_only : bool
        Only include sounds that the user labelled; otherwise all, with the model's labels for
        the rest, and what followed from the user's. Duplicates are included once.
    indices : iterable of int, optional
        Only include these.
    """
    chosen = training_sounds(sounds, corrected_only, indices)
    described = ((sounds.files[i][0], sounds.label(i), True, sounds.kind(i)) for i in chosen)
    places = {i: f"sounds/{place}" for i, place in zip(chosen, destinations(described), strict=True)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", strict_timestamps=False) as archive:  # a file's time may be before 1980
        lines = [csv_line(["path", "target", "label", "kit", "labelled_by"])]
        for i in _write_sounds(archive, sounds, places):
            kit = PurePosixPath(sounds.files[i][0]).parent.as_posix()
            by = "person" if i in sounds.corrections else "model"
            label = sounds.kind(i) or sounds.label(i)
            lines.append(csv_line([places[i], sounds.label(i), label, "" if kit == "." else escaped(kit), by]))
        archive.writestr("manifest.csv", "".join(lines).encode())
    return buffer.getvalue()


def _write_sounds(archive: zipfile.ZipFile, sounds: Sounds, places: dict[int, str]) -> list[int]:
    """Add sounds uncompressed: they hardly shrink, and this is instant. Returns those that could be read."""
    written = []
    for i, place in places.items():
        source = sounds.files[i][1]
        try:
            if not isinstance(source, Path):
                archive.writestr(place, read_bytes(source))
            elif bytes_on_disk(source):  # of any size: the limit is for uploads
                archive.write(source, place)
            else:  # the file has gone since; keep the others
                continue
        except (AudioError, OSError):
            continue
        written.append(i)
    return written


def bytes_on_disk(path: Path) -> int:
    """The size of a file; 0 if there is none by now, so that a zip leaves it out."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _path(sounds: Sounds, i: int) -> str:
    """Where a file is on this disk, or else its name."""
    name, source = sounds.files[i]
    return str(source) if isinstance(source, Path) else name
