"""``drumclf sort SOURCE DESTINATION`` and ``drumclf undo DESTINATION``."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from drumclf.audio import Clip, Source
from drumclf.batch.destinations import ORIGINAL_NAMES, UNSURE_FOLDER, PatternError, check_pattern, destinations
from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import Row, classify_files, find_sounds
from drumclf.classifier import load_classifier
from drumclf.cli.filing import JOURNAL, Step, carry_out, is_done, read_journal, undo, write_journal
from drumclf.cli.terminal import OK, SOME_REFUSED, UsageError, add_model, following, say
from drumclf.processes.decoders import separate_reader


def add_sort_and_undo(commands) -> None:
    """Add both commands to the parser's."""
    command = commands.add_parser(
        "sort",
        help="sort a folder of sounds into a folder for each class",
        description=(
            "Sort a folder of sounds into a folder for each class. Shows the plan first and never overwrites a file. "
            f"What it did is recorded in {JOURNAL}; 'undo' undoes it. If it is cut off, the same command resumes. "
            "Exit status: 0 all sorted, 1 some left, 2 wrong usage."
        ),
    )
    command.set_defaults(run=sort)
    command.add_argument("source", type=Path, metavar="SOURCE", help="folder of sounds, with all its subfolders")
    command.add_argument("destination", type=Path, metavar="DESTINATION", help="folder to sort them into")
    action = command.add_mutually_exclusive_group()
    action.add_argument(
        "--copy", dest="action", action="store_const", const="copy", default="copy", help="copy them (the default)"
    )
    action.add_argument("--move", dest="action", action="store_const", const="move", help="move them")
    action.add_argument("--link", dest="action", action="store_const", const="link", help="make symbolic links")
    command.add_argument(
        "--pattern",
        default=ORIGINAL_NAMES,
        help="names of the files, from {class}, {kind}, {n}, {name} and {folder}: {class}_{n:03}, or {kind}/{name} for "
        "a folder for each kind (default: %(default)s)",
    )
    command.add_argument("--skip-duplicates", action="store_true", help="leave out duplicates, found by their sound")
    command.add_argument("--dry-run", action="store_true", help="show the whole plan and do nothing")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_model(command)
    command = commands.add_parser("undo", help="undo what 'sort' did", description="Undo what 'sort' did.")
    command.set_defaults(run=undo_sort)
    command.add_argument("destination", type=Path, metavar="DESTINATION", help="folder that was sorted into")


@dataclass(frozen=True)
class _Plan:
    """What a run of `sort` will do.

    Attributes
    ----------
    steps : list of Step
        Unfinished steps of an earlier run come first.
    refused : list of Row
        Files that could not be read.
    n_duplicates : int
        Sounds left out because they are the same recording as another.
    """

    steps: list[Step]
    refused: list[Row]
    n_duplicates: int


def sort(options: argparse.Namespace) -> int:
    """Plan, show the plan, ask, carry it out."""
    destination = options.destination.resolve()
    earlier = _check(options)
    plan = _make_plan(options, destination, earlier)
    _show(plan, destination, whole=options.dry_run)
    if options.dry_run or not plan.steps:
        return SOME_REFUSED if plan.refused else OK
    if sys.stdin.isatty() and not options.yes and not _agreed():
        return OK
    known = set(earlier)
    _write_journal(destination, earlier + [step for step in plan.steps if step not in known])
    n_left = _report(carry_out(plan.steps), len(plan.steps))
    say(f"{len(plan.steps) - n_left} files sorted; to undo it: drumclf undo {options.destination}")
    return SOME_REFUSED if plan.refused or n_left else OK


def undo_sort(options: argparse.Namespace) -> int:
    """Revert every step in the journal, the last one first."""
    folder = options.destination.resolve()
    try:
        steps = read_journal(folder)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not steps:
        raise UsageError(f"there is no {JOURNAL} in {options.destination}: nothing was sorted into it")
    failed = []

    def noted(outcomes):
        for step, error in outcomes:
            if error:
                failed.insert(0, step)
            yield step, error

    _report(noted(undo(steps)), len(steps))
    _write_journal(folder, failed)
    say(f"{len(steps) - len(failed)} files are back where they were")
    return SOME_REFUSED if failed else OK


def _check(options: argparse.Namespace) -> list[Step]:
    """Refuse impossible options; returns the steps of earlier runs."""
    if not options.source.is_dir():
        raise UsageError(f"{options.source} is not a folder")
    if options.destination.exists() and not options.destination.is_dir():
        raise UsageError(f"{options.destination} is not a folder")
    try:
        check_pattern(options.pattern)
        return read_journal(options.destination.resolve())
    except (PatternError, ValueError) as error:
        raise UsageError(str(error)) from error


def _make_plan(options: argparse.Namespace, destination: Path, earlier: list[Step]) -> _Plan:
    unfinished = [step for step in earlier if not is_done(step)]
    if unfinished:
        say(f"{len(unfinished)} files are left from an earlier run: they come first")
    planned = {path for step in earlier for path in (step.source, step.destination)}
    paths = [path for path in find_sounds([options.source.resolve()]) if str(path) not in planned]
    # Sounds that an earlier run sorted are read again only if new ones may be duplicates of them.
    before = [path for step in earlier if (path := _where(step))] if options.skip_duplicates and paths else []
    read = separate_reader()
    rows = _classify(before + paths, options.model, read) if paths else []
    known, new = rows[: len(before)], rows[len(before) :]
    sounds = [row for row in new if row.error is None]
    n_sounds = len(sounds)
    if options.skip_duplicates:
        sounds = _without_duplicates([row for row in known if row.error is None], sounds, read)
    places = destinations(
        ((row.name, row.label, row.is_sure, row.kind) for row in sounds),
        options.pattern,
        taken=lambda place: os.path.lexists(destination / place) or str(destination / place) in planned,
    )
    steps = [Step(options.action, row.name, str(destination / p)) for row, p in zip(sounds, places, strict=True)]
    return _Plan(unfinished + steps, [row for row in new if row.error is not None], n_sounds - len(sounds))


def _without_duplicates(known: list[Row], sounds: list[Row], read: Callable[[Source], Clip]) -> list[Row]:
    """Sounds that are not the same recording as a known one, or as one before them."""
    rows = known + sounds
    first = find_duplicates(rows, lambda i: read(rows[i].name))[len(known) :]
    return [row for row, i in zip(sounds, first, strict=True) if i is None]


def _agreed() -> bool:
    try:
        return input("Go ahead? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def _write_journal(folder: Path, steps: list[Step]) -> None:
    try:
        write_journal(folder, steps)
    except OSError as error:
        raise UsageError(f"cannot write {folder / JOURNAL}: {error.strerror}") from error


def _where(step: Step) -> Path | None:
    """Where the sound of a step is now."""
    return next((Path(path) for path in (step.source, step.destination) if os.path.isfile(path)), None)  # noqa: PTH113


def _classify(paths: list[Path], model: str | None, read: Callable[[Source], Clip]) -> list[Row]:
    rows = classify_files(load_classifier(model, read=read), ((str(path), path) for path in paths))
    return list(following(rows, len(paths)))


def _show(plan: _Plan, destination: Path, whole: bool) -> None:
    """Print what goes where, by folder; every file if the `whole` plan is wanted."""
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    steps = plan.steps
    folders = Counter(Path(step.destination).parent.relative_to(destination).as_posix() for step in steps)
    for action in sorted({step.action for step in steps}):
        print(f"{action} {sum(step.action == action for step in steps)} files into {destination}:")
    for folder, n in sorted(folders.items()):
        print(f"  {n:6}  {folder}")
    if any(UNSURE_FOLDER in folder for folder in folders):
        print(f'  "{UNSURE_FOLDER}" holds the sounds that the model is not sure about.')
    if plan.n_duplicates:
        print(f"left out as duplicates: {plan.n_duplicates}")
    for row in plan.refused:
        print(f"stays where it is: {row.name}: {row.error}")
    for step in steps if whole else ():
        print(f"{step.source} -> {step.destination}")


def _report(outcomes: Iterable[tuple[Step, str | None]], total: int) -> int:
    """Go through all outcomes and print the errors; returns how many there were."""
    n_failed = 0
    for _, error in following(outcomes, total):
        if error:
            say(error)
            n_failed += 1
    return n_failed
