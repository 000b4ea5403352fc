"""Synthetic drums as training examples: the sounds of `synthesis.recipes`, written once and labelled."""

from pathlib import Path

import soundfile

from synthesis import parts, recipes
from training.cache import fingerprint
from training.data import SYNTHETIC, TRAIN, Example


def synthetic_examples(classes: list[str], n_each: int, folder: Path) -> list[Example]:
    """Write `n_each` sounds of every class that there is a recipe for.

    Returns
    -------
    list[Example]
        In the training split, source ``synthetic``.
    """
    examples = []
    folder = folder / fingerprint(SYNTHETIC, parts, recipes)
    for label in [name for name in classes if name in recipes.RECIPES]:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for i in range(n_each):
            path = folder / label / f"{i}.wav"
            soundfile.write(path, recipes.make_drum(label, i), parts.SAMPLE_RATE)
            examples.append(Example(path, label, SYNTHETIC, SYNTHETIC, TRAIN, "permissive"))
    return examples
