"""Pictures -> a trained network. Uses only Keras and NumPy, so any Keras backend runs it."""

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np

from training import augment
from training import network as network_module
from training.cache import fingerprint
from training.data import Example
from training.features import Features, to_float
from training.network import average_members, build_network


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, besides its data.

    Attributes
    ----------
    epochs : int
    sounds_per_epoch : int
        Drawn with replacement, balanced over classes and sources.
    batch_size : int
    learning_rate : float
        The peak: it rises over one epoch, then falls towards zero along a cosine.
    weight_decay : float
    label_smoothing : float
    source_balance : float
        0: every file has the same weight; 0.5: a source is weighted by the square root of its
        number of sounds; 1: every source has the same weight.
    kind_weight : float
        Weight of the kinds' loss beside that of the classes.
    members : int
        Number of networks; the answer is their mean.
    seed : int
    """

    epochs: int = 16
    sounds_per_epoch: int = 16_000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    source_balance: float = 0.5
    kind_weight: float = 0.3
    members: int = 2
    seed: int = 2023


def train_network(
    features: Features, classes: list[str], kinds: dict[str, list[str]], settings: Settings, checkpoints: Path
) -> tuple[keras.Model, list[float]]:
    """Train from the first to the last epoch; resumes from a checkpoint if there is one.

    No epoch is picked: the last weights are the result.

    Parameters
    ----------
    features : Features
        Only those of the training split.
    classes : list[str]
    kinds : dict[str, list[str]]
        Class -> its kinds, in the order of the classes; classes without kinds are left out.
    settings : Settings
    checkpoints : Path
        Folder; remove it once the result is saved.

    Returns
    -------
    network : keras.Model
        Its logits are those of the classes, then those of the kinds.
    losses : list[float]
        Mean training loss of each epoch.
    """
    keras.utils.set_random_seed(settings.seed)
    n_logits = len(classes) + sum(map(len, kinds.values()))
    network = build_network(features.images.shape[2:], n_logits, settings.members)
    print(f"{network.count_params():,} parameters, {len(features.examples)} sounds, {settings}", flush=True)
    losses = []
    for i, logits in enumerate(network.outputs):  # one after the other: side by side, they would crowd the cache
        member = keras.Model(network.input, logits, name=f"member_{i + 1}")
        of_member = replace(settings, seed=settings.seed + i)
        losses.append(_train_member(member, features, classes, kinds, of_member, checkpoints))
    return average_members(network), np.mean(losses, axis=0).tolist()


def _train_member(
    member: keras.Model,
    features: Features,
    classes: list[str],
    kinds: dict[str, list[str]],
    settings: Settings,
    checkpoints: Path,
) -> list[float]:
    """Train one member in place; returns the mean loss of each epoch."""
    batches = _Batches(features, classes, kinds, settings)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, settings.epochs * len(batches), warmup_target=settings.learning_rate, warmup_steps=len(batches)
    )
    member.compile(
        keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, clipnorm=1.0),
        two_level_loss([len(classes), *map(len, kinds.values())], settings),
    )
    sounds = [(str(example.path), example.label, example.kind) for example in features.examples]
    run = [member.name, classes, kinds, asdict(settings), features.images.shape, sounds]
    checkpoints = checkpoints / fingerprint(run, augment, network_module, sys.modules[__name__])
    checkpoints.mkdir(parents=True, exist_ok=True)
    log = checkpoints / "losses.csv"
    resuming = (checkpoints / "last").exists()
    member.fit(
        batches,
        epochs=settings.epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(checkpoints / "last", delete_checkpoint=False),
            keras.callbacks.CSVLogger(log, append=resuming),
            _Progress(member.name, settings.epochs, batches),
        ],
    )
    with log.open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def two_level_loss(sizes: list[int], settings: Settings) -> Callable:
    """Cross-entropy of the classes, and of the kinds within each class.

    Parameters
    ----------
    sizes : list[int]
        Number of classes, then of kinds in each class that has any: how the logits are divided.
    settings : Settings

    Returns
    -------
    function
        (targets, logits), both of shape (batch, sum of sizes) -> loss, shape (batch,). Where a sound is
        of no kind, or its kind is unknown, the kinds' targets are zero and cost nothing.
    """
    borders = np.cumsum([0, *sizes]).tolist()
    smoothing = settings.label_smoothing

    def loss(targets, logits):
        total = 0.0
        for i, (start, stop) in enumerate(pairwise(borders)):
            wanted = targets[:, start:stop]
            if not i:
                wanted = wanted * (1 - smoothing) + smoothing / (stop - start)
            entropy = -keras.ops.sum(wanted * keras.ops.log_softmax(logits[:, start:stop]), axis=-1)
            total = total + entropy * (settings.kind_weight if i else 1.0)
        return total

    return loss


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


def predict_logits(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Logits for stored pictures: (n, mel, time, 3) uint8 -> (n, n_classes + n_kinds) float32."""
    parts = [network.predict_on_batch(to_float(images[i : i + 256])) for i in range(0, len(images), 256)]
    return np.concatenate(parts)


class _Batches(keras.utils.PyDataset):
    """Balanced random batches; batch i of epoch e is the same in every run."""

    def __init__(self, features: Features, classes: list[str], kinds: dict[str, list[str]], settings: Settings):
        super().__init__()
        self.images = features.images
        columns = [(name, "") for name in classes] + [(name, kind) for name in kinds for kind in kinds[name]]
        truth = [{(e.label, ""), (e.label, e.kind)} for e in features.examples]
        self.targets = np.array([[column in both for column in columns] for both in truth], np.float32)
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


class _Progress(keras.callbacks.Callback):
    """Prints loss and time left after each epoch, and tells the batches which epoch it is, also after a resume."""

    def __init__(self, name: str, epochs: int, batches: _Batches):
        super().__init__()
        self.name, self.epochs, self.batches = name.replace("_", " "), epochs, batches
        self.first_epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = epoch
        if self.first_epoch is None:
            self.first_epoch, self.started = epoch, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1 - self.first_epoch
        left = (time.monotonic() - self.started) / done * (self.epochs - epoch - 1)
        print(
            f"{self.name}   epoch {epoch + 1:>3}/{self.epochs}   loss {logs['loss']:.4f}   {left / 60:5.1f} min left",
            flush=True,
        )
