"""Score the model and the original on unseen kits: ``python -m training.report`` (``make report``).

Writes ``model/report.json``, from which the page's report card, ``docs/report.md``, the
README's table, a line in ``docs/guide.md`` and the figures are made.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["KERAS_BACKEND"] = "tensorflow"  # what the classifier uses, whatever the model was trained with

import keras

from drumclf.classifier import load_classifier
from drumclf.constants import CORE_CLASSES
from drumclf.model_folder import MODEL_FOLDER, ModelError, read_metadata
from drumclf.report import kind_table, say_decisions, say_held_out, unseen_part
from training.card import say_terms, score_table
from training.data import REPORT, ROOT, TUNE, DataError, Example, default_data, read_examples
from training.evaluate import score
from training.features import extract_features
from training.markdown import format_interval, table, write_between
from training.report import figures
from training.report.mistakes import Mistake, find_mistakes
from training.report.original import SOURCE, Original, read_pictures, train_original
from training.report.robustness import kept_labels
from training.save_model import score_splits, write_metadata

# Keys in the report -> what the texts call them: the 2023 demo, with its input scaling fixed and without.
_ORIGINALS = {"original, fixed": "the original, fixed", "original": "the original, as served"}


def main(arguments: list[str] | None = None) -> int:
    """Score, draw and write everything; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.report", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER, help="default: model/")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder to write (default: docs/)")
    options = parser.parse_args(arguments)
    try:
        examples = read_examples(options.data)
        report, mistakes = _score_model(examples, options.model)
    except (DataError, ModelError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    original = None
    if any(example.source == SOURCE for example in examples):
        original = train_original(examples, ROOT / "build" / "original")
        report |= _score_original(original, examples)
    options.docs.mkdir(parents=True, exist_ok=True)
    text = report_text(report)
    (options.model / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (options.docs / "report.md").write_text(text, encoding="utf-8")
    write_between(options.docs.parent / "README.md", "scores", summary(report))
    write_between(options.docs / "guide.md", "decisions", [say_decisions(report["drumclf"]["scores"])])
    figures.draw_all(report, mistakes, original, examples, options.docs / "figures")
    print(text)
    return 0


def summary(report: dict) -> list[str]:
    """The scores to see first, as Markdown."""
    model = report["drumclf"]
    return [say_held_out(model), say_terms(model["scores"]), "", *_comparison(report)]


def report_text(report: dict) -> str:
    """The whole report as Markdown; every figure is in ``report.json``."""
    scores = report["drumclf"]["scores"]
    ours = scores["valid"]
    lines = [
        "# How well it works on unseen kits",
        "",
        *summary(report),
        "",
        "## All figures",
        "",
        "`valid` is all of these sounds; `report` is the part not used for any tuning; `old_valid`, if it is there,",
        "the part on which earlier models were scored, too.",
        "",
        *score_table(report["drumclf"]["scores"]),
        "",
        "## Recall of each class",
        "",
        "For the core five, the answer is the most probable of those five; for all classes, the most probable of all.",
        "",
        *_recalls(report),
    ]
    lines += ["", "## Confusions", "", *_confusion(ours["all"]), ""]
    if "core" in ours:
        lines += ["Among the core five:", "", *_confusion(ours["core"]), ""]
    lines += ["![Confusion matrix](figures/confusion.png)", ""]
    if unseen_part(scores).get("kinds"):
        lines += ["## Kinds", "", *_kinds(report["drumclf"]), ""]
    lines += ["## How reliable its probabilities are", "", say_decisions(scores), ""]
    lines += ["![Reliability](figures/reliability.png)", "![Precision over coverage](figures/coverage.png)", ""]
    lines += ["## Where it fails", "", "The sources with the lowest accuracy over all classes:", ""]
    worst = [(s["source"], str(s["n_sounds"]), f"{s['accuracy']:.2f}") for s in ours["sources"][:8]]
    lines += table(("source", "sounds", "accuracy"), worst)
    if "robustness" in report:
        lines += [
            "",
            "Share of the sounds that keep their label when the file is changed. The last column counts only the",
            "sounds for which the model gave one answer.",
            "",
            *table(
                ("change", "label kept", "label kept if sure"),
                [
                    (name, f"{row['kept']:.3f}", _share(row["kept_if_sure"]))
                    for name, row in report["robustness"].items()
                ],
            ),
        ]
    if report.get("mistakes"):
        lines += [
            "",
            f"The {report['mistakes']} wrong answers of which it is most sure, on the `report` part, at most two of",
            "a source, as the network saw them; [what they have in common](experiments.md#sure-and-wrong):",
            "",
            "![Sure and wrong](figures/mistakes.png)",
        ]
    lines += ["", "![Training loss](figures/training.png)", ""]
    if "original, fixed" in report:
        split = report["original"]["random_split"]
        lines += [
            "## The original",
            "",
            "The 2023 demo, retrained by `training/report/original.py` on sounds from its one producer: a mel power",
            "spectrogram of 128 x 100 copied to three planes, three convolutions, 20 epochs. *As served*, its input is",
            "not scaled as its training data was; *fixed* is the same network with that bug removed. On its own random",
            f"split it reaches {split['served']:.2f} as served and {split['fixed']:.2f} fixed. Random splits flatter.",
            "",
            "![Its training curves](figures/original_training.png)",
            "![The first waveform of each class](figures/waveforms.png)",
            "![Spectrograms by class](figures/spectrograms.png)",
            "",
        ]
    return "\n".join(lines)


def _score_model(examples: list[Example], folder: Path) -> tuple[dict, list[Mistake]]:
    """Titles, scores and training of a model, its robustness and mistakes; writes the scores into its metadata too."""
    metadata = read_metadata(folder)
    held_out = [example for example in examples if example.split in (TUNE, REPORT)]
    unknown = {example.label for example in held_out} - set(metadata["classes"])
    if unknown:
        raise DataError(f"The model does not know the class {min(unknown)}: train it on these sounds first.")
    network = keras.saving.load_model(folder / "drumclf.keras", compile=False)
    features = extract_features(held_out, ROOT / "build" / "features", 1)
    if not features.examples:
        raise DataError("No sounds were held out to score the model: it needs more of each class.")
    metadata["scores"] = score_splits(network, features, metadata["classes"], metadata["kinds"], metadata)
    write_metadata(metadata, folder)
    mistakes = find_mistakes(network, features.select(REPORT), metadata)
    print("changed files:", flush=True)
    report = {
        "sha256": metadata["sha256"],
        "drumclf": {key: metadata[key] for key in ("titles", "kind_titles", "scores", "training", "thresholds")},
        "robustness": kept_labels(load_classifier(folder), held_out),
        "mistakes": len(mistakes),
    }
    return report, mistakes


def _score_original(original: Original, examples: list[Example]) -> dict:
    held_out = [e for e in examples if e.split in (TUNE, REPORT) and e.label in CORE_CLASSES]
    pictures = read_pictures(held_out)
    rows = {}
    for name, fixed in (("original", False), ("original, fixed", True)):
        logits = original.logits(pictures, fixed)
        rows[name] = {"scores": {"valid": score(logits, held_out, list(CORE_CLASSES))}}
        part = [i for i, example in enumerate(held_out) if example.split == REPORT]
        rows[name]["scores"]["report"] = score(logits[part], [held_out[i] for i in part], list(CORE_CLASSES))
    rows["original"] |= {"random_split": original.random_split, "history": original.history}
    return rows


def _comparison(report: dict) -> list[str]:
    rows = []
    for name, title in {"drumclf": "**drumclf**", **_ORIGINALS}.items():
        if name in report:
            scores = report[name]["scores"]["valid"]
            core, every = scores.get("core", {}), scores["all"] if name == "drumclf" else {}
            cells = [format_interval(part.get(f)) for part in (core, every) for f in ("balanced_accuracy", "accuracy")]
            rows.append((title, *cells[:2], _worst(core.get("sources")), *cells[2:]))
    header = ["", "balanced accuracy, core five", "accuracy, core five", "worst source"]
    lines = table([*header, "balanced, all classes", "all classes"], rows)
    part = report["drumclf"]["scores"].get("report")
    if part and "core" in part:
        lines += ["", f"On the {part['n_sounds']:,} of these sounds not used for any tuning: core five "
                  f"{format_interval(part['core']['balanced_accuracy'])}, all classes "
                  f"{format_interval(part['all']['balanced_accuracy'])}, calibration error "
                  f"{format_interval(part['calibration_error'])}."]  # fmt: skip
    return lines


def _recalls(report: dict) -> list[str]:
    ours = report["drumclf"]["scores"]["valid"]
    columns = {"all": ours["all"]["recall"], "core five": ours.get("core", {}).get("recall", {})}
    for name, title in _ORIGINALS.items():
        if name in report:
            columns[f"{title}, core five"] = report[name]["scores"]["valid"]["core"]["recall"]
    return table(
        ["class", "sounds", *columns],
        [
            [name, str(sum(counts)), *(format_interval(recalls.get(name)) for recalls in columns.values())]
            for name, counts in zip(ours["all"]["classes"], ours["all"]["confusion"], strict=True)
        ],
    )


def _kinds(model: dict) -> list[str]:
    """Markdown: how right the kinds are, and a picture for each class that has any."""
    rows = kind_table(model)
    cells = [
        ["-" if v is None else f"{v:.2f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows
    ]
    return [
        "A kind is only named if the class is, and if it is likely enough; `named` counts how often it is, also among",
        "sounds of other classes, and `right` how many of those are of that kind. `recognised` is the share of the",
        "kind's sounds for which it is the most likely kind of its class. Scored on the `report` part. A kind that",
        "would be right in less than 80% of the cases, here and in the rest together, is not named at all.",
        "",
        *table(rows[0], cells),
        "",
        *(
            f"![Confusions among the kinds of {name}](figures/kinds_{name}.png)"
            for name in unseen_part(model["scores"])["kinds"]
        ),
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _worst(sources: list[dict] | None) -> str:
    return f"{sources[0]['source']}: {sources[0]['accuracy']:.2f}" if sources else "-"


def _confusion(result: dict) -> list[str]:
    names = result["classes"]
    return table(
        ["actual \\ predicted", *names],
        [[name, *map(str, row)] for name, row in zip(names, result["confusion"], strict=True)],
    )


if __name__ == "__main__":
    sys.exit(main())
