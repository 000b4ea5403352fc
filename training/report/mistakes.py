"""The mistakes that a visitor would mind most: sounds on which the model is sure and wrong."""

from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np
from matplotlib.figure import Figure

from drumclf.classifier import softmax
from drumclf.decision import decide, format_percent
from training.data import Example
from training.features import Features, to_float
from training.train import predict_logits

_PER_SOURCE = 2  # or one odd maker would fill the list


@dataclass(frozen=True)
class Mistake:
    """A sound, its picture, and what it was taken for.

    Attributes
    ----------
    example : Example
    image : np.ndarray, shape (mel, time, 3), float32 in [0, 1]
    heard : str
        The class that the model decided on.
    probability : float
    """

    example: Example
    image: np.ndarray
    heard: str
    probability: float


def find_mistakes(network: keras.Model, features: Features, metadata: dict, n: int = 10) -> list[Mistake]:
    """The wrong decisions for one class, most probable first; at most two sounds of a source.

    Parameters
    ----------
    network : keras.Model
    features : Features
        Of the `report` part.
    metadata : dict
        Classes, calibration and thresholds, as in ``metadata.json``.
    n : int
        At most so many.
    """
    classes, images = metadata["classes"], features.images[:, 0]
    logits = predict_logits(network, images)[:, : len(classes)] if len(images) else np.zeros((0, len(classes)))
    probabilities = softmax(logits, metadata["calibration"]["temperature"])
    found, of_source = [], Counter()
    for i in np.argsort(-probabilities.max(axis=1)):
        example, by_name = features.examples[i], dict(zip(classes, probabilities[i].tolist(), strict=True))
        decision = decide(by_name, metadata["thresholds"])
        if len(decision) != 1 or decision[0] == example.label or of_source[example.source] == _PER_SOURCE:
            continue
        of_source[example.source] += 1
        found.append(Mistake(example, to_float(images[i]), decision[0], by_name[decision[0]]))
    return found[:n]


def draw_mistakes(mistakes: list[Mistake], titles: dict[str, str]) -> Figure:
    """What the network saw of each, five in a row."""
    n_rows = -(-len(mistakes) // 5)
    figure = Figure(figsize=(11, 2.7 * n_rows), layout="constrained")
    for axes, mistake in zip(figure.subplots(n_rows, 5, squeeze=False).flat, mistakes, strict=False):
        axes.imshow(mistake.image, origin="lower", aspect="auto", interpolation="nearest")
        said = f"{titles[mistake.heard]} {format_percent(mistake.probability)}"
        axes.set_title(f"{titles[mistake.example.label]}, taken for\n{said}", size=9)
        axes.set_xlabel(_shortened(mistake.example.source), size=7)
    for axes in figure.axes:
        axes.set(xticks=[], yticks=[])
        if not axes.images:
            axes.remove()
    return figure


def _shortened(text: str, most: int = 30) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
