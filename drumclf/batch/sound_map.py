"""Embeddings -> points on a plane, near one another where sounds are alike."""

import numpy as np

_LANDMARKS = 600
"""Sounds that are laid out exactly; it takes seconds, and four times as long for twice as many."""
_NEIGHBOURS = 3


def lay_out(embeddings: np.ndarray) -> np.ndarray:
    """Places for sounds by t-SNE (van der Maaten and Hinton 2008).

    Of many sounds 600 are laid out; the others go between the nearest three of those
    (landmarks, as in de Silva and Tenenbaum 2004).

    Parameters
    ----------
    embeddings : np.ndarray, shape (n, n_dimensions), float32
        Of length 1 each.

    Returns
    -------
    np.ndarray, shape (n, 2), float64
        Between 0 and 1. The same for the same embeddings.
    """
    n = len(embeddings)
    chosen = np.unique(np.linspace(0, n - 1, min(n, _LANDMARKS)).astype(int))
    landmarks = embeddings[chosen]
    places = _tsne(landmarks)
    if len(chosen) < n:
        places = _between(embeddings @ landmarks.T, places)
    low, high = places.min(axis=0), places.max(axis=0)
    return (places - low) / np.maximum(high - low, 1e-9)


def _tsne(embeddings: np.ndarray) -> np.ndarray:
    n = len(embeddings)
    if n < 5:  # too few to have neighbourhoods: in a row
        return np.column_stack([np.arange(n, dtype=float), np.zeros(n)])
    from sklearn.manifold import TSNE  # here, not above: it takes a second or more
    from threadpoolctl import threadpool_limits

    # A hair of noise, always the same: copies of one recording have no direction from one another.
    noise = np.random.default_rng(0).normal(0, 1e-4, embeddings.shape)
    tsne = TSNE(perplexity=min(30, (n - 1) / 3), init="pca", max_iter=500, random_state=0)
    with threadpool_limits(1, user_api="openmp"):  # threads that wait for one another: ten times as long on busy cores
        return tsne.fit_transform(embeddings + noise).astype(float)


def _between(similarity: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Means of the places of the nearest landmarks, the nearer the heavier; similarity has shape (n, n_landmarks)."""
    nearest = np.argpartition(-similarity, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    distance = np.maximum(1 - np.take_along_axis(similarity, nearest, axis=1), 1e-6)
    weights = 1 / distance
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkd->nd", weights, places[nearest])
