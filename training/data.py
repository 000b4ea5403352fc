"""A folder of labelled sounds -> a list of examples, in three formats.

(a) a manifest: ``manifest.csv`` with the columns ``path`` and ``target`` and, where
    known, ``source``, ``kit``, ``split`` and ``licence_class``;
(b) a folder of folders named by class: ``kick/*.wav``, ``snare/kit a/*.wav``;
(c) the original demo's format: ``samples/`` with ``samples_metadata.csv`` and
    ``samples_types.csv``.
"""

import csv
import random
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from drumclf.batch import SOUND_SUFFIXES
from drumclf.constants import CLASSES

TRAIN, TUNE, REPORT = "train", "tune", "report"
OPEN_LICENCES = ("user", "permissive", "copyleft")


class DataError(ValueError):
    """The folder cannot be trained on; the text says what is missing."""


@dataclass(frozen=True)
class Example:
    """One labelled sound.

    Attributes
    ----------
    path : Path
    label : str
        Name of the class.
    source, kit : str
        Who published it, and which kit of theirs; "" where unknown.
    split : str
        ``train``: the network learns from it. ``tune``: temperature and threshold
        are chosen on it. ``report``: nothing is chosen on it.
    """

    path: Path
    label: str
    source: str
    kit: str
    split: str
    licence_class: str = "unknown"


def read_examples(folder: Path, open_only: bool = False) -> list[Example]:
    """All labelled sounds in a folder, each with its split.

    Parameters
    ----------
    folder : Path
        In one of the three formats above.
    open_only : bool
        Leave out training sounds whose licence class is not user, permissive or copyleft.

    Raises
    ------
    DataError
        When the folder is in none of the formats or holds fewer than two classes.
    """
    if (folder / "manifest.csv").exists():
        examples = _read_manifest(folder)
    elif (folder / "samples_metadata.csv").exists():
        examples = _read_original(folder)
    elif folder.is_dir():
        examples = _read_class_folders(folder)
    else:
        raise DataError(f"There is no folder {folder}.")
    if len({example.label for example in examples}) < 2:
        raise DataError(
            f"{folder} holds no manifest.csv, no samples_metadata.csv and no two folders of sounds named by class."
        )
    if not any(example.split != TRAIN for example in examples):
        examples = _hold_out(examples)
    if open_only:
        examples = [e for e in examples if e.split != TRAIN or e.licence_class in OPEN_LICENCES]
    return examples


def class_names(examples: list[Example]) -> list[str]:
    """Labels of the examples: the project's classes in their order, then others by name."""
    labels = {example.label for example in examples}
    return [name for name in CLASSES if name in labels] + sorted(labels - set(CLASSES))


def _read_manifest(folder: Path) -> list[Example]:
    examples = []
    for row in _read_csv(folder / "manifest.csv", ("path", "target")):
        source = row.get("source") or ""
        split = row.get("split") or TRAIN
        if split == "valid":
            split = valid_part(source)
        elif split not in (TRAIN, TUNE, REPORT):
            continue  # train_near_valid: too like a sound that judges
        licence = row.get("licence_class") or "unknown"
        examples.append(Example(folder / row["path"], row["target"], source, row.get("kit") or source, split, licence))
    return examples


def valid_part(source: str) -> str:
    """Which half of the judging sources one belongs to: fixed by its name, never by a score."""
    return REPORT if zlib.crc32(source.encode()) % 2 else TUNE


def _read_original(folder: Path) -> list[Example]:
    types = {row["type_id"]: row for row in _read_csv(folder / "samples_types.csv", ("type_id",))}
    names = {i: _class_name(next(v for k, v in row.items() if k != "type_id")) for i, row in types.items()}
    files = {path.stem: path for path in sorted((folder / "samples").rglob("*")) if _is_sound(path)}
    examples = []
    for row in _read_csv(folder / "samples_metadata.csv", ("type_id", "sample_name")):
        path = files.get(Path(row["sample_name"]).stem) or files.get(row.get("sample_id", ""))
        if path and row["type_id"] in names:
            examples.append(Example(path, names[row["type_id"]], "", "", TRAIN))
    return examples


def _read_class_folders(folder: Path) -> list[Example]:
    examples = []
    for class_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(class_folder.rglob("*")):
            if _is_sound(path):
                kit = path.parent.relative_to(class_folder).as_posix()
                kit = "" if kit == "." else kit
                examples.append(Example(path, _class_name(class_folder.name), kit, kit, TRAIN))
    return examples


def _hold_out(examples: list[Example], share: float = 0.2, seed: int = 0) -> list[Example]:
    """Hold back a share of the kits, or of the files where there are fewer than ten kits."""
    kits = Counter(example.kit for example in examples)
    by_kit = len(kits) >= 10
    keys = sorted(kits) if by_kit else [str(example.path) for example in examples]
    random.Random(seed).shuffle(keys)
    held = keys[: max(2, round(share * len(keys)))]
    part = {key: TUNE if i % 2 else REPORT for i, key in enumerate(held)}
    return [replace(e, split=part.get(e.kit if by_kit else str(e.path), TRAIN)) for e in examples]


def _class_name(text: str) -> str:
    """Make one name of "Closed Hat" and "closed-hats"."""
    name = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    singular = name.removesuffix("s")
    return singular if singular in CLASSES else name


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".")


def _read_csv(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.exists():
        raise DataError(f"{path} is missing.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [column for column in needed if column not in (reader.fieldnames or [])]
        if missing:
            raise DataError(f"{path} has no column {missing[0]}.")
        return list(reader)
