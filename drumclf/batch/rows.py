"""Many files -> one small row for each."""

import hashlib
import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, Clip, Source
from drumclf.batch.duplicates import fingerprint
from drumclf.batch.skipped import (
    BROKEN,
    HEAD_BYTES,
    LINKED,
    OTHER,
    SYSTEM,
    Skipped,
    is_called_sound,
    is_hidden,
    what_else,
)
from drumclf.classifier import Classifier, Prediction
from drumclf.decision import Decided

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


def find_sounds(paths: Iterable[Path], skip: Callable[[Skipped], object] = lambda _: None) -> Iterator[Path]:
    """Files as given; for folders, the sounds below them, sorted by name.

    In folders, the content says what is a sound, unless the suffix does. System and hidden files are skipped, and
    links to folders are not followed. A folder that cannot be opened is itself in the result, so that it is
    reported; so is a file.

    Parameters
    ----------
    paths : iterable of Path
    skip : function
        Called with everything that is skipped.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises if a folder above cannot be entered
            yield from _walk(path, skip)
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


def _walk(root: Path, skip: Callable[[Skipped], object]) -> Iterator[Path]:
    left = [(root, True)]  # no recursion: folders may be nested a thousand deep
    while left:
        path, is_folder = left.pop()
        if not is_folder:
            yield path
            continue
        try:
            with os.scandir(path) as listing:
                found = {entry.name: (entry.is_dir(follow_symlinks=False), _kind(entry)) for entry in listing}
        except OSError:
            yield path
            continue
        for name in sorted(name for name, (_, kind) in found.items() if kind is not None):
            skip(Skipped(str(path / name), found[name][1]))
        left += [(path / name, found[name][0]) for name in sorted(found, reverse=True) if found[name][1] is None]


def _kind(entry: os.DirEntry) -> str | None:
    """Why an entry of a folder is skipped; None if it is not."""
    if is_hidden(entry.name):
        return SYSTEM
    if entry.is_dir(follow_symlinks=False):
        return None
    if not (entry.is_file(follow_symlinks=False) or os.path.isfile(entry.path)):  # noqa: PTH113 - as above
        linked = LINKED if os.path.isdir(entry.path) else BROKEN  # noqa: PTH112 - as above
        return linked if entry.is_symlink() else OTHER
    if is_called_sound(entry.name):
        return None
    try:
        with open(entry.path, "rb") as file:  # noqa: PTH123 - a name may hold what a Path changes
            return what_else(entry.name, file.read(HEAD_BYTES))
    except OSError:
        return None
