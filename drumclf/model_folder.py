"""A model folder -> its metadata and network, once they are known to belong together."""

import hashlib
import json
import os
import re
from pathlib import Path

from drumclf import constants

_INSTALLED = Path(__file__).resolve().parent / "model"
# The model that comes with drumclf: inside the package if installed, beside it in the repository.
MODEL_FOLDER = _INSTALLED if _INSTALLED.exists() else _INSTALLED.parents[1] / "model"
MODEL_VARIABLE = "DRUMCLF_MODEL"
NETWORK = "drumclf.keras"  # the trained network
EXPORTED = "drumclf.tflite"  # the same network, as LiteRT runs it
_REQUIRED = {
    "classes",
    "titles",
    "kinds",
    "kind_titles",
    "front_end",
    "calibration",
    "thresholds",
    "traits",
    "sha256",
    "checksum",
}


class ModelError(RuntimeError):
    """A model cannot be used; the text says why and what to do."""


def chosen_folder() -> Path:
    """The folder that the environment variable DRUMCLF_MODEL names, or else the model that comes with drumclf."""
    return Path(os.environ.get(MODEL_VARIABLE) or MODEL_FOLDER)


def read_model(folder: str | os.PathLike | None = None) -> tuple[dict, bytes | None]:
    """Read a model folder and check that its files belong together and to this front end.

    Parameters
    ----------
    folder : path, optional
        `chosen_folder` unless given.

    Returns
    -------
    metadata : dict
        The content of ``metadata.json``.
    exported : bytes or None
        The content of ``drumclf.tflite``; None if the model has none.

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    path = chosen_folder() if folder is None else Path(folder)
    try:
        metadata = json.loads((path / "metadata.json").read_text(encoding="utf-8"))
        if not isinstance(metadata, dict) or not metadata.keys() >= _REQUIRED:
            raise ValueError("metadata.json lacks what a classifier needs")
        network = (path / NETWORK).read_bytes()
        exported = (path / EXPORTED).read_bytes() if "exported_sha256" in metadata else None
    except (OSError, ValueError) as error:
        raise ModelError(_no_model(folder)) from error
    if metadata["checksum"] != checksum(metadata):
        raise ModelError("metadata.json has been changed; restore the model, or train it again.")
    for name, content, expected in (
        (NETWORK, network, metadata["sha256"]),
        (EXPORTED, exported, metadata.get("exported_sha256")),
    ):
        if content is not None and hashlib.sha256(content).hexdigest() != expected:
            raise ModelError(f"{name} is not the file that metadata.json describes; restore both, or train again.")
    if metadata["front_end"] != front_end_constants():
        raise ModelError("This model was trained with a different front end; train it again with this drumclf.")
    return metadata, exported


def read_metadata(folder: str | os.PathLike | None = None) -> dict:
    """The metadata alone, checked as by `read_model`."""
    return read_model(folder)[0]


def front_end_constants() -> dict[str, float | list[int]]:
    """Every constant that a picture depends on, in the form in which a model records them."""
    is_name = re.compile("CLASS|KIND").search
    values = {name: value for name, value in vars(constants).items() if name.isupper() and not is_name(name)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def checksum(metadata: dict) -> str:
    """SHA-256 of all metadata except the checksum itself, independent of order and layout."""
    rest = {name: value for name, value in metadata.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _no_model(folder: str | os.PathLike | None) -> str:
    """Only a folder that the caller named is named again: the page shows this text to strangers."""
    if folder is not None:
        return f"There is no usable model in {os.fspath(folder)}; give the folder that training wrote."
    if os.environ.get(MODEL_VARIABLE):
        return f"There is no usable model in the folder that {MODEL_VARIABLE} names; give the one that training wrote."
    return "The model that comes with drumclf is missing or damaged; install drumclf again."
