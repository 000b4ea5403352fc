"""Pictures -> a trained network. Uses only Keras and NumPy, so any Keras backend runs it."""

import csv
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np

from drumclf.classifier import softmax
from training import augment
from training import batches as batches_module
from training import network as network_module
from training.batches import Batches
from training.cache import fingerprint
from training.features import Features, to_float
from training.network import average_members, build_network, build_student
from training.settings import Settings


def train_network(
    features: Features, classes: list[str], kinds: dict[str, list[str]], settings: Settings, checkpoints: Path
) -> tuple[keras.Model, list[float]]:
    """Train the members and then the student, each to its last epoch; resumes from a checkpoint if there is one.

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
        The student, or the mean of the members if there is none. Its logits are those of the classes, then those of the
        kinds.
    losses : list[float]
        Its training loss in each epoch; if it is the mean of the members, the mean of theirs.
    """
    keras.utils.set_random_seed(settings.seed)
    n_logits = len(classes) + sum(map(len, kinds.values()))
    network = build_network(features.images.shape[2:], n_logits, settings.members)
    print(f"{network.count_params():,} parameters, {len(features.examples)} sounds, {settings}", flush=True)
    losses = []
    for i, logits in enumerate(network.outputs):  # one after the other: side by side, they would crowd the cache
        member = keras.Model(network.input, logits, name=f"member_{i + 1}")
        of_member = replace(settings, seed=settings.seed + i, student_epochs=0)
        losses.append(_train(member, features, classes, kinds, of_member, settings.epochs, checkpoints))
    if not settings.student_epochs:
        return average_members(network), np.mean(losses, axis=0).tolist()
    believed = members_beliefs(network, features, [len(classes), *map(len, kinds.values())])
    student = build_student(features.images.shape[2:], n_logits)
    print(f"student: {student.count_params():,} parameters", flush=True)
    of_student = replace(settings, seed=settings.seed + settings.members)
    losses = _train(student, features, classes, kinds, of_student, settings.student_epochs, checkpoints, believed)
    return average_members(student), losses


def members_beliefs(network: keras.Model, features: Features, sizes: list[int]) -> np.ndarray:
    """What the members think of each sound: the mean of their probabilities over all its variants.

    A sound that is retuned, distorted or cut out of a pattern is to get the same answer as the sound itself, and
    a label that the members do not believe is to count for less (Hinton, Vinyals and Dean, "Distilling the
    knowledge in a neural network", 2015).

    Parameters
    ----------
    network : keras.Model
        One output for each member, or one.
    features : Features
    sizes : list[int]
        Number of classes, then of kinds in each class that has any.

    Returns
    -------
    np.ndarray, shape (n, sum of sizes), float32
        Each of the parts sums to 1.
    """
    total = np.zeros((len(features.images), sum(sizes)), np.float32)
    n_variants = features.images.shape[1]
    for member in (keras.Model(network.input, logits) for logits in network.outputs):
        for variant in range(n_variants):
            logits = predict_logits(member, features.images[:, variant])
            for start, stop in pairwise(np.cumsum([0, *sizes])):
                total[:, start:stop] += softmax(logits[:, start:stop], 1.0)
    return total / (n_variants * len(network.outputs))


def _train(
    network: keras.Model,
    features: Features,
    classes: list[str],
    kinds: dict[str, list[str]],
    settings: Settings,
    epochs: int,
    checkpoints: Path,
    believed: np.ndarray | None = None,
) -> list[float]:
    """Train one network in place; returns the mean loss of each epoch."""
    batches = Batches(features, classes, kinds, settings, believed)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * len(batches), warmup_target=settings.learning_rate, warmup_steps=len(batches)
    )
    network.compile(
        keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, clipnorm=1.0),
        two_level_loss([len(classes), *map(len, kinds.values())], settings),
    )
    sounds = [(str(example.path), example.label, example.kind) for example in features.examples]
    run = [network.name, classes, kinds, asdict(settings), features.images.shape, sounds]
    checkpoints = checkpoints / fingerprint(run, augment, batches_module, network_module, sys.modules[__name__])
    checkpoints.mkdir(parents=True, exist_ok=True)
    log = checkpoints / "losses.csv"
    resuming = (checkpoints / "last").exists()
    network.fit(
        batches,
        epochs=epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(checkpoints / "last", delete_checkpoint=False),
            keras.callbacks.CSVLogger(log, append=resuming),
            _Progress(network.name, epochs, batches),
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


def predict_logits(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Logits for stored pictures: (n, mel, time, 3) uint8 -> (n, n_classes + n_kinds) float32."""
    parts = [network.predict_on_batch(to_float(images[i : i + 256])) for i in range(0, len(images), 256)]
    return np.concatenate(parts)


class _Progress(keras.callbacks.Callback):
    """Prints loss and time left after each epoch, and tells the batches which epoch it is, also after a resume."""

    def __init__(self, name: str, epochs: int, batches: Batches):
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
