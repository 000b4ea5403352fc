"""Many files -> one small row for each."""

import hashlib
import itertools
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, Source
from drumclf.batch.duplicates import fingerprint
from drumclf.classifier import Classifier, Prediction
from drumclf.decision import Decided
from drumclf.file_types import SOUND_SUFFIXES

_LOUDEST = 0.05  # seconds over which loudness is measured


@dataclass(frozen=True, eq=False)
class Row(Decided):
    """What is kept for one file out of many: two kilobytes, while a prediction holds its whole sound.

    Attributes
    ----------
    name : str
        Path of the file, or its name in an archive.
    error : str or None
        Why there is no answer, in one sentence; everything below is then None or empty.
    label : str or None
        Name of the most probable class.
    probabilities : dict[str, float] or None
        For every class, in class order.
    decision : tuple of str
    kinds : dict[str, float]
    kind : str or None
        As in `Prediction`.
    duration : float or None
        Length of the file in seconds; NaN if unknown.
    rate : int or None
        Sample rate of the file in hertz.
    loudness : float or None
        Of the loudest 50 ms (root mean square), in decibels relative to full scale.
    onset : float or None
        Where in the file the hit begins, in seconds.
    embedding : np.ndarray or None, shape (n,), float32
        As in `Prediction`.
    digest : bytes
        Equal for files that decode to the same samples, whatever their name and format.
    fingerprint : np.ndarray or None, shape (n,), uint8
        A coarse spectrogram; similar for files that may hold the same recording.
    """

    name: str
    error: str | None = None
    label: str | None = None
    probabilities: dict[str, float] | None = None
    decision: tuple[str, ...] = ()
    kinds: dict[str, float] = field(default_factory=dict)
    kind: str | None = None
    duration: float | None = None
    rate: int | None = None
    loudness: float | None = None
    onset: float | None = None
    embedding: np.ndarray | None = field(default=None, repr=False)
    digest: bytes = field(default=b"", repr=False)
    fingerprint: np.ndarray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Refused:
    """Stands for a file that cannot be opened: a source that only gives the reason."""

    reason: str

    def read(self, limit: int = -1) -> bytes:
        """Raises AudioError with the reason."""
        raise AudioError(self.reason)


def find_sounds(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; for folders, the sound files below them, sorted by name.

    In folders, hidden files and files without the suffix of a sound are skipped, and links
    to folders are not followed. A folder that cannot be opened is itself in the result, so
    that it is reported.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises if a folder above cannot be entered
            yield from _walk(path)
        else:
            yield path


def classify_files(classifier: Classifier, files: Iterable[tuple[str, Source]]) -> Iterator[Row]:
    """Classify files one batch at a time; yields one row for each, in order.

    Parameters
    ----------
    classifier : Classifier
    files : iterable of (name, source)
        A source is a path, bytes or a binary file object.
    """
    names, sources = itertools.tee(files)
    outcomes = classifier.classify_many(source for _, source in sources)
    for (name, _), outcome in zip(names, outcomes, strict=True):
        yield row_of(name, outcome)


def row_of(name: str, outcome: Prediction | AudioError) -> Row:
    """The row for a prediction or a refusal."""
    if isinstance(outcome, AudioError):
        return Row(name, str(outcome))
    return Row(
        name=name,
        label=outcome.label,
        probabilities=outcome.probabilities,
        decision=outcome.decision,
        kinds=outcome.kinds,
        kind=outcome.kind,
        duration=outcome.clip.file_duration,
        rate=outcome.clip.file_rate,
        loudness=_loudness(outcome.clip),
        onset=outcome.clip.start + outcome.onset,
        embedding=outcome.embedding,
        digest=hashlib.blake2b(outcome.clip.samples.tobytes(), digest_size=16).digest(),
        fingerprint=fingerprint(outcome.spectrogram),
    )


def _loudness(clip: Clip) -> float:
    n = min(round(_LOUDEST * c.SAMPLE_RATE), len(clip.samples))
    blocks = clip.samples[: len(clip.samples) // n * n].reshape(-1, n)
    power = float(np.einsum("ij,ij->i", blocks, blocks).max()) / n
    return 10 * math.log10(clip.level**2 * power + 1e-20)


def _walk(root: Path) -> Iterator[Path]:
    left = [(root, True)]  # no recursion: folders may be nested a thousand deep
    while left:
        path, is_folder = left.pop()
        if not is_folder:
            yield path
            continue
        try:
            with os.scandir(path) as listing:
                found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in listing if _is_wanted(entry)}
        except OSError:
            yield path
        else:
            left += [(path / name, found[name]) for name in sorted(found, reverse=True)]


def _is_wanted(entry: os.DirEntry) -> bool:
    if entry.name.startswith("."):
        return False
    if entry.is_dir(follow_symlinks=False):
        return True
    is_sound = os.path.splitext(entry.name)[1].lower() in SOUND_SUFFIXES  # noqa: PTH122
    return is_sound and (entry.is_file(follow_symlinks=False) or os.path.isfile(entry.path))  # noqa: PTH113
