"""A trained network -> the model folder: network, metadata and card."""

import hashlib
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from drumclf.audio import read_clip
from drumclf.classifier import front_end_constants, softmax
from drumclf.constants import CLASS_TITLES
from drumclf.spectrogram import rgb_spectrogram
from training.data import REPORT, SYNTHETIC, TRAIN, TUNE, held_out_by
from training.evaluate import fit_temperature, score, sure_threshold
from training.features import Features
from training.train import Settings, predict_logits

EXAMPLES = Path(__file__).resolve().parent.parent / "example_samples"


def finish_model(
    network: keras.Model, losses: list[float], features: Features, classes: list[str], settings: Settings, folder: Path
) -> dict:
    """Calibrate, score and write a model.

    Temperature and threshold are chosen on the ``tune`` split alone; ``report`` has no part in them.

    Returns
    -------
    dict
        The scores: of ``report``, and of ``valid``, which is tune and report together.
    """
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / "new.keras"  # the old model stays whole until the new one is
    # A new model around the same layers leaves the optimizer's state out of the file.
    keras.Model(network.inputs, network.outputs, name=network.name).save(new)
    temperature, threshold = _calibrate(network, features.select(TUNE), classes)
    train = features.select(TRAIN).examples
    metadata = {
        "classes": classes,
        "titles": {name: CLASS_TITLES.get(name, name.replace("_", " ").capitalize()) for name in classes},
        "front_end": front_end_constants(),
        "calibration": {"temperature": round(temperature, 4)},
        "thresholds": {"sure": round(threshold, 4)},
        "sha256": hashlib.sha256(new.read_bytes()).hexdigest(),
        "parameters": network.count_params(),
        "training": {
            "settings": asdict(settings),
            "held_out_by": held_out_by(features.examples),
            "sounds": dict(Counter(e.label for e in train if e.source != SYNTHETIC)),
            "synthetic_sounds": sum(e.source == SYNTHETIC for e in train),
            "sources": sorted({e.source for e in train} - {"", SYNTHETIC}),
            "losses": [round(loss, 4) for loss in losses],
        },
        "golden": _golden(network, temperature),
        "scores": score_splits(network, features, classes, temperature),
    }
    new.rename(folder / "drumclf.keras")
    write_metadata(metadata, folder)
    return metadata["scores"]


def write_metadata(metadata: dict, folder: Path) -> None:
    """Write ``metadata.json`` and the card that is drawn from it."""
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(metadata), encoding="utf-8")


def score_splits(network: keras.Model, features: Features, classes: list[str], temperature: float) -> dict:
    """Scores of the judging splits that have sounds in them."""
    parts = {}
    for name, splits in (("report", (REPORT,)), ("valid", (TUNE, REPORT))):
        rows = [i for i, example in enumerate(features.examples) if example.split in splits]
        if rows:
            logits = predict_logits(network, features.images[rows, 0])
            parts[name] = score(logits, [features.examples[i] for i in rows], classes, temperature)
    return parts


def model_card(metadata: dict) -> str:
    """The model card: what the model is, what it was trained on, and how well it does."""
    scores, training = metadata["scores"], metadata["training"]
    synthetic = f", and {training['synthetic_sounds']} synthetic ones" if training["synthetic_sounds"] else ""
    sources = f" of {len(training['sources'])} sources" if training["sources"] else ""
    lines = [
        "---",
        "library_name: keras",
        "pipeline_tag: audio-classification",
        "license: mit",
        "tags: [audio, drums, music, one-shot]",
        "---",
        "",
        "# drumclf",
        "",
        f"A convolutional network of {metadata['parameters']:,} parameters that tells which drum a one-shot is, from",
        "an RGB spectrogram: three log-mel spectrograms with a long, a middle and a short window as red, green, blue.",
        f"Classes: {', '.join(metadata['titles'].values())}.",
        "",
        "## Scores",
        "",
    ]
    lines += judged_on(metadata) if scores else ["No sounds were held out to judge it."]
    lines += score_table(scores) if scores else []
    lines += [
        "",
        "Temperature and threshold were chosen on one part of those sounds; the column `report` is the other part,",
        "on which nothing was chosen. The network itself was trained for a fixed number of epochs and saw neither.",
        "",
        "## Training",
        "",
        f"{sum(training['sounds'].values()):,} sounds{sources}{synthetic}.",
        "The sounds are not distributed, the weights are.",
        "",
        "| class | sounds |",
        "|---|---|",
        *[f"| {title} | {training['sounds'].get(name, 0):,} |" for name, title in metadata["titles"].items()],
        "",
        "## Limits",
        "",
        "It hears one hit, the first in a file, and at most its first second. Labels of training sounds were read from",
        "file and folder names. Where it is often wrong shows in the confusion matrix in `docs/report.md`.",
        "",
    ]
    return "\n".join(lines)


def judged_on(metadata: dict) -> list[str]:
    """Which sounds the scores are of, and what that is worth."""
    valid = metadata["scores"]["valid"]
    what = {
        "source": f"{valid['n_sources']} sources ({valid['n_kits']} kits) that gave nothing to training",
        "kit": f"{valid['n_kits']} kits that gave nothing to training",
        "file": "the same kits as the training sounds: these figures flatter",
    }[metadata["training"]["held_out_by"]]
    return [f"On {valid['n_sounds']:,} sounds of {what}.", "In brackets: 95% interval, bootstrapped over kits.", ""]


def score_table(scores: dict) -> list[str]:
    """Markdown: one column for each set of sounds."""
    rows = {"sounds, kits, sources": lambda s: f"{s['n_sounds']:,}, {s['n_kits']}, {s['n_sources']}"}
    for group, name in (("core", "core five"), ("all", "all classes")):
        for figure in ("accuracy", "balanced_accuracy"):
            rows[f"{figure.replace('_', ' ')}, {name}"] = lambda s, g=group, f=figure: (
                format_interval(s[g][f]) if g in s else "-"
            )
    rows["calibration error"] = lambda s: format_interval(s["calibration_error"])
    names = list(scores)
    return [
        "| | " + " | ".join(f"`{name}`" for name in names) + " |",
        "|---" * (len(names) + 1) + "|",
        *[f"| {title} | " + " | ".join(cell(scores[name]) for name in names) + " |" for title, cell in rows.items()],
    ]


def format_interval(figure: list[float] | None) -> str:
    """[value, low, high] -> text."""
    return "-" if figure is None else "{:.3f} [{:.3f}, {:.3f}]".format(*figure)


def _golden(network: keras.Model, temperature: float) -> dict[str, list[float]]:
    """Answers for the example sounds, for a test that what is served is what was trained."""
    files = sorted(EXAMPLES.glob("*.wav"))
    images = np.stack([rgb_spectrogram(read_clip(file).samples) for file in files])
    probabilities = softmax(network.predict_on_batch(images), temperature)
    return {file.name: [round(p, 6) for p in row] for file, row in zip(files, probabilities.tolist(), strict=True)}


def _calibrate(network: keras.Model, features: Features, classes: list[str]) -> tuple[float, float]:
    if not features.examples:
        return 1.0, 0.5
    logits = predict_logits(network, features.images[:, 0])
    truth = np.array([classes.index(example.label) for example in features.examples])
    temperature = fit_temperature(logits, truth)
    return temperature, sure_threshold(softmax(logits, temperature), truth)
