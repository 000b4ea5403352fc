"""Trained model + sound -> prediction."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, Source, read_clip
from drumclf.decision import decide
from drumclf.model_folder import MODEL_FOLDER, read_model
from drumclf.network import Network, load_network
from drumclf.spectrogram import find_onset, rgb_spectrogram
from drumclf.threads import WORKERS, Turns, in_batches, map_ahead

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
    network : Network
        What answers and explains.
    read_clip : function
        How sounds are read: source, and seconds if not CLIP_DURATION -> clip, or AudioError.
    """

    def __init__(self, metadata: dict, network: Network, read: Callable[..., Clip] = read_clip):
        self.metadata = metadata
        self.classes = tuple(metadata["classes"])
        self.titles = dict(metadata["titles"])
        self.thresholds = metadata["thresholds"]
        self.network = network
        self.read_clip = read
        self._temperature = metadata["calibration"]["temperature"]
        self._turns = Turns(WORKERS)
        click = Clip(np.ones(1, np.float32), 0.0, True)
        self.classify_clips([click])  # filters and graphs are made: not on a visitor's time

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
        return self.classify_clips([self.read_clip(source)])[0]

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

    def classify_clips(self, clips: Sequence[Clip]) -> list[Prediction]:
        """Classify sounds that are read already, in order and batch by batch.

        Parameters
        ----------
        clips : sequence of Clip
        """
        return [prediction for batch in in_batches(clips, _BATCH_SIZE) for prediction in self._answer(batch)]

    @property
    def n_waiting(self) -> int:
        """How many calls of all threads wait, to be read or for the network; who came first goes first."""
        return self._turns.n_waiting + getattr(self.read_clip, "n_waiting", 0)

    def maps_and_gradient(self, prediction: Prediction, label: str) -> tuple[np.ndarray, np.ndarray]:
        """The network's last feature maps, and how much the logit of a class grows with each of their values.

        Returns
        -------
        maps, gradient : np.ndarray, shape (rows, columns, channels), float32
        """
        wanted = np.zeros(len(self.classes), np.float32)
        wanted[self.classes.index(label)] = 1
        with self._turns:
            return self.network.explain(prediction.spectrogram, wanted)

    def _classify_batch(self, sources: list[Source]) -> list[Prediction | AudioError]:
        outcomes = [self._read_or_error(source) for source in sources]
        predictions = iter(self.classify_clips([outcome for outcome in outcomes if isinstance(outcome, Clip)]))
        return [next(predictions) if isinstance(outcome, Clip) else outcome for outcome in outcomes]

    def _read_or_error(self, source: Source) -> Clip | AudioError:
        try:
            return self.read_clip(source)
        except AudioError as error:
            return error

    def _answer(self, clips: list[Clip]) -> list[Prediction]:
        with self._turns:
            images = np.stack([rgb_spectrogram(clip.samples) for clip in clips])
            logits, embeddings = self.network.answer(images)
        probabilities = softmax(logits, self._temperature)
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


def load_classifier(
    folder: str | os.PathLike = MODEL_FOLDER,
    read: Callable[..., Clip] = read_clip,
    engine: str | None = None,
) -> Classifier:
    """Load and check a trained model.

    Parameters
    ----------
    folder : path
        Holds ``metadata.json``, ``drumclf.keras`` and, made from it, ``drumclf.tflite``.
    read : function
        How sounds are read; `drumclf.processes.decoders.reading_apart` for those of strangers.
    engine : {"litert", "tensorflow"}, optional
        What runs the network; LiteRT where it can, unless told otherwise. With TensorFlow it
        takes as long as importing that.

    Raises
    ------
    ModelError
        When files are missing, the network is not the one that the metadata describe, or
        it was trained with another front end than this one.
    """
    metadata, exported = read_model(folder)
    return Classifier(metadata, load_network(Path(folder), exported, engine), read)


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
