"""The report's figures."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from drumclf.audio import read_clip
from drumclf.constants import CLASS_TITLES, SAMPLE_RATE, SPAN
from drumclf.drawing.ink import LIGHT
from drumclf.drawing.report_figures import draw_confusion, draw_coverage, draw_reliability
from drumclf.onset import find_onset
from drumclf.report import unseen_part
from drumclf.spectrogram import rgb_spectrogram
from training.data import TRAIN, Example, class_names
from training.report.mistakes import Mistake, draw_mistakes
from training.report.original import Original, read_pictures

_BLUE, _GREY, _RED = LIGHT.blue, "#7a8093", LIGHT.red


def draw_all(
    report: dict, mistakes: list[Mistake], original: Original | None, examples: list[Example], folder: Path
) -> None:
    """Write every figure of the report as a PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"confusion": draw_confusion(report["drumclf"]["scores"]["valid"]["all"], report["drumclf"]["titles"])}
    unseen = unseen_part(report["drumclf"]["scores"])
    for name, result in unseen.get("kinds", {}).items():
        drawn[f"kinds_{name}"] = draw_confusion(
            {"classes": result["kinds"], "confusion": result["confusion"]}, report["drumclf"]["kind_titles"]
        )
    drawn["reliability"] = draw_reliability(unseen["reliability"])
    if "core" in unseen:
        drawn["coverage"] = draw_coverage(unseen["core"]["coverage"])
    if mistakes:
        drawn["mistakes"] = draw_mistakes(mistakes, report["drumclf"]["titles"])
    drawn["training"] = draw_losses(report["drumclf"]["training"]["losses"])
    firsts = _first_of_each_class(examples)
    drawn["waveforms"] = draw_waveforms(firsts)
    drawn["spectrograms"] = draw_spectrograms(firsts)
    if original:
        drawn["original_training"] = draw_original_training(original.history)
    for name, figure in drawn.items():
        figure.patch.set_alpha(1)  # readable in dark viewers too
        figure.savefig(folder / f"{name}.png", dpi=110, facecolor="white")


def draw_losses(losses: list[float]) -> Figure:
    """Training loss of each epoch."""
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(range(1, len(losses) + 1), losses, color=_BLUE)
    axes.set(xlabel="Epoch", ylabel="Training loss")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_original_training(history: dict[str, list[float]]) -> Figure:
    """The original's curves: what was thought to be overfitting is a missing division."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, figure_name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        epochs = range(1, len(history[figure_name]) + 1)
        axes.plot(epochs, history[figure_name], color=_GREY, label="training")
        axes.plot(epochs, history[f"val_{figure_name}"], color=_RED, label="validation, as served")
        axes.plot(epochs, history[f"fixed_{figure_name}"], color=_BLUE, label="validation, fixed")
        axes.set(xlabel="Epoch", ylabel=figure_name.capitalize(), xticks=epochs[4::5])
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_yscale("log")
    figure.axes[0].legend(frameon=False)
    return figure


def draw_waveforms(examples: list[Example]) -> Figure:
    """The first sound of each class, from its onset."""
    figure = Figure(figsize=(9, 5.2), layout="constrained")
    for axes, example in zip(figure.subplots(3, 3, sharex=True, sharey=True).flat, examples, strict=False):
        samples = _hit(example)
        axes.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, color=_BLUE, linewidth=0.5)
        axes.set_title(CLASS_TITLES.get(example.label, example.label), size=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(0, SPAN)
    figure.supxlabel("Seconds", size=10)
    return figure


def draw_spectrograms(examples: list[Example]) -> Figure:
    """The same sounds as the original saw them and as drumclf sees them."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    axes = figure.subplots(2, len(examples), squeeze=False)
    for column, (example, power) in enumerate(zip(examples, read_pictures(examples), strict=True)):
        axes[0, column].imshow(power[..., 0], origin="lower", aspect="auto", cmap="gray")
        axes[1, column].imshow(rgb_spectrogram(read_clip(example.path).samples), origin="lower", aspect="auto")
        axes[0, column].set_title(CLASS_TITLES.get(example.label, example.label), size=9)
    for each in axes.flat:
        each.set(xticks=[], yticks=[])
    axes[0, 0].set_ylabel("the original", size=9)
    axes[1, 0].set_ylabel("drumclf", size=9)
    return figure


def _first_of_each_class(examples: list[Example]) -> list[Example]:
    firsts = {}
    for example in examples:
        if example.split == TRAIN:
            firsts.setdefault(example.label, example)
    return [firsts[name] for name in class_names(list(firsts.values()))]


def _hit(example: Example) -> np.ndarray:
    samples = read_clip(example.path).samples
    return samples[find_onset(samples) :][: round(SPAN * SAMPLE_RATE)]
