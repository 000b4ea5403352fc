"""Scores and metadata -> the model card, and the tables that it shares with the report."""

from pathlib import Path

from drumclf.report import recall_table, say_decisions, say_judges, unseen_part

INTERVALS = "In brackets: 95% interval, bootstrapped over kits."


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
    if "report" in scores:
        lines += [
            "",
            "Temperature, thresholds and the way of training were chosen on one part of those sounds; the column",
            "`report` is the other part, on which nothing was chosen. The number of epochs was fixed beforehand.",
        ]
    lines.append("")
    if scores:
        lines += ["## Recall of each class", "", *_recalls(metadata), ""]
        lines += ["## Decisions", "", say_decisions(scores), "", *_thresholds(metadata), ""]
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
        ["      - type: expected_calibration_error", "        name: Calibration error",
         f"        value: {unseen_part(scores)['calibration_error'][0]}"]
    )  # fmt: skip
    return [
        "model-index:",
        "  - name: drumclf",
        "    results:",
        "    - task: {type: audio-classification, name: Drum one-shot classification}",
        f"      dataset: {{type: drum-one-shots, name: '{valid['n_sounds']} sounds of {valid['n_kits']} kits'}}",
        "      metrics:",
        *[line for metric in metrics for line in metric],
    ]


def _recalls(metadata: dict) -> list[str]:
    rows = recall_table({"drumclf": metadata})
    names = list(rows[0])
    cells = [
        ["-" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows
    ]
    return [f"| {' | '.join(row)} |" for row in (names, ["---"] * len(names), *cells)]


def _thresholds(metadata: dict) -> list[str]:
    """Markdown: from which probability on each class is the answer, and how right that was."""
    scores = metadata["scores"]
    one = unseen_part(scores)["decisions"]["one"]["classes"]
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
