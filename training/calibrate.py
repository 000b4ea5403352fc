"""Logits on the ``tune`` split -> temperatures and thresholds."""

import numpy as np

from drumclf.classifier import softmax, split_kinds
from drumclf.decision import decide, shares
from training.data import Example

_PRIOR_ANSWERS = 30
# No threshold is below these, however accurate lower ones were on the sounds at hand.
_LOWEST_ONE = 0.6
_LOWEST_TWO = 0.7
_LOWEST_KIND = 0.5
_LEAST_KIND_ANSWERS = 5
_LEAST_KIND_PRECISION = 0.8  # on sounds that its threshold was not chosen on, too
_NEVER = 2.0  # no probability is as high


def calibrate(logits: np.ndarray, examples: list[Example], classes: list[str], kinds: dict[str, list[str]]) -> dict:
    """Everything that is fitted after training, on sounds that the network was not trained on.

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes + n_kinds)
    examples : list[Example]
    classes : list[str]
    kinds : dict[str, list[str]]
        Class -> its kinds.

    Returns
    -------
    dict
        ``calibration`` and ``thresholds``, as in ``metadata.json``.
    """
    truth = np.array([classes.index(example.label) for example in examples], int)
    of_classes, of_kinds = logits[:, : len(classes)], logits[:, len(classes) :]
    temperature = fit_temperature([(of_classes, truth)]) if examples else 1.0
    known = _known_kinds(of_kinds, examples, kinds)
    kind_temperature = fit_temperature(known) if known else 1.0
    probabilities = softmax(of_classes, temperature)
    thresholds = choose_thresholds(probabilities, truth, classes)
    within = split_kinds(of_kinds, kinds, kind_temperature)
    thresholds["kinds"] = _kind_thresholds(probabilities, within, examples, classes, kinds, thresholds)
    calibration = {"temperature": round(temperature, 4), "kind_temperature": round(kind_temperature, 4)}
    return {"calibration": calibration, "thresholds": thresholds}


def fit_temperature(parts: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The temperature with the lowest log loss, between 0.25 and 8, to within 1%.

    Parameters
    ----------
    parts : list of (logits, truth)
        Shapes (n, k) and (n,); the number of classes may differ between the parts.
    """
    candidates = np.geomspace(0.25, 8, 350)

    def loss(temperature: float) -> float:
        right = [softmax(logits, temperature)[np.arange(len(truth)), truth] for logits, truth in parts]
        return -np.log(np.concatenate(right) + 1e-12).mean()

    return float(min(candidates, key=loss))


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


def _known_kinds(
    logits: np.ndarray, examples: list[Example], kinds: dict[str, list[str]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each class with kinds: their logits, and which of them is right, for the sounds where that is known."""
    parts, start = [], 0
    for name, of_class in kinds.items():
        rows = [i for i, example in enumerate(examples) if example.label == name and example.kind in of_class]
        truth = np.array([of_class.index(examples[i].kind) for i in rows], int)
        if rows:
            parts.append((logits[rows, start : start + len(of_class)], truth))
        start += len(of_class)
    return parts


def _kind_thresholds(
    probabilities: np.ndarray,
    within: list[dict],
    examples: list[Example],
    classes: list[str],
    kinds: dict[str, list[str]],
    thresholds: dict,
) -> dict[str, dict[str, float]]:
    decisions = [decide(dict(zip(classes, row, strict=True)), thresholds) for row in probabilities.tolist()]
    chosen = {}
    for name, of_class in kinds.items():
        # A sound of this class whose own kind is unknown says nothing about its kinds.
        rows = [
            i for i, e in enumerate(examples) if decisions[i] == (name,) and (e.label != name or e.kind in of_class)
        ]
        shares_of = np.array([list(within[i][name].values()) for i in rows]).reshape(-1, len(of_class))
        best = shares_of.argmax(axis=1)
        right = np.array(
            [(examples[i].label, examples[i].kind) == (name, of_class[k]) for i, k in zip(rows, best, strict=True)]
        )
        joint = shares_of.max(axis=1, initial=0) * probabilities[rows, classes.index(name)]
        chosen[name] = choose_kind_thresholds(best, joint, right.astype(bool), of_class)
    return chosen


def withhold_kinds(thresholds: dict, scores: dict) -> list[str]:
    """Never name the kinds that turned out to be named wrongly too often on the held-out sounds.

    Parameters
    ----------
    thresholds : dict
        As `calibrate` returns them; changed in place.
    scores : dict
        Class -> its scores as from `training.evaluate.kind_scores`, on all held-out sounds.

    Returns
    -------
    list of str
        Their names.
    """
    withheld = [
        (name, kind)
        for name, of_class in scores.items()
        for kind, shown in of_class["shown"].items()
        if shown["answers"] and shown["precision"] < _LEAST_KIND_PRECISION
    ]
    for name, kind in withheld:
        thresholds["kinds"][name][kind] = _NEVER
    return [kind for _, kind in withheld]


def choose_kind_thresholds(
    decided: np.ndarray, probabilities: np.ndarray, right: np.ndarray, named: list[str], precision: float = 0.85
) -> dict[str, float]:
    """Thresholds for the kinds of one class, chosen so that a kind that is named is right that often.

    Parameters
    ----------
    decided : np.ndarray, shape (n,), int
        The most probable kind of each sound that was decided to be of this class.
    probabilities : np.ndarray, shape (n,)
        Its probability.
    right : np.ndarray, shape (n,), bool
        Whether the sound is of that kind.
    named : list[str]
        Names of the kinds.

    Returns
    -------
    dict[str, float]
        Name of a kind -> least probability; above 1 if no threshold reaches the precision or there are too few
        sounds to tell.
    """
    thresholds = {}
    for i, name in enumerate(named):
        rows = decided == i
        enough = rows.sum() >= _LEAST_KIND_ANSWERS
        lowest = lowest_precise(probabilities[rows], right[rows], precision) if enough else _NEVER
        thresholds[name] = round(max(lowest, _LOWEST_KIND), 4) if lowest < 1 else _NEVER
    return thresholds


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
