from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import findfont
from matplotlib.text import Text

from drumclf.drawing.ink import DARK, LIGHT, STAGE
from drumclf.drawing.report_figures import draw_confusion, draw_coverage


def luminance(colour):
    """Relative luminance, as WCAG 2.2 defines it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ink", [LIGHT, DARK, STAGE])
@pytest.mark.parametrize("colour", ["text", "red", "green", "blue"])
def test_text_can_be_read(ink, colour):
    assert contrast(getattr(ink, colour), ink.background) >= 4.5  # WCAG 2.2, success criterion 1.4.3


@pytest.mark.parametrize("ink", [LIGHT, DARK])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_numbers_of_the_confusion_matrix_can_be_read(ink, share):
    result = {"classes": ["a", "b"], "confusion": [[100 * share, 100 * (1 - share)], [0, 100]]}
    figure = draw_confusion(result, {"a": "A", "b": "B"}, ink)
    page = np.array(to_rgb(ink.background))
    for cell in figure.axes[0].patches:
        *color, alpha = cell.get_facecolor()
        assert contrast(to_hex(alpha * np.array(color) + (1 - alpha) * page), ink.text) >= 4.5


def test_figures_are_set_in_the_font_of_the_page():
    result = {"classes": ["a", "b"], "confusion": [[9, 1], [0, 9]]}
    for figure in (
        draw_confusion(result, {"a": "A", "b": "B"}),
        draw_coverage([[0.5, 0.9], [1.0, 0.8]]),
    ):
        figure.draw_without_rendering()
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        assert {Path(findfont(text.get_fontproperties())).stem for text in texts} <= {
            "archivo-regular", "archivo-bold"
        }  # fmt: skip
