"""The sounds of a library that are most like one, and how like they are."""

import os
from dataclasses import dataclass

import numpy as np

from drumclf.classifier import Classifier
from drumclf.library.index import BELOW, Index, below
from drumclf.names import unescaped

_PAIRS = 20_000  # drawn at random, with which a pair is compared


@dataclass(frozen=True)
class Match:
    """A sound of the library that is like another one.

    Attributes
    ----------
    path : str
        Of one file that holds it.
    label : str
        The user's, otherwise the model's.
    is_given : bool
        Whether it is the user's.
    is_sure : bool
        Whether it is the user's, or the model is sure of it.
    kind : str or None
    cosine : float
        Of the two embeddings, at most 1.
    nearness : float
        Share of pairs of different sounds, drawn at random from the library, that are less alike.
    """

    path: str
    label: str
    is_given: bool
    is_sure: bool
    kind: str | None
    cosine: float
    nearness: float


class Search:
    """What is needed to find sounds by their sound, in memory: 0.6 kB a sound.

    Parameters
    ----------
    index : Index
    classifier : Classifier
        Only its own answers can be compared.
    folder : path, optional
        Leave out what is not below this folder. It must be absolute.

    Attributes
    ----------
    n_other : int
        Files that are left out since they were last heard by another model.
    """

    def __init__(self, index: Index, classifier: Classifier, folder: str | os.PathLike | None = None):
        model = index.model_of(classifier)
        where, bounds = (f"and {BELOW}", below(os.fspath(folder))) if folder is not None else ("", ())
        rows = index.db.execute(
            "select min(path), files.content, coalesce(given.label, sounds.label), given.label is not null,"
            " case when given.label is null then sounds.kind else given.kind end, decision, embedding"
            " from files join sounds using (content) join vectors using (content)"
            " left join labels.given as given using (content)"
            f" where not vanished and sounds.model = ? and vectors.model = ? {where} group by files.content",
            (model, model, *bounds),
        )
        self._rows, vectors = [], []
        for *row, vector in rows:
            self._rows.append(tuple(row))
            vectors.append(vector)
        self._vectors = np.frombuffer(b"".join(vectors), "<f2").astype(np.float32)
        self._vectors = self._vectors.reshape(len(vectors), len(vectors[0]) // 2 if vectors else 0)
        self._labels = np.array([row[2] for row in self._rows], object)
        self._random = _random_cosines(self._vectors)
        self.n_other = index.db.execute(
            "select count(*) from files join sounds using (content)"
            f" where not vanished and sounds.model is not ? {where}",
            (model, *bounds),
        ).fetchone()[0]

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(
        self, embedding: np.ndarray, n: int, label: str | None = None, without: bytes | None = None
    ) -> list[Match]:
        """The sounds most like one, nearest first, one file for each content.

        Parameters
        ----------
        embedding : np.ndarray, shape (d,), float32
            As in `Prediction`.
        n : int
            How many at most.
        label : str, optional
            Only sounds of that class.
        without : bytes, optional
            A content that is left out: that of the sound itself.
        """
        may = np.ones(len(self._rows), bool) if label is None else self._labels == label
        chosen = np.flatnonzero(may)
        if not len(chosen):
            return []
        cosines = self._vectors[chosen] @ embedding if label is not None else self._vectors @ embedding
        n_first = min(n + 1, len(chosen))  # one more, since one may be left out
        first = np.argpartition(-cosines, n_first - 1)[:n_first]
        first = first[np.argsort(-cosines[first], kind="stable")]
        found = [(self._rows[chosen[i]], float(cosines[i])) for i in first]
        return [self._match(row, cosine) for row, cosine in found if row[1] != without][:n]

    def _match(self, row: tuple, cosine: float) -> Match:
        path, _, label, is_given, kind, decision = row
        nearness = float(np.searchsorted(self._random, cosine) / max(len(self._random), 1))
        is_sure = bool(is_given) or decision == label
        return Match(unescaped(path), label, bool(is_given), is_sure, kind, min(cosine, 1.0), nearness)


def _random_cosines(vectors: np.ndarray) -> np.ndarray:
    """Cosines of pairs of different sounds, rising; always the same ones for the same library."""
    n = len(vectors)
    if n < 2:
        return np.zeros(0, np.float32)
    rng = np.random.default_rng(0)
    one = rng.integers(n, size=_PAIRS)
    other = (one + rng.integers(1, n, size=_PAIRS)) % n
    return np.sort(np.einsum("ij,ij->i", vectors[one], vectors[other]))
