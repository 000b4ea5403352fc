"""Fill the caches that a first visitor would wait for: ``python -m deploy.warm_up``, once, while the image is built."""

import contextlib
from pathlib import Path

import numpy as np

from drumclf import load_classifier
from drumclf.explain import grad_cam
from drumclf.onsets import find_onsets
from drumclf.plots import draw_probabilities, draw_spectrogram, draw_waveform, to_png

EXAMPLE = Path(__file__).resolve().parent.parent / "example_samples" / "snare_acoustic.wav"


def main() -> None:
    """Classify an example, draw its pictures and find hits, as the page does."""
    classifier = load_classifier()
    prediction = classifier.classify(EXAMPLE)
    to_png(draw_probabilities(prediction, classifier.titles))
    to_png(draw_waveform(prediction))
    to_png(draw_spectrogram(prediction, evidence=grad_cam(classifier, prediction, prediction.label)))
    with contextlib.suppress(ImportError):  # the lighter image has no librosa
        find_onsets(np.tile(prediction.clip.samples, 4))  # numba compiles parts of librosa: 15 s


if __name__ == "__main__":
    main()
