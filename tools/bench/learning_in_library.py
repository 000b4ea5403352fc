"""What corrections do in a library of many makers, in the makers' folders and outside: for tools/bench/learning.py."""

from collections.abc import Iterator

import numpy as np

from drumclf.batch.learn import propose_changes
from training.markdown import table

_ROUNDS = 200  # users
_CORRECTIONS = (5, 10, 20)
_LEAST_REST = 5  # sounds that must be left in a source
_UNSURE = 300  # of a whole library, the least sure sounds among which a user labels some
_WRONG = 0.7  # share of the corrections of a user who labels what is wrong
_NARROW = {"width": 0.1, "share_of_all": 0.0}  # for sounds of other makers
_RESAMPLES = 2_000
_WAYS = {
    "the least sure of one source": "unsure",
    "of one source, seven wrong ones to three right ones": "wrong",
    "among the least sure of all": "all",
}


def in_a_library(
    sources: np.ndarray, embeddings: np.ndarray, probabilities: np.ndarray, truth: np.ndarray
) -> list[str]:
    """A table: the gain in the sources where something was labelled, and among the others if they were changed, too.

    Parameters
    ----------
    sources : np.ndarray of str, shape (n,)
    embeddings : np.ndarray, shape (n, d)
    probabilities : np.ndarray, shape (n, n_classes)
    truth : np.ndarray of int, shape (n,)
    """
    before, rows = probabilities.argmax(axis=1), []

    def gains(changes: list[tuple[int, int]]) -> int:
        return sum(int(after == truth[i]) - int(before[i] == truth[i]) for i, after in changes)

    for title, way in _WAYS.items():
        for n in _CORRECTIONS:
            found = []
            for asked in _users(way, n, sources, probabilities.max(axis=1), before == truth):
                within = np.isin(sources, sources[asked])
                near = [
                    change
                    for s in set(sources[asked])
                    for change in _within(s, sources, embeddings, probabilities, asked, truth)
                ]
                far = propose_changes(embeddings, probabilities, asked, truth[asked], **_NARROW)
                far = [(change.index, change.after) for change in far if not within[change.index]]
                right = sum(truth[i] == after for i, after in near)
                found.append((gains(near), within.sum() - n, len(near), right, gains(far), len(far)))
            rows.append((title, str(n), *_said(np.array(found))))
    return table(
        (
            "labelled",
            "sounds",
            "gain in these sources, points",
            "changes, right",
            "in others: gain in sounds, of changes",
        ),
        rows,
    )


def _users(way: str, n: int, sources: np.ndarray, sure: np.ndarray, is_right: np.ndarray) -> Iterator[np.ndarray]:
    """What each of many users labels."""
    rng = np.random.default_rng(2)
    names = [name for name in np.unique(sources) if (sources == name).sum() >= n + _LEAST_REST]
    for _ in range(_ROUNDS):
        own = np.flatnonzero(sources == rng.choice(names))
        if way == "all":
            yield np.argsort(sure)[rng.choice(_UNSURE, n, replace=False)]
        elif way == "unsure":
            yield own[np.argsort(sure[own], kind="stable")[:n]]
        else:
            wrong, right = own[~is_right[own]], own[is_right[own]]
            wrong = rng.permutation(wrong)[: round(_WRONG * n)]
            yield np.concatenate([wrong, rng.permutation(right)[: n - len(wrong)]])


def _within(source, sources, embeddings, probabilities, asked, truth) -> list[tuple[int, int]]:
    """What follows in one source from the labels given there: indices and classes."""
    own = np.flatnonzero(sources == source)
    mine = asked[sources[asked] == source]
    changes = propose_changes(embeddings[own], probabilities[own], np.searchsorted(own, mine), truth[mine])
    return [(int(own[change.index]), change.after) for change in changes]


def _said(found: np.ndarray) -> list[str]:
    gain, rest, n, right, far_gain, n_far = found.T
    draws = np.random.default_rng(0).integers(len(found), size=(_RESAMPLES, len(found)))
    low, high = np.percentile(100 * gain[draws].sum(axis=1) / rest[draws].sum(axis=1), [2.5, 97.5])
    return [
        f"{100 * gain.sum() / rest.sum():.1f} [{low:.1f}, {high:.1f}]",
        f"{n.mean():.1f}, {right.sum() / max(n.sum(), 1):.0%}",
        f"{far_gain.mean():+.2f}, {n_far.mean():.1f}",
    ]
