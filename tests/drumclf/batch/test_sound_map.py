import numpy as np
import pytest

from drumclf.batch import sound_map
from drumclf.batch.sound_map import lay_out


def groups(n, n_groups=3, dimensions=32, seed=0):
    """Embeddings of length 1 in well-separated groups, and the group of each."""
    generator = np.random.default_rng(seed)
    group = np.arange(n) % n_groups
    points = np.eye(dimensions)[group] + 0.05 * generator.standard_normal((n, dimensions))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), group


@pytest.fixture(autouse=True)
def few_landmarks(monkeypatch):
    """A layout of 600 takes seconds."""
    monkeypatch.setattr(sound_map, "_LANDMARKS", 90)


@pytest.mark.parametrize("n", [1, 2, 4, 5, 7, 60, 120])
def test_places_are_within_the_map(n):
    places = lay_out(groups(n)[0])
    assert places.shape == (n, 2)
    assert places.dtype == np.float64
    assert places.min() >= 0
    assert places.max() <= 1
    assert len(np.unique(places.round(6), axis=0)) == n


def test_two_sounds_are_at_the_ends():
    assert lay_out(groups(2)[0])[:, 0].tolist() == [0, 1]


@pytest.mark.parametrize("n", [60, 300], ids=["laid out", "between landmarks"])
def test_sounds_that_are_alike_are_near_one_another(n):
    embeddings, group = groups(n)
    places = lay_out(embeddings)
    distance = np.linalg.norm(places[:, None] - places, axis=2) + 9 * np.eye(n)
    # By chance it would be a third; a few lie at the border of a split group.
    assert np.mean(group[distance.argmin(axis=1)] == group) > 0.9


@pytest.mark.parametrize("n", [60, 120])
def test_the_same_for_the_same_embeddings(n):
    embeddings, _ = groups(n)
    np.testing.assert_array_equal(lay_out(embeddings), lay_out(embeddings.copy()))


def test_sounds_are_placed_block_by_block_as_they_would_be_at_once(monkeypatch):
    embeddings, _ = groups(300)
    at_once = lay_out(embeddings)
    monkeypatch.setattr(sound_map, "_BLOCK", 7)
    # Products of smaller matrices are rounded otherwise, which is all that is between a landmark and itself.
    np.testing.assert_allclose(lay_out(embeddings), at_once, atol=2e-3)


@pytest.mark.parametrize("n", [4, 5, 30, 120])
def test_copies_of_one_sound_are_no_reason_to_fail(n):
    places = lay_out(np.tile(groups(1)[0], (n, 1)))
    assert np.isfinite(places).all()
    assert places.shape == (n, 2)
