"""The index of a library -> all of its sounds in memory, with the face of a pack."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from weakref import ref

import numpy as np

from drumclf.batch.rows import Row
from drumclf.batch.sounds import Given, NotKeptError, Sounds
from drumclf.classifier import Classifier
from drumclf.library.columns import as_float32, names_below, read_columns, sources_of
from drumclf.library.index import Index, LibraryError
from drumclf.library.opening import open_index
from drumclf.names import unescaped

_BLOCK = 1024  # embeddings that are numbers of 32 bits at a time: they stay in the processor's cache


class Catalogue(Sounds):
    """The sounds of a library that the present model has heard, and the files that could not be read.

    1.3 kB a sound. What the user says is kept in the index at once, for all files with the same content. Threads may
    share it, and go on with one that `renewed` has replaced: what is said to that reaches the latest one.

    Parameters
    ----------
    index : Index
        Open; only used while the catalogue is made.
    classifier : Classifier
    folders : sequence of Path, optional
        Absolute; only what is below them. By default, everything that the index knows.
    open_again : function
        Opens the index to write to it: one that is open belongs to its thread.

    Attributes
    ----------
    names, folded : list of str
        Of each file: its path below the folder, after the folder's name if there are several; and without case.
    paths : list of str
        Of each file.
    contents : list of bytes
        Of each file.
    embeddings : np.ndarray, shape (n, d), float16
    probabilities : np.ndarray, shape (n, n_classes), float32
        The model's; zeros for a refused file.
    codes : np.ndarray, shape (n,), int
        Position of each file's present label among the classes; -1 for a refused file.
    are_sure, are_copies : np.ndarray, shape (n,), bool
        Whether a label is sure; whether an earlier file has the same content.
    durations, loudness, times : np.ndarray, shape (n,), float64
        In seconds, in dB relative to full scale, and of the last change in seconds since 1970; NaN where not known.
    n_other : int
        Files that are left out since they were last heard by another model.
    folders : tuple of Path
        As given.
    """

    def __init__(
        self,
        index: Index,
        classifier: Classifier,
        folders: Sequence[Path] | None = None,
        open_again: Callable[[], Index] = open_index,
    ):
        self._open, self.classes = open_again, classifier.classes
        self._writing, self._latest = threading.RLock(), [ref(self)]  # shared with those that take its place
        self.folders = tuple(folders or ())
        columns, self.n_other = read_columns(index, index.model_of(classifier), folders)
        self.paths = [unescaped(path) for path in columns["path"]]
        self.contents, self._errors = columns["content"], columns["error"]
        self.names = names_below(self.paths, folders or ())
        self.folded = [name.casefold() for name in self.names]
        self.corrections, self.corrected_kinds, self.followed, self.history = {}, {}, {}, []
        self._labels, self._decisions, self._kinds = (columns[k] for k in ("label", "decision", "kind"))
        self._rates, self._onsets, self._kind_probabilities, self.durations, self.loudness = (
            np.array(columns[name], float) for name in ("rate", "onset", "kind_probability", "duration", "loudness")
        )
        self.times = np.array(columns["mtime_ns"], float) / 1e9
        n = len(self.paths)
        self.probabilities = np.frombuffer(columns["probabilities"], "<f4").reshape(n, len(self.classes))
        width = len(columns["embedding"]) // (2 * n) if n else 0
        self.embeddings = np.frombuffer(columns["embedding"], "<f2").reshape(n, width)
        self._find_copies()
        self._take_labels(columns)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def files(self) -> Sequence[tuple[str, Path]]:
        """As in `Sounds`. Made anew: it may not refer to the catalogue that keeps it, or both would stay in memory."""
        return _Files(self)

    @property
    def rows(self) -> Sequence[Row]:
        """As in `Sounds`, likewise."""
        return _Rows(self)

    def sounds(self, skip_duplicates: bool = False) -> list[int]:
        """As in `Sounds`."""
        return np.flatnonzero((self.codes >= 0) & ~(self.are_copies & skip_duplicates)).tolist()

    def counts(self) -> dict[str, int]:
        """As in `Sounds`."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))

    def vectors(self, sounds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """As in `Sounds`."""
        return self.embeddings[sounds].astype(np.float32), self.probabilities[sounds]

    def embedding(self, i: int) -> np.ndarray:
        """As in `Prediction`."""
        return self.embeddings[i].astype(np.float32)

    def likeness(self, embedding: np.ndarray) -> np.ndarray:
        """Cosine of a sound's embedding, shape (d,), and each file's: shape (n,), float32; 0 for refused files."""
        cosines = np.zeros(len(self), np.float32)
        for k in range(0, len(self), _BLOCK):  # all as float32 at once would take twice the memory
            cosines[k : k + _BLOCK] = as_float32(self.embeddings[k : k + _BLOCK]) @ embedding
        return cosines

    def label(self, i: int) -> str | None:
        """As in `Sounds`."""
        return self.classes[self.codes[i]] if self.codes[i] >= 0 else None

    def kind(self, i: int) -> str | None:
        """As in `Sounds`."""
        of_model = self._kinds[i] if self.label(i) == self._labels[i] else None
        return self.corrected_kinds.get(i, of_model)

    def positions(self, sounds: Sequence[int], classes: Sequence[str]) -> np.ndarray:
        """As in `Sounds`; the classes are the catalogue's."""
        return self.codes[sounds]

    def from_one_source(self, corrected: Iterable[int]) -> list[list[int]]:
        """As in `Sounds`: below one folder, as `drumclf.library.columns.sources_of` says."""
        sources = self._sources
        wanted = {sources[i] for i in corrected}
        among: dict[str, list[int]] = {source: [] for source in wanted}
        for i in self.sounds():
            if sources[i] in wanted:
                among[sources[i]].append(i)
        return list(among.values())

    @cached_property
    def _sources(self) -> list[str]:
        return sources_of(self.names)

    def look_alikes(self, i: int, n: int = 3) -> list[int]:
        """As in `Sounds`."""
        cosines = np.where((self.codes >= 0) & ~self.are_copies, self.likeness(self.embedding(i)), -np.inf)
        cosines[self.first(i)] = -np.inf
        nearest = np.argsort(-cosines)[:n] if len(cosines) <= n else np.argpartition(-cosines, n)[:n]
        return [int(k) for k in nearest[np.argsort(-cosines[nearest])] if cosines[k] > -np.inf]

    def labelled(self, label: str) -> np.ndarray:
        """Indices of the files whose label is that."""
        return np.flatnonzero(self.codes == self.classes.index(label))

    def place_of(self, path: str) -> int | None:
        """Index of a file, or None."""
        return self._places.get(path)

    def renewed(self, index: Index, classifier: Classifier) -> "Catalogue":
        """The same folders as the index knows them by now, with all steps; this one itself if nothing has changed."""
        with self._writing:  # no label is given between reading and taking over
            new = Catalogue(index, classifier, self.folders or None, self._open)
            if new._says_the_same_as(self):
                return self
            new.history += new._same_contents(self, self.history)
            new._writing, new._latest = self._writing, self._latest
            self._latest[0] = ref(new)
        return new

    def undo(self) -> list[int]:
        """As in `Sounds`, where it was the last step; the indices are those of the latest catalogue."""
        with self._writing:
            latest = self._latest[0]() or self
            return super(Catalogue, latest).undo()

    def _says_the_same_as(self, other: "Catalogue") -> bool:
        """Of the same files; what a model says of a content does not change."""
        names = ("paths", "contents", "_errors", "corrections", "corrected_kinds", "followed")
        same = all(getattr(self, name) == getattr(other, name) for name in names)
        return same and np.array_equal(self.times, other.times, equal_nan=True)

    def _same_contents(self, other: "Catalogue", steps: Iterable[dict[int, Given]]) -> list[dict[int, Given]]:
        """Steps of another catalogue, for the files of this one that have the same contents."""
        by_content = [{other.contents[i]: values for i, values in step.items()} for step in steps]
        places = self._having({content for step in by_content for content in step})
        moved = [{i: values for content, values in step.items() for i in places[content]} for step in by_content]
        return [step for step in moved if step]

    def _having(self, contents: Collection[bytes]) -> dict[bytes, list[int]]:
        """The files that have each of some contents."""
        places: dict[bytes, list[int]] = defaultdict(list)
        for i, content in enumerate(self.contents):
            if content in contents:
                places[content].append(i)
        return places

    def _find_copies(self) -> None:
        self._places = {path: i for i, path in enumerate(self.paths)}
        firsts: dict[bytes, int] = {}
        self._same: dict[bytes, list[int]] = {}  # of contents that several files have
        duplicate_of: list[int | None] = [None] * len(self.paths)
        for i, content in enumerate(self.contents):
            if content is None:
                continue
            first = firsts.setdefault(content, i)
            if first != i:
                self._same.setdefault(content, [first]).append(i)
                duplicate_of[i] = first if self._errors[i] is None else None
        self.duplicate_of = duplicate_of
        self.are_copies = np.array([first is not None for first in duplicate_of], bool)

    def _take_labels(self, columns: dict[str, list]) -> None:
        """What the user said before; labels that this model does not know stay in the index."""
        known = set(self.classes)
        given = zip(columns["time"], columns["given"], columns["given_kind"], columns["followed"], strict=True)
        given = [(i, *values) for i, values in enumerate(given) if values[0] is not None and self._errors[i] is None]
        for i, _, label, kind, followed in sorted(given, key=lambda one: one[1]):
            if label in known or followed in known:
                super()._set({i: (label if label in known else None, kind if label in known else None, followed)})
        position = {name: k for k, name in enumerate(self.classes)}
        self.codes = np.array([position.get(label, -1) for label in self._labels], np.int16)
        self.are_sure = np.array([d == label for d, label in zip(self._decisions, self._labels, strict=True)], bool)
        self._look_again({*self.corrections, *self.followed})

    def _step(self, given: dict[int, Given]) -> None:
        with self._writing:
            latest = self._latest[0]() or self
            if latest is not self:
                given = dict(pair for step in latest._same_contents(self, [given]) for pair in step.items())
            same = {j: given[i] for i in given for j in latest._same.get(latest.contents[i], (i,))}
            super(Catalogue, latest)._step(same)

    def _set(self, given: dict[int, Given]) -> None:
        with self._writing:
            try:
                with closing(self._open()) as index:
                    index.keep_labels({self.contents[i]: values for i, values in given.items()})
            except LibraryError as error:
                raise NotKeptError(str(error)) from error
            super()._set(given)
            self._look_again(given)

    def _look_again(self, changed: Iterable[int]) -> None:
        for i in changed:
            self.codes[i] = self.classes.index(super().label(i))
            self.are_sure[i] = self.is_sure(i)


class _Files(Sequence):
    """Name and path of each file."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue

    def __len__(self) -> int:
        return len(self._catalogue)

    def __getitem__(self, i: int) -> tuple[str, Path]:
        return self._catalogue.names[i], Path(self._catalogue.paths[i])


class _Rows(Sequence):
    """Rows, made when they are asked for; they have no digest and no fingerprint."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue

    def __len__(self) -> int:
        return len(self._catalogue)

    def __getitem__(self, i: int) -> Row:
        own = self._catalogue
        if own._errors[i] is not None:
            return Row(own.names[i], own._errors[i])
        kind = own._kinds[i]
        return Row(
            name=own.names[i],
            label=own._labels[i],
            probabilities=dict(zip(own.classes, own.probabilities[i].tolist(), strict=True)),
            decision=tuple(own._decisions[i].split()),
            kinds={kind: float(own._kind_probabilities[i])} if kind else {},
            kind=kind,
            duration=float(own.durations[i]),
            rate=int(own._rates[i]),
            loudness=float(own.loudness[i]),
            onset=float(own._onsets[i]),
            embedding=own.embedding(i),
        )
