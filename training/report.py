"""Score the model and the original on unseen kits: ``python -m training.report`` (``make report``).

Writes ``docs/report.json``, from which ``docs/report.md``, the model card's table
and the figures are drawn.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras

from drumclf.classifier import MODEL_FOLDER, load_classifier
from drumclf.constants import CORE_CLASSES
from training import figures
from training.__main__ import ROOT, default_data
from training.data import REPORT, TUNE, DataError, Example, read_examples
from training.evaluate import score
from training.features import extract_features
from training.original import SOURCE, Original, read_pictures, train_original
from training.store import format_interval, model_card, score_splits

DOCS = ROOT / "docs"


def main(arguments: list[str] | None = None) -> int:
    """Score, draw and write everything; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.report", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    try:
        examples = read_examples(parser.parse_args(arguments).data)
    except DataError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    report = {"drumclf": _score_model(examples)}
    original = None
    if any(example.source == SOURCE for example in examples):
        original = train_original(examples, ROOT / "build" / "original")
        report |= _score_original(original, examples)
    (DOCS / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (DOCS / "report.md").write_text(report_text(report), encoding="utf-8")
    _update_readme(report)
    figures.draw_all(report, original, examples, DOCS / "figures")
    print(report_text(report))
    return 0


def report_text(report: dict) -> str:
    """The report as Markdown, every figure taken from ``report.json``."""
    ours = report["drumclf"]["valid"]
    lines = [
        "# How well it works on unseen kits",
        "",
        _about(report),
        "",
        *_comparison(report),
        "",
        "## Recall of each class",
        "",
        "Among the core five the answer is the most probable of the five; among all, of all nine.",
        "",
        "| class | sounds | core five | all |",
        "|---|---|---|---|",
    ]
    for row, name in enumerate(ours["all"]["classes"]):
        core = ours["core"]["recall"].get(name) if "core" in ours else None
        lines.append(
            f"| {name} | {sum(ours['all']['confusion'][row])} | {format_interval(core)} | "
            f"{format_interval(ours['all']['recall'][name])} |"
        )
    lines += ["", "## What is taken for what", "", *_confusion(ours["all"]), ""]
    if "core" in ours and ours["core"]["worst_source"]:
        worst = ours["core"]["worst_source"]
        lines += [f"The worst source is `{worst['source']}`: accuracy {worst['accuracy']:.2f} on its "
                  f"{worst['n_sounds']} core sounds.", ""]  # fmt: skip
    lines += ["![Confusion matrix](figures/confusion.png)", ""]
    if "original, mended" in report:
        split = report["original"]["random_split"]
        lines += [
            "## The original",
            "",
            "Retrained by `training/original.py` on the sounds of its one producer: mel power of 128 x 100 copied",
            "to three planes, three convolutions, 20 epochs. *As served* its input is not scaled as its training data",
            "were; *mended* it is, with the same weights. On its own random split it reaches",
            f"{split['served']:.2f} as served and {split['mended']:.2f} mended: a random split flatters.",
            "",
            "![Its training curves](figures/original_training.png)",
            "![The first waveform of each class](figures/waveforms.png)",
            "![Spectrograms by class](figures/spectrograms.png)",
            "",
        ]
    return "\n".join(lines)


def _update_readme(report: dict) -> None:
    """Put the scores between their marks in the README, where it has them."""
    readme = ROOT / "README.md"
    before, mark, rest = readme.read_text(encoding="utf-8").partition("<!-- scores -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if mark and end:
        text = "\n".join([_about(report), "", *_comparison(report)])
        readme.write_text(f"{before}{mark}{text}\n{end}{after}", encoding="utf-8")


def _about(report: dict) -> str:
    valid = report["drumclf"]["valid"]
    return (
        f"On {valid['n_sounds']:,} sounds of {valid['n_sources']} sources ({valid['n_kits']} kits) that gave nothing "
        "to\ntraining, near-duplicates removed. In brackets: 95% interval, bootstrapped over kits."
    )


def _score_model(examples: list[Example]) -> dict:
    """Scores of the model in ``model/``, put into its metadata and card as well."""
    classifier = load_classifier()
    network = keras.saving.load_model(MODEL_FOLDER / "drumclf.keras", compile=False)
    judging = [example for example in examples if example.split in (TUNE, REPORT)]
    features = extract_features(judging, ROOT / "build" / "features", 1)
    metadata = classifier.metadata
    scores = score_splits(network, features, list(classifier.classes), metadata["calibration"]["temperature"])
    metadata["scores"] = scores
    (MODEL_FOLDER / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")
    (MODEL_FOLDER / "README.md").write_text(model_card(metadata), encoding="utf-8")
    return scores | {"losses": metadata["training"]["losses"]}


def _score_original(original: Original, examples: list[Example]) -> dict:
    judging = [e for e in examples if e.split in (TUNE, REPORT) and e.label in CORE_CLASSES]
    pictures = read_pictures(judging)
    rows = {}
    for name, mended in (("original", False), ("original, mended", True)):
        logits = original.logits(pictures, mended)
        rows[name] = {"valid": score(logits, judging, list(CORE_CLASSES))}
        part = [i for i, example in enumerate(judging) if example.split == REPORT]
        rows[name]["report"] = score(logits[part], [judging[i] for i in part], list(CORE_CLASSES))
    rows["original"] |= {"random_split": original.random_split, "history": original.history}
    return rows


def _comparison(report: dict) -> list[str]:
    lines = ["| | balanced accuracy, core five | accuracy, core five | worst source | all nine, balanced | all nine |"]
    lines.append("|---|---|---|---|---|---|")
    for name, title in (("drumclf", "**drumclf**"), ("original, mended", "the original, mended"),
                        ("original", "the original, as served")):  # fmt: skip
        if name not in report or "core" not in report[name]["valid"]:
            continue
        scores = report[name]["valid"]
        core, nine, worst = scores["core"], scores["all"], scores["core"]["worst_source"]
        covers_all = len(nine["classes"]) > len(CORE_CLASSES)
        lines.append(
            f"| {title} | {format_interval(core['balanced_accuracy'])} | {format_interval(core['accuracy'])} "
            f"| {worst['source']}: {worst['accuracy']:.2f} "
            f"| {format_interval(nine['balanced_accuracy']) if covers_all else '-'} "
            f"| {format_interval(nine['accuracy']) if covers_all else '-'} |"
        )
    part = report["drumclf"].get("report")
    if part and "core" in part:
        lines += ["", f"On the {part['n_sounds']:,} of these sounds on which nothing at all was chosen: core five "
                  f"{format_interval(part['core']['balanced_accuracy'])}, all nine "
                  f"{format_interval(part['all']['balanced_accuracy'])}, calibration error "
                  f"{format_interval(part['calibration_error'])}."]  # fmt: skip
    return lines


def _confusion(result: dict) -> list[str]:
    names = result["classes"]
    return [
        "| is \\ taken for | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
        *[
            f"| {name} | " + " | ".join(map(str, row)) + " |"
            for name, row in zip(names, result["confusion"], strict=True)
        ],
    ]


if __name__ == "__main__":
    sys.exit(main())
