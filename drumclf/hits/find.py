"""A recording -> its hits, each with a prediction."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from drumclf import constants as c
from drumclf import limits
from drumclf.audio import AudioError, Clip, Source, read_bytes
from drumclf.classifier import Classifier, Prediction
from drumclf.hits.onsets import rises_again
from drumclf.hits.repeats import evidence_weights
from drumclf.hits.slices import slice_hits


@dataclass(frozen=True, eq=False)
class Hit:
    """One hit of a recording.

    Attributes
    ----------
    time : float
        Its onset, in seconds from the start of the recording's clip.
    prediction : Prediction
        For the sound up to the next hit, without the ringing of earlier hits: `clip`, `onset`, `spectrogram` and
        `embedding` are those of this slice, as if it were a file of its own. If the same sound comes again in the
        recording, its repeats have a say in the probabilities (`drumclf.hits.repeats`).
    """

    time: float
    prediction: Prediction


@dataclass(frozen=True, eq=False)
class Recording:
    """A sound and its hits.

    Attributes
    ----------
    clip : Clip
        At most ``RECORDING_DURATION`` seconds.
    hits : tuple of Hit
        In order of time, at least `drumclf.hits.onsets.MIN_DISTANCE` apart; never empty.
    """

    clip: Clip
    hits: tuple[Hit, ...]


def may_hold_hits(clip: Clip) -> bool:
    """Whether to look for more than one hit: the file continues, or the level rises again after the first hit.

    Takes less than a millisecond, while `find_hits` must import librosa.

    Parameters
    ----------
    clip : Clip
        As `Classifier.read_clip` gives it.
    """
    return not clip.is_whole or rises_again(clip.samples)


def find_hits(classifier: Classifier, source: Source) -> Recording:
    """Find and classify the hits in the first ``RECORDING_DURATION`` of a sound.

    Parameters
    ----------
    classifier : Classifier
    source : path, bytes or binary file object

    Raises
    ------
    AudioError
        If the sound cannot be used.
    ModuleNotFoundError
        If librosa is needed and not installed.
    """
    again = source if isinstance(source, str | os.PathLike) else read_bytes(source)  # it may be read twice
    return find_hits_in(classifier, read_on(classifier, again, classifier.read_clip(again)))


def read_on(classifier: Classifier, source: Source, clip: Clip) -> Clip:
    """A longer clip, up to ``RECORDING_DURATION``, if the file continues; the same clip if the rest cannot be read."""
    if clip.is_whole:
        return clip
    try:
        return classifier.read_clip(source, limits.RECORDING_DURATION)
    except AudioError:  # takes too long to decode, or is damaged further on
        return clip


def find_hits_in(classifier: Classifier, clip: Clip, slice_hits: Callable = slice_hits) -> Recording:
    """As `find_hits`, for a clip of any length.

    Parameters
    ----------
    classifier : Classifier
    clip : Clip
    slice_hits : function
        Cuts the clip into hits; use `separate_slicer` to keep librosa out of this process.
    """
    onsets, slices = slice_hits(clip.samples)
    if slices:
        predictions = classifier.classify_clips([_as_file(piece) for piece in slices], evidence_weights(slices))
    else:
        predictions = classifier.classify_clips([_only_hit(clip, int(onsets[0]))])
    times = (onsets / c.SAMPLE_RATE).tolist()
    return Recording(clip, tuple(Hit(*pair) for pair in zip(times, predictions, strict=True)))


def _as_file(samples: np.ndarray) -> Clip:
    return Clip(samples / np.abs(samples).max(), 0.0, True, len(samples) / c.SAMPLE_RATE)


def _only_hit(clip: Clip, onset: int) -> Clip:
    """The clip itself, so that a one-shot gets the same answer everywhere; for a long one, the part that is used."""
    n_most = round(c.CLIP_DURATION * c.SAMPLE_RATE)
    if len(clip.samples) <= n_most:
        return clip
    start = max(onset - round(c.PRE_ONSET * c.SAMPLE_RATE), 0)
    piece = clip.samples[start : start + n_most]
    return replace(clip, samples=piece / np.abs(piece).max(), start=clip.start + start / c.SAMPLE_RATE, is_whole=False)
