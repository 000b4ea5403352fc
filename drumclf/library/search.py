"""The sounds of a library that are most like one, and how like they are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drumclf.decision import format_percent
from drumclf.library.catalogue import Catalogue
from drumclf.library.columns import as_float32

_SAMPLE = 300  # sounds drawn at random, with whose nearest ones a match is compared
_SAME = 0.99  # cosine, in a library of one sound
_BLOCK = 4096  # sounds that these are compared with at a time: 5 MB


@dataclass(frozen=True)
class Match:
    """A sound of the library that is like another one.

    Attributes
    ----------
    index : int
        Of one file that holds it, in the catalogue.
    cosine : float
        Of the two embeddings, at most 1.
    nearness : float
        Share of the library's sounds whose nearest other sound is less alike: a copy with another volume comes close to
        1, a sound that has nothing like it in the library to 0. From a sample, so usually within 0.05.
    """

    index: int
    cosine: float
    nearness: float

    @property
    def said(self) -> str:
        """The nearness in words: "83%"."""
        return format_percent(self.nearness)


class Search:
    """Finds sounds of a catalogue by their sound; copies count as one.

    Parameters
    ----------
    catalogue : Catalogue
    """

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self._originals = np.array(catalogue.sounds(skip_duplicates=True), int)

    def __len__(self) -> int:
        return len(self._originals)

    def nearest(
        self, embedding: np.ndarray, n: int, among: np.ndarray | None = None, without: bytes | None = None
    ) -> list[Match]:
        """The sounds most like one, nearest first, one file for each content.

        Parameters
        ----------
        embedding : np.ndarray, shape (d,), float32
            As in `Prediction`.
        n : int
            How many at most.
        among : np.ndarray of int, optional
            Indices of the files that may be found.
        without : bytes, optional
            A content that is left out: that of the sound itself.
        """
        catalogue = self.catalogue
        chosen = self._originals if among is None else self._one_of_each(among)
        if not len(chosen):
            return []
        cosines = catalogue.likeness(embedding)[chosen]
        n_first = min(n + 1, len(chosen))  # one more, since one may be left out
        first = np.argpartition(-cosines, n_first - 1)[:n_first]
        first = first[np.argsort(-cosines[first], kind="stable")]
        found = [(int(chosen[k]), float(cosines[k])) for k in first]
        return [self._match(i, cosine) for i, cosine in found if catalogue.contents[i] != without][:n]

    def _one_of_each(self, among: np.ndarray) -> np.ndarray:
        among = among[self.catalogue.codes[among] >= 0]
        firsts = np.array([self.catalogue.first(i) for i in among.tolist()], int)
        return among[np.unique(firsts, return_index=True)[1]]

    def _match(self, i: int, cosine: float) -> Match:
        n = len(self._nearest)
        nearness = float(np.searchsorted(self._nearest, cosine) / n if n else cosine > _SAME)
        return Match(i, min(cosine, 1.0), nearness)

    @cached_property
    def _nearest(self) -> np.ndarray:
        """Cosines of some sounds and the nearest other one of each, rising; always the same for the same library."""
        originals = self._originals
        if len(originals) < 2:
            return np.zeros(0, np.float32)
        drawn = np.random.default_rng(0).choice(originals, min(_SAMPLE, len(originals)), replace=False)
        vectors = as_float32(self.catalogue.embeddings[drawn])
        best = np.full(len(drawn), -1, np.float32)
        for k in range(0, len(originals), _BLOCK):
            block = originals[k : k + _BLOCK]
            cosines = vectors @ as_float32(self.catalogue.embeddings[block]).T
            cosines[drawn[:, None] == block] = -1
            np.maximum(best, cosines.max(axis=1), out=best)
        return np.sort(best)
