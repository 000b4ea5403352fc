"""What the points on the map of a pack look like."""

import re

import numpy as np
import pandas as pd
import pytest

from drumclf.constants import CLASSES
from page.pack.map import COLOURS, SHAPES, draw_map


def corners(path):
    return np.array(re.findall(r"([-\d.]+),([-\d.]+)", path), float)


def chart(labels, titles, current=None):
    data = pd.DataFrame({"label": labels, "x": 0.5, "y": 0.5, "file": "a.wav", "probability": 0.9})
    data["index"] = range(len(labels))
    return draw_map(data, titles, current, "#000000", "#ffffff").to_dict()


def test_every_class_has_a_colour_and_a_shape_of_its_own():
    assert len(set(COLOURS)) == len(set(SHAPES)) == len(CLASSES)


@pytest.mark.parametrize("path", [shape for shape in SHAPES if shape != "circle"])
def test_shapes_look_as_large_as_the_circle(path):
    x, y = corners(path).T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert 0.7 * np.pi < area < 1.2 * np.pi
    for width in (np.ptp(x), np.ptp(y)):
        assert 0.85 * 2 < width < 1.35 * 2


def test_a_class_looks_the_same_in_every_pack():
    titles = [str(i) for i in range(len(CLASSES))]
    for labels in (titles, ["8", "3"]):
        encoding = chart(labels, titles)["encoding"]
        colours, shapes = (encoding[channel]["scale"] for channel in ("color", "shape"))
        assert colours["domain"] == shapes["domain"] == sorted(labels)
        assert colours["range"] == [COLOURS[int(label)] for label in sorted(labels)]
        assert shapes["range"] == [SHAPES[int(label)] for label in sorted(labels)]


def test_more_classes_than_shapes_begin_again():
    titles = [f"class {i:02}" for i in range(len(SHAPES) + 2)]
    shapes = chart(titles, titles)["encoding"]["shape"]["scale"]["range"]
    assert shapes[-2:] == SHAPES[:2]


def test_the_sound_that_is_listened_to_is_larger():
    size = chart(["a", "a"], ["a"], current=1)["encoding"]["size"]
    assert "1" in size["condition"]["test"]
    assert size["condition"]["value"] > size["value"]
