"""Scores and metadata -> the model card, and the tables that it shares with the report."""

from drumclf.report import recall_table, say_decisions, say_held_out, unseen_part
from training.markdown import format_interval, table


def say_terms(scores: dict) -> str:
    """What a reader must know to read the scores."""
    core = " The core five are kick, snare, clap, closed hat and open hat." if "core" in scores["valid"] else ""
    return (
        "A source is whoever published a group of kits. Balanced accuracy counts every class equally."
        f"{core} In brackets: 95% interval, bootstrapped over kits."
    )


def model_card(metadata: dict) -> str:
    """The model card for Hugging Face: what the model is, what it was trained on, and how well it does."""
    scores, training = metadata["scores"], metadata["training"]
    synthetic = f", plus {training['synthetic_sounds']} synthetic ones" if training["synthetic_sounds"] else ""
    sources = f" from {len(training['sources'])} sources" if training["sources"] else ""
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
        f"A convolutional network with {metadata['parameters']:,} parameters that tells from an RGB spectrogram which",
        "drum a one-shot is. Red, green and blue are log-mel spectrograms with a long, a medium and a short window.",
        f"Classes: {', '.join(metadata['titles'].values())}.",
        "",
        "## Scores",
        "",
    ]
    lines += [say_held_out(metadata), say_terms(scores), ""] if scores else ["No sounds were held out to score it."]
    lines += score_table(scores) if scores else []
    if "report" in scores:
        lines += [
            "",
            "Temperature, thresholds and training method were chosen on one part of these sounds. The column `report`",
            "is the other part, which decided nothing but which kinds are never named. The number of epochs was fixed",
            "beforehand.",
        ]
    if "old_valid" in scores:
        lines += ["`old_valid` is the part on which earlier models were scored, too."]
    lines.append("")
    if scores:
        lines += ["## Recall of each class", "", *_recalls(metadata), ""]
        lines += ["## Decisions", "", say_decisions(scores), "", *_thresholds(metadata), ""]
    lines += [
        "## Training",
        "",
        f"{sum(training['sounds'].values()):,} sounds{licences}{sources}{synthetic}.",
        "The sounds are not distributed; the weights are.",
        "",
        *table(
            ("class", "sounds"),
            [(title, f"{training['sounds'].get(name, 0):,}") for name, title in metadata["titles"].items()],
        ),
        "",
        "## Limits",
        "",
        "It classifies one hit, the first in a file, from at most two seconds. Labels of the training sounds were",
        "read from file and folder names.",
    ]
    if scores and scores["valid"]["sources"]:
        worst = ", ".join(f"`{s['source']}` {s['accuracy']:.2f}" for s in scores["valid"]["sources"][:3])
        lines += [f"Accuracy is lowest on these sources: {worst}. `docs/report.md` has the confusions."]
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
    unseen = unseen_part(scores)
    metrics.append(
        ["      - type: expected_calibration_error",
         f"        name: Calibration error, on the {unseen['n_sounds']} sounds not used for tuning",
         f"        value: {unseen['calibration_error'][0]}"]
    )  # fmt: skip
    return [
        "model-index:",
        "  - name: drumclf",
        "    results:",
        "    - task: {type: audio-classification, name: Drum one-shot classification}",
        f"      dataset: {{type: drum-one-shots, name: '{valid['n_sounds']} sounds from {valid['n_kits']} kits'}}",
        "      metrics:",
        *[line for metric in metrics for line in metric],
    ]


def _recalls(metadata: dict) -> list[str]:
    rows = recall_table({"drumclf": metadata})
    return table(
        rows[0],
        [["-" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows],
    )


def _thresholds(metadata: dict) -> list[str]:
    """Markdown: the threshold of each class, and how often answers above it were right."""
    one = unseen_part(metadata["scores"])["decisions"]["one"]["classes"]
    rows = []
    for name, threshold in metadata["thresholds"]["one"].items():
        precision = one[name]["precision"]
        right = "-" if precision is None else f"{precision:.2f}"
        rows.append((metadata["titles"][name], f"{threshold:.2f}", str(one[name]["answers"]), right))
    return [
        *table(("class", "threshold", "answers", "right"), rows),
        "",
        f"Two classes are named together when their probabilities sum to {metadata['thresholds']['two']:.2f} or more.",
    ]


def score_table(scores: dict) -> list[str]:
    """Markdown: a column for each set of sounds."""
    rows = {"sounds, kits, sources": lambda s: f"{s['n_sounds']:,}, {s['n_kits']}, {s['n_sources']}"}
    groups = {"core": "core five", "all": "all classes"} if "core" in scores["valid"] else {"all": "all classes"}
    for group, name in groups.items():
        for figure in ("accuracy", "balanced_accuracy"):
            rows[f"{figure.replace('_', ' ')}, {name}"] = lambda s, g=group, f=figure: (
                format_interval(s[g][f]) if g in s else "-"
            )
    rows["calibration error"] = lambda s: format_interval(s["calibration_error"])
    if "core" in scores["valid"]:
        rows["worst recall, core five"] = lambda s: (
            "{1}: {0:.3f}".format(*_worst_recall(s["core"])) if "core" in s else "-"
        )
        rows["precision of the 80% most confident, core five"] = lambda s: (
            format_interval(s["core"]["precision_at_80"]) if "core" in s else "-"
        )
    if "not_drum" in scores["valid"]:
        rows["not a drum: AUROC"] = lambda s: format_interval(s["not_drum"]["auroc"]) if "not_drum" in s else "-"
        rows["not a drum: accepted with 95% of the drums"] = lambda s: (
            format_interval(s["not_drum"]["false_accepts"]) if "not_drum" in s else "-"
        )
    return table(
        ["", *(f"`{name}`" for name in scores)],
        [[title, *map(cell, scores.values())] for title, cell in rows.items()],
    )


def _worst_recall(result: dict) -> tuple[float, str]:
    return min((recall[0], name) for name, recall in result["recall"].items() if recall)
