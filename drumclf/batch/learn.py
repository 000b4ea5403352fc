"""A few corrections -> which other sounds of a pack or a library they change, and to what.

The model's answers stay where they are; what is learned is a correction of its logits that is smooth
in the embeddings: kernel logistic regression with the model's answer as offset (Jaakkola and
Haussler 1999). A part of it holds for all sounds; but none gets a label that no corrected sound like it
has. The numbers below were chosen on the `tune` sources
(``tools.bench.learning``, docs/library-mode.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CHOSEN = {
    "width": 0.4,  # of the kernel, as 1 - cosine
    "share_of_all": 0.1,  # of the kernel that does not depend on likeness
    "ridge": 0.3,  # keeps the correction small
    "least_likeness": 0.5,  # cosine to a corrected sound of the new label
    "margin": 0.5,  # by how much, in logits, a new label must lead before it is proposed
}
_N_STEPS = 100
_BLOCK = 4096  # sounds of which the kernel is in memory at a time
_FLOOR = 1e-4  # least probability that a model is believed in


@dataclass(frozen=True)
class Change:
    """A label that follows from corrections.

    Attributes
    ----------
    index : int
        Of the sound.
    before, after : int
        Positions of the classes.
    margin : float
        How far the new label leads all others, in logits.
    """

    index: int
    before: int
    after: int
    margin: float


def propose_changes(
    embeddings: np.ndarray,
    probabilities: np.ndarray,
    corrected: Sequence[int],
    labels: Sequence[int],
    current: np.ndarray | None = None,
    **options: float,
) -> list[Change]:
    """Which other sounds would have another label if the corrections held for what is like them.

    Parameters
    ----------
    embeddings : np.ndarray, shape (n, d), float32
        Of all sounds, of length 1.
    probabilities : np.ndarray, shape (n, n_classes)
        The model's.
    corrected : sequence of int
        Which sounds the user has labelled; labels that confirm the model's count too.
    labels : sequence of int
        What they are, as positions of classes.
    current : np.ndarray, shape (n,), int, optional
        What each sound is called now, if earlier changes were applied; by default the model's label.
    options : float
        ``width``, ``share_of_all``, ``ridge``, ``least_likeness``, ``margin`` in place of the chosen ones, to measure.

    Returns
    -------
    list of Change
        The clearest first; none for the corrected sounds themselves.

    Raises
    ------
    ValueError
        If there are not as many labels as corrected sounds, a sound is named twice, or a class does not exist.
    """
    corrected, labels = np.asarray(corrected, int), np.asarray(labels, int)
    n_classes = probabilities.shape[1]
    if len(corrected) != len(labels) or len(set(corrected.tolist())) != len(corrected):
        raise ValueError("Each corrected sound has one label.")
    if not len(corrected):
        return []
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"A label is a position among {n_classes} classes.")
    options = _CHOSEN | options
    offset = np.log(np.maximum(probabilities, _FLOOR))
    anchors = embeddings[corrected]

    def kernel(of: np.ndarray) -> np.ndarray:
        alike = np.exp((of @ anchors.T - 1) / options["width"])
        return options["share_of_all"] + (1 - options["share_of_all"]) * alike

    weights = _fit(kernel(anchors), offset[corrected], np.eye(n_classes)[labels], options["ridge"])
    logits = offset
    for start in range(0, len(embeddings), _BLOCK):
        logits[start : start + _BLOCK] += kernel(embeddings[start : start + _BLOCK]) @ weights
    before = probabilities.argmax(axis=1) if current is None else current
    after = logits.argmax(axis=1)
    highest = np.partition(logits, n_classes - 2, axis=1)
    margins = highest[:, -1] - highest[:, -2]
    may = (before != after) & (margins >= options["margin"])
    may[corrected] = False
    is_like = _is_like(embeddings, after, anchors, labels, options["least_likeness"])
    may &= is_like | (after == probabilities.argmax(axis=1))
    chosen = np.flatnonzero(may)
    chosen = chosen[np.argsort(-margins[chosen], kind="stable")]
    return [Change(int(i), int(before[i]), int(after[i]), float(margins[i])) for i in chosen]


def _is_like(
    embeddings: np.ndarray, after: np.ndarray, anchors: np.ndarray, labels: np.ndarray, least: float
) -> np.ndarray:
    """Whether a corrected sound of each new label is like the sound: shape (n,), bool."""
    is_like = np.zeros(len(embeddings), bool)
    for label in np.unique(labels):
        candidates = np.flatnonzero(after == label)
        likeness = embeddings[candidates] @ anchors[labels == label].T
        is_like[candidates] = likeness.max(axis=1, initial=-1) >= least
    return is_like


def _fit(kernel: np.ndarray, offset: np.ndarray, wanted: np.ndarray, ridge: float) -> np.ndarray:
    """Weights that make softmax(offset + kernel @ weights) what is wanted, as far as the ridge lets them.

    Parameters
    ----------
    kernel : np.ndarray, shape (m, m)
    offset, wanted : np.ndarray, shape (m, n_classes)

    Returns
    -------
    np.ndarray, shape (m, n_classes)
    """
    weights = np.zeros_like(offset)
    step = 1 / (0.5 * np.linalg.eigvalsh(kernel)[-1] + ridge)  # the curvature of the loss is at most that
    for _ in range(_N_STEPS):
        logits = offset + kernel @ weights
        answer = np.exp(logits - logits.max(axis=1, keepdims=True))
        answer /= answer.sum(axis=1, keepdims=True)
        weights += step * (wanted - answer - ridge * weights)
    return weights
