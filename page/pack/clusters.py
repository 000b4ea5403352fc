"""The points on a map -> the words on it and about it: the name of each class at its cluster, and a description."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from page.words import counted

HELP = "Similar sounds are close together. Point at one for its name, click to listen."
MARGIN = 0.03  # around the points, which are between 0 and 1, on each side
NARROWEST = (280, 450)  # width and height in pixels; words that do not overlap on this map overlap on no larger one
FONT_SIZE = 14

_CELLS = 20  # per side of the grid, in which neighbouring cells that are not empty form a cluster
_LEAST = 4  # minimum number of sounds in a cluster
_LEAST_SHARE = 1 / 4  # minimum share of its class's sounds in a cluster
_MOST = 2  # maximum number of clusters per class
_FAR = 0.35  # minimum distance between two clusters of one class
_REACH = 0.12  # radius around the densest spot of a cluster; the word goes beside what is inside it
_POINT = 6  # pixels: radius of a point
_ROW = FONT_SIZE + 4  # pixels: height of a word
_LETTER = 0.56 * FONT_SIZE  # pixels: mean width of a letter
_GAP = 4  # pixels between words


@dataclass(frozen=True)
class Word:
    """A word on the map.

    Attributes
    ----------
    text : str
    x, y : float
        Its middle, on the scale of the points.
    half : float
        Half its width in pixels.
    """

    text: str
    x: float
    y: float
    half: float


def describe_map(counts: Counter[str]) -> str:
    """What a map shows, for who cannot see it: how many sounds each class has."""
    each = ", ".join(f"{n:,} {name}" for name, n in counts.most_common())
    return f"Map of {counted(counts.total(), 'sound')}, similar ones close together: {each}. The table lists them."


def place_words(points: np.ndarray, labels: list[str], is_dense: bool = False) -> list[Word]:
    """Words above, below or on the clusters, the largest cluster first; without room there is no word.

    Parameters
    ----------
    points : np.ndarray, shape (n, 2), between 0 and 1
        The second axis points up.
    labels : list of str, length n
        What each point is called.
    is_dense : bool
        Whether points lie everywhere: words are on their clusters then, if there is room, whatever they hide.
    """
    words, boxes, names = [], np.zeros((0, 4)), np.array(labels)
    pixels = _to_pixels(points)
    for name, members in find_clusters(points, labels):
        half = (_LETTER * len(name) + 4) / 2
        spots = _spots(_core(points[members]), is_dense)
        halves = np.array([half, _ROW / 2])
        middles = np.clip(spots, halves, NARROWEST - halves)
        candidates = np.hstack([middles - halves, middles + halves])
        is_free = [not _overlaps(box, boxes, _GAP).any() for box in candidates]
        if not any(is_free):
            continue
        dots = np.hstack([pixels, pixels])
        hidden = [] if is_dense else [_overlaps(box, dots, _POINT) for box in candidates]
        # A word over points of another class misleads; one over its own only hides them.
        costs = [2 * (over & (names != name)).sum() + (over & (names == name)).sum() for over in hidden]
        free = np.flatnonzero(is_free)
        best = free[0] if is_dense else min(free, key=lambda k: costs[k])  # the first of the cheapest
        boxes = np.vstack([boxes, candidates[best]])
        x, y = _from_pixels(np.array([spots[best][0], middles[best][1]]))  # the chart moves it inwards if it must
        words.append(Word(name, float(x), float(y), half))
    return words


def find_clusters(points: np.ndarray, labels: list[str]) -> list[tuple[str, np.ndarray]]:
    """Where sounds of a class are close together: name and indices of the points, the largest cluster first.

    A class has a second cluster if that is far from the first and holds a quarter of its sounds. It has none if it has
    fewer than four sounds, or if they are scattered.

    Parameters
    ----------
    points : np.ndarray, shape (n, 2), between 0 and 1
    labels : list of str, length n
    """
    from scipy.ndimage import label  # only the map needs it

    names, found = np.array(labels), []
    cells = np.minimum((points * _CELLS).astype(int), _CELLS - 1)
    for name in dict.fromkeys(labels):
        members = np.flatnonzero(names == name)
        grid = np.zeros((_CELLS, _CELLS), bool)
        grid[tuple(cells[members].T)] = True
        groups = label(grid, structure=np.ones((3, 3)))[0][tuple(cells[members].T)]
        parts = sorted((members[groups == group] for group in np.unique(groups)), key=len, reverse=True)
        centres: list[np.ndarray] = []
        for part in parts:
            centre = np.median(points[part], axis=0)
            is_large = len(part) >= max(_LEAST, _LEAST_SHARE * len(members))
            if is_large and len(centres) < _MOST and all(np.linalg.norm(centre - other) >= _FAR for other in centres):
                centres.append(centre)
                found.append((name, part))
    return sorted(found, key=lambda cluster: -len(cluster[1]))


def _core(points: np.ndarray) -> np.ndarray:
    """The points around the densest place of a cluster."""
    counts, *edges = np.histogram2d(*points.T, bins=_CELLS, range=[[0, 1], [0, 1]])
    cell = np.unravel_index(np.argmax(counts), counts.shape)
    densest = [edge[k : k + 2].mean() for edge, k in zip(edges, cell, strict=True)]
    core = points[np.linalg.norm(points - densest, axis=1) < _REACH]
    return core if len(core) else points


def _spots(core: np.ndarray, is_dense: bool) -> np.ndarray:
    """Positions to try for the middle of a word, in pixels: above the cluster, below, on it, farther away.

    Among dense points first on it, then farther and farther away.
    """
    x, y = _to_pixels(np.median(core, axis=0))
    ys = _to_pixels(core)[:, 1]
    away = _POINT + _ROW / 2 + 1
    above, below = ys.min() - away, ys.max() + away
    places = [above, below, y, above - _ROW, below + _ROW, y - _ROW, y + _ROW]
    if is_dense:
        places.sort(key=lambda place: abs(place - y))
    return np.array([(x, place) for place in places])


def _overlaps(box: np.ndarray, others: np.ndarray, gap: float) -> np.ndarray:
    """Which boxes (left, top, right, bottom) come closer to a box than the gap."""
    return ((box[:2] - gap < others[:, 2:]) & (others[:, :2] < box[2:] + gap)).all(axis=1)


def _to_pixels(points: np.ndarray) -> np.ndarray:
    """From the upper left corner of the smallest map."""
    shares = (points + MARGIN) / (1 + 2 * MARGIN)
    return np.stack([shares[..., 0], 1 - shares[..., 1]], axis=-1) * NARROWEST


def _from_pixels(pixels: np.ndarray) -> np.ndarray:
    shares = pixels / NARROWEST
    return np.stack([shares[..., 0], 1 - shares[..., 1]], axis=-1) * (1 + 2 * MARGIN) - MARGIN
