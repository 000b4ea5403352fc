import numpy as np
import pytest

from drumclf import constants as c
from drumclf.audio import Clip
from drumclf.hits.find import find_hits_in
from drumclf.hits.repeats import evidence_weights

RATE = c.SAMPLE_RATE


def burst(seed, seconds=0.2, decay=0.03):
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.random.default_rng(seed).standard_normal(len(time)) * np.exp(-time / decay)).astype(np.float32)


def test_a_sound_that_stands_alone_answers_for_itself():
    weights = evidence_weights([burst(0), burst(1), burst(2)])
    np.testing.assert_allclose(weights, np.eye(3))


@pytest.mark.parametrize("gain", [1, 0.05, -0.3])
@pytest.mark.parametrize("shift", [0, 90])
def test_repeats_answer_together_whatever_their_level(gain, shift):
    """Two hits of one sample, the second under another sound, and one of another sample."""
    again = np.pad(burst(0), (shift, 0))
    again = gain * again + abs(gain) * 0.2 * burst(7, len(again) / RATE)
    weights = evidence_weights([burst(0), again, burst(1)])
    together = weights[:2, :2]
    if gain > 0:
        assert together.min() > 0.4
    else:  # upside down: a sampler does not do that, and two lows in opposite phase are no repeats
        np.testing.assert_allclose(together, np.eye(2))
    assert weights[2].tolist() == [0, 0, 1]
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_the_repeat_that_is_not_cut_off_counts_most():
    weights = evidence_weights([burst(0)[: RATE // 10], burst(0)])
    np.testing.assert_allclose(weights, [[1 / 3, 2 / 3], [1 / 3, 2 / 3]], atol=1e-6)


def test_a_hit_cut_off_at_once_is_compared_as_far_as_it_goes():
    weights = evidence_weights([burst(0)[:700], burst(0), burst(3)])
    assert weights[2].tolist() == [0, 0, 1]
    assert np.isfinite(weights).all()


def test_a_silent_hit_and_a_read_only_one():
    """As they may come from the process that slices."""
    frozen = burst(0)
    frozen.setflags(write=False)
    np.testing.assert_allclose(evidence_weights([frozen, np.zeros(900, np.float32)]), np.eye(2))


def test_the_repeats_of_a_sound_in_a_recording_get_one_answer(classifier):
    sounds = [burst(0, decay=0.02), burst(1, decay=0.1)]
    samples = np.zeros(4 * RATE, np.float32)
    for i in range(8):
        start = RATE // 10 + i * RATE // 3
        samples[start : start + len(sounds[i % 2])] += sounds[i % 2] * (0.5 if i in (2, 5) else 1)
    hits = find_hits_in(classifier, Clip(samples, 0.0, True)).hits
    assert len(hits) == 8
    answers = np.array([list(hit.prediction.probabilities.values()) for hit in hits])
    for first in (0, 1):
        np.testing.assert_allclose(answers[first::2], answers[[first] * 4], atol=0.02)
    assert np.abs(answers[0] - answers[1]).max() > 0.05
