"""The sounds of a library that are most like another one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumclf.library.index import Index

_BLOCK = 20_000  # rows that are compared at once: 10 MB


@dataclass(frozen=True)
class Found:
    """A sound of the library, and how near it is.

    Attributes
    ----------
    path : str
    label : str
        The user's label, otherwise the model's.
    likeness : float
        Cosine of the angle between both embeddings: 1 for the same sound.
    """

    path: str
    label: str
    likeness: float


def nearest(
    index: Index,
    embedding: np.ndarray,
    n: int,
    label: str | None = None,
    folder: Path | None = None,
    without: str | None = None,
) -> list[Found]:
    """The nearest sounds of a library, the nearest first.

    Parameters
    ----------
    index : Index
    embedding : np.ndarray, shape (d,), float32
        Of length 1, as in a `Prediction`.
    n : int
        At most so many.
    label, folder : optional
        Only sounds with this label, the user's or else the model's; only those below this folder.
    without : str, optional
        Path of a sound that is not wanted: the one that is searched for.
    """
    paths, slots, labels = index.sounds(label, folder)
    vectors = index.embeddings(len(embedding))
    blocks = [vectors[slots[i : i + _BLOCK]].astype(np.float32) @ embedding for i in range(0, len(slots), _BLOCK)]
    likeness = np.concatenate(blocks) if blocks else np.zeros(0)
    order = [i for i in np.argsort(-likeness, kind="stable")[: n + 1] if paths[i] != without]
    return [Found(paths[i], labels[i], float(likeness[i])) for i in order[:n]]
