"""A model's folder -> what is in it, once it is sure that everything in it belongs together."""

import hashlib
import json
import os
from pathlib import Path

from drumclf import constants

MODEL_FOLDER = Path(__file__).resolve().parent.parent / "model"
NETWORK, EXPORTED = "drumclf.keras", "drumclf.tflite"
"""The trained network, and what LiteRT runs of it."""
_NEEDED_METADATA = {"classes", "titles", "front_end", "calibration", "thresholds", "traits", "sha256", "checksum"}


class ModelError(RuntimeError):
    """A model folder cannot be used; the text says why."""


def read_model(folder: str | os.PathLike) -> tuple[dict, bytes | None]:
    """Metadata and exported network, once it is sure that they belong together, and to this front end.

    Returns
    -------
    metadata : dict
        What ``metadata.json`` says.
    exported : bytes or None
        What is in ``drumclf.tflite``; None for a model without it.

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    folder = Path(folder)
    try:
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        if not isinstance(metadata, dict) or not metadata.keys() >= _NEEDED_METADATA:
            raise ValueError("metadata.json lacks what a classifier needs")
        network = (folder / NETWORK).read_bytes()
        exported = (folder / EXPORTED).read_bytes() if "exported_sha256" in metadata else None
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder.name}/ holds no model that can be read: train one with 'make model'.") from error
    if metadata["checksum"] != checksum(metadata):
        raise ModelError("metadata.json is not as it was written: restore it, or train again with 'make model'.")
    for name, content, expected in (
        (NETWORK, network, metadata["sha256"]),
        (EXPORTED, exported, metadata.get("exported_sha256")),
    ):
        if content is not None and hashlib.sha256(content).hexdigest() != expected:
            raise ModelError(f"{name} is not the file that metadata.json describes: restore both from one training.")
    if metadata["front_end"] != front_end_constants():
        raise ModelError("This model was trained with another front end: train it again with 'make model'.")
    return metadata, exported


def read_metadata(folder: str | os.PathLike) -> dict:
    """The metadata alone, checked as by `read_model`."""
    return read_model(folder)[0]


def front_end_constants() -> dict[str, float | list[int]]:
    """The constants that a picture depends on, as they are recorded with a model."""
    values = {name: value for name, value in vars(constants).items() if name.isupper() and "CLASS" not in name}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def checksum(metadata: dict) -> str:
    """SHA-256 of all metadata but the checksum itself, whatever their order and layout."""
    rest = {name: value for name, value in metadata.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
