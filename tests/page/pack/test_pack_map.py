"""What the points on the map of a pack look like, and which words are among them."""

import re

import numpy as np
import pandas as pd
import pytest

from drumclf.constants import CLASSES
from page.pack.clusters import MARGIN, NARROWEST, Word, find_clusters, place_words
from page.pack.map import COLOURS, SHAPES, draw_map


def corners(path):
    return np.array(re.findall(r"([-\d.]+),([-\d.]+)", path), float)


def chart(labels, titles, current=None):
    data = pd.DataFrame({"label": labels, "title": labels, "x": 0.5, "y": 0.5, "file": "a.wav", "probability": 0.9})
    data["index"] = range(len(labels))
    return draw_map(data, titles, [], current, "#000000", "#ffffff").to_dict()["layer"][0]


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


def test_shapes_repeat_if_there_are_more_classes():
    titles = [f"class {i:02}" for i in range(len(SHAPES) + 2)]
    shapes = chart(titles, titles)["encoding"]["shape"]["scale"]["range"]
    assert shapes[-2:] == SHAPES[:2]


def test_the_current_sound_is_larger():
    size = chart(["a", "a"], ["a"], current=1)["encoding"]["size"]
    assert "1" in size["condition"]["test"]
    assert size["condition"]["value"] > size["value"]


# Words.


def blob(x, y, n=20, spread=0.02, seed=0):
    return np.clip(np.random.default_rng(seed).normal((x, y), spread, (n, 2)), 0, 1)


def placed(**blobs):
    points = np.vstack(list(blobs.values()))
    return place_words(points, [name for name, blob in blobs.items() for _ in blob])


def box(word, width=NARROWEST[0], height=NARROWEST[1]):
    """Left, top, right and bottom in pixels, moved inwards as the chart does."""
    x = np.clip((word.x + MARGIN) / (1 + 2 * MARGIN) * width, word.half, width - word.half)
    y = (1 - (word.y + MARGIN) / (1 + 2 * MARGIN)) * height
    return x - word.half, y - 8, x + word.half, y + 8


def test_each_cluster_gets_its_name_close_by():
    middles = {"Kick": (0.2, 0.2), "Snare": (0.8, 0.3), "Clap": (0.5, 0.8)}
    words = placed(**{name: blob(*middle) for name, middle in middles.items()})
    assert {word.text for word in words} == set(middles)
    for word in words:
        x, y = middles[word.text]
        assert (word.x, word.y) == (pytest.approx(x, abs=0.03), pytest.approx(y, abs=0.15))


def test_a_word_hides_no_points_if_there_is_room_beside_them():
    points = blob(0.5, 0.5)
    (word,) = place_words(points, ["Kick"] * len(points))
    left, top, right, bottom = box(word)
    shares = (points + MARGIN) / (1 + 2 * MARGIN)
    x, y = shares[:, 0] * NARROWEST[0], (1 - shares[:, 1]) * NARROWEST[1]
    assert not ((left < x) & (x < right) & (top < y) & (y < bottom)).any()


def test_among_dense_points_a_word_is_on_its_cluster_or_close_to_it_if_another_is_there():
    points = np.vstack([blob(0.5, 0.5, n=300), blob(0.5, 0.51, n=200, seed=1)])
    large, small = place_words(points, ["Kick"] * 300 + ["Snare"] * 200, is_dense=True)
    assert (large.text, large.y) == ("Kick", pytest.approx(0.5, abs=0.01))
    assert (small.text, small.y) == ("Snare", pytest.approx(0.51, abs=0.06))
    _, top, _, bottom = box(large)
    _, other_top, _, other_bottom = box(small)
    assert other_bottom <= top or bottom <= other_top


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_word_stays_on_the_map(x, y):
    (word,) = placed(**{"Closed hat": blob(x, y)})
    for width in (NARROWEST[0], 800):
        left, top, right, bottom = box(word, width)
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= NARROWEST[1]


@pytest.mark.parametrize("seed", range(20))
def test_words_do_not_overlap_on_a_map_of_any_width(seed):
    rng = np.random.default_rng(seed)
    points = np.clip(rng.normal(0.5, 0.2, (400, 2)), 0, 1)
    labels = [f"Class {k}" for k in rng.integers(0, len(CLASSES), 400)]
    words = place_words(points, labels)
    assert len(words) >= 3
    for width in (NARROWEST[0], 500, 800, 1200):
        boxes = [box(word, width) for word in words]
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_few_or_scattered_sounds_get_no_word():
    assert placed(Kick=blob(0.5, 0.5, n=3)) == []
    corners = np.array([[x, y] for x in (0, 0.5, 1) for y in (0, 0.5, 1)], float)
    assert placed(Kick=corners) == []
    assert place_words(np.zeros((0, 2)), []) == []


def test_a_class_in_two_places_has_two_words_if_they_are_far_apart():
    far = np.vstack([blob(0.1, 0.1), blob(0.9, 0.9)])
    close = np.vstack([blob(0.4, 0.5), blob(0.6, 0.5)])
    unequal = np.vstack([blob(0.1, 0.1, n=40), blob(0.9, 0.9, n=5)])
    assert [word.text for word in placed(Kick=far)] == ["Kick", "Kick"]
    assert [word.text for word in placed(Kick=close)] == ["Kick"]
    assert [word.text for word in placed(Kick=unequal)] == ["Kick"]


def test_the_largest_cluster_comes_first():
    points = np.vstack([blob(0.2, 0.2, n=10), blob(0.8, 0.8, n=30)])
    (first, members), (second, _) = find_clusters(points, ["Kick"] * 10 + ["Snare"] * 30)
    assert (first, second) == ("Snare", "Kick")
    assert set(members) == set(range(10, 40))


def test_words_are_above_the_points_on_a_halo_in_the_colour_of_the_page():
    data = pd.DataFrame(
        {"label": ["a"], "title": "a", "x": 0.5, "y": 0.5, "file": "a.wav", "probability": 0.9, "index": 0}
    )
    _, halo, text = draw_map(data, ["a"], [Word("a", 0.5, 0.6, 8)], None, "#000000", "#ffffff").to_dict()["layer"]
    assert (halo["mark"]["stroke"], text["mark"]["color"]) == ("#ffffff", "#000000")
    assert "stroke" not in text["mark"]
