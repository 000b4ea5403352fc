"""The colours of the light and the dark page, their font, and how figures get both.

Figures are `matplotlib.figure.Figure`, never pyplot's: the page runs in threads.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure

# The page's own font; then one that comes with Matplotlib, for characters Archivo lacks.
FONTS = ("Archivo", "DejaVu Sans")
for _file in (Path(__file__).parent / "fonts").glob("*.ttf"):
    font_manager.fontManager.addfont(_file)


@dataclass(frozen=True)
class Ink:
    """Colours of one theme. All but `faint` have a contrast of at least 4.5 to 1 with the background.

    Red, green and blue are those of the RGB spectrogram: pitch, body, attack.
    """

    background: str
    text: str
    faint: str
    red: str
    green: str
    blue: str


LIGHT = Ink("#ffffff", text="#15161c", faint="#dcdee6", red="#c42b3f", green="#157a3c", blue="#2450d8")
DARK = Ink("#0d0e13", text="#e9eaf2", faint="#2f323f", red="#ff7079", green="#46d17f", blue="#86a5ff")
STAGE = replace(DARK, background="#08090c")  # behind spectrogram and waveform, in both themes


def finish(figure: Figure, ink: Ink) -> Figure:
    """Make a figure transparent and frameless, in the page's font and a theme's colours."""
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(colors=ink.text, length=0, labelsize=10, labelfontfamily=FONTS)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set(color=ink.text, size=10)
        for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
            text.set_family(FONTS)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure


def to_png(figure: Figure, pixels_per_inch: int = 200) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    # The fastest compression: the best takes as long as drawing.
    figure.savefig(buffer, format="png", dpi=pixels_per_inch, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()
