"""Logits on the ``tune`` split -> temperature and thresholds."""

import numpy as np

from drumclf.classifier import softmax
from drumclf.decision import shares

_PRIOR_ANSWERS = 30
# No threshold is below these, however accurate lower ones were on the sounds at hand.
_LOWEST_ONE = 0.6
_LOWEST_TWO = 0.7


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the lowest log loss, between 0.25 and 8, to within 1%."""
    candidates = np.geomspace(0.25, 8, 350)
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(logits, t)[rows, truth] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def choose_thresholds(probabilities: np.ndarray, truth: np.ndarray, classes: list[str], precision: float = 0.9) -> dict:
    """Thresholds for `drumclf.decision.decide`, chosen so that decisions have the given precision."""
    best, top = probabilities.argmax(1), probabilities.max(1)
    one = {
        name: max(lowest_precise(top[best == k], truth[best == k] == k, precision), _LOWEST_ONE)
        for k, name in enumerate(classes)
    }
    two_best = np.argsort(-probabilities, axis=1)[:, :2]
    among = (two_best == truth[:, None]).any(axis=1)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    rows = (top < np.array(list(one.values()))[best]) & shares(first, second)
    two = max(lowest_precise((first + second)[rows], among[rows], precision), _LOWEST_TWO)
    return {"one": {name: round(t, 4) for name, t in one.items()}, "two": round(two, 4)}


def lowest_precise(scores: np.ndarray, right: np.ndarray, precision: float) -> float:
    """Lowest calibrated score such that the given share of answers from there up is right; 1 if there is none.

    A class has few answers to choose from, so they are mixed with `_PRIOR_ANSWERS` imaginary
    ones that are right as often as the scores say.
    """
    if not len(scores):
        return precision
    order = np.argsort(-scores, kind="stable")
    ordered, n = scores[order], np.arange(1, len(order) + 1)
    shares_right = (np.cumsum(right[order]) + _PRIOR_ANSWERS * np.cumsum(ordered) / n) / (n + _PRIOR_ANSWERS)
    is_last_of_equals = np.append(ordered[1:] != ordered[:-1], True)
    reached = np.nonzero((shares_right >= precision) & is_last_of_equals)[0]
    return float(ordered[reached[-1]]) if len(reached) else 1.0
