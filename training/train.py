"""Pictures -> a trained network. Only keras and numpy: any Keras backend runs it."""

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from training import augment
from training import network as network_module
from training.cache import digest, fingerprint
from training.data import Example
from training.features import Features, to_float
from training.network import average_members, build_network


@dataclass(frozen=True)
class Settings:
    """What a training run depends on besides its data.

    Attributes
    ----------
    epochs : int
    sounds_per_epoch : int
        Drawn with replacement, balanced over classes and sources.
    batch_size : int
    learning_rate : float
        At its height: it rises over one epoch and falls towards zero along a cosine.
    weight_decay : float
    label_smoothing : float
    source_balance : float
        0: every file counts alike; 0.5: a source counts by the square root of its
        number of sounds; 1: every source counts alike.
    vary_pictures : bool
        Whether pictures are changed anew in every batch.
    agreement : float
        Weight of the divergence between the answers to two variants of one sound; 0: every
        picture by itself.
    weights_average : float
        Momentum of a running average of the weights, which is the result; 0: the last weights are.
    members : int
        How many networks there are, whose mean is the answer.
    width : float
        How many times the channels of a network there are.
    position_pooling : bool
        Whether the network weighs where on the picture things happen.
    seed : int
    """

    epochs: int = 15
    sounds_per_epoch: int = 9_600
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    source_balance: float = 0.5
    vary_pictures: bool = True
    agreement: float = 0.0
    weights_average: float = 0.0
    members: int = 2
    width: float = 1.0
    position_pooling: bool = True
    seed: int = 2023


def train_network(
    features: Features,
    classes: list[str],
    settings: Settings,
    checkpoints: Path,
    opinions: np.ndarray | None = None,
    start: keras.Model | None = None,
    loss: Callable | None = None,
) -> tuple[keras.Model, list[float]]:
    """Train from the first to the last epoch, going on from a checkpoint where one is left.

    Nothing is chosen on the way: the last weights are the result.

    Parameters
    ----------
    features : Features
        Of the training split only.
    checkpoints : Path
        Folder; remove it when the result is safe.
    opinions : np.ndarray, shape (n, variants, n_classes), optional
        What teachers hold each picture to be, as probabilities: half of the target, beside the label.
    start : keras.Model, optional
        A network of the same shape, from whose weights to go on; only the logits begin anew.
    loss : function, optional
        Of the targets and the outputs of a batch, in place of the one that `settings` describes.

    Returns
    -------
    network : keras.Model
    losses : list[float]
        Mean training loss of each epoch.
    """
    keras.utils.set_random_seed(settings.seed)
    batches = _Batches(features, classes, settings, opinions)
    network = build_network(
        features.images.shape[2:], len(classes), settings.members, settings.width, settings.position_pooling
    )
    if start is not None:
        _take_weights(network, start)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, settings.epochs * len(batches), warmup_target=settings.learning_rate, warmup_steps=len(batches)
    )
    network.compile(
        keras.optimizers.AdamW(
            schedule,
            weight_decay=settings.weight_decay,
            clipnorm=1.0,
            use_ema=settings.weights_average > 0,
            ema_momentum=settings.weights_average,
        ),
        [loss or _loss(settings)] * settings.members,
    )
    run = [
        classes,
        asdict(settings),
        features.images.shape,
        [(str(example.path), example.label) for example in features.examples],
    ]
    run.append(None if opinions is None else digest([opinions]))
    run.append(None if start is None else digest(start.get_weights()))
    checkpoints = checkpoints / fingerprint(run, augment, network_module, sys.modules[__name__])
    checkpoints.mkdir(parents=True, exist_ok=True)
    log = checkpoints / "losses.csv"
    resuming = (checkpoints / "last").exists()
    print(f"{network.count_params():,} parameters, {len(features.examples)} sounds, {settings}", flush=True)
    network.fit(
        batches,
        epochs=settings.epochs,
        verbose=0,
        shuffle=False,
        callbacks=[
            keras.callbacks.BackupAndRestore(checkpoints / "last", delete_checkpoint=False),
            keras.callbacks.CSVLogger(log, append=resuming),
            _Progress(settings, batches),
        ],
    )
    with log.open(newline="") as file:
        losses = [float(row["loss"]) / settings.members for row in csv.DictReader(file)]
    return average_members(network), losses


def sampling_weights(examples: list[Example], source_balance: float = 0.5) -> np.ndarray:
    """How often each example is drawn, so that no class and no source dominates.

    A class counts by the fourth root of its number of sounds: half way to what people own,
    so that a doubtful hit is rather the common drum than the rare one. A source within a class
    counts as `source_balance` says (see `Settings`), so that no producer's habits become the rule.

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
    """Logits for stored pictures: (n, mel, time, 3) uint8 -> (n, n_classes) float32."""
    parts = [network.predict_on_batch(to_float(images[i : i + 256])) for i in range(0, len(images), 256)]
    return np.concatenate(parts)


def _take_weights(network: keras.Model, start: keras.Model) -> None:
    """All but the logits' weights."""
    for layer, trained in zip(network.layers, start.layers, strict=False):  # start may end in a mean of members
        if not layer.name.startswith("logits"):
            layer.set_weights(trained.get_weights())


def _loss(settings: Settings):
    """Cross-entropy and, for a batch in pairs, how far the two answers of each pair are apart.

    A sound is the same drum at another pitch or in another room: asking for equal answers
    teaches that also where the label itself is doubtful (Laine & Aila 2017). The
    distance is the symmetric Kullback-Leibler divergence, in nats.
    """

    def loss(targets, logits):
        error = keras.losses.categorical_crossentropy(
            targets, logits, from_logits=True, label_smoothing=settings.label_smoothing
        )
        if not settings.agreement:
            return error
        first, second = keras.ops.split(keras.ops.log_softmax(logits), 2)
        apart = keras.ops.sum((keras.ops.exp(first) - keras.ops.exp(second)) * (first - second), axis=-1) / 2
        return error + settings.agreement * keras.ops.concatenate([apart, apart])

    return loss


class _Batches(keras.utils.PyDataset):
    """Balanced random batches; batch i of epoch e is the same in every run."""

    def __init__(self, features: Features, classes: list[str], settings: Settings, opinions: np.ndarray | None):
        super().__init__()
        self.images = features.images
        labels = np.eye(len(classes), dtype=np.float32)[[classes.index(e.label) for e in features.examples]]
        self.targets = np.repeat(labels[:, None], self.images.shape[1], axis=1)
        if opinions is not None:
            self.targets = (self.targets + opinions.astype(np.float32)) / 2
        self.cumulative = np.cumsum(sampling_weights(features.examples, settings.source_balance))
        self.settings = settings
        self.epoch = 0

    def __len__(self) -> int:
        return self.settings.sounds_per_epoch // self.settings.batch_size

    def __getitem__(self, index: int):
        rng = np.random.default_rng((self.settings.seed, self.epoch, index))
        in_pairs = self.settings.agreement > 0
        n = self.settings.batch_size // (2 if in_pairs else 1)
        chosen = np.searchsorted(self.cumulative, rng.random(n) * self.cumulative[-1])
        if in_pairs:
            chosen = np.tile(chosen, 2)
        variants = rng.integers(self.images.shape[1], size=len(chosen))
        images, targets = to_float(self.images[chosen, variants]), self.targets[chosen, variants]
        if self.settings.vary_pictures:
            images, targets = augment.vary_batch(images, targets, rng, in_pairs)
        return images, (targets,) * self.settings.members  # one for each member's logits


class _Progress(keras.callbacks.Callback):
    """One line an epoch: loss and the time left. Tells the batches which epoch it is, also after a resume."""

    def __init__(self, settings: Settings, batches: _Batches):
        super().__init__()
        self.epochs, self.members, self.batches = settings.epochs, settings.members, batches
        self.first_epoch = None

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = epoch
        if self.first_epoch is None:
            self.first_epoch, self.started = epoch, time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        done = epoch + 1 - self.first_epoch
        left = (time.monotonic() - self.started) / done * (self.epochs - epoch - 1)
        print(
            f"epoch {epoch + 1:>3}/{self.epochs}   loss {logs['loss'] / self.members:.4f}   {left / 60:5.1f} min left",
            flush=True,
        )
