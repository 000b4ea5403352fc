import keras
import numpy as np
import pytest

from drumclf.constants import CLASSES
from training.data import REPORT, Example
from training.features import Features
from training.report.mistakes import draw_mistakes, find_mistakes

METADATA = {
    "classes": list(CLASSES),
    "calibration": {"temperature": 1.0},
    "thresholds": {"one": dict.fromkeys(CLASSES, 0.6), "two": 0.7},
}


@pytest.fixture
def reader():
    """A network that reads its logits off the picture: column k is class k, white is 10."""
    image = keras.Input((1, len(CLASSES), 3))
    return keras.Model(image, 10 * keras.layers.Flatten()(image[..., 0]))


def heard(*rows):
    """Sounds of (truth, source, heard, level of that class in the picture)."""
    images = np.zeros((len(rows), 1, 1, len(CLASSES), 3), np.uint8)
    for image, (_, _, name, level) in zip(images, rows, strict=True):
        image[0, 0, CLASSES.index(name)] = level
    return Features([Example(None, truth, source, source, REPORT) for truth, source, _, _ in rows], images)


def test_only_sure_and_wrong_answers_are_mistakes_the_surest_first(reader):
    sounds = heard(
        ("kick", "a", "kick", 255), ("kick", "a", "tom", 200), ("snare", "b", "clap", 255), ("snare", "b", "tom", 30)
    )  # fmt: skip
    found = find_mistakes(reader, sounds, METADATA)
    assert [(m.example.label, m.heard) for m in found] == [("snare", "clap"), ("kick", "tom")]
    assert found[0].probability == pytest.approx(np.exp(10) / (np.exp(10) + 8), rel=1e-4)
    assert find_mistakes(reader, sounds, METADATA, n=1)[0].heard == "clap"


def test_no_source_fills_the_list(reader):
    sounds = heard(*[("kick", "a", "tom", 250 - i) for i in range(5)], ("kick", "b", "clap", 200))
    assert [m.example.source for m in find_mistakes(reader, sounds, METADATA)] == ["a", "a", "b"]


def test_without_held_out_sounds_there_are_none(reader):
    assert find_mistakes(reader, heard(), METADATA) == []


def test_each_is_drawn_with_what_it_is_and_what_it_was_taken_for(reader):
    sounds = heard(*[("kick", f"source {i}", "tom", 250 - i) for i in range(7)])
    figure = draw_mistakes(find_mistakes(reader, sounds, METADATA), {name: name.title() for name in CLASSES})
    drawn = [axes for axes in figure.axes if axes.images]
    assert len(drawn) == len(figure.axes) == 7
    assert drawn[0].get_title() == "Kick, taken for\nTom >99%"
    assert drawn[6].get_xlabel() == "source 6"
