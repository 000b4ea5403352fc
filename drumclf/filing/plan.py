"""What a run of `sort` will do: only what is new, and never what a person has changed by hand."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from drumclf.batch.destinations import ORIGINAL_NAMES, destinations
from drumclf.batch.rows import Row
from drumclf.batch.skipped import COMPANION_SUFFIXES
from drumclf.filing.carrying_out import can_resume, settle
from drumclf.filing.journal import ChangedError, Filed, Journal, Step, digest_of, mount_of

A_LINK = "This is a link, which may lead nowhere from another folder; copy the file that it leads to."


@dataclass(frozen=True)
class Order:
    """How to sort.

    Attributes
    ----------
    action : str
        One of `drumclf.filing.journal.ACTIONS`.
    pattern : str
        As in `drumclf.batch.destinations.check_pattern`.
    skip_duplicates : bool
        Whether to leave out sounds that are the same recording as another.
    """

    action: str = "copy"
    pattern: str = ORIGINAL_NAMES
    skip_duplicates: bool = False


@dataclass(frozen=True)
class Plan:
    """What a run of `sort` will do.

    Attributes
    ----------
    steps : list of Step
        Unfinished steps of an earlier run come first.
    refused : list of Row
        Files that stay where they are; their names are paths.
    duplicates : list of (str, str)
        Sounds that are left out, and for each the one that is the same recording.
    n_filed : int
        Sounds that were filed before; whatever has become of them stays.
    n_unfinished : int
        How many of the steps are those of an earlier run.
    given_up : list of Step
        Of an earlier run, too; something else is in their place by now.
    """

    steps: list[Step]
    refused: list[Row]
    duplicates: list[tuple[str, str]]
    n_filed: int
    n_unfinished: int = 0
    given_up: list[Step] = field(default_factory=list)

    def n_sounds(self) -> int:
        """How many of the files are no companions."""
        return sum(not is_companion(step.source) for step in self.steps)

    def folders(self, destination: Path) -> dict[str, int]:
        """How many files go into each folder, by its path below the destination, in order."""
        counts = Counter(os.path.dirname(step.destination) for step in self.steps)  # noqa: PTH120 - many
        return {Path(place).relative_to(destination).as_posix(): n for place, n in sorted(counts.items())}


class Earlier:
    """What was sorted before, and what has become of it.

    Parameters
    ----------
    journal : Journal
        Is settled by this.
    roots : sequence of Path
        The folders that are sorted now; absolute.
    classes : iterable of str
        Names of the model's classes.
    """

    def __init__(self, journal: Journal, roots: Sequence[Path], classes: Iterable[str]):
        settle(journal)
        self.folder = journal.folder
        self._start = os.path.join(self.folder, "")  # noqa: PTH118 - as text: there may be many
        self._journal, self._roots, self._classes = journal, list(roots), set(classes)
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

    def is_new(self, path: Path) -> bool:
        """Whether a sound is to be sorted: no step was planned for it, and it is none that was filed before."""
        name = str(path)
        if name in self.places or self._is_in_destination(path):
            return False
        if any(not self._made_room(step, path) for step in self._by_source.get(name, ())):
            return False
        return not self._was_moved_by_hand(path)

    def was_left_out(self, path: Path) -> bool:
        """Whether a sound was left out as a duplicate before, and is as it was."""
        was = self._journal.duplicates.get(str(path))
        return was is not None and _is_as(path, was)

    def is_unfinished(self, path: Path) -> bool:
        """Whether a step for it was planned, and is still to be taken."""
        return str(path) in self._unfinished_sources

    def sounds(self) -> dict[Path, str]:
        """Where the sounds that were filed before are now, and their paths before that; not those that are gone."""
        steps = (step for step in self._journal.steps.values() if not is_companion(step.source))
        places = ((step.source, step.destination) for step in steps)
        found = {next((path for path in both if os.path.isfile(path)), None): both[0] for both in places}  # noqa: PTH113
        return {Path(path): source for path, source in found.items() if path}

    def root_of(self, path: Path) -> Path | None:
        """Which of the folders that are sorted now holds a file; None if none does."""
        return next((root for root in self._roots if root in path.parents), None)

    def is_taken(self, place: str) -> bool:
        """Whether a place below the destination is a file's or a folder's, or will be."""
        return self.holds(self.path_of(place))

    def is_file(self, place: str) -> bool:
        """Whether a place below the destination is a file's, or will be."""
        path = self.path_of(place)
        return path in self.places or (os.path.lexists(path) and not os.path.isdir(path))  # noqa: PTH112 - many

    def holds(self, path: str) -> bool:
        """Whether a path is a file's or a folder's, or will be."""
        return path in self.places or path in self._unfinished_folders or os.path.lexists(path)

    def path_of(self, place: str) -> str:
        """The path of a place below the destination, which is given with slashes on every system."""
        return self._start + place.replace("/", os.sep)

    def plan(self, steps: list[Step], refused: list[Row], duplicates: list[tuple[str, str]], n_filed: int) -> Plan:
        """A plan in which what an earlier run left undone comes first."""
        return Plan(self.unfinished + steps, refused, duplicates, n_filed, len(self.unfinished), self.given_up)

    @property
    def n_filed(self) -> int:
        """How many sounds of the folders that are sorted were filed before."""
        sources = (Path(self._journal.steps[place].source) for place in self._journal.filed)
        return sum(self.root_of(source) is not None and not is_companion(source) for source in sources)

    def _is_in_destination(self, path: Path) -> bool:
        """Whether a sound lies where only what is sorted lies; if a folder is sorted into itself, in a class's."""
        if not str(path).startswith(self._start):
            return False
        if self.folder in self._roots:
            return bool(self._journal.filed) and path.relative_to(self.folder).parts[0] in self._classes
        return self._is_within

    def _made_room(self, step: Step, path: Path) -> bool:
        """Whether another file is in the place of one that was moved away; a person may have put it back."""
        filed = self._journal.filed.get(step.destination)
        is_moved = step.action == "move" and filed is not None and filed.digest is not None
        return is_moved and os.path.lexists(path) and not _is_as(path, filed)

    def _was_moved_by_hand(self, path: Path) -> bool:
        """Whether a file of a folder that is sorted into itself was filed, and is no longer where it was put."""
        if not self._is_within and self.folder not in self._roots:
            return False
        size = path.stat().st_size if path.exists() else None
        return any(_is_as(path, filed) for filed in self._lost.get(size, ()))

    @cached_property
    def _is_within(self) -> bool:
        """Whether the destination lies in a folder that is sorted."""
        return self.root_of(self.folder) is not None

    @cached_property
    def _unfinished_sources(self) -> set[str]:
        return {step.source for step in self.unfinished}

    @cached_property
    def _unfinished_folders(self) -> set[str]:
        folders = {os.path.dirname(step.destination) for step in self.unfinished}  # noqa: PTH120 - as text: many
        return folders | {str(parent) for folder in folders for parent in Path(folder).parents}

    @cached_property
    def _lost(self) -> dict[int, list[Filed]]:
        """Files that are no longer where they were put, by their size in bytes."""
        lost: dict[int, list[Filed]] = {}
        for place, filed in self._journal.filed.items():
            if filed.digest and not os.path.lexists(place):
                lost.setdefault(filed.size, []).append(filed)
        return lost


def make_steps(earlier: Earlier, order: Order, sounds: Iterable[tuple[str, str, bool, str | None]]) -> list[Step]:
    """A step for each sound.

    Parameters
    ----------
    earlier : Earlier
        What its destination holds already.
    order : Order
    sounds : iterable of (path, label, is_sure, kind)
        Paths are absolute.

    Raises
    ------
    PatternError
        If the pattern is invalid.
    """
    sounds = list(sounds)
    steps, of_folders = [], {}
    places = destinations(sounds, order.pattern, earlier.is_taken, earlier.is_file)
    for (path, *_), place in zip(sounds, places, strict=True):
        folder = os.path.dirname(path)  # noqa: PTH120 - as text: there may be many
        if folder not in of_folders:
            of_folders[folder] = str(earlier.root_of(Path(path)) or folder), mount_of(Path(folder))
        steps.append(Step(order.action, path, earlier.path_of(place), *of_folders[folder]))
    return steps


def record(journal: Journal, plan: Plan) -> None:
    """Write a plan into the journal, as must be done before its first step is taken.

    Raises
    ------
    OSError
    ChangedError
        If another run has sorted into the folder since the journal was read, or another file is recorded for a
        place of the plan: the plan may be wrong by now.
    """
    given_up = {step.destination for step in plan.given_up}
    for step in plan.steps:
        other = journal.steps.get(step.destination, step)
        if other.source != step.source and other.destination not in given_up:
            raise ChangedError(f"{step.destination} is the place of {other.source}")
    for step in plan.given_up:
        del journal.steps[step.destination]
    journal.steps |= {step.destination: step for step in plan.steps}
    journal.note_duplicates(plan.duplicates)
    journal.write()


def is_companion(path: Path | str) -> bool:
    """Whether a file is what a program keeps beside a sound, by its suffix."""
    return os.path.splitext(path)[1].lower() in COMPANION_SUFFIXES  # noqa: PTH122 - as text: there may be many


def _is_as(path: Path, filed: Filed) -> bool:
    try:
        return path.stat().st_size == filed.size and digest_of(path) == filed.digest
    except OSError:
        return False
