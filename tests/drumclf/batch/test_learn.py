"""What follows from corrections."""

import numpy as np
import pytest

from drumclf.batch.learn import propose_changes

# Two groups of sounds at right angles; the model calls all of them class 0, and is not sure of the second group.
FIRST, SECOND = np.eye(4)[0], np.eye(4)[1]


def sounds(n=10, probability=0.5):
    rng = np.random.default_rng(0)
    embeddings = np.concatenate([np.tile(FIRST, (n, 1)), np.tile(SECOND, (n, 1))]) + rng.normal(0, 0.01, (2 * n, 4))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    sure, unsure = [0.98, 0.01, 0.01], [probability, 0.9 - probability, 0.1]
    return embeddings.astype(np.float32), np.array([sure] * n + [unsure] * n)


def test_what_is_like_the_corrected_ones_changes_and_nothing_else():
    embeddings, probabilities = sounds()
    changes = propose_changes(embeddings, probabilities, [10, 11, 12], [1, 1, 1])
    assert {change.index for change in changes} == set(range(13, 20))
    assert {(change.before, change.after) for change in changes} == {(0, 1)}
    margins = [change.margin for change in changes]
    assert margins == sorted(margins, reverse=True)


def test_confirmed_labels_change_nothing():
    embeddings, probabilities = sounds()
    assert propose_changes(embeddings, probabilities, [0, 1, 10, 11], [0, 0, 0, 0]) == []


def test_one_correction_does_not_overrule_what_the_model_is_sure_of():
    embeddings, probabilities = sounds()
    # Of the undecided ones (0.5 to 0.4), one at right angles may just tip over: a part of the kernel holds for all.
    assert [change for change in propose_changes(embeddings, probabilities, [0], [1]) if change.index < 10] == []


def test_a_greater_margin_proposes_fewer():
    embeddings, probabilities = sounds()
    assert propose_changes(embeddings, probabilities, [10, 11, 12], [1, 1, 1], margin=50) == []


def test_none_from_none():
    assert propose_changes(*sounds(), [], []) == []


@pytest.mark.parametrize(("corrected", "labels"), [([1], []), ([1, 1], [0, 0]), ([1], [3]), ([1], [-1])])
def test_corrections_that_make_no_sense(corrected, labels):
    with pytest.raises(ValueError, match="label"):
        propose_changes(*sounds(), corrected, labels)


def test_no_sound_gets_a_label_that_no_corrected_sound_like_it_has():
    embeddings, probabilities = sounds()
    probabilities[:] = [0.5, 0.4, 0.1]  # all could tip over
    everything = propose_changes(
        embeddings, probabilities, [10, 11, 12], [1, 1, 1], share_of_all=0.8, least_likeness=-1.0
    )
    alike = propose_changes(embeddings, probabilities, [10, 11, 12], [1, 1, 1], share_of_all=0.8)
    assert {change.index for change in everything} == {*range(10), *range(13, 20)}
    assert {change.index for change in alike} == set(range(13, 20))


def test_what_was_applied_is_not_proposed_again_and_is_taken_back_if_it_no_longer_follows():
    embeddings, probabilities = sounds()
    current = probabilities.argmax(axis=1)
    current[13:20] = 1  # applied before
    assert propose_changes(embeddings, probabilities, [10, 11, 12], [1, 1, 1], current) == []
    changes = propose_changes(embeddings, probabilities, [10, 11, 12], [0, 0, 0], current)
    assert {(change.index, change.after) for change in changes} == {(i, 0) for i in range(13, 20)}
