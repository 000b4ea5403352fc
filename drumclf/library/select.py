"""Which sounds of a library are wanted, and in which order."""

import math
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from drumclf.library.catalogue import Catalogue

SURE, NOT_SURE, BY_YOU, FOLLOWED = "sure", "not sure", "by you", "followed"
COPIES, NOT_READ = "copies", "not read"
BY_FOLDER, BY_NAME, LEAST_SURE = "folder", "name", "least sure"
SHORTEST, LONGEST, LOUDEST, NEWEST = "shortest", "longest", "loudest", "newest"
ORDERS = (BY_FOLDER, BY_NAME, LEAST_SURE, SHORTEST, LONGEST, LOUDEST, NEWEST)


@dataclass(frozen=True)
class Wanted:
    """What a user asks for.

    Attributes
    ----------
    label : str or None
        A class; None for all.
    which : str or None
        `SURE`, `NOT_SURE`, `BY_YOU`, `FOLLOWED`, `COPIES`, `NOT_READ`, or None for all that could be read.
    words : str
        Each must be in the path; one that begins with "-" must not. Case does not matter.
    shortest, longest : float
        Seconds; a sound of exactly the longest is left out.
    skip_copies : bool
    order : str
        One of `ORDERS`.
    """

    label: str | None = None
    which: str | None = None
    words: str = ""
    shortest: float = 0.0
    longest: float = math.inf
    skip_copies: bool = False
    order: str = BY_FOLDER


def select(catalogue: Catalogue, wanted: Wanted) -> tuple[np.ndarray, dict[str, int]]:
    """The sounds that are wanted.

    Returns
    -------
    indices : np.ndarray of int
        Of files, in the order wanted.
    counts : dict[str, int]
        For each class, how many there would be if that class were asked for.
    """
    passes = _passes(catalogue, wanted)
    codes = catalogue.codes[passes]
    counts = np.bincount(codes[codes >= 0], minlength=len(catalogue.classes)).tolist()
    if wanted.label is not None:
        passes &= catalogue.codes == catalogue.classes.index(wanted.label)
    indices = np.flatnonzero(passes)
    return indices[_order(catalogue, indices, wanted.order)], dict(zip(catalogue.classes, counts, strict=True))


def _passes(catalogue: Catalogue, wanted: Wanted) -> np.ndarray:
    is_read = catalogue.codes >= 0
    passes = ~is_read if wanted.which == NOT_READ else is_read
    if wanted.which in (SURE, NOT_SURE):
        passes = passes & (catalogue.are_sure == (wanted.which == SURE))
    elif wanted.which in (BY_YOU, FOLLOWED):
        given = np.zeros(len(catalogue), bool)
        given[list(catalogue.corrections if wanted.which == BY_YOU else catalogue.followed)] = True
        passes = passes & given
    elif wanted.which == COPIES:
        passes = passes & catalogue.are_copies
    if wanted.shortest > 0 or wanted.longest < math.inf:  # a length that is not known is within no limits
        passes = passes & (catalogue.durations >= wanted.shortest) & (catalogue.durations < wanted.longest)
    if wanted.skip_copies:
        passes = passes & ~catalogue.are_copies
    for word in wanted.words.casefold().split():
        looked_for = word.removeprefix("-")
        if looked_for:
            has = np.fromiter((looked_for in name for name in catalogue.folded), bool, len(catalogue))
            passes = passes & (has != word.startswith("-"))
    return passes


def _order(catalogue: Catalogue, indices: np.ndarray, order: str) -> np.ndarray:
    """How to reorder indices, which are in the order of the paths."""
    if order == BY_NAME:
        names = [PurePosixPath(catalogue.folded[i]).name for i in indices]
        return np.array(sorted(range(len(names)), key=names.__getitem__), int)
    keys = {
        LEAST_SURE: lambda: np.where(catalogue.are_sure, 1.0, 0.0) + catalogue.probabilities.max(axis=1, initial=0.0),
        SHORTEST: lambda: catalogue.durations,
        LONGEST: lambda: -catalogue.durations,
        LOUDEST: lambda: -catalogue.loudness,
        NEWEST: lambda: -catalogue.times,
    }
    if order not in keys:
        return np.arange(len(indices))
    return np.argsort(keys[order]()[indices], kind="stable")  # what is not known, NaN, comes last
