"""What the model says of many sounds, what the user says, and what follows from that."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from drumclf.audio import Source
from drumclf.batch.learn import Change, propose_changes
from drumclf.batch.rows import Row

_MOST_EVIDENCE = 500  # corrections that are learned from: the latest
Given = tuple[str | None, str | None, str | None]  # a sound's label and kind by the user, and the label that follows


class NotKeptError(Exception):
    """What the user said of a sound cannot be kept; the text says why, in one sentence without its end."""


@dataclass(eq=False)
class Sounds:
    """Many sounds, each identified by its index in `files`: a pack, or a library.

    A label comes from the user; otherwise from what followed from the user's labels; otherwise from the model.

    Attributes
    ----------
    files : sequence of (name, source)
        Sources that can be read again: paths, bytes or `drumclf.batch.archives.Entry`.
    rows : sequence of Row
        The answers so far, in the order of `files`.
    duplicate_of : sequence of int or None
        For each row, the first sound that is the same recording; empty while that is not known.
    corrections : dict[int, str]
        Labels that the user gave, by index, in the order in which they were given.
    corrected_kinds : dict[int, str]
        Kinds that the user gave, by index.
    followed : dict[int, str]
        Labels that followed from the user's, and that the user accepted.
    history : list of dict[int, Given]
        For each step that can be undone, what the sounds that it changed had before.
    """

    files: Sequence[tuple[str, Source]]
    rows: Sequence[Row] = field(default_factory=list)
    duplicate_of: Sequence[int | None] = field(default_factory=list)
    corrections: dict[int, str] = field(default_factory=dict)
    corrected_kinds: dict[int, str] = field(default_factory=dict)
    followed: dict[int, str] = field(default_factory=dict)
    history: list[dict[int, Given]] = field(default_factory=list)

    def label(self, i: int) -> str | None:
        """The user's label, what followed from others, or the model's; None for a refused file."""
        return self.corrections.get(i) or self.followed.get(i) or self.rows[i].label

    def kind(self, i: int) -> str | None:
        """The user's kind, otherwise the model's if the label is the model's, too; None if not known."""
        row = self.rows[i]
        return self.corrected_kinds.get(i, row.kind if self.label(i) == row.label else None)

    def is_sure(self, i: int) -> bool:
        """Whether the user gave or accepted the label, or the model is sure of it."""
        return i in self.corrections or i in self.followed or self.rows[i].is_sure

    def correct(self, indices: Iterable[int], label: str, kind: str | None = None) -> None:
        """Label sounds, with a kind if that is known; this also confirms a label that the model already gives."""
        self._step({i: (label, kind, None) for i in indices if self.rows[i].error is None})

    def follow(self, changes: Iterable[Change], classes: Sequence[str]) -> None:
        """Accept changes that `propose` proposed, as one step; a change to the model's own label takes one back."""
        after = {change.index: classes[change.after] for change in changes}
        after = {i: None if label == self.rows[i].label else label for i, label in after.items()}
        self._step({i: (None, None, label) for i, label in after.items() if i not in self.corrections})

    def undo(self) -> list[int]:
        """Undo the last step; returns the sounds that it had changed."""
        if not self.history:
            return []
        before = self.history.pop()  # at once: another thread may undo the step before it
        try:
            self._set(before)
        except NotKeptError:
            self.history.append(before)
            raise
        return list(before)

    def propose(self, classes: Sequence[str]) -> list[Change]:
        """What else would have another label if the user's labels held for what is like them; the clearest first.

        Parameters
        ----------
        classes : sequence of str
            The model's, in its order; a `Change` refers to them by position.
        """
        given = {i: label for i, label in list(self.corrections.items()) if label in classes}
        changes = [
            change for sounds in self.from_one_source(given) for change in self._propose_among(sounds, given, classes)
        ]
        return sorted(changes, key=lambda change: -change.margin)

    def from_one_source(self, corrected: Iterable[int]) -> list[list[int]]:
        """The sounds that may follow from some: those that come from where they come from, for each such place."""
        return [self.sounds()] if corrected else []

    def vectors(self, sounds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings and the model's probabilities of sounds: shapes (n, d) and (n, n_classes), float32."""
        probabilities = [[*self.rows[i].probabilities.values()] for i in sounds]
        return np.stack([self.rows[i].embedding for i in sounds]), np.array(probabilities, np.float32)

    def _propose_among(self, sounds: list[int], given: dict[int, str], classes: Sequence[str]) -> list[Change]:
        place = {i: k for k, i in enumerate(sounds)}
        given = dict([(i, label) for i, label in given.items() if i in place][-_MOST_EVIDENCE:])
        embeddings, probabilities = self.vectors(sounds)
        wanted = [classes.index(label) for label in given.values()]
        current = self.positions(sounds, classes)
        changes = propose_changes(embeddings, probabilities, [place[i] for i in given], wanted, current)
        named = (Change(sounds[one.index], one.before, one.after, one.margin) for one in changes)
        return [change for change in named if change.index not in self.corrections]

    def positions(self, sounds: Sequence[int], classes: Sequence[str]) -> np.ndarray:
        """Position of each sound's label among the classes: shape (n,), int."""
        return np.array([classes.index(self.label(i)) for i in sounds])

    def is_duplicate(self, i: int) -> bool:
        """Whether an earlier sound is the same recording."""
        return i < len(self.duplicate_of) and self.duplicate_of[i] is not None

    def first(self, i: int) -> int:
        """The first sound that is the same recording; the sound itself if there is none before it."""
        return self.duplicate_of[i] if self.is_duplicate(i) else i

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

    def _step(self, given: dict[int, Given]) -> None:
        before = {i: self._given(i) for i in given}
        if given:
            self._set(given)
            self.history.append(before)

    def _given(self, i: int) -> Given:
        return self.corrections.get(i), self.corrected_kinds.get(i), self.followed.get(i)

    def _set(self, given: dict[int, Given]) -> None:
        for i, values in given.items():
            for mine, value in zip((self.corrections, self.corrected_kinds, self.followed), values, strict=True):
                mine.pop(i, None)
                if value:
                    mine[i] = value
