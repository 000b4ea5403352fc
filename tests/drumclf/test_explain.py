from types import SimpleNamespace

import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf import constants as c
from drumclf.decision import decide, decide_kind, format_percent, verdict
from drumclf.explain import grad_cam, nearest

THRESHOLDS = {"one": {"kick": 0.6, "snare": 0.9, "clap": 0.6}, "two": 0.8}


@pytest.mark.parametrize(
    ("kick", "snare", "clap", "decision"),
    [
        (0.7, 0.2, 0.1, ("kick",)),
        (0.3, 0.65, 0.05, ("snare", "kick")),  # a snare needs more
        (0.1, 0.85, 0.05, ()),  # and a kick is too far behind to share the answer
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
    ("decision", "crash", "kind"),
    [(("cymbal",), 0.8, "crash"), (("cymbal",), 0.6, None), (("cymbal", "open_hat"), 0.8, None), ((), 0.8, None)],
)
def test_a_kind_is_named_only_if_the_class_is(decision, crash, kind):
    thresholds = {"cymbal": {"crash": 0.7, "ride": 2.0}}
    assert decide_kind(decision, {"crash": crash, "ride": 0.1}, thresholds) == kind
    assert decide_kind(decision, {"crash": 0.1, "ride": 0.85}, thresholds) is None  # 2 means never
    assert decide_kind(("kick",), {}, thresholds) is None


@pytest.mark.parametrize(
    ("decision", "headline", "reason"),
    [
        (("snare",), "Snare", ""),
        (("snare", "clap"), "Snare or clap", "It cannot decide between Snare (50%) and Clap (30%)."),
        (
            (),
            "Not sure",
            "Most likely Snare (50%), then Clap (30%). It only answers Snare when it is at least 90% sure.",
        ),
    ],
)
def test_verdicts(classifier, decision, headline, reason):
    prediction = classifier.classify(EXAMPLES / "snare_acoustic.wav")
    object.__setattr__(prediction, "label", "snare")
    object.__setattr__(prediction, "probabilities", {"kick": 0.2, "snare": 0.5, "clap": 0.3})
    object.__setattr__(prediction, "decision", decision)
    object.__setattr__(prediction, "kind", None)
    strict = SimpleNamespace(titles=classifier.titles, kind_titles=classifier.kind_titles, thresholds=THRESHOLDS)
    assert verdict(prediction, strict) == (headline, reason)


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


@pytest.mark.parametrize(("probability", "text"), [(0.973, "97%"), (0.5, "50%"), (0.0001, "<1%"), (0.9999, ">99%")])
def test_percent_never_promises(probability, text):
    assert format_percent(probability) == text


def test_the_nearest_sound_is_the_sound_itself(classifier):
    paths = sorted(EXAMPLES.glob("*.wav"))
    predictions = dict(zip(paths, classifier.classify_many(paths), strict=True))
    for path, prediction in predictions.items():
        alike = nearest(prediction, predictions)
        assert alike[0] == path
        assert len(alike) == 3
