"""The sounds of a library that are most like one, and how like they are."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drumclf.library.catalogue import Catalogue

_PAIRS = 20_000  # drawn at random, with which a pair is compared


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
        Share of pairs of different sounds, drawn at random from the library, that are less alike.
    """

    index: int
    cosine: float
    nearness: float

    @property
    def said(self) -> str:
        """The nearness in words: "98.21%"; never 100%."""
        return ">99.99%" if self.nearness > 0.9999 else f"{self.nearness:.2%}"


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
        nearness = float(np.searchsorted(self._random, cosine) / max(len(self._random), 1))
        return Match(i, min(cosine, 1.0), nearness)

    @cached_property
    def _random(self) -> np.ndarray:
        """Cosines of pairs of different sounds, rising; always the same ones for the same library."""
        n = len(self._originals)
        if n < 2:
            return np.zeros(0, np.float32)
        rng = np.random.default_rng(0)
        one = rng.integers(n, size=_PAIRS)
        other = (one + rng.integers(1, n, size=_PAIRS)) % n
        one, other = (self.catalogue.embeddings[self._originals[k]].astype(np.float32) for k in (one, other))
        return np.sort(np.einsum("ij,ij->i", one, other))
