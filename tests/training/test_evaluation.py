"""Calibration, thresholds and scores as by hand, and the labels of changed sounds."""

import numpy as np
import pytest
from conftest import EXAMPLES, make_hit

from drumclf.audio import read_clip
from drumclf.constants import CLASSES
from training import calibrate, evaluate
from training.data import REPORT, Example
from training.report import robustness


def test_temperature_undoes_a_known_scaling():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (5_000, 4))
    powers = np.exp(logits)
    truth = np.array([rng.choice(4, p=row / row.sum()) for row in powers])
    assert calibrate.fit_temperature([(3 * logits, truth)]) == pytest.approx(3, rel=0.1)


def test_calibration_error_of_an_overconfident_model():
    probabilities = np.tile([0.9, 0.1], (1_000, 1))
    truth = np.resize([0, 1], 1_000)
    assert evaluate.calibration_error(probabilities, truth) == pytest.approx(0.4, abs=0.01)


def two_classes(confidence):
    """Probabilities of two classes, and a truth that is the first class as often as its probability says."""
    truth = (np.random.default_rng(0).random(len(confidence)) > confidence).astype(int)
    return np.stack([confidence, 1 - confidence], axis=1), truth


def test_thresholds_reach_their_precision():
    probabilities, truth = two_classes(np.linspace(0.5, 1, 5_000))
    thresholds = calibrate.choose_thresholds(probabilities, truth, ["a", "b"])
    sure = probabilities[:, 0] >= thresholds["one"]["a"]
    assert 0.895 <= np.mean(truth[sure] == 0) < 0.915
    decisions = evaluate.decision_scores(probabilities, truth, ["a", "b"], thresholds)
    assert decisions["one"]["coverage"] == pytest.approx(sure.mean(), abs=1e-3)
    assert decisions["one"]["precision"] == pytest.approx(np.mean(truth[sure] == 0), abs=1e-3)
    assert decisions["two"]["coverage"] == 0  # of two classes "one or the other" would say nothing


def test_a_few_wrong_answers_do_not_silence_a_class():
    """By four answers alone no threshold would do; with what their probability promises one does."""
    scores, right = np.full(4, 0.96), np.array([False, True, True, True])
    assert calibrate.lowest_precise(scores, right, 0.9) == pytest.approx(0.96)
    assert calibrate.lowest_precise(np.full(200, 0.96), np.resize(right, 200), 0.9) == 1  # two hundred do silence it


def test_no_threshold_lies_within_equal_scores():
    scores, right = np.repeat([0.99, 0.95], 200), np.repeat([1, 1, 0], [200, 100, 100]).astype(bool)
    assert calibrate.lowest_precise(scores, right, 0.9) == 0.99


def test_threshold_of_pairs():
    """Pairs that sum to 0.9 hold the truth always, pairs that sum to 0.8 half of the time."""
    probabilities = np.repeat([[0.46, 0.44, 0.1], [0.41, 0.39, 0.2]], 400, axis=0)
    truth = np.concatenate([np.resize([0, 1], 400), np.resize([0, 2, 1, 2], 400)])
    thresholds = calibrate.choose_thresholds(probabilities, truth, ["a", "b", "c"])
    assert thresholds["two"] == pytest.approx(0.9)
    decisions = evaluate.decision_scores(probabilities, truth, ["a", "b", "c"], thresholds)
    assert decisions["two"] == {"coverage": 0.5, "precision": 1.0}
    assert decisions["none"]["coverage"] == 0.5


def test_auroc_and_false_accepts_by_hand():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.65, 0.1])
    positive = np.array([True, True, True, True, False, False])
    assert evaluate.auroc(scores, positive) == pytest.approx(7 / 8)  # one of eight pairs is the wrong way round
    assert evaluate.false_accepts(scores, positive, 1.0) == 0.5
    assert evaluate.auroc(np.ones(4), np.array([True, False, True, False])) == 0.5


def test_precision_of_the_most_confident():
    probabilities, truth = two_classes(np.array([0.9, 0.8, 0.7, 0.6, 0.55]))
    truth[:] = [0, 0, 0, 1, 1]
    assert evaluate.precision_at(probabilities, truth, 0.6) == 1
    assert evaluate.precision_at(probabilities, truth, 0.8) == 0.75
    assert evaluate.coverage_curve(probabilities, truth)[-1] == [1.0, 0.6]


@pytest.mark.parametrize("name", robustness.CHANGES)
def test_every_change_leaves_a_sound_that_can_be_read(name):
    samples = make_hit(22_050).astype(np.float32)
    changed = read_clip(robustness.CHANGES[name](samples, np.random.default_rng(0)))
    assert np.abs(changed.samples).max() > 0


def test_kept_labels_of_the_examples(classifier):
    paths = sorted(EXAMPLES.glob("kick*.wav"))
    kept = robustness.kept_labels(classifier, [Example(path, "kick", "s", "k", REPORT) for path in paths])
    assert kept["0 to 3 s of silence before"] == {"n_sounds": len(paths), "kept": 1.0, "kept_if_sure": 1.0}


def test_score_is_computed_as_by_hand():
    classes = list(CLASSES)
    labels = ["kick"] * 4 + ["snare"] * 2 + ["tom"] * 2
    examples = [Example(None, label, "s", f"k{i % 4}", REPORT) for i, label in enumerate(labels)]
    logits = np.full((8, 9), -9.0)
    said = ["kick", "kick", "kick", "tom", "snare", "snare", "tom", "kick"]
    logits[range(8), [classes.index(name) for name in said]] = 5
    logits[3, classes.index("snare")] = 4  # among the core five it is a snare
    result = evaluate.score(logits, examples, classes, resamples=50)
    assert result["all"]["accuracy"][0] == pytest.approx(6 / 8)
    assert result["all"]["balanced_accuracy"][0] == pytest.approx((3 / 4 + 1 + 1 / 2) / 3, abs=1e-4)
    assert result["core"]["n_sounds"] == 6
    assert result["core"]["balanced_accuracy"][0] == pytest.approx((3 / 4 + 1) / 2)
    assert result["core"]["confusion"][0][:2] == [3, 1]
    low, high = result["all"]["accuracy"][1:]
    assert low <= 0.75 <= high
    assert low < high


def test_a_kind_that_is_named_wrongly_too_often_is_named_no_more():
    thresholds = {"kinds": {"cymbal": {"crash": 0.6, "ride": 0.7}, "percussion": {"other": 0.6, "snap": 2.0}}}
    shown = {
        "cymbal": {"crash": {"answers": 50, "precision": 0.9}, "ride": {"answers": 10, "precision": 0.8}},
        "percussion": {"other": {"answers": 30, "precision": 0.7}, "snap": {"answers": 0, "precision": None}},
    }
    assert calibrate.withhold_kinds(thresholds, {name: {"shown": each} for name, each in shown.items()}) == ["other"]
    assert thresholds["kinds"]["cymbal"] == {"crash": 0.6, "ride": 0.7}
    assert min(thresholds["kinds"]["percussion"].values()) > 1
