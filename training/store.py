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
from drumclf.explain import TRAITS, find_traits
from drumclf.report_card import say_decisions, say_judges
from drumclf.spectrogram import rgb_spectrogram
from training.data import REPORT, SYNTHETIC, TRAIN, TUNE, held_out_by
from training.evaluate import choose_thresholds, fit_temperature, score
from training.features import Features, to_float
from training.train import Settings, predict_logits

INTERVALS = "In brackets: 95% interval, bootstrapped over kits."
EXAMPLES = Path(__file__).resolve().parent.parent / "example_samples"


def finish_model(
    network: keras.Model,
    losses: list[float],
    features: Features,
    classes: list[str],
    settings: Settings,
    folder: Path,
    licence: str = "all",
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
    temperature, thresholds = _calibrate(network, features.select(TUNE), classes)
    train = features.select(TRAIN).examples
    metadata = {
        "classes": classes,
        "titles": {name: CLASS_TITLES.get(name, name.replace("_", " ").capitalize()) for name in classes},
        "front_end": front_end_constants(),
        "calibration": {"temperature": round(temperature, 4)},
        "thresholds": thresholds,
        "traits": _traits(features.select(TRAIN), classes),
        "sha256": hashlib.sha256(new.read_bytes()).hexdigest(),
        "parameters": network.count_params(),
        "training": {
            "settings": asdict(settings),
            "licence": licence,
            "held_out_by": held_out_by(features.examples),
            "sounds": dict(Counter(e.label for e in train if e.source != SYNTHETIC)),
            "synthetic_sounds": sum(e.source == SYNTHETIC for e in train),
            "sources": sorted({e.source for e in train} - {"", SYNTHETIC}),
            "losses": [round(loss, 4) for loss in losses],
        },
        "golden": _golden(network, temperature),
        "scores": score_splits(network, features, classes, temperature, thresholds),
    }
    new.rename(folder / "drumclf.keras")
    write_metadata(metadata, folder)
    (folder / "report.json").unlink(missing_ok=True)  # it spoke of another model
    return metadata["scores"]


def write_metadata(metadata: dict, folder: Path) -> None:
    """Write ``metadata.json`` and the card that is drawn from it."""
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(metadata), encoding="utf-8")


def score_splits(
    network: keras.Model, features: Features, classes: list[str], temperature: float, thresholds: dict
) -> dict:
    """Scores of the judging splits that have sounds in them."""
    parts = {}
    for name, splits in (("report", (REPORT,)), ("valid", (TUNE, REPORT))):
        rows = [i for i, example in enumerate(features.examples) if example.split in splits]
        if rows:
            logits = predict_logits(network, features.images[rows, 0])
            parts[name] = score(logits, [features.examples[i] for i in rows], classes, temperature, thresholds)
    return parts


def model_card(metadata: dict) -> str:
    """The model card for Hugging Face: what the model is, what it was trained on, and how well it does."""
    scores, training = metadata["scores"], metadata["training"]
    synthetic = f", and {training['synthetic_sounds']} synthetic ones" if training["synthetic_sounds"] else ""
    sources = f" of {len(training['sources'])} sources" if training["sources"] else ""
    licences = " with an open licence" if training["licence"] == "open" else ""
    lines = [
        "---",
        "library_name: keras",
        "pipeline_tag: audio-classification",
        "license: mit",
        "tags: [audio, drums, music, one-shot]",
        *(_model_index(scores) if scores else []),
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
    lines += [say_judges(metadata), INTERVALS, ""] if scores else ["No sounds were held out to judge it."]
    lines += score_table(scores) if scores else []
    lines += [
        "",
        "Temperature and thresholds were chosen on one part of those sounds; the column `report` is the other part,",
        "on which nothing was chosen. The network itself was trained for a fixed number of epochs and saw neither.",
        "",
    ]
    if scores:
        unseen = scores.get("report", scores["valid"])
        lines += ["## Decisions", "", say_decisions(unseen["decisions"]), "", *_thresholds(metadata), ""]
    lines += [
        "## Training",
        "",
        f"{sum(training['sounds'].values()):,} sounds{licences}{sources}{synthetic}.",
        "The sounds are not distributed, the weights are.",
        "",
        "| class | sounds |",
        "|---|---|",
        *[f"| {title} | {training['sounds'].get(name, 0):,} |" for name, title in metadata["titles"].items()],
        "",
        "## Limits",
        "",
        "It hears one hit, the first in a file, and at most its first second. Labels of training sounds were read from",
        "file and folder names.",
    ]
    if scores and scores["valid"]["sources"]:
        worst = ", ".join(f"`{s['source']}` {s['accuracy']:.2f}" for s in scores["valid"]["sources"][:3])
        lines += [f"The sources on which it is right least often: {worst}. Its confusions are in `docs/report.md`."]
    return "\n".join([*lines, ""])


def _model_index(scores: dict) -> list[str]:
    """The scores as Hugging Face reads them."""
    valid = scores["valid"]
    figures = {"Balanced accuracy, all classes": valid["all"]["balanced_accuracy"][0]}
    if "core" in valid:
        figures["Balanced accuracy, core five"] = valid["core"]["balanced_accuracy"][0]
    figures["Accuracy, all classes"] = valid["all"]["accuracy"][0]
    metrics = [
        ["      - type: accuracy", f"        name: {name}", f"        value: {v}"] for name, v in figures.items()
    ]
    metrics.append(
        ["      - type: expected_calibration_error", "        name: Calibration error, sources calibration did not see",
         f"        value: {scores.get('report', valid)['calibration_error'][0]}"]
    )  # fmt: skip
    return [
        "model-index:",
        "  - name: drumclf",
        "    results:",
        "    - task: {type: audio-classification, name: Drum one-shot classification}",
        f"      dataset: {{type: unseen-kits, name: '{valid['n_sounds']} sounds of {valid['n_kits']} unseen kits'}}",
        "      metrics:",
        *[line for metric in metrics for line in metric],
    ]


def _thresholds(metadata: dict) -> list[str]:
    """Markdown: from which probability on each class is the answer, and how right that was."""
    scores = metadata["scores"]
    one = scores.get("report", scores["valid"])["decisions"]["one"]["classes"]
    return [
        "| class | answered from | answers | right |",
        "|---|---|---|---|",
        *[
            f"| {metadata['titles'][name]} | {threshold:.2f} | {one[name]['answers']} | "
            f"{'-' if one[name]['precision'] is None else format(one[name]['precision'], '.2f')} |"
            for name, threshold in metadata["thresholds"]["one"].items()
        ],
        "",
        f"Two classes are named together when their probabilities sum to {metadata['thresholds']['two']:.2f} or more.",
    ]


def score_table(scores: dict) -> list[str]:
    """Markdown: one column for each set of sounds."""
    rows = {"sounds, kits, sources": lambda s: f"{s['n_sounds']:,}, {s['n_kits']}, {s['n_sources']}"}
    for group, name in (("core", "core five"), ("all", "all classes")):
        for figure in ("accuracy", "balanced_accuracy"):
            rows[f"{figure.replace('_', ' ')}, {name}"] = lambda s, g=group, f=figure: (
                format_interval(s[g][f]) if g in s else "-"
            )
    rows["calibration error"] = lambda s: format_interval(s["calibration_error"])
    if "core" in scores["valid"]:
        rows["worst recall, core five"] = lambda s: "{1}: {0:.3f}".format(*_worst_recall(s["core"]))
        rows["precision of the 80% most confident, core five"] = lambda s: format_interval(s["core"]["precision_at_80"])
    if "not_drum" in scores["valid"]:
        rows["not a drum: AUROC"] = lambda s: format_interval(s["not_drum"]["auroc"]) if "not_drum" in s else "-"
        rows["not a drum: accepted with 95% of the drums"] = lambda s: (
            format_interval(s["not_drum"]["false_accepts"]) if "not_drum" in s else "-"
        )
    names = list(scores)
    return [
        "| | " + " | ".join(f"`{name}`" for name in names) + " |",
        "|---" * (len(names) + 1) + "|",
        *[f"| {title} | " + " | ".join(cell(scores[name]) for name in names) + " |" for title, cell in rows.items()],
    ]


def _worst_recall(result: dict) -> tuple[float, str]:
    return min((recall[0], name) for name, recall in result["recall"].items() if recall)


def write_between(file: Path, mark: str, lines: list[str]) -> None:
    """Replace what stands between ``<!-- mark -->`` and ``<!-- end -->`` in a text, where it has them."""
    if not file.exists():
        return
    before, start, rest = file.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if start and end:
        file.write_text("".join([before, start, "\n".join(lines), "\n", end, after]), encoding="utf-8")


def format_interval(figure: list[float] | None) -> str:
    """[value, low, high] -> text."""
    return "-" if figure is None else "{:.3f} [{:.3f}, {:.3f}]".format(*figure)


def _golden(network: keras.Model, temperature: float) -> dict[str, list[float]]:
    """Answers for the example sounds, for a test that what is served is what was trained."""
    files = sorted(EXAMPLES.glob("*.wav"))
    images = np.stack([rgb_spectrogram(read_clip(file).samples) for file in files])
    probabilities = softmax(network.predict_on_batch(images), temperature)
    return {file.name: [round(p, 6) for p in row] for file, row in zip(files, probabilities.tolist(), strict=True)}


def _traits(train: Features, classes: list[str]) -> dict[str, dict[str, float]]:
    """Class -> trait -> share of its training sounds, synthetic ones left out, that have it."""
    found = {name: [] for name in classes}
    for example, image in zip(train.examples, train.images[:, 0], strict=True):
        if example.source != SYNTHETIC:
            found[example.label].append(find_traits(to_float(image)))
    return {
        name: {trait: round(sum(trait in each for each in sounds) / len(sounds), 3) for trait in TRAITS}
        for name, sounds in found.items()
        if sounds
    }


def _calibrate(network: keras.Model, features: Features, classes: list[str]) -> tuple[float, dict]:
    if not features.examples:
        return 1.0, choose_thresholds(np.empty((0, len(classes))), np.empty(0, int), classes)
    logits = predict_logits(network, features.images[:, 0])
    truth = np.array([classes.index(example.label) for example in features.examples])
    temperature = fit_temperature(logits, truth)
    return temperature, choose_thresholds(softmax(logits, temperature), truth, classes)
