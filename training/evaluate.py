"""Logits and labels -> all scores, with intervals over kits."""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from drumclf.classifier import softmax, split_kinds
from drumclf.constants import CORE_CLASSES
from drumclf.decision import decide, decide_kind
from training.data import NOT_DRUM, Example

RESAMPLES = 1000
_CALIBRATION_BINS = 15
_SMALLEST_SOURCE = 10


def score(
    logits: np.ndarray,
    examples: list[Example],
    classes: list[str],
    temperature: float = 1.0,
    thresholds: dict | None = None,
    resamples: int = RESAMPLES,
) -> dict:
    """All scores of one model on one set of sounds.

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes)
    examples : list[Example]
        What the sounds are.
    classes : list[str]
        In the order of the logits.
    temperature : float
        Affects only the scores of probabilities.
    thresholds : dict, optional
        For decisions; without them, decisions are not scored.
    resamples : int
        How often kits are resampled, with replacement, for the 95% intervals (percentile
        bootstrap, Efron 1979). Kits, not sounds, because sounds in a kit are similar.

    Returns
    -------
    dict
        JSON-ready. A figure with an interval is ``[value, low, high]``; a figure that cannot
        be computed for these sounds is None.
    """
    truth = np.array([classes.index(example.label) for example in examples])
    kits = np.unique([f"{e.source}/{e.kit}" for e in examples], return_inverse=True)[1]
    draws = _kit_draws(kits, resamples)
    core = [i for i, name in enumerate(classes) if name in CORE_CLASSES]
    is_core = np.isin(truth, core)
    probabilities, every = softmax(logits, temperature), np.arange(len(truth))
    scores = {
        "n_sounds": len(examples),
        "n_kits": int(kits.max() + 1),
        "n_sources": len({e.source for e in examples}),
        "all": _summary(logits.argmax(1), truth, np.ones(len(truth), bool), range(len(classes)), classes, draws),
        "calibration_error": _interval(lambda i: calibration_error(probabilities[i], truth[i]), draws, every),
        "reliability": reliability(probabilities, truth),
        "sources": _by_source(logits.argmax(1), truth, examples),
    }
    if thresholds:
        scores["decisions"] = decision_scores(probabilities, truth, classes, thresholds)
    if is_core.any() and len(core) == len(CORE_CLASSES):
        among_core = np.array(core)[logits[:, core].argmax(1)]
        scores["core"] = _summary(among_core, truth, is_core, core, classes, draws)
        rows, columns = np.nonzero(is_core)[0], np.array(core)
        confident = softmax(logits[:, core], temperature)
        scores["core"]["precision_at_80"] = _interval(
            lambda i: precision_at(confident[i[is_core[i]]], _positions(truth[i[is_core[i]]], columns), 0.8),
            draws,
            rows,
        )
        scores["core"]["coverage"] = coverage_curve(confident[rows], _positions(truth[rows], columns))
        scores["core"]["sources"] = _by_source(among_core[rows], truth[rows], [examples[i] for i in rows])
    if NOT_DRUM in classes and len({*(truth == classes.index(NOT_DRUM))}) == 2:
        is_drum = truth != classes.index(NOT_DRUM)
        drumness = 1 - probabilities[:, classes.index(NOT_DRUM)]
        scores["not_drum"] = {
            "auroc": _interval(lambda i: auroc(drumness[i], is_drum[i]), draws, every),
            "false_accepts": _interval(lambda i: false_accepts(drumness[i], is_drum[i]), draws, every),
        }
    return scores


def balanced_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean recall over the classes that occur in the truth."""
    return float(np.mean([np.mean(predicted[truth == k] == k) for k in np.unique(truth)]))


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, bins: int = _CALIBRATION_BINS) -> float:
    """Mean difference between the probability of the top label and how often it is right.

    Expected calibration error over bins of equal size (Nixon et al. 2019).

    Parameters
    ----------
    probabilities : np.ndarray, shape (n, n_classes)
    truth : np.ndarray, shape (n,), int
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == truth
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return float(sum(len(p) * abs(confidence[p].mean() - right[p].mean()) for p in parts if len(p)) / len(truth))


def reliability(probabilities: np.ndarray, truth: np.ndarray, bins: int = _CALIBRATION_BINS) -> list[list[float]]:
    """For each of the equal-sized bins: mean probability of the top label, share that is right, number of sounds."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    parts = np.array_split(np.argsort(confidence, kind="stable"), bins)
    return [[round(float(confidence[p].mean()), 4), round(float(right[p].mean()), 4), len(p)] for p in parts if len(p)]


def precision_at(probabilities: np.ndarray, truth: np.ndarray, coverage: float) -> float:
    """Share that is right of the most confident answers; `coverage` is how many of all answers those are."""
    n = max(1, round(coverage * len(truth)))
    best = np.argsort(-probabilities.max(1), kind="stable")[:n]
    return float(np.mean(probabilities[best].argmax(1) == truth[best]))


def coverage_curve(probabilities: np.ndarray, truth: np.ndarray) -> list[list[float]]:
    """Share of answers given, most confident first, and the share of those that is right."""
    return [
        [s, round(precision_at(probabilities, truth, s), 4)] for s in np.round(np.linspace(0.05, 1, 20), 2).tolist()
    ]


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """How often a positive scores above a negative; ties count half (Mann & Whitney 1947)."""
    ranks = rankdata(scores)
    n_positive, n_negative = positive.sum(), (~positive).sum()
    if not n_positive or not n_negative:
        return np.nan
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def false_accepts(scores: np.ndarray, positive: np.ndarray, accepted: float = 0.95) -> float:
    """Share of negatives above the threshold that accepts the given share of positives."""
    if not positive.any() or positive.all():
        return np.nan
    return float(np.mean(scores[~positive] >= np.quantile(scores[positive], 1 - accepted)))


def decision_scores(probabilities: np.ndarray, truth: np.ndarray, classes: list[str], thresholds: dict) -> dict:
    """Share of the sounds that get one class, two or none for an answer, and how often the answer holds the truth."""
    decisions = [decide(dict(zip(classes, row, strict=True)), thresholds) for row in probabilities.tolist()]
    kinds = {"one": 1, "two": 2, "none": 0}
    rows = {kind: [i for i, d in enumerate(decisions) if len(d) == n] for kind, n in kinds.items()}
    right = np.array([classes[t] in decision for t, decision in zip(truth, decisions, strict=True)])
    scores = {
        kind: {"coverage": round(len(i) / len(truth), 4), "precision": round(float(right[i].mean()), 4) if i else None}
        for kind, i in rows.items()
    }
    scores["one"]["classes"] = {
        name: {
            "answers": len(i),
            "precision": round(float(right[i].mean()), 4) if i else None,
        }
        for name, i in ((name, [j for j in rows["one"] if decisions[j] == (name,)]) for name in classes)
    }
    return scores


def kind_scores(
    logits: np.ndarray,
    kind_logits: np.ndarray,
    examples: list[Example],
    classes: list[str],
    kinds: dict[str, list[str]],
    fitted: dict,
) -> dict:
    """How right the kinds are, where they are known.

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes)
    kind_logits : np.ndarray, shape (n, n_kinds)
    examples : list[Example]
    classes : list[str]
    kinds : dict[str, list[str]]
        Class -> its kinds.
    fitted : dict
        As from `training.calibrate.calibrate`.

    Returns
    -------
    dict
        Class -> ``kinds``, their names; ``confusion`` among them, for the sounds of the class, which is given;
        ``balanced_accuracy`` of that; ``shown``: kind -> how often it is named, and the share of those that is
        right, also counting the sounds of other classes.
    """
    probabilities = softmax(logits, fitted["calibration"]["temperature"])
    shares = split_kinds(kind_logits, kinds, fitted["calibration"]["kind_temperature"])
    shown = []
    for row, sound in zip(probabilities.tolist(), shares, strict=True):
        by_class = dict(zip(classes, row, strict=True))
        decision = decide(by_class, fitted["thresholds"])
        joint = {k: by_class[decision[0]] * v for k, v in sound.get(decision[0], {}).items()} if decision else {}
        shown.append((decision, decide_kind(decision, joint, fitted["thresholds"]["kinds"])))
    scores = {}
    for name, of_class in kinds.items():
        known = [i for i, e in enumerate(examples) if e.label == name and e.kind in of_class]
        truth = np.array([of_class.index(examples[i].kind) for i in known], int)
        best = np.array([of_class.index(max(shares[i][name], key=shares[i][name].get)) for i in known], int)
        named = {kind: [i for i, answer in enumerate(shown) if answer == ((name,), kind)] for kind in of_class}
        named = {k: [i for i in rows if examples[i].label != name or examples[i].kind] for k, rows in named.items()}
        scores[name] = {
            "kinds": of_class,
            "confusion": [[int(np.sum((truth == t) & (best == p))) for p in range(len(of_class))]
                          for t in range(len(of_class))],
            "balanced_accuracy": round(balanced_accuracy(best, truth), 4) if known else None,
            "shown": {
                kind: {
                    "answers": len(rows),
                    "precision": round(float(np.mean([examples[i].label == name and examples[i].kind == kind
                                                      for i in rows])), 4) if rows else None,
                }
                for kind, rows in named.items()
            },
        }  # fmt: skip
    return scores


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


def _by_source(predicted: np.ndarray, truth: np.ndarray, examples: list[Example]) -> list[dict]:
    """Accuracy on each source with at least `_SMALLEST_SOURCE` sounds, the worst first."""
    sources = np.array([example.source for example in examples])
    rows = [
        {"source": str(s), "n_sounds": int(np.sum(sources == s)),
         "accuracy": round(float(np.mean(predicted[sources == s] == truth[sources == s])), 4)}
        for s in np.unique(sources)
        if s and np.sum(sources == s) >= _SMALLEST_SOURCE
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row["accuracy"])


def _positions(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Index of each value in a sorted list of values."""
    return np.searchsorted(among, values)


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
