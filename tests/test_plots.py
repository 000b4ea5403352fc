import io
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from conftest import EXAMPLES
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import findfont
from matplotlib.text import Text

from drumclf import constants as c
from drumclf import plots
from drumclf.report_card import draw_confusion, draw_coverage
from drumclf.waveform import shown_duration, waveform_colors


@pytest.fixture(scope="module")
def prediction(classifier):
    return classifier.classify(EXAMPLES / "open_hat_acoustic.wav")


def pixels(figure):
    return matplotlib.image.imread(io.BytesIO(plots.to_png(figure)))


@pytest.mark.parametrize("ink", [plots.LIGHT, plots.DARK])
def test_spectrogram_shows_the_colours_that_the_network_saw(prediction, ink):
    figure = plots.draw_spectrogram(prediction, ink)
    shown = figure.axes[0].images[0].get_array()
    assert set(map(tuple, shown.reshape(-1, 3).tolist())) <= set(
        map(tuple, prediction.spectrogram.reshape(-1, 3).tolist())
    )
    assert pixels(figure)[..., 3].min() == 0  # transparent around the picture


def test_waveform_and_spectrogram_share_their_time_axis(prediction):
    waveform, spectrogram = plots.draw_waveform(prediction), plots.draw_spectrogram(prediction)
    assert waveform.axes[0].get_xlim() == spectrogram.axes[0].get_xlim()
    for edge in ("x0", "x1"):
        assert getattr(waveform.axes[0].get_position(), edge) == getattr(spectrogram.axes[0].get_position(), edge)


def test_waveform_starts_at_the_onset(prediction):
    path = plots.draw_waveform(prediction).axes[0].collections[0].get_paths()[0]
    loud = path.vertices[np.abs(path.vertices[:, 1]) > 0.2]
    assert abs(loud[:, 0].min()) < 10  # milliseconds


def test_probabilities_are_all_there(classifier, prediction):
    figure = plots.draw_probabilities(prediction, classifier.titles)
    bars = figure.axes[0].containers[1]
    assert np.allclose([bar.get_width() for bar in bars], list(prediction.probabilities.values()))
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == [classifier.titles[k] for k in classifier.classes]


@pytest.mark.parametrize(("probability", "text"), [(0.973, "97%"), (0.5, "50%"), (0.0001, "<1%"), (0.9999, ">99%")])
def test_percent_never_promises(probability, text):
    assert plots.format_percent(probability) == text


def luminance(colour):
    """Relative, as WCAG 2.2 defines it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ink", [plots.LIGHT, plots.DARK, plots.STAGE])
@pytest.mark.parametrize("colour", ["text", "red", "green", "blue"])
def test_text_can_be_read(ink, colour):
    assert contrast(getattr(ink, colour), ink.background) >= 4.5  # WCAG 2.2, success criterion 1.4.3


@pytest.mark.parametrize("ink", [plots.LIGHT, plots.DARK])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_numbers_of_the_confusion_matrix_can_be_read(ink, share):
    result = {"classes": ["a", "b"], "confusion": [[100 * share, 100 * (1 - share)], [0, 100]]}
    figure = draw_confusion(result, {"a": "A", "b": "B"}, ink)
    page = np.array(to_rgb(ink.background))
    for cell in figure.axes[0].patches:
        *color, alpha = cell.get_facecolor()
        assert contrast(to_hex(alpha * np.array(color) + (1 - alpha) * page), ink.text) >= 4.5


def test_figures_are_set_in_the_font_of_the_page(classifier, prediction):
    result = {"classes": ["a", "b"], "confusion": [[9, 1], [0, 9]]}
    for figure in (
        draw_confusion(result, {"a": "A", "b": "B"}),
        draw_coverage([[0.5, 0.9], [1.0, 0.8]]),
        plots.draw_probabilities(prediction, classifier.titles),
    ):
        figure.draw_without_rendering()
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        assert {Path(findfont(text.get_fontproperties())).stem for text in texts} <= {
            "archivo-regular", "archivo-bold"
        }  # fmt: skip


def test_waveform_and_spectrogram_stand_on_the_stage_in_both_themes(prediction):
    for draw in (plots.draw_waveform, plots.draw_spectrogram):
        picture = pixels(draw(prediction, plots.LIGHT))
        rows, columns = picture.shape[:2]
        # Well inside the axes, right of the sound's tail and off the middle line: empty.
        assert picture[rows // 5, int(0.95 * columns), :3] == pytest.approx(to_rgb(plots.STAGE.background), abs=0.06)
        assert picture[rows // 5, int(0.95 * columns), 3] == 1


def test_waveform_has_the_colours_of_its_picture(prediction):
    (image,) = plots.draw_waveform(prediction).axes[0].images
    duration = c.PRE_ONSET + shown_duration(prediction)
    assert (image.get_array()[0] == waveform_colors(prediction.spectrogram, duration, 1400)).all()
