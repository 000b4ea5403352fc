"""A model's folder -> its metadata, once it is sure that everything in it belongs together."""

import hashlib
import json
import os
from pathlib import Path

from drumclf import constants as c

MODEL_FOLDER = Path(__file__).resolve().parent.parent / "model"
_FRONT_END = (
    "SAMPLE_RATE", "CLIP_DURATION", "ONSET_LEVEL", "PRE_ONSET", "WINDOW_LENGTHS", "HOP_LENGTHS",
    "FFT_LENGTHS", "N_MELS", "MEL_FMIN", "MEL_FMAX", "N_FRAMES", "FIRST_FRAME_DURATION", "ATTACK_FRAMES", "SPAN",
    "DYNAMIC_RANGE",
)  # fmt: skip
_NEEDED_METADATA = {"classes", "titles", "front_end", "calibration", "thresholds", "traits", "sha256", "checksum"}


class ModelError(RuntimeError):
    """A model folder cannot be used; the text says why."""


def read_metadata(folder: str | os.PathLike) -> dict:
    """What ``metadata.json`` says, once it is sure that it speaks of the network beside it and of this front end.

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    metadata, network_bytes = _read_model(Path(folder))
    if metadata["checksum"] != checksum(metadata):
        raise ModelError("metadata.json is not as it was written: restore it, or train again with 'make model'.")
    if hashlib.sha256(network_bytes).hexdigest() != metadata["sha256"]:
        raise ModelError("drumclf.keras is not the file that metadata.json describes: restore both from one training.")
    if metadata["front_end"] != front_end_constants():
        raise ModelError("This model was trained with another front end: train it again with 'make model'.")
    return metadata


def front_end_constants() -> dict[str, float | list[int]]:
    """The constants that a picture depends on, as they are recorded with a model."""
    values = {name: getattr(c, name) for name in _FRONT_END}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def checksum(metadata: dict) -> str:
    """SHA-256 of all metadata but the checksum itself, whatever their order and layout."""
    rest = {name: value for name, value in metadata.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _read_model(folder: Path) -> tuple[dict, bytes]:
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if not isinstance(metadata, dict) or not metadata.keys() >= _NEEDED_METADATA:
            raise ValueError("metadata.json lacks what a classifier needs")
        return metadata, (folder / "drumclf.keras").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder.name}/ holds no model that can be read: train one with 'make model'.") from error
