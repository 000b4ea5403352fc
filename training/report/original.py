"""The 2023 demo that this project replaces, retrained: its front end, its network and its bug.

A linear mel power spectrogram of 128 bands by 100 frames, copied to three planes, and three
plain convolutions. Its training data was divided by its standard deviation; its
validation data and every sound it was asked about were not. "Fixed" means that they are.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import librosa
import numpy as np
import soundfile
from keras import layers

from drumclf.constants import CORE_CLASSES
from training.cache import fingerprint
from training.data import TRAIN, Example

SOURCE = "h3"
_SAMPLE_RATE, _BANDS, _FRAMES = 22_050, 128, 100
_EPOCHS, _BATCH_SIZE, _SEED = 20, 32, 2023


@dataclass(frozen=True)
class Original:
    """The retrained demo.

    Attributes
    ----------
    network : keras.Model
    scale : float
        Standard deviation of its training pictures.
    history : dict[str, list[float]]
        Loss and accuracy of each epoch: ``val_`` on validation data as it saw them, ``fixed_``
        with the same weights on validation data scaled like the training data.
    random_split : dict[str, float]
        Accuracy on its own random test split: ``served`` with the bug, ``fixed`` without it.
    """

    network: keras.Model
    scale: float
    history: dict[str, list[float]]
    random_split: dict[str, float]

    def logits(self, pictures: np.ndarray, fixed: bool) -> np.ndarray:
        """Log probabilities of the core five, as served or with the scaling fixed."""
        scaled = pictures / self.scale if fixed else pictures
        return np.log(self.network.predict(scaled, verbose=0) + 1e-12)


def prepare(samples: np.ndarray) -> np.ndarray:
    """Its front end: waveform -> (128, 100, 3) float32, from the first 2.3 s.

    The original fails on longer sounds. They are cut here, in its favour.
    """
    power = librosa.feature.melspectrogram(y=samples, sr=_SAMPLE_RATE, n_mels=_BANDS)[:, :_FRAMES]
    picture = np.zeros((_BANDS, _FRAMES, 3), np.float32)
    for i in range(power.shape[0]):  # its own loop, value by value
        for j in range(power.shape[1]):
            for plane in range(3):
                picture[i, j, plane] = power[i, j]
    return picture


def read_pictures(examples: list[Example]) -> np.ndarray:
    """Pictures of core sounds: (n, 128, 100, 3) float32."""
    pictures = np.zeros((len(examples), _BANDS, _FRAMES, 3), np.float32)
    for row, example in enumerate(examples):
        samples, rate = soundfile.read(example.path, dtype="float32", always_2d=True)
        mono = librosa.resample(samples.mean(axis=1), orig_sr=rate, target_sr=_SAMPLE_RATE)
        power = librosa.feature.melspectrogram(y=mono, sr=_SAMPLE_RATE, n_mels=_BANDS)[:, :_FRAMES]
        pictures[row, :, : power.shape[1]] = power[..., None]
    return pictures


def build_original() -> keras.Model:
    """Its network: 2.47 million parameters; gives probabilities of the core five."""
    return keras.Sequential(
        [
            keras.Input((_BANDS, _FRAMES, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(len(CORE_CLASSES), activation="softmax"),
        ]
    )


def train_original(examples: list[Example], cache: Path) -> Original:
    """Retrain it on its own sounds, with its own random split.

    Parameters
    ----------
    examples : list[Example]
        The corpus; only training sounds from its producer are used.
    cache : Path
        Folder where the result is kept between runs.
    """
    own = [e for e in examples if e.source == SOURCE and e.split == TRAIN and e.label in CORE_CLASSES]
    cache = cache / fingerprint([str(example.path) for example in own], sys.modules[__name__])
    network_file, history_file = cache / "original.keras", cache / "original.npz"
    if not history_file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        network, arrays = _train(own)
        network.save(network_file)
        np.savez(history_file, **arrays)
    arrays = dict(np.load(history_file))
    history = {k: v.tolist() for k, v in arrays.items() if v.ndim}
    singles = {k: float(v) for k, v in arrays.items() if not v.ndim}
    return Original(
        keras.saving.load_model(network_file),
        singles.pop("scale"),
        history,
        {k: round(v, 4) for k, v in singles.items()},
    )


def _train(examples: list[Example]) -> tuple[keras.Model, dict[str, np.ndarray]]:
    keras.utils.set_random_seed(_SEED)
    pictures = read_pictures(examples)
    targets = np.array([CORE_CLASSES.index(example.label) for example in examples])
    order = np.random.default_rng(_SEED).permutation(len(examples))
    test, rest = np.split(order, [len(order) // 4])
    valid, train = np.split(rest, [len(rest) // 4])
    scale = pictures[train].std()
    network = build_original()
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    rescaled = {"fixed_loss": [], "fixed_accuracy": []}

    def look_again(epoch, logs):
        loss, accuracy = network.evaluate(pictures[valid] / scale, targets[valid], verbose=0)
        rescaled["fixed_loss"].append(loss)
        rescaled["fixed_accuracy"].append(accuracy)
        print(f"the original, epoch {epoch + 1:>2}/{_EPOCHS}   loss {logs['loss']:.3f}   "
              f"validation {logs['val_loss']:.3f} as served, {loss:.3f} fixed", flush=True)  # fmt: skip

    fitted = network.fit(
        pictures[train] / scale,
        targets[train],
        validation_data=(pictures[valid], targets[valid]),
        batch_size=_BATCH_SIZE,
        epochs=_EPOCHS,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look_again)],
    )
    served = network.evaluate(pictures[test], targets[test], verbose=0)[1]
    fixed = network.evaluate(pictures[test] / scale, targets[test], verbose=0)[1]
    return network, fitted.history | rescaled | {"scale": scale, "served": served, "fixed": fixed}
