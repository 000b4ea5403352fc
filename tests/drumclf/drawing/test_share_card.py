import dataclasses
import io
import warnings
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf import constants as c
from drumclf.audio import Clip
from drumclf.drawing.share_card import draw_pattern_card, draw_share_card, png, writable
from drumclf.drawing.waveform import shown_duration, waveform_colors
from drumclf.hits.find import Hit, Recording
from drumclf.names import shortened, visible

PATTERN = ["kick_analogue.wav", "closed_hat_analogue.wav", "snare_acoustic.wav", "kick_analogue.wav"]
NAMES = [
    "",
    "kick.wav",
    "$\\frac{1}{0}$ _^ 100% #.wav",
    "キック・ドラム 重い 01.wav",
    "とても長い名前" * 20,
    "ركلة ثقيلة جدا.wav",
    "\u202egpj.kick.wav",
    "line\nbreak\ttab\x00.wav",
    "🥁🔥.wav",
    "\ud800 half.wav",
    "a" * 100 + ".wav",
]


@pytest.fixture(scope="module")
def prediction(classifier):
    return classifier.classify(EXAMPLES / "clap_hands.wav")


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_card_is_1200_by_675_and_opaque(classifier, prediction):
    data = png(draw_share_card(prediction, classifier, "clap.wav"))
    picture = matplotlib.image.imread(io.BytesIO(data))
    assert picture.shape == (675, 1200, 4)
    assert picture[..., 3].min() == 1


@pytest.mark.parametrize(
    ("decision", "headline"), [(("clap",), "Clap"), (("clap", "snare"), "Clap or snare"), ((), "Not sure")]
)
def test_the_verdict_is_the_headline(classifier, prediction, decision, headline):
    probabilities = dict.fromkeys(classifier.classes, 0.0) | {"clap": 0.6, "snare": 0.4}
    other = dataclasses.replace(prediction, label="clap", decision=decision, kind=None, probabilities=probabilities)
    shown = texts(draw_share_card(other, classifier, "a.wav"))
    assert shown[:2] == [headline, "60%" if len(decision) == 1 else ""]
    assert {"a.wav", "drumclf", "pitch", "body", "attack", "60%", "40%"} <= set(shown)


def test_the_card_draws_what_the_network_saw_in_its_colours(classifier, prediction):
    card = draw_share_card(prediction, classifier, "a.wav")
    wave, picture = (next(iter(axes.images)) for axes in card.axes if axes.images)
    duration = c.PRE_ONSET + shown_duration(prediction)
    colors = wave.get_array()[0]
    assert (colors == waveform_colors(prediction.spectrogram, duration, len(colors))).all()
    cells = {tuple(cell) for cell in prediction.spectrogram.reshape(-1, 3).tolist()}
    assert {tuple(cell) for cell in picture.get_array().reshape(-1, 3).tolist()} <= cells
    assert wave.axes.get_xlim() == picture.axes.get_xlim()
    outline = next(axes for axes in card.axes if axes.images).collections[0].get_paths()[0].vertices
    assert abs(outline[np.abs(outline[:, 1]) > 0.2, 0].min()) < 10  # the hit is at 0 ms


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_drawn_without_a_warning(classifier, prediction, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png(draw_share_card(prediction, classifier, name))


@pytest.mark.parametrize(
    "titles", [{}, {"clap": "Something with a very long title that was given by a user"}], ids=["ours", "long"]
)
def test_the_text_stays_on_the_card_and_off_its_neighbours(classifier, prediction, titles):
    named = SimpleNamespace(
        titles=classifier.titles | titles, kind_titles=classifier.kind_titles, thresholds=classifier.thresholds
    )
    figure = draw_share_card(prediction, named, "W" * 100)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert min(box.x0 for box in boxes) >= 40
    assert max(box.x1 for box in boxes) <= 1160
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_waveform_and_spectrogram_share_their_time_axis(classifier, prediction):
    waveform, spectrogram = draw_share_card(prediction, classifier, "a").axes[1:]
    assert waveform.get_xlim() == spectrogram.get_xlim()
    assert np.allclose(waveform.get_position().intervalx, spectrogram.get_position().intervalx)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("kick.wav", "kick.wav"),
        ("キック 重い 01.wav", "… 01.wav"),
        ("キック.wav", ""),
        ("🥁 hat.wav", "… hat.wav"),
        ("Größe №5.wav", "Größe №5.wav"),
    ],
)
def test_what_the_font_lacks_is_left_out(name, shown):
    assert writable(visible(name)) == shown


def test_a_long_name_loses_its_middle():
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert shortened("abcdefghijk", 10) == "abcde…hijk"


def test_a_pattern_has_a_mark_for_each_hit_in_the_row_of_its_class(classifier):
    hits = [Hit(0.5 * i, classifier.classify(EXAMPLES / file)) for i, file in enumerate(PATTERN)]
    clip = Clip(np.ones(2 * c.SAMPLE_RATE, np.float32), 0.0, True)
    figure = draw_pattern_card(Recording(clip, tuple(hits)), classifier.titles, "A loop of 4 hits", "loop.wav")
    assert matplotlib.image.imread(io.BytesIO(png(figure))).shape[:2] == (675, 1200)
    kick, hat, snare, again = [mark.get_bbox() for mark in figure.axes[0].patches]
    assert kick.x0 < hat.x0 < snare.x0 < again.x0
    assert kick.y0 == again.y0 < snare.y0 < hat.y0
    assert {"A loop of 4 hits", "loop.wav", "Kick", "Snare", "Closed hat"} <= set(texts(figure))
