"""What corrections do in a library of many makers, in the makers' folders and outside: for tools/bench/learning.py."""

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Heard:
    """The sounds of a library.

    Attributes
    ----------
    sources : np.ndarray of str, shape (n,)
    embeddings : np.ndarray, shape (n, d)
    probabilities : np.ndarray, shape (n, n_classes)
    truth : np.ndarray of int, shape (n,)
    """

    sources: np.ndarray
    embeddings: np.ndarray
    probabilities: np.ndarray
    truth: np.ndarray


def in_a_library(heard: Heard) -> list[str]:
    """A table: the gain in the sources where something was labelled, and among the others if they were changed, too."""
    before, truth, rows = heard.probabilities.argmax(axis=1), heard.truth, []

    def gain(changes: list[tuple[int, int]]) -> int:
        return sum(int(after == truth[i]) - int(before[i] == truth[i]) for i, after in changes)

    for title, way in _WAYS.items():
        for n in _CORRECTIONS:
            found = []
            for asked in _users(way, n, heard):
                within = np.isin(heard.sources, heard.sources[asked])
                near = [change for source in set(heard.sources[asked]) for change in _within(source, asked, heard)]
                far = propose_changes(heard.embeddings, heard.probabilities, asked, truth[asked], **_NARROW)
                far = [(change.index, change.after) for change in far if not within[change.index]]
                right = sum(truth[i] == after for i, after in near)
                found.append((gain(near), within.sum() - n, len(near), right, gain(far), len(far)))
            rows.append((title, str(n), *_said(np.array(found))))
    head = ("labelled", "sounds", "gain there, points", "changes, right", "elsewhere: gain in sounds, changes")
    return table(head, rows)


def _users(way: str, n: int, heard: Heard) -> Iterator[np.ndarray]:
    """What each of many users labels."""
    rng, sources, sure = np.random.default_rng(2), heard.sources, heard.probabilities.max(axis=1)
    is_right = heard.probabilities.argmax(axis=1) == heard.truth
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


def _within(source: str, asked: np.ndarray, heard: Heard) -> list[tuple[int, int]]:
    """What follows in one source from the labels given there: indices and classes."""
    own = np.flatnonzero(heard.sources == source)
    mine = asked[heard.sources[asked] == source]
    labels = heard.truth[mine]
    changes = propose_changes(heard.embeddings[own], heard.probabilities[own], np.searchsorted(own, mine), labels)
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
