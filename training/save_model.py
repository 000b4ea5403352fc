"""A trained network -> the model folder: network, metadata and card."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from drumclf.audio import read_clip
from drumclf.classifier import softmax
from drumclf.constants import CLASS_TITLES, KIND_TITLES
from drumclf.model_folder import checksum, front_end_constants
from drumclf.spectrogram import rgb_spectrogram
from drumclf.traits import TRAITS, find_traits
from training.calibrate import calibrate, withhold_kinds
from training.card import model_card
from training.data import REPORT, SYNTHETIC, TRAIN, TUNE, held_out_by
from training.evaluate import kind_scores, score
from training.features import Features, to_float
from training.settings import Settings
from training.train import predict_logits

EXAMPLES = Path(__file__).resolve().parent.parent / "example_samples"


def finish_model(
    network: keras.Model,
    losses: list[float],
    features: Features,
    classes: list[str],
    kinds: dict[str, list[str]],
    settings: Settings,
    folder: Path,
    licence: str = "all",
) -> dict:
    """Calibrate, score and write a model.

    Temperature and thresholds are chosen on the ``tune`` split only, never on ``report``. The one thing that ``report``
    decides is which kinds are not named at all, because they were wrong there too often.

    Returns
    -------
    dict
        The scores on ``report`` and on ``valid``, which is tune and report together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tune = features.select(TUNE)
    n_logits = len(classes) + sum(map(len, kinds.values()))
    new = folder / "new.keras"  # the old model stays complete until the new one is
    # A new model around the same layers leaves the optimizer's state out of the file.
    keras.Model(network.inputs, network.outputs, name=network.name).save(new)
    fitted = calibrate(_logits(network, tune, n_logits), tune.examples, classes, kinds)
    scores = score_splits(network, features, classes, kinds, fitted)
    if kinds and "valid" in scores and withhold_kinds(fitted["thresholds"], scores["valid"]["kinds"]):
        scores = score_splits(network, features, classes, kinds, fitted)
    train = features.select(TRAIN).examples
    metadata = {
        "classes": classes,
        "titles": {name: CLASS_TITLES.get(name, _title(name)) for name in classes},
        "kinds": kinds,
        "kind_titles": {name: KIND_TITLES.get(name, _title(name)) for names in kinds.values() for name in names},
        "front_end": front_end_constants(),
        **fitted,
        "traits": _traits(features.select(TRAIN), classes),
        "sha256": hashlib.sha256(new.read_bytes()).hexdigest(),
        "parameters": network.count_params(),
        "training": {
            "settings": asdict(settings),
            "licence": licence,
            "held_out_by": held_out_by(features.examples),
            "sounds": dict(Counter(e.label for e in train if e.source != SYNTHETIC)),
            "kinds": dict(Counter(f"{e.label}/{e.kind}" for e in train if e.source != SYNTHETIC and e.kind)),
            "synthetic_sounds": sum(e.source == SYNTHETIC for e in train),
            "sources": sorted({e.source for e in train} - {"", SYNTHETIC}),
            "losses": [round(loss, 4) for loss in losses],
        },
        "golden": _golden(network, len(classes), fitted["calibration"]["temperature"]),
        "scores": scores,
    }
    model_card(metadata)  # must not fail after the old model has been replaced
    new.rename(folder / "drumclf.keras")
    write_metadata(metadata, folder)
    (folder / "report.json").unlink(missing_ok=True)  # it was about the old model
    _export(folder)
    return metadata["scores"]


def _export(folder: Path) -> None:
    """Export for LiteRT in a separate process, because training may use a backend other than TensorFlow."""
    command = [sys.executable, "-m", "training.export", str(folder)]
    done = subprocess.run(command, env=os.environ | {"KERAS_BACKEND": "tensorflow"}, capture_output=True, text=True)
    if done.returncode:
        print(
            "The export for LiteRT failed, so the model will load slowly, with TensorFlow:", done.stderr.strip()[-300:]
        )


def write_metadata(metadata: dict, folder: Path) -> None:
    """Write ``metadata.json``, with its checksum, and the model card made from it."""
    metadata = metadata | {"checksum": checksum(metadata)}
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(metadata), encoding="utf-8")


def score_splits(
    network: keras.Model, features: Features, classes: list[str], kinds: dict[str, list[str]], fitted: dict
) -> dict:
    """Scores on the held-out splits that have sounds in them; `fitted` is what `calibrate` returns."""
    chosen = {
        "report": lambda example: example.split == REPORT,
        "valid": lambda example: example.split in (TUNE, REPORT),
        "old_valid": lambda example: example.split in (TUNE, REPORT) and example.is_old,
    }
    parts = {}
    for name, is_chosen in chosen.items():
        if rows := [i for i, example in enumerate(features.examples) if is_chosen(example)]:
            logits = predict_logits(network, features.images[rows, 0])
            examples = [features.examples[i] for i in rows]
            of_classes, of_kinds = logits[:, : len(classes)], logits[:, len(classes) :]
            temperature = fitted["calibration"]["temperature"]
            parts[name] = score(of_classes, examples, classes, temperature, fitted["thresholds"])
            if kinds:
                parts[name]["kinds"] = kind_scores(of_classes, of_kinds, examples, classes, kinds, fitted)
    return parts


def _golden(network: keras.Model, n_classes: int, temperature: float) -> dict[str, list[float]]:
    """Answers for the example sounds, for a test that the served model is the trained one."""
    files = sorted(EXAMPLES.glob("*.wav"))
    images = np.stack([rgb_spectrogram(read_clip(file).samples) for file in files])
    probabilities = softmax(network.predict_on_batch(images)[:, :n_classes], temperature)
    return {file.name: [round(p, 6) for p in row] for file, row in zip(files, probabilities.tolist(), strict=True)}


def _traits(train: Features, classes: list[str]) -> dict[str, dict[str, float]]:
    """Class -> trait -> share of its training sounds that have it, without synthetic ones."""
    found = {name: [] for name in classes}
    for example, image in zip(train.examples, train.images[:, 0], strict=True):
        if example.source != SYNTHETIC:
            found[example.label].append(find_traits(to_float(image)))
    return {
        name: {trait: round(sum(trait in each for each in sounds) / len(sounds), 3) for trait in TRAITS}
        for name, sounds in found.items()
        if sounds
    }


def _logits(network: keras.Model, features: Features, n_logits: int) -> np.ndarray:
    return predict_logits(network, features.images[:, 0]) if features.examples else np.empty((0, n_logits))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
