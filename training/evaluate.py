"""Logits + labels -> every score that is printed, each with an interval over kits."""

from collections.abc import Callable

import numpy as np

from drumclf.classifier import softmax
from drumclf.constants import CORE_CLASSES
from training.data import Example

RESAMPLES = 1000
_CALIBRATION_BINS = 15
_SMALLEST_SOURCE = 10


def score(
    logits: np.ndarray,
    examples: list[Example],
    classes: list[str],
    temperature: float = 1.0,
    resamples: int = RESAMPLES,
) -> dict:
    """All scores of one model on one set of sounds.

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes)
    examples : list[Example]
        What they are.
    classes : list[str]
        In the order of the logits.
    temperature : float
        For the calibration error only; the others do not depend on it.
    resamples : int
        Of the kits, with replacement, for the 95% intervals (percentile bootstrap,
        Efron 1979). Kits, not sounds, because sounds of one kit are alike.

    Returns
    -------
    dict
        JSON-ready. A figure with an interval is ``[value, low, high]``; a figure that the
        sounds do not allow is None.
    """
    truth = np.array([classes.index(example.label) for example in examples])
    kits = np.unique([f"{e.source}/{e.kit}" for e in examples], return_inverse=True)[1]
    draws = _kit_draws(kits, resamples)
    core = [i for i, name in enumerate(classes) if name in CORE_CLASSES]
    is_core = np.isin(truth, core)
    scores = {
        "n_sounds": len(examples),
        "n_kits": int(kits.max() + 1),
        "n_sources": len({e.source for e in examples}),
        "all": _summary(logits.argmax(1), truth, np.ones(len(truth), bool), range(len(classes)), classes, draws),
        "calibration_error": _interval(
            lambda i: calibration_error(softmax(logits[i], temperature), truth[i]), draws, np.arange(len(truth))
        ),
    }
    if is_core.any():
        among_core = np.array(core)[logits[:, core].argmax(1)]
        scores["core"] = _summary(among_core, truth, is_core, core, classes, draws)
        scores["core"]["worst_source"] = _worst_source(among_core, truth, is_core, examples)
    return scores


def balanced_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean recall of the classes that occur in the truth."""
    return float(np.mean([np.mean(predicted[truth == k] == k) for k in np.unique(truth)]))


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = _CALIBRATION_BINS) -> float:
    """Mean distance between the top label's probability and how often it is right.

    Expected calibration error over bins of equal mass (Nixon et al. 2019).

    Parameters
    ----------
    probabilities : np.ndarray, shape (n, n_classes)
    truth : np.ndarray, shape (n,), int
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return float(sum(len(p) * abs(confidence[p].mean() - right[p].mean()) for p in parts if len(p)) / len(truth))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of least log loss, between 0.25 and 8, to 1%."""
    candidates = np.geomspace(0.25, 8, 350)
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(logits, t)[rows, truth] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def sure_threshold(probabilities: np.ndarray, truth: np.ndarray, precision: float = 0.9) -> float:
    """Lowest probability from which on the answers are right with the given precision."""
    order = np.argsort(-probabilities.max(1), kind="stable")
    right = (probabilities.argmax(1) == truth)[order]
    reached = np.nonzero(np.cumsum(right) / np.arange(1, len(right) + 1) >= precision)[0]
    return float(probabilities.max(1)[order[reached[-1]]]) if len(reached) else 1.0


def _summary(predicted, truth, among, class_indices, classes, draws) -> dict:
    """Accuracy, balanced accuracy, recalls and confusion over the sounds in `among`."""
    chosen = np.nonzero(among)[0]

    def measured(metric: Callable) -> list[float] | None:
        def of(rows):
            rows = rows[among[rows]]
            return metric(predicted[rows], truth[rows]) if len(rows) else np.nan

        return _interval(of, draws, chosen)

    return {
        "n_sounds": len(chosen),
        "accuracy": measured(lambda p, t: float(np.mean(p == t))),
        "balanced_accuracy": measured(balanced_accuracy),
        "recall": {
            classes[k]: measured(lambda p, t, k=k: float(np.mean(p[t == k] == k)) if np.any(t == k) else np.nan)
            for k in class_indices
        },
        "classes": [classes[k] for k in class_indices],
        "confusion": [
            [int(np.sum((truth[chosen] == t) & (predicted[chosen] == p))) for p in class_indices] for t in class_indices
        ],
    }


def _worst_source(predicted, truth, is_core, examples) -> dict | None:
    """The source with the lowest accuracy among those with enough core sounds to tell."""
    sources = np.array([example.source for example in examples])
    rows = {s: np.nonzero(is_core & (sources == s))[0] for s in np.unique(sources)}
    accuracies = {s: np.mean(predicted[r] == truth[r]) for s, r in rows.items() if len(r) >= _SMALLEST_SOURCE}
    if not accuracies:
        return None
    worst = min(accuracies, key=accuracies.get)
    return {"source": str(worst), "n_sounds": len(rows[worst]), "accuracy": float(accuracies[worst])}


def _kit_draws(kits: np.ndarray, resamples: int) -> list[np.ndarray]:
    """Row numbers of `resamples` resampled sets of kits."""
    members = [np.nonzero(kits == kit)[0] for kit in range(kits.max() + 1)]
    rng = np.random.default_rng(0)
    return [
        np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))]) for _ in range(resamples)
    ]


def _interval(metric: Callable, draws: list[np.ndarray], rows: np.ndarray) -> list[float] | None:
    value = metric(rows)
    if np.isnan(value):
        return None
    resampled = [metric(draw) for draw in draws]
    low, high = np.nanpercentile(resampled, [2.5, 97.5]) if resampled else (value, value)
    return [round(float(x), 4) for x in (value, low, high)]
