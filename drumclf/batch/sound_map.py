"""Embeddings -> points on a plane, such that similar sounds are close together."""

import numpy as np

_LANDMARKS = 600  # sounds that are laid out exactly: takes seconds, and four times as long for twice as many
_NEIGHBOURS = 3
_BLOCK = 2048  # sounds that are placed at once: 20 MB


def lay_out(embeddings: np.ndarray) -> np.ndarray:
    """Lay out sounds by t-SNE (van der Maaten and Hinton 2008).

    If there are more than 600, only 600 landmarks are laid out, and each other sound is placed
    between its three nearest ones (as in de Silva and Tenenbaum 2004).

    Parameters
    ----------
    embeddings : np.ndarray, shape (n, n_dimensions), float32 or float16
        Each of length 1.

    Returns
    -------
    np.ndarray, shape (n, 2), float64
        Between 0 and 1; the same embeddings always give the same points.
    """
    n = len(embeddings)
    chosen = np.unique(np.linspace(0, n - 1, min(n, _LANDMARKS)).astype(int))
    landmarks = embeddings[chosen].astype(np.float32)
    places = _tsne(landmarks)
    if len(chosen) < n:
        blocks = (embeddings[start : start + _BLOCK].astype(np.float32) for start in range(0, n, _BLOCK))
        places = np.concatenate([_between(block @ landmarks.T, places) for block in blocks])
    low, high = places.min(axis=0), places.max(axis=0)
    return (places - low) / np.maximum(high - low, 1e-9)


def _tsne(embeddings: np.ndarray) -> np.ndarray:
    n = len(embeddings)
    if n < 5:  # too few for neighbourhoods: put them in a row
        return np.column_stack([np.arange(n, dtype=float), np.zeros(n)])
    from sklearn.manifold import TSNE  # takes a second or more to import
    from threadpoolctl import threadpool_limits

    # A little noise, always the same: duplicates would otherwise have no direction from one another.
    noise = np.random.default_rng(0).normal(0, 1e-4, embeddings.shape)
    tsne = TSNE(perplexity=min(30, (n - 1) / 3), init="pca", max_iter=500, random_state=0)
    with threadpool_limits(1, user_api="openmp"):  # on busy cores, its threads wait for each other: ten times slower
        return tsne.fit_transform(embeddings + noise).astype(float)


def _between(similarity: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Mean places of the nearest landmarks, weighted by closeness; similarity has shape (n, n_landmarks)."""
    nearest = np.argpartition(-similarity, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    distance = np.maximum(1 - np.take_along_axis(similarity, nearest, axis=1), 1e-6)
    weights = 1 / distance
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkd->nd", weights, places[nearest])
