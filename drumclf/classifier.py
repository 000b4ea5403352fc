"""A trained model and a sound -> a prediction."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, Source, read_channels, read_clip
from drumclf.decision import Decided, decide, decide_kind
from drumclf.model_folder import chosen_folder, read_model
from drumclf.network import Network, load_network
from drumclf.onset import find_end, find_onset
from drumclf.spectrogram import rgb_spectrogram
from drumclf.threads import WORKERS, Turns, in_batches, map_ahead

# Sounds that go through the network together; more of them no longer fit into a core's cache and take longer each.
_BATCH_SIZE = 8


@dataclass(frozen=True, eq=False)
class Prediction(Decided):
    """What the model says about one sound.

    Attributes
    ----------
    label : str
        Name of the most probable class.
    probabilities : dict[str, float]
        Calibrated probability of every class, in class order; they sum to 1.
    decision : tuple of str
        What the model commits to, with the precision its thresholds were chosen for: the label
        alone; or two classes, the more likely first; or nothing.
    kinds : dict[str, float]
        Probability of every kind of the label, in their order; they sum to the label's. Empty if it has none.
    kind : str or None
        The kind that the model commits to, for example "crash" of a cymbal; None if it is not sure.
    spectrogram : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32 in [0, 1]
        The picture that the network saw.
    clip : Clip
        The sound that the picture shows.
    embedding : np.ndarray, shape (n,), float32
        The network's last vector before the classes, scaled to length 1; similar sounds have similar embeddings.
    onset : float
        Where in the clip the hit begins, in seconds.
    """

    label: str
    probabilities: dict[str, float]
    decision: tuple[str, ...]
    kinds: dict[str, float]
    kind: str | None
    spectrogram: np.ndarray = field(repr=False)
    clip: Clip = field(repr=False)
    embedding: np.ndarray = field(repr=False)
    onset: float


class _Evidence(NamedTuple):
    """What the network says of one clip, and of what picture."""

    clip: Clip
    onset: int  # index of a sample
    image: np.ndarray
    logits: np.ndarray
    embedding: np.ndarray


class Classifier:
    """A loaded model. Make one with `load_classifier`; threads may share it.

    Attributes
    ----------
    classes : tuple[str, ...]
        Names of the classes, in the order of the network's outputs.
    titles : dict[str, str]
        Name of a class -> what to call it on screen.
    kinds : dict[str, tuple of str]
        Name of a class -> names of its kinds, for the classes that have any.
    kind_titles : dict[str, str]
        Name of a kind -> what to call it on screen.
    thresholds : dict
        As in `drumclf.decision.decide`.
    metadata : dict
        The content of the model's ``metadata.json``.
    network : Network
    read_clip : function
        How sounds are read: takes a source and, optionally, seconds; returns a clip or raises AudioError.
    read_channels : function
        As `drumclf.audio.read_channels`; in the process that `read_clip` reads in.
    """

    def __init__(self, metadata: dict, network: Network, read: Callable[..., Clip] = read_clip):
        self.metadata = metadata
        self.classes = tuple(metadata["classes"])
        self.titles = dict(metadata["titles"])
        self.kinds = {name: tuple(kinds) for name, kinds in metadata["kinds"].items()}
        self.kind_titles = dict(metadata["kind_titles"])
        self.thresholds = metadata["thresholds"]
        self.network = network
        self.read_clip = read
        self.read_channels = getattr(read, "read_channels", read_channels)
        self._calibration = metadata["calibration"]
        self._turns = Turns(WORKERS)
        click = Clip(np.ones(1, np.float32), 0.0, True)
        self.classify_clips([click])  # builds filters and graphs now, so that the first caller does not wait for them

    def classify(self, source: Source) -> Prediction:
        """Classify one sound.

        Parameters
        ----------
        source : path, bytes or binary file object

        Raises
        ------
        AudioError
            If the sound cannot be used; the text is for the person who sent it.
        """
        return self.classify_clips([self.read_clip(source)])[0]

    def classify_many(self, sources: Iterable[Source], workers: int = WORKERS) -> Iterator[Prediction | AudioError]:
        """Classify many sounds, batch by batch, reading a few batches ahead.

        Parameters
        ----------
        sources : iterable of path, bytes or binary file object
        workers : int
            Threads; by default one for each core.

        Yields
        ------
        Prediction or AudioError
            One for each source, in order; for a refused sound, the error in its place.
        """
        for outcomes in map_ahead(self._classify_batch, in_batches(sources, _BATCH_SIZE), workers):
            yield from outcomes

    def classify_clips(self, clips: Sequence[Clip], weights: np.ndarray | None = None) -> list[Prediction]:
        """Classify sounds that have already been read, in order and batch by batch.

        Parameters
        ----------
        clips : sequence of Clip
        weights : np.ndarray, shape (n, n), float, optional
            For each answer, how much each clip's logits count in it; rows sum to 1. For clips known to be
            one sound heard several times. Pictures and embeddings stay each clip's own. By default each clip
            answers for itself.
        """
        found = [evidence for batch in in_batches(clips, _BATCH_SIZE) for evidence in self._examine(batch)]
        if not found:
            return []
        logits = np.stack([evidence.logits for evidence in found])
        if weights is not None:
            logits = weights @ logits
        probabilities = softmax(logits[:, : len(self.classes)], self._calibration["temperature"])
        shares = split_kinds(logits[:, len(self.classes) :], self.kinds, self._calibration["kind_temperature"])
        return [self._prediction(*row) for row in zip(found, probabilities, shares, strict=True)]

    @property
    def n_waiting(self) -> int:
        """How many calls, over all threads, are waiting to be read or for the network; first come, first served."""
        return self._turns.n_waiting + getattr(self.read_clip, "n_waiting", 0)

    def maps_and_gradient(self, prediction: Prediction, label: str) -> tuple[np.ndarray, np.ndarray]:
        """The network's last feature maps, and the gradient of a class's logit with respect to them.

        Returns
        -------
        maps, gradient : np.ndarray, shape (rows, columns, channels), float32
        """
        wanted = np.zeros(len(self.classes) + sum(map(len, self.kinds.values())), np.float32)
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

    def _examine(self, clips: list[Clip]) -> list[_Evidence]:
        with self._turns:
            onsets = [find_onset(clip.samples) for clip in clips]
            hits = [_first_hit(clip, onset) for clip, onset in zip(clips, onsets, strict=True)]
            images = np.stack([rgb_spectrogram(*pair) for pair in zip(hits, onsets, strict=True)])
            logits, embeddings = self.network.answer(images)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True) + 1e-9
        # Views would keep their whole batch in memory.
        rows = zip(clips, onsets, images, logits, embeddings, strict=True)
        return [_Evidence(clip, onset, *(array.copy() for array in arrays)) for clip, onset, *arrays in rows]

    def _prediction(
        self, evidence: _Evidence, probabilities: np.ndarray, shares: dict[str, dict[str, float]]
    ) -> Prediction:
        by_class = dict(zip(self.classes, probabilities.tolist(), strict=True))
        label = max(by_class, key=by_class.get)
        decision = decide(by_class, self.thresholds)
        kinds = {kind: by_class[label] * share for kind, share in shares.get(label, {}).items()}
        return Prediction(
            label=label,
            probabilities=by_class,
            decision=decision,
            kinds=kinds,
            kind=decide_kind(decision, kinds, self.thresholds["kinds"]),
            embedding=evidence.embedding,
            spectrogram=evidence.image,
            clip=evidence.clip,
            onset=evidence.onset / c.SAMPLE_RATE,
        )


def _first_hit(clip: Clip, onset: int) -> np.ndarray:
    """The samples to look at: of a long recording, its first sound, if that ends or is played again and again."""
    return clip.samples if clip.is_whole else clip.samples[: find_end(clip.samples, onset)]


def load_classifier(
    folder: str | os.PathLike | None = None,
    read: Callable[..., Clip] = read_clip,
    engine: str | None = None,
) -> Classifier:
    """Load and check a trained model.

    Parameters
    ----------
    folder : path, optional
        Holds ``metadata.json``, ``drumclf.keras`` and, made from it, ``drumclf.tflite``. By default the
        folder that the environment variable DRUMCLF_MODEL names, or the model that comes with drumclf.
    read : function
        How sounds are read; use `separate_reader` for files from strangers.
    engine : {"litert", "tensorflow"}, optional
        What runs the network; by default LiteRT if possible. TensorFlow takes seconds to import.

    Raises
    ------
    ModelError
        If files are missing or do not belong together, the model was trained with a different front
        end, or nothing that can run it is installed.
    """
    metadata, exported = read_model(folder)
    return Classifier(metadata, load_network(Path(folder or chosen_folder()), exported, engine), read)


def softmax(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Calibrated probabilities: the softmax of logits divided by a temperature (Guo et al. 2017).

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_classes)
    temperature : float
        Positive; above 1 it makes the answers less confident.

    Returns
    -------
    np.ndarray, shape (n, n_classes), float64
        Rows sum to 1.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def split_kinds(logits: np.ndarray, kinds: dict[str, Sequence[str]], temperature: float) -> list[dict]:
    """How probable each kind is if the class is right.

    Parameters
    ----------
    logits : np.ndarray, shape (n, n_kinds)
        Of all kinds, class by class.
    kinds : dict[str, sequence of str]
        Name of a class -> names of its kinds.
    temperature : float

    Returns
    -------
    list of dict
        For each sound: name of a class -> name of a kind -> share of the class's probability; they sum to 1.
    """
    shares: list[dict] = [{} for _ in logits]
    start = 0
    for name, of_class in kinds.items():
        rows = softmax(logits[:, start : start + len(of_class)], temperature).tolist()
        for sound, row in zip(shares, rows, strict=True):
            sound[name] = dict(zip(of_class, row, strict=True))
        start += len(of_class)
    return shares
