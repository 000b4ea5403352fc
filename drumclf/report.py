"""What ``make report`` measured, in words, for the page and for the docs."""

import json
from pathlib import Path

import numpy as np


def read_report(folder: Path, metadata: dict) -> dict:
    """The report beside a model.

    Parameters
    ----------
    folder : Path
        The model's.
    metadata : dict
        The model's; if there is no report on this very model, the scores in here are used instead.

    Returns
    -------
    dict
        ``drumclf``: the model's titles, scores and training. If they were measured, also ``robustness``,
        ``original`` (the 2023 demo) and ``original, fixed`` (the same with its input scaling fixed).
    """
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        if report["sha256"] == metadata["sha256"]:
            return report
    except (OSError, ValueError, KeyError, TypeError):
        pass  # trained with make model, but make report has not been run yet
    return {"drumclf": {key: metadata.get(key, {}) for key in ("titles", "kind_titles", "scores", "training")}}


def say_held_out(model: dict) -> str:
    """Which sounds the model was scored on, and how separate they are from the training sounds."""
    valid = model["scores"]["valid"]
    what = {
        "source": f"{valid['n_sources']} sources ({valid['n_kits']} kits), none used for training",
        "kit": f"{valid['n_kits']} kits, none used for training",
        "file": "the same kits as the training sounds, which flatters the scores",
    }[model["training"]["held_out_by"]]
    return f"Scored on {valid['n_sounds']:,} sounds from {what}."


def unseen_part(scores: dict) -> dict:
    """Scores on the sounds not used for any tuning, or on all held-out sounds if there are none."""
    return scores.get("report", scores["valid"])


def say_training(training: dict) -> str:
    """How many sounds it was trained on, and from how many sources."""
    sources = f" from {len(training['sources'])} sources" if training["sources"] else ""
    apart = ", none of which was used for scoring" if training["held_out_by"] == "source" else ""
    synthetic = f", plus {training['synthetic_sounds']} synthetic ones" if training["synthetic_sounds"] else ""
    return f"{sum(training['sounds'].values()):,} sounds{sources}{apart}{synthetic}."


def headline_figures(report: dict) -> dict[str, list[float]]:
    """The few figures to see first: name -> [value, low, high]; every class counts equally."""
    valid, unseen = report["drumclf"]["scores"]["valid"], unseen_part(report["drumclf"]["scores"])
    figures = {}
    if "core" in valid:
        figures["Core five right"] = valid["core"]["balanced_accuracy"]
        if "original, fixed" in report:
            figures["2023 demo, fixed"] = report["original, fixed"]["scores"]["valid"]["core"]["balanced_accuracy"]
    figures["All classes right"] = valid["all"]["balanced_accuracy"]
    figures["Calibration error"] = unseen["calibration_error"]
    return figures


def say_figures(report: dict) -> str:
    """What the headline figures mean."""
    parts = ["Every class counts equally. Grey: 95% intervals over kits."]
    if "original, fixed" in report:
        parts.append("The 2023 demo that this replaces knows only the core five: kick, snare, clap and both hats.")
    seen = ", on sounds not used for calibration" if "report" in report["drumclf"]["scores"] else ""
    parts.append(f"Calibration error: the gap between the stated probability and how often the answer is right{seen}.")
    return " ".join(parts)


def recall_table(report: dict) -> list[dict]:
    """A row for each class: number of sounds, and the share of them that each system recognises."""
    model = report["drumclf"]
    scores = model["scores"]["valid"]
    rows = []
    for name, counts in zip(scores["all"]["classes"], scores["all"]["confusion"], strict=True):
        row = {"class": model["titles"][name], "sounds": sum(counts), "drumclf": _of(scores["all"], name)}
        if "core" in scores and len(scores["core"]["classes"]) < len(scores["all"]["classes"]):
            row["drumclf, core five"] = _of(scores["core"], name)
        for rival, title in (("original, fixed", "2023 demo, fixed"), ("original", "2023 demo, as served")):
            if rival in report:
                row[title] = _of(report[rival]["scores"]["valid"]["core"], name)
        rows.append(row)
    return rows


def kind_table(model: dict) -> list[dict]:
    """A row for each kind: number of sounds, share recognised within the class, how often it is named and right."""
    rows = []
    for name, scores in unseen_part(model["scores"]).get("kinds", {}).items():
        for i, kind in enumerate(scores["kinds"]):
            n, shown = sum(scores["confusion"][i]), scores["shown"][kind]
            rows.append(
                {
                    "class": model["titles"][name],
                    "kind": model["kind_titles"][kind],
                    "sounds": n,
                    "recognised": scores["confusion"][i][i] / n if n else None,
                    "named": shown["answers"],
                    "right": shown["precision"],
                }
            )
    return rows


def say_decisions(scores: dict) -> str:
    """How often it gives one answer, two or none, and how often those are right."""
    decisions = unseen_part(scores)["decisions"]
    sounds = "On sounds not used for any tuning" if "report" in scores else "On these sounds"
    one, two, none = (decisions[kind] for kind in ("one", "two", "none"))
    parts = [f"one answer for {one['coverage']:.0%}"]
    parts[0] += f" ({one['precision']:.0%} of them right)" if one["precision"] is not None else ""
    if two["precision"] is not None:
        parts.append(f"“one or the other” for {two['coverage']:.0%} ({two['precision']:.0%} right)")
    parts.append(f"“not sure” for {none['coverage']:.0%}")
    return f"{sounds}: {', '.join(parts)}."


def say_confusion(result: dict, titles: dict[str, str], most: int = 3) -> str:
    """The confusion matrix in words: its largest mistakes, as shares of the actual class."""
    shares, names = shares_of(result), [titles[name] for name in result["classes"]]
    np.fill_diagonal(shares, 0)
    worst = np.argsort(-shares, axis=None, kind="stable")[:most]
    places = [
        (row, column) for row, column in np.transpose(np.unravel_index(worst, shares.shape)) if shares[row, column]
    ]
    mistakes = [f"{names[r]} is mistaken for {names[k].lower()} {shares[r, k]:.0%} of the time" for r, k in places]
    return f"{'; '.join(mistakes)}." if mistakes else "No sound is mistaken for another class."


def say_reliability(reliability: list[list[float]]) -> str:
    """The reliability diagram in words: its lowest, middle and highest point."""
    points = [reliability[i] for i in sorted({0, len(reliability) // 2, len(reliability) - 1})]
    parts = [f"at {promised:.0%} it is right {right:.0%} of the time" for promised, right, _ in points]
    return f"{'; '.join(parts).capitalize()}."


def say_coverage(coverage: list[list[float]]) -> str:
    """The coverage curve in words: for the most confident half, for four fifths and for all."""
    points = dict.fromkeys(
        min(map(tuple, coverage), key=lambda point: abs(point[0] - share)) for share in (0.5, 0.8, 1)
    )
    parts = [
        f"of {'all' if given == 1 else f'the most confident {given:.0%}'}, {right:.0%} are right"
        for given, right in points
    ]
    return f"{'; '.join(parts).capitalize()}."


def shares_of(result: dict) -> np.ndarray:
    """A confusion matrix with each row as shares of the actual class."""
    counts = np.array(result["confusion"], float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _of(result: dict, name: str) -> float | None:
    recall = result["recall"].get(name)
    return recall[0] if recall else None
