"""A bar of the drums in `synthesis.drums`, played twice: the example loop."""

import numpy as np

from synthesis.drums import EXAMPLES
from synthesis.parts import SAMPLE_RATE

TEMPO = 116  # quarter notes per minute
# Name of a drum -> its sixteenths, and its level.
BAR = {
    "kick_analogue": ("x.......x.x.....", 1.0),
    "snare_acoustic": ("....x.......x...", 0.8),
    "closed_hat_analogue": ("..x...x.......x.", 0.45),
}
BARS = 2


def beat() -> np.ndarray:
    """The loop, shape (n,), float64, peak 0.9."""
    step = round(60 / TEMPO / 4 * SAMPLE_RATE)
    loop = np.zeros(16 * BARS * step)
    for name, (bar, level) in BAR.items():
        drum = level * EXAMPLES[name][2]()
        for k in [i for i, sign in enumerate(BARS * bar) if sign == "x"]:
            piece = drum[: len(loop) - k * step]
            loop[k * step : k * step + len(piece)] += piece
    return 0.9 * loop / np.abs(loop).max()


def grid() -> np.ndarray:
    """Picture of the bar, one row per drum and one column per sixteenth. Shape (rows, columns, 3), uint8."""
    colors = [(255, 75, 85), (47, 209, 111), (74, 124, 255)]
    picture = np.full((len(BAR), 16, 3), 24, np.uint8)
    for row, (bar, _) in enumerate(BAR.values()):
        picture[row, [sign == "x" for sign in bar]] = colors[row]
    return picture
