"""What a network is shown while it learns: balanced random batches of varied pictures."""

from collections import Counter
from itertools import pairwise

import keras
import numpy as np

from training import augment
from training.data import Example
from training.features import Features, to_float
from training.settings import Settings


class Batches(keras.utils.PyDataset):
    """Balanced random batches; batch i of epoch e is the same in every run.

    Parameters
    ----------
    features : Features
    classes : list[str]
    kinds : dict[str, list[str]]
    settings : Settings
    believed : np.ndarray, shape (n, n_classes + n_kinds), float32, optional
        What the members think of each sound, as from `training.train.members_beliefs`; half of each target.
    """

    def __init__(
        self,
        features: Features,
        classes: list[str],
        kinds: dict[str, list[str]],
        settings: Settings,
        believed: np.ndarray | None = None,
    ):
        super().__init__()
        self.images = features.images
        columns = [(name, "") for name in classes] + [(name, kind) for name in kinds for kind in kinds[name]]
        truth = [{(e.label, ""), (e.label, e.kind)} for e in features.examples]
        self.targets = np.array([[column in both for column in columns] for both in truth], np.float32)
        if believed is not None:
            self.targets = halfway(self.targets, believed, [len(classes), *map(len, kinds.values())])
        self.cumulative = np.cumsum(sampling_weights(features.examples, settings.source_balance))
        self.settings = settings
        self.epoch = 0

    def __len__(self) -> int:
        return self.settings.sounds_per_epoch // self.settings.batch_size

    def __getitem__(self, index: int):
        rng = np.random.default_rng((self.settings.seed, self.epoch, index))
        chosen = np.searchsorted(self.cumulative, rng.random(self.settings.batch_size) * self.cumulative[-1])
        variants = rng.integers(self.images.shape[1], size=len(chosen))
        images, targets = augment.vary_batch(to_float(self.images[chosen, variants]), self.targets[chosen], rng)
        return images, targets


def sampling_weights(examples: list[Example], source_balance: float = 0.5) -> np.ndarray:
    """Probability of drawing each example, so that no class and no source dominates.

    A class is weighted by the fourth root of its number of sounds: part of the way towards what people
    own, so that an ambiguous hit is called the common drum rather than the rare one. A source within a
    class is weighted by `source_balance` (see `Settings`), so that no producer's habits become the rule.

    Returns
    -------
    np.ndarray, shape (n,), float64
        Sums to 1.
    """
    cells = [(example.label, example.source or example.kit) for example in examples]
    sizes = Counter(cells)
    weights = np.array([sizes[cell] ** -source_balance for cell in cells])
    labels = np.array([example.label for example in examples])
    for label in np.unique(labels):
        chosen = labels == label
        weights[chosen] *= chosen.sum() ** 0.25 / weights[chosen].sum()
    return weights / weights.sum()


def halfway(targets: np.ndarray, believed: np.ndarray, sizes: list[int]) -> np.ndarray:
    """The mean of labels and beliefs; where a sound has no label, it still has none.

    Parameters
    ----------
    targets, believed : np.ndarray, shape (n, sum of sizes), float32
    sizes : list[int]
        Number of classes, then of kinds in each class that has any.

    Returns
    -------
    np.ndarray
        Shape and dtype as given.
    """
    mean = (targets + believed) / 2
    for start, stop in pairwise(np.cumsum([0, *sizes])):
        mean[~targets[:, start:stop].any(axis=1), start:stop] = 0
    return mean
