"""Trained model + sound -> prediction."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, Source, read_clip
from drumclf.decision import decide
from drumclf.model_folder import MODEL_FOLDER, ModelError, read_metadata
from drumclf.parallel import WORKERS, in_batches, map_ahead
from drumclf.spectrogram import find_onset, rgb_spectrogram
from drumclf.turns import Turns

_TENSORFLOW_SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # The network is so small that sharing one sound among threads costs more than it saves.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""Read by TensorFlow when it is first imported; what the environment says already stays."""
_BATCH_SIZE = 8
"""Sounds that go through the network together; more of them no longer fit a core's cache and take longer each."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model says of one sound.

    Attributes
    ----------
    label : str
        Name of the most probable class.
    probabilities : dict[str, float]
        Calibrated probability of every class, in class order; they sum to 1.
    decision : tuple of str
        What can be said with the precision that the model's thresholds were chosen for:
        the label alone; or two classes, the likelier first; or nothing.
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
        The picture that the network saw.
    clip : Clip
        The sound that the picture was made of.
    embedding : np.ndarray, shape (n,), float32
        The network's last vector before the classes, of length 1: near for sounds that are alike.
    onset : float
        Where in the clip the hit begins, in seconds.
    """

    label: str
    probabilities: dict[str, float]
    decision: tuple[str, ...]
    spectrogram: np.ndarray = field(repr=False)
    clip: Clip = field(repr=False)
    embedding: np.ndarray = field(repr=False)
    onset: float

    @property
    def is_sure(self) -> bool:
        """Whether the decision is the label alone."""
        return len(self.decision) == 1

    @property
    def probability(self) -> float:
        """Probability of the label."""
        return self.probabilities[self.label]


class Classifier:
    """A loaded model. Make one with `load_classifier`; it may be shared by threads.

    Attributes
    ----------
    classes : tuple[str, ...]
        Names of the classes, in the order of the network's outputs.
    titles : dict[str, str]
        Name of a class -> what to call it on screen.
    metadata : dict
        ``metadata.json`` as it is in the model's folder.
    read_clip : function
        How sounds are read: source -> clip, or AudioError.
    """

    def __init__(self, metadata: dict, network, read: Callable[[Source], Clip] = read_clip):
        import keras
        import tensorflow as tf

        self.metadata = metadata
        self.read_clip = read
        self._turns = Turns(WORKERS)
        self.classes = tuple(metadata["classes"])
        self.titles = dict(metadata["titles"])
        self._temperature = metadata["calibration"]["temperature"]
        self.thresholds = metadata["thresholds"]
        images = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
        answering = keras.Model(network.input, [network.outputs[0], _outputs(network, "embedding")])
        explaining = keras.Model(network.input, [network.outputs[0], _outputs(network, "maps")])

        def gradient(images, index):
            with tf.GradientTape() as tape:
                logits, maps = explaining(images, training=False)
                logit = logits[:, index]
            gradients = tape.gradient(logit, maps)
            return tf.concat(maps, -1), tf.concat(gradients, -1)

        # model.predict on one sound takes many times as long as the same network as one graph, and a
        # graph that reads variables a fifth longer than one whose weights are constants.
        learnt = [tf.constant(variable.numpy()) for variable in answering.trainable_variables]
        other = [tf.constant(variable.numpy()) for variable in answering.non_trainable_variables]
        self._answer = tf.function(
            lambda images: answering.stateless_call(learnt, other, images, training=False)[0],
            input_signature=[images],
        )
        self._gradient = tf.function(gradient, input_signature=[images, tf.TensorSpec((), tf.int32)])
        self._predict([Clip(np.ones(1, np.float32), 0.0, True)])  # traces the graph: not on a visitor's time

    def classify(self, source: Source) -> Prediction:
        """Classify one sound.

        Parameters
        ----------
        source : path, bytes or binary file object

        Raises
        ------
        AudioError
            When the sound cannot be used; the text is for the person who sent it.
        """
        return self._predict([self.read_clip(source)])[0]

    def classify_many(self, sources: Iterable[Source], workers: int = WORKERS) -> Iterator[Prediction | AudioError]:
        """Classify many sounds, batch by batch; a few batches are read ahead of the answers.

        Parameters
        ----------
        sources : iterable of path, bytes or binary file object
        workers : int
            Threads; one for each core unless told otherwise.

        Yields
        ------
        Prediction or AudioError
            One for each source, in order; an error takes the place of a refused sound.
        """
        for outcomes in map_ahead(self._classify_batch, in_batches(sources, _BATCH_SIZE), workers):
            yield from outcomes

    @property
    def n_waiting(self) -> int:
        """How many calls of other threads wait for the network; they are taken in the order in which they came."""
        return self._turns.n_waiting

    def maps_and_gradient(self, prediction: Prediction, label: str) -> tuple[np.ndarray, np.ndarray]:
        """The network's last feature maps, and how much the logit of a class grows with each of their values.

        Returns
        -------
        maps, gradient : np.ndarray, shape (rows, columns, channels), float32
        """
        maps, gradient = self._gradient(prediction.spectrogram[None], self.classes.index(label))
        return maps.numpy()[0], gradient.numpy()[0]

    def _classify_batch(self, sources: list[Source]) -> list[Prediction | AudioError]:
        outcomes = [self._read_or_error(source) for source in sources]
        predictions = iter(self._predict([outcome for outcome in outcomes if isinstance(outcome, Clip)]))
        return [next(predictions) if isinstance(outcome, Clip) else outcome for outcome in outcomes]

    def _read_or_error(self, source: Source) -> Clip | AudioError:
        try:
            return self.read_clip(source)
        except AudioError as error:
            return error

    def _predict(self, clips: list[Clip]) -> list[Prediction]:
        if not clips:
            return []
        with self._turns:
            images = np.stack([rgb_spectrogram(clip.samples) for clip in clips])
            logits, embeddings = self._answer(images)
        probabilities = softmax(logits.numpy(), self._temperature)
        embeddings = np.concatenate(embeddings, axis=-1)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True) + 1e-9
        return [self._prediction(*row) for row in zip(clips, images, probabilities, embeddings, strict=True)]

    def _prediction(
        self, clip: Clip, image: np.ndarray, probabilities: np.ndarray, embedding: np.ndarray
    ) -> Prediction:
        by_class = dict(zip(self.classes, probabilities.tolist(), strict=True))
        return Prediction(
            label=max(by_class, key=by_class.get),
            probabilities=by_class,
            decision=decide(by_class, self.thresholds),
            embedding=embedding.copy(),
            spectrogram=image.copy(),  # or one prediction would keep its whole batch
            clip=clip,
            onset=find_onset(clip.samples) / c.SAMPLE_RATE,
        )


def load_classifier(folder: str | os.PathLike = MODEL_FOLDER, read: Callable[[Source], Clip] = read_clip) -> Classifier:
    """Load and check a trained model; takes as long as importing TensorFlow.

    Parameters
    ----------
    folder : path
        Holds ``metadata.json`` and ``drumclf.keras``.
    read : function
        How sounds are read; `drumclf.decoders.reading_apart` for those of strangers.

    Raises
    ------
    ModelError
        When files are missing, the network is not the one that the metadata describe, or
        it was trained with another front end than this one.
    """
    metadata = read_metadata(folder)
    for setting, value in _TENSORFLOW_SETTINGS.items():
        os.environ.setdefault(setting, value)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # another one may be set for training
    import keras

    try:
        network = keras.saving.load_model(Path(folder) / "drumclf.keras", compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError) as error:
        raise ModelError("drumclf.keras cannot be loaded: train the model again with 'make model'.") from error
    return Classifier(metadata, network, read)


def softmax(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated probabilities: softmax of logits over a temperature (Guo et al. 2017).

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes)
    temperature : float
        Positive; above 1 it makes the answers less sure.

    Returns
    -------
    np.ndarray, shape (n, n_classes), float64
        Rows sum to 1.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _outputs(network, name: str) -> list:
    """Outputs of the layers of that name, one for each member of the network."""
    return [layer.output for layer in network.layers if layer.name.startswith(name)]
