"""Many sounds from one visitor: what came in, and the answers so far."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import classify_files
from drumclf.batch.skipped import Skipped
from drumclf.batch.sounds import Sounds
from drumclf.classifier import Classifier

_STEP = 96  # sounds between two progress reports: a few tenths of a second


@dataclass(eq=False)
class Pack(Sounds):
    """Sounds that came together.

    Threads may share it: after a click, two runs of one visitor's page overlap for a moment.

    Attributes
    ----------
    skipped : list of Skipped
        What is no sound.
    keys : list of str
        Identifies each file; names need not be unique.
    """

    skipped: list[Skipped] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _working: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def adopt(self, known: "Pack") -> None:
        """Take over answers and corrections for files that are also in another pack; those files come first.

        Refusals are not taken over: some were for want of room, which there may be now.
        """
        place = {key: i for i, key in enumerate(self.keys)}
        kept = [j for j, row in enumerate(known.rows) if row.error is None and known.keys[j] in place]
        new = {j: i for i, j in enumerate(kept)}
        order = [place[known.keys[j]] for j in kept]
        order += sorted(set(range(len(self.files))) - set(order))
        self.files, self.keys = [self.files[i] for i in order], [self.keys[i] for i in order]
        self.rows = [known.rows[j] for j in kept]
        for name in ("corrections", "corrected_kinds", "followed"):
            setattr(self, name, {new[j]: value for j, value in getattr(known, name).items() if j in new})
        self.history.clear()

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
