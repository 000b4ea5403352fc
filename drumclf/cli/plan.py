"""What a run of `sort` will do: only what is new, and never what a person has changed by hand."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from drumclf.audio import Clip, Source
from drumclf.batch.destinations import destinations
from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import Row
from drumclf.batch.skipped import COMPANION_SUFFIXES
from drumclf.cli.filing import can_resume
from drumclf.cli.journal import Filed, Journal, Step, digest_of, mount_of


@dataclass(frozen=True)
class Plan:
    """What a run of `sort` will do.

    Attributes
    ----------
    steps : list of Step
        Unfinished steps of an earlier run come first.
    refused : list of Row
        Files that could not be read.
    duplicates : list of (str, str)
        Sounds that are left out, and for each the one that is the same recording.
    n_filed : int
        Sounds of the folder that were filed before; whatever has become of them stays.
    """

    steps: list[Step]
    refused: list[Row]
    duplicates: list[tuple[str, str]]
    n_filed: int


class Earlier:
    """What was sorted before, and what has become of it.

    Parameters
    ----------
    journal : Journal
        Settled.
    root : Path
        The folder that is sorted now.
    classes : iterable of str
        Names of the model's classes.
    """

    def __init__(self, journal: Journal, root: Path, classes: Iterable[str]):
        self._journal, self._root, self._classes = journal, root, set(classes)
        unfinished = [step for step in journal.unfinished() if os.path.lexists(step.source)]
        # Something else is in their place by now: they are planned anew, and so are their companions.
        taken = {step.destination for step in unfinished if not can_resume(step)}
        self.given_up = [step for step in unfinished if not taken.isdisjoint((step.destination, step.sound))]
        # A companion waits for its sound, if that is gone.
        there = journal.filed.keys() | {step.destination for step in unfinished} | {None}
        given_up = set(self.given_up)
        self.unfinished = [step for step in unfinished if step.sound in there and step not in given_up]
        kept = {step.destination: step for step in journal.steps.values() if step not in given_up}
        self.places = kept.keys()
        self._by_source: dict[str, list[Step]] = {}
        for step in kept.values():
            self._by_source.setdefault(step.source, []).append(step)

    def is_new(self, path: Path, skip_duplicates: bool = False) -> bool:
        """Whether a sound is to be sorted: no step was planned for it, and it is none that was filed before.

        Nor, with `skip_duplicates`, one that was left out before and is as it was.
        """
        name = str(path)
        was = self._journal.duplicates.get(name) if skip_duplicates else None
        if was and _is_as(path, was):
            return False
        if name in self.places or self._is_in_destination(path):
            return False
        if any(not self._made_room(step, path) for step in self._by_source.get(name, ())):
            return False
        return not self._was_moved_by_hand(path)

    def sounds(self) -> list[Path]:
        """Where the sounds that were filed before are now; not those that are gone."""
        steps = (step for step in self._journal.steps.values() if not _is_companion(Path(step.source)))
        places = ((step.source, step.destination) for step in steps)
        found = (next((path for path in both if os.path.isfile(path)), None) for both in places)  # noqa: PTH113
        return [Path(path) for path in dict.fromkeys(path for path in found if path)]

    @property
    def n_filed(self) -> int:
        """How many sounds of the folder that is sorted were filed before."""
        sources = (Path(self._journal.steps[place].source) for place in self._journal.filed)
        return sum(self._root in source.parents and not _is_companion(source) for source in sources)

    def _is_in_destination(self, path: Path) -> bool:
        """Whether a sound lies where only what is sorted lies; if a folder is sorted into itself, in a class's."""
        folder = self._journal.folder
        if folder == self._root:
            return bool(self._journal.filed) and path.relative_to(folder).parts[0] in self._classes
        return self._root in folder.parents and folder in path.parents

    def _made_room(self, step: Step, path: Path) -> bool:
        """Whether another file is in the place of one that was moved away; a person may have put it back."""
        filed = self._journal.filed.get(step.destination)
        return step.action == "move" and filed is not None and filed.digest is not None and not _is_as(path, filed)

    def _was_moved_by_hand(self, path: Path) -> bool:
        """Whether a file of a folder that is sorted into itself was filed, and is no longer where it was put."""
        if self._root not in (self._journal.folder, *self._journal.folder.parents):
            return False
        size = path.stat().st_size if path.exists() else None
        return any(_is_as(path, filed) for filed in self._lost.get(size, ()))

    @cached_property
    def _lost(self) -> dict[int, list[Filed]]:
        """Files that are no longer where they were put, by their size in bytes."""
        lost: dict[int, list[Filed]] = {}
        for place, filed in self._journal.filed.items():
            if filed.digest and not os.path.lexists(place):
                lost.setdefault(filed.size, []).append(filed)
        return lost


def make_steps(
    rows: list[Row], action: str, pattern: str, root: Path, destination: Path, taken: Callable[[str], bool]
) -> list[Step]:
    """A step for each row.

    Parameters
    ----------
    rows : list of Row
        Without refused ones; their names are absolute paths.
    action, pattern : str
        As for `sort`.
    root, destination : Path
        The folder that is sorted, and where to.
    taken : function
        Whether a path in the destination is taken.
    """
    places = destinations(((row.name, row.label, row.is_sure, row.kind) for row in rows), pattern, taken)
    steps, mounts = [], {}
    for row, place in zip(rows, places, strict=True):
        folder = Path(row.name).parent
        if folder not in mounts:
            mounts[folder] = mount_of(folder)
        steps.append(Step(action, row.name, str(destination / place), str(root), mounts[folder]))
    return steps


def with_companions(steps: list[Step], sounds: Iterable[Path], others: Iterable[Path]) -> list[Step]:
    """The same steps, each followed by those that take the sound's companions along, under its new name.

    A companion has the sound's name with another suffix after its own, or in place of it if that could mean no other
    sound: ``kick.wav.asd``, ``kick.xmp``.

    Parameters
    ----------
    steps : list of Step
    sounds : iterable of Path
        All sounds in the folders, also those that stay.
    others : iterable of Path
        What else is there.
    """
    beside: dict[str, list[Path]] = {}
    for companion in filter(_is_companion, others):
        beside.setdefault(str(companion.with_suffix("")), []).append(companion)
    stems = Counter(str(sound.with_suffix("")) for sound in sounds)
    taken_along = []
    for step in steps:
        source, destination = Path(step.source), Path(step.destination)
        taken_along.append(step)
        stem = str(source.with_suffix(""))
        named = {step.source: destination.name} | ({stem: destination.stem} if stems[stem] == 1 else {})
        for before, name in named.items():
            for companion in beside.get(before, ()):
                place = destination.with_name(name + companion.suffix)
                goes_with = {"source": str(companion), "destination": str(place), "sound": step.destination}
                taken_along.append(replace(step, **goes_with))
    return taken_along


def split_duplicates(
    known: list[Row], sounds: list[Row], read: Callable[[Source], Clip]
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Sounds that are no duplicate of a known one or of one before them; and the others, each with its original."""
    rows = known + sounds
    first = find_duplicates(rows, lambda i: read(rows[i].name))[len(known) :]
    duplicates = [(row.name, rows[i].name) for row, i in zip(sounds, first, strict=True) if i is not None]
    return [row for row, i in zip(sounds, first, strict=True) if i is None], duplicates


def _is_companion(path: Path) -> bool:
    return path.suffix.lower() in COMPANION_SUFFIXES


def _is_as(path: Path, filed: Filed) -> bool:
    try:
        return path.stat().st_size == filed.size and digest_of(path) == filed.digest
    except OSError:
        return False
