"""Fill the caches that a first visitor would wait for: ``python -m page.warm_up``.

Runs while the image is built, and when `make app` makes its environment.
"""

from pathlib import Path

import numpy as np

from drumclf import load_classifier
from drumclf.drawing.share_card import draw_share_card, png
from drumclf.explain import grad_cam
from drumclf.hits.slices import slice_hits

EXAMPLE = Path(__file__).resolve().parent.parent / "example_samples" / "snare_acoustic.wav"


def main() -> None:
    """Classify an example, find the evidence for it, draw its picture and slice a loop, as the page does."""
    classifier = load_classifier()
    prediction = classifier.classify(EXAMPLE)
    grad_cam(classifier, prediction)
    png(draw_share_card(prediction, classifier, EXAMPLE.name))
    slice_hits(np.tile(prediction.clip.samples, 4))  # numba compiles parts of librosa: 15 s


if __name__ == "__main__":
    main()
