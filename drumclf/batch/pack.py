"""Many sounds from one visitor: what came in, what the model says, and what the visitor says."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from drumclf.audio import Source
from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import Row, classify_files
from drumclf.batch.skipped import Skipped
from drumclf.classifier import Classifier

_STEP = 96  # sounds between two progress reports: a few tenths of a second


@dataclass(eq=False)
class Pack:
    """Sounds that came together. Each is identified by its index in `files`.

    Threads may share it: after a click, two runs of one visitor's page overlap for a moment.

    Attributes
    ----------
    files : list of (name, source)
        Sources that can be read again: paths, bytes or `drumclf.batch.archives.Entry`.
    skipped : list of Skipped
        What is no sound.
    rows : list of Row
        The answers so far, in the order of `files`.
    duplicate_of : list of int or None
        For each row, the first sound that is the same recording; empty until `mark_duplicates`.
    corrections : dict[int, str]
        Labels that the visitor gave, by index.
    corrected_kinds : dict[int, str]
        Kinds that the visitor gave, by index.
    keys : list of str
        Identifies each file; names need not be unique.
    """

    files: list[tuple[str, Source]]
    skipped: list[Skipped] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    duplicate_of: list[int | None] = field(default_factory=list)
    corrections: dict[int, str] = field(default_factory=dict)
    corrected_kinds: dict[int, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    _working: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def adopt(self, known: "Pack") -> None:
        """Take over answers and corrections for files that are also in another pack; those files come first."""
        place = {key: i for i, key in enumerate(self.keys)}
        kept = [j for j in range(len(known.rows)) if known.keys[j] in place]
        order = [place[known.keys[j]] for j in kept]
        order += sorted(set(range(len(self.files))) - set(order))
        self.files, self.keys = [self.files[i] for i in order], [self.keys[i] for i in order]
        self.rows = [known.rows[j] for j in kept]
        for mine, theirs in (
            (self.corrections, known.corrections),
            (self.corrected_kinds, known.corrected_kinds),
        ):
            mine.clear()
            mine.update({i: theirs[j] for i, j in enumerate(kept) if j in theirs})

    def classify_on(self, classifier: Classifier) -> Iterator[int]:
        """Classify what is left, step by step; can be stopped and called again.

        Yields
        ------
        int
            Number of rows so far.
        """
        while len(self.rows) < len(self.files):
            with self._working:
                if files := self.files[len(self.rows) :][:_STEP]:  # another thread may have done the rest
                    rows = list(classify_files(classifier, files))
                    self.duplicate_of = []
                    self.rows += rows
            yield len(self.rows)

    def mark_duplicates(self, classifier: Classifier) -> None:
        """Find the sounds that are the same recording as one before them."""
        with self._working:
            if len(self.duplicate_of) < len(self.rows):
                self.duplicate_of = find_duplicates(self.rows, lambda i: classifier.read_clip(self.files[i][1]))

    def correct(self, indices: list[int], label: str, kind: str | None = None) -> None:
        """Label sounds, with a kind if that is known; this also confirms a label that the model already gives."""
        for i in indices:
            if self.rows[i].error is None:
                self.corrections[i] = label
                self.corrected_kinds.pop(i, None)
                if kind:
                    self.corrected_kinds[i] = kind

    def label(self, i: int) -> str | None:
        """The visitor's label, otherwise the model's; None for a refused file."""
        return self.corrections.get(i, self.rows[i].label)

    def kind(self, i: int) -> str | None:
        """The visitor's kind, otherwise the model's if the visitor did not give another label; None if not known."""
        of_model = self.rows[i].kind if self.label(i) == self.rows[i].label else None
        return self.corrected_kinds.get(i, of_model)

    def is_sure(self, i: int) -> bool:
        """Whether the visitor gave the label or the model is sure of it."""
        return i in self.corrections or self.rows[i].is_sure

    def is_duplicate(self, i: int) -> bool:
        """Whether an earlier sound is the same recording."""
        return i < len(self.duplicate_of) and self.duplicate_of[i] is not None

    def sounds(self, skip_duplicates: bool = False) -> list[int]:
        """Indices of all sounds that could be read, optionally without duplicates."""
        return [
            i for i, row in enumerate(self.rows) if row.error is None and not (skip_duplicates and self.is_duplicate(i))
        ]

    def counts(self) -> Counter[str]:
        """How many sounds each label has."""
        return Counter(self.label(i) for i in self.sounds())

    def look_alikes(self, i: int, n: int = 3) -> list[int]:
        """The sounds with the nearest embeddings, nearest first, without duplicates of the sound itself."""
        first = self.first(i)
        others = [j for j in self.sounds() if self.first(j) != first]
        if not others:
            return []
        similarity = np.stack([self.rows[j].embedding for j in others]) @ self.rows[i].embedding
        return [others[k] for k in np.argsort(-similarity)[:n]]

    def first(self, i: int) -> int:
        """The first sound that is the same recording; the sound itself if there is none before it."""
        return self.duplicate_of[i] if self.is_duplicate(i) else i
