"""A folder of labelled sounds -> a list of examples, in three formats.

(a) a manifest: ``manifest.csv`` with the columns ``path`` and ``target`` and, if
    known, ``label`` (a kind within the class), ``source``, ``kit``, ``split`` and ``licence_class``;
(b) folders named by class: ``kick/*.wav``, ``snare/kit a/*.wav``, ``cymbal/crash/*.wav``;
(c) the format of the 2023 demo: ``samples/`` with ``samples_metadata.csv`` and
    ``samples_types.csv``.

A zip of such a folder works too, such as the training set that the page exports.
"""

import csv
import os
import random
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from drumclf.constants import CLASSES, KIND_TITLES
from drumclf.file_types import SOUND_SUFFIXES

ROOT = Path(__file__).resolve().parent.parent
TRAIN, TUNE, REPORT = "train", "tune", "report"
NOT_DRUM = "not_drum"
SYNTHETIC = "synthetic"  # the source of sounds that the program makes itself
# Names of kinds in a manifest -> names in the program; "noise" is made by so few that it is no kind.
KIND_NAMES = {"perc_other": "other", "tuned": "tuned_percussion", "fx": "effect", "noise": ""}
OPEN_LICENCES = ("user", "permissive", "copyleft")


class DataError(ValueError):
    """The folder cannot be used for training; the message says what is missing."""


def default_data() -> Path:
    """The folder in DRUMCLF_CORPUS, or the corpus beside the project."""
    return Path(os.environ.get("DRUMCLF_CORPUS", ROOT.parent / "shared" / "corpus"))


@dataclass(frozen=True)
class Example:
    """One labelled sound.

    Attributes
    ----------
    path : Path
    label : str
        Name of the class.
    kind : str
        What it is within its class; "" if unknown.
    source, kit : str
        Who published it, and in which of their kits; "" if unknown.
    split : str
        ``train``: the network is trained on it. ``tune``: temperature and thresholds
        are chosen on it. ``report``: only scored.
    is_old : bool
        Whether earlier models were scored on it too.
    licence_class : str
        ``user``, ``permissive``, ``copyleft`` or another word; ``unknown`` if it is not known.
    """

    path: Path
    label: str
    source: str
    kit: str
    split: str
    licence_class: str = "unknown"
    kind: str = ""
    is_old: bool = False


def read_examples(folder: Path, open_only: bool = False) -> list[Example]:
    """All labelled sounds in a folder, each with its split.

    Parameters
    ----------
    folder : Path
        In one of the three formats above, or a zip of one.
    open_only : bool
        Leave out training sounds whose licence class is not user, permissive or copyleft.

    Raises
    ------
    DataError
        If the folder is in none of the formats, or has fewer than two classes to train on.
    """
    if folder.is_file():
        folder = _unpack(folder)
    if (folder / "manifest.csv").exists():
        examples = _read_manifest(folder)
    elif (folder / "samples_metadata.csv").exists():
        examples = _read_original(folder)
    elif folder.is_dir():
        examples = _read_class_folders(folder)
    else:
        raise DataError(f"There is no folder {folder}. Name yours, for example: make model DATA=/path/to/sounds.")
    if open_only:
        examples = [e for e in examples if e.split != TRAIN or e.licence_class in OPEN_LICENCES]
    if not any(example.split != TRAIN for example in examples):
        examples = _hold_out(examples)
    if len({example.label for example in examples if example.split == TRAIN}) < 2:
        raise DataError(
            f"{folder} has sounds of fewer than two classes to train on. It needs a manifest.csv, "
            "a samples_metadata.csv or folders of sounds named by class."
        )
    return examples


def held_out_by(examples: list[Example]) -> str:
    """What was held out as a whole: "source" if no source is both trained on and scored, else "kit" or "file"."""
    train = [example for example in examples if example.split == TRAIN]
    held_out = [example for example in examples if example.split != TRAIN]
    for level in ("source", "kit"):
        trained_on = {getattr(example, level) for example in train} | {""}
        if not trained_on & {getattr(example, level) for example in held_out}:
            return level
    return "file"


def class_names(examples: list[Example]) -> list[str]:
    """Labels of the examples: the project's classes in their own order, then others by name."""
    labels = {example.label for example in examples}
    return [name for name in CLASSES if name in labels] + sorted(labels - set(CLASSES))


def kind_names(examples: list[Example], classes: list[str]) -> dict[str, list[str]]:
    """Class -> its kinds, for classes with at least two: the project's own in their order, then others by name."""
    kinds = {name: {e.kind for e in examples if e.split == TRAIN and e.label == name} - {""} for name in classes}
    return {
        name: [kind for kind in KIND_TITLES if kind in found] + sorted(found - set(KIND_TITLES))
        for name, found in kinds.items()
        if len(found) > 1
    }


def _unpack(archive: Path) -> Path:
    """Unpack a zip into ``build/data``; the same zip always goes into the same folder."""
    folder = ROOT / "build" / "data" / f"{archive.stem}-{zlib.crc32(archive.read_bytes()):08x}"
    try:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)  # names that point outside the folder are put inside it
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{archive} is neither a folder nor a zip that can be unpacked.") from error
    return folder


def _read_manifest(folder: Path) -> list[Example]:
    examples = []
    for row in _read_csv(folder / "manifest.csv", ("path", "target")):
        source = row.get("source") or ""
        split = row.get("split") or TRAIN
        if split == "valid":
            split = valid_part(source)
        elif split not in (TRAIN, TUNE, REPORT):
            continue  # train_near_valid: too similar to a held-out sound
        licence = row.get("licence_class") or "unknown"
        kind = _kind(row["target"], row.get("label") or "")
        kit = row.get("kit") or source
        examples.append(
            Example(folder / row["path"], row["target"], source, kit, split, licence, kind, row.get("old_valid") == "1")
        )
    return examples


def _kind(target: str, label: str) -> str:
    """Kind from a finer label: "crash", "not_drum:voice"; "" if the label says no more than the class."""
    kind = label.removeprefix(f"{target}:")
    return "" if kind in ("", target) else KIND_NAMES.get(kind, kind)


def valid_part(source: str) -> str:
    """Which half of the held-out sources one belongs to: fixed by its name, never by a score."""
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
                kind = _class_name(kit.partition("/")[0])  # as `drumclf sort` files them with {kind}/{name}
                kind = kind if kind in KIND_TITLES else ""
                kit = "" if kit == "." else kit
                examples.append(Example(path, _class_name(class_folder.name), "", kit, TRAIN, kind=kind))
    return examples


def _hold_out(examples: list[Example], share: float = 0.2, seed: int = 0) -> list[Example]:
    """Hold out a share of the kits; if that leaves a split without a class, a share of each class's files."""
    kits = sorted({example.kit for example in examples})
    random.Random(seed).shuffle(kits)
    part = {kit: (REPORT, TUNE)[i % 2] for i, kit in enumerate(kits[: round(share * len(kits))])}
    by_kit = [replace(example, split=part.get(example.kit, TRAIN)) for example in examples]
    labels = {example.label for example in examples}
    if all(labels == {e.label for e in by_kit if e.split == split} for split in (TRAIN, TUNE, REPORT)):
        return by_kit
    return [example for label in sorted(labels) for example in _hold_out_files(examples, label, share, seed)]


def _hold_out_files(examples: list[Example], label: str, share: float, seed: int) -> list[Example]:
    files = [example for example in examples if example.label == label]
    random.Random(seed).shuffle(files)
    n_held = round(share * len(files))
    return [replace(e, split=(REPORT, TUNE)[i % 2] if i < n_held else TRAIN) for i, e in enumerate(files)]


def _class_name(text: str) -> str:
    """Turn "Closed Hat" and "closed-hats" into the same name."""
    name = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    singular = name.removesuffix("s")
    return singular if singular in CLASSES else name


def _is_sound(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".")


def _read_csv(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.exists():
        raise DataError(f"{path} is missing.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [column for column in needed if column not in (reader.fieldnames or [])]
        if missing:
            raise DataError(f"{path} has no column {missing[0]}.")
        return list(reader)
