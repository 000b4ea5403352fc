import numpy as np
import pytest
from conftest import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from drumclf import constants as c
from drumclf.decision import decide, verdict
from drumclf.explain import grad_cam, nearest
from drumclf.plots import draw_spectrogram
from drumclf.spectrogram import rgb_spectrogram
from drumclf.traits import TRAITS, count_peaks, find_traits, supporting_traits

THRESHOLDS = {"one": {"kick": 0.6, "snare": 0.9, "clap": 0.6}, "two": 0.8}


@pytest.mark.parametrize(
    ("kick", "snare", "clap", "decision"),
    [
        (0.7, 0.2, 0.1, ("kick",)),
        (0.3, 0.65, 0.05, ("snare", "kick")),  # a snare needs more
        (0.1, 0.85, 0.05, ()),  # and a kick is too far behind to share with it
        (0.1, 0.4, 0.5, ("clap", "snare")),
        (0.4, 0.3, 0.3, ()),
    ],
)
def test_decisions(kick, snare, clap, decision):
    assert decide({"kick": kick, "snare": snare, "clap": clap}, THRESHOLDS) == decision


def test_a_model_of_two_classes_decides():
    thresholds = {"one": {"a": 0.9, "b": 0.9}, "two": 0.9}
    assert decide({"a": 0.55, "b": 0.45}, thresholds) == ()
    assert decide({"a": 0.95, "b": 0.05}, thresholds) == ("a",)


@pytest.mark.parametrize(
    ("decision", "headline", "reason"),
    [
        (("snare",), "Snare", ""),
        (("snare", "clap"), "Snare or clap", "It cannot choose between the two: Snare 50%, Clap 30%."),
        ((), "Not sure", "Snare 50% comes first, and would be the answer from 90% on; next Clap 30%."),
    ],
)
def test_verdicts(classifier, decision, headline, reason):
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    object.__setattr__(prediction, "probabilities", {"kick": 0.2, "snare": 0.5, "clap": 0.3})
    object.__setattr__(prediction, "decision", decision)
    assert verdict(prediction, classifier.titles, THRESHOLDS) == (headline, reason)


def test_evidence_is_where_a_change_changes_the_answer(classifier):
    """Darkening what is lit takes more from the label than darkening as much elsewhere."""
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    evidence = grad_cam(classifier, prediction)
    assert evidence.shape == (c.N_MELS, c.N_FRAMES)
    assert evidence.min() >= 0
    assert evidence.max() == pytest.approx(1)
    order = np.argsort(evidence, axis=None)
    n = len(order) // 10
    loud = prediction.spectrogram.max(axis=-1).ravel()[order] > 0.3
    logits = []
    for chosen in (order[loud][-n:], order[loud][:n]):
        picture = prediction.spectrogram.copy()
        picture.reshape(-1, 3)[chosen] = 0
        answers, _ = classifier.network.answer(picture[None])
        logits.append(float(answers[0, classifier.classes.index("snare")]))
    assert logits[0] < logits[1]


def test_evidence_differs_between_classes(classifier):
    prediction = classifier.classify(EXAMPLES / "clap_analogue.wav")
    pictures = [grad_cam(classifier, prediction, name) for name in classifier.classes]
    assert len({picture.tobytes() for picture in pictures}) > 1
    assert all(np.isfinite(picture).all() for picture in pictures)


def test_evidence_is_lit_on_the_spectrogram(classifier):
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    plain = draw_spectrogram(prediction).axes[0].images[0].get_array()
    lit = draw_spectrogram(prediction, evidence=grad_cam(classifier, prediction)).axes[0].images[0].get_array()
    assert (lit <= plain + 1e-6).all()
    assert lit.sum() < 0.9 * plain.sum()


def sound(envelope, frequency=None, seconds=0.6):
    """Noise, or a sine whose frequency in hertz is a function of time, under an envelope."""
    time = np.arange(int(seconds * c.SAMPLE_RATE)) / c.SAMPLE_RATE
    carrier = np.random.default_rng(0).standard_normal(len(time))
    if frequency:
        carrier = np.sin(2 * np.pi * np.cumsum(frequency(time)) / c.SAMPLE_RATE)
    return (carrier * envelope(time)).astype(np.float32)


def steady(hertz):
    return lambda time: np.full(len(time), hertz)


@pytest.mark.parametrize(
    ("samples", "has", "has_not"),
    [
        (sound(lambda t: 10 ** (-3 * t / 0.5), steady(55)), {"low", "pitched"}, {"bright", "bursts", "noisy", "short"}),
        (sound(lambda t: 10 ** (-3 * t / 0.06), steady(8_000)), {"bright", "short"}, {"low", "long"}),
        (sound(lambda t: 10 ** (-3 * (t % 0.02) / 0.03) * (t < 0.06)), {"bursts", "noisy"}, {"low", "pitched"}),
        (sound(lambda t: np.minimum(t / 0.2, 1)), {"slow", "long", "noisy"}, {"short", "bursts"}),
        (sound(lambda t: 10 ** (-3 * t / 0.4), lambda t: 80 + 300 * np.exp(-t / 0.04)), {"falling"}, {"bright"}),
    ],
)  # fmt: skip
def test_traits_of_sounds_made_for_them(samples, has, has_not):
    found = find_traits(rgb_spectrogram(samples))
    assert found <= set(TRAITS)
    assert has <= found
    assert not has_not & found


def test_only_traits_that_the_class_has_and_others_lack_support_it(classifier):
    prediction = classifier.classify(EXAMPLES / "kick_analogue.wav")
    found = find_traits(prediction.spectrogram)
    assert "low" in found
    shares = {"kick": dict.fromkeys(TRAITS, 0.9), "snare": dict.fromkeys(TRAITS, 0.85) | {"low": 0.1}}
    assert supporting_traits(prediction, shares) == ["low"]
    assert supporting_traits(prediction, {"kick": {"low": 0.2}, "snare": {}}) == []
    assert supporting_traits(prediction, {}) == []


def test_the_nearest_sound_is_the_sound_itself(classifier):
    paths = sorted(EXAMPLES.glob("*.wav"))
    predictions = dict(zip(paths, classifier.classify_many(paths), strict=True))
    for path, prediction in predictions.items():
        alike = nearest(prediction, predictions)
        assert alike[0] == path
        assert len(alike) == 3


@given(
    st.one_of(st.lists(st.integers(-30, 0), max_size=40), st.lists(st.floats(-60, 0), max_size=40)),
    st.integers(-30, 0),
    st.integers(1, 20),
)
def test_peaks_are_counted_as_scipy_counts_them(levels, height, prominence):
    levels = np.array(levels, float)
    assert count_peaks(levels, height, prominence) == len(find_peaks(levels, height, prominence=prominence)[0])
