"""What ``make report`` measured -> figures for the page and the docs."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from drumclf.drawing.ink import LIGHT, Ink, finish
from drumclf.report import shares_of


def draw_confusion(result: dict, titles: dict[str, str], ink: Ink = LIGHT) -> Figure:
    """Confusion matrix in percent of each class: blue for right answers, red for mistakes.

    Parameters
    ----------
    result : dict
        ``classes`` and ``confusion``: actual classes in rows, predicted ones in columns.
    titles : dict[str, str]
    ink : Ink
    """
    shares = shares_of(result)
    names = [titles[name] for name in result["classes"]]
    figure, axes = _blank(5.6, 4.7)
    for (row, column), share in np.ndenumerate(shares):
        color, weight = (ink.blue, "bold") if row == column else (ink.red, "normal")
        axes.add_patch(_cell(column, row, color, share))
        if share >= 0.005:
            text = axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center")
            text.set(size=10, color=ink.text, weight=weight)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("Predicted, in percent", weight="bold")
    above = {"xytext": (-4, 3), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate("Actual", (0, 1), ha="right", va="bottom", size=10, weight="bold", color=ink.text, **above)
    return finish(figure, ink)


def draw_reliability(reliability: list[list[float]], ink: Ink = LIGHT) -> Figure:
    """How often answers are right, against their probability; calibrated ones lie on the diagonal."""
    promised, right, _ = np.array(reliability).T
    figure, axes = _blank(4.2, 3.4)
    axes.plot([0, 1], [0, 1], color=ink.faint, linewidth=1.5)
    axes.plot(promised, right, "o-", color=ink.blue, markersize=5, linewidth=1.2)
    for x, y, words in ((0.2, 0.8, "underconfident"), (0.8, 0.2, "overconfident")):
        axes.text(x, y, words, ha="center", va="center", size=10, color=ink.text)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="Probability of the answer", ylabel="Share that is right")
    return finish(_in_percent(figure), ink)


def draw_coverage(coverage: list[list[float]], ink: Ink = LIGHT) -> Figure:
    """Share of right answers, against the share of sounds answered when the least confident are left out."""
    given, right = np.array(coverage).T
    figure, axes = _blank(4.2, 3.4)
    axes.plot(given, right, "o-", color=ink.blue, markersize=4, linewidth=1.2)
    axes.grid(axis="y", color=ink.faint, linewidth=0.8)
    low = min(0.8, right.min() - 0.02)
    axes.set(xlim=(-0.03, 1.03), ylim=(low - 0.03 * (1 - low), 1 + 0.03 * (1 - low)))
    axes.set(xlabel="Share of the sounds answered, core five", ylabel="Share that is right")
    return finish(_in_percent(figure), ink)


def _blank(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _in_percent(figure: Figure) -> Figure:
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def _cell(column: int, row: int, color: str, share: float) -> Rectangle:
    strength = 0.04 + 0.5 * share**0.5  # the root makes a mistake in one of ten sounds visible
    return Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, facecolor=color, alpha=strength, linewidth=0)
