"""``drumclf sort SOURCE DESTINATION`` and ``drumclf undo DESTINATION``."""

import argparse
import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from drumclf.audio import Clip, Source
from drumclf.batch.destinations import ORIGINAL_NAMES, UNSURE_FOLDER, PatternError, check_pattern
from drumclf.batch.rows import Row, classify_files
from drumclf.classifier import load_classifier
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import (
    OK,
    SOME_REFUSED,
    UsageError,
    add_model,
    counted,
    following,
    report_skipped,
    say,
    write_lines,
)
from drumclf.filing.carrying_out import DiskError, carry_out, settle
from drumclf.filing.folder import look_in, plan_folder
from drumclf.filing.journal import JOURNAL, ChangedError, Journal, read_journal
from drumclf.filing.lock import InUseError, alone_in, check_alone
from drumclf.filing.plan import Earlier, Order, Plan, record
from drumclf.filing.taking_back import undo
from drumclf.model_folder import read_metadata
from drumclf.names import visible
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
    action.add_argument(
        "--move",
        dest="action",
        action="store_const",
        const="move",
        help="move them, and their companions: .asd, .xmp",
    )
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


def sort(options: argparse.Namespace) -> int:
    """Plan, show the plan, ask, carry it out."""
    try:
        return _sort(options)
    except (ChangedError, InUseError) as error:
        more = "; the same command makes a new plan" if isinstance(error, ChangedError) else ""
        say(f"nothing was sorted: {error}{more}")
        return SOME_REFUSED


def _sort(options: argparse.Namespace) -> int:
    journal = _check(options)
    try:
        plan = _make_plan(options, journal)
        is_nothing = not (plan.steps or plan.refused or plan.duplicates)
        if is_nothing and not plan.n_filed:
            say(f"there are no sound files in {options.source} that could be sorted")
            return SOME_REFUSED
        if is_nothing:
            _say_all_is_filed(options, plan.n_filed)
            return OK
        write_lines(_shown(plan, journal.folder, whole=options.dry_run))
        if plan.steps and not (options.dry_run or options.yes) and sys.stdin.isatty() and not _agreed():
            return OK
        if options.dry_run or not (plan.steps or plan.duplicates):
            return SOME_REFUSED if plan.refused else OK
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt("nothing was sorted") from stopped
    # Not sooner, since the question may stand for hours: `record` sees what other runs did since the journal was read.
    with alone_in(journal.folder, make=True):
        try:
            with _writing(journal):
                record(journal, plan)
        except KeyboardInterrupt as stopped:
            raise KeyboardInterrupt("nothing was sorted") from stopped
        if not plan.steps:
            return SOME_REFUSED if plan.refused else OK
        return _carry_out(options, journal, plan)


def undo_sort(options: argparse.Namespace) -> int:
    """Take back every step in the journal that still is as it was put, the last one first."""
    try:
        with alone_in(options.destination.resolve()):
            journal = _read(options.destination)
            if not journal.steps:
                raise UsageError(f"there is no {JOURNAL} in {options.destination}: nothing was sorted into it")
            return _undo(journal)
    except InUseError as error:
        say(f"nothing was undone: {error}")
        return SOME_REFUSED


def _undo(journal: Journal) -> int:
    settle(journal)
    total, n_undone, n_left, n_kept, trouble = len(journal.filed), 0, 0, 0, None
    try:
        for _, left in following(undo(journal), len(journal.steps)):
            n_undone += left is None
            if left:
                say(left.why)
                n_left, n_kept = n_left + 1, n_kept + left.is_there
    except DiskError as error:
        trouble = f"{error}; make room, and the same command takes back the rest"
    except KeyboardInterrupt as stopped:
        said = f"{n_undone:,} of {counted(total, 'file')} undone; the same command takes back the rest"
        raise KeyboardInterrupt(said) from stopped
    if trouble:
        say(trouble)
    more = f"; {counted(n_left, 'file')} left as said above" if n_left else ""
    say(f"{n_undone:,} of {counted(max(total, n_undone), 'file')} undone{more}")
    if not trouble:
        journal.duplicates.clear()
        with contextlib.suppress(ChangedError), _writing(journal):
            journal.write()
    return SOME_REFUSED if n_kept or trouble else OK


def _check(options: argparse.Namespace) -> Journal:
    """Refuse impossible options; returns the journal of earlier runs."""
    if not options.source.is_dir():
        raise UsageError(f"{options.source} is not a folder")
    if options.destination.exists() and not options.destination.is_dir():
        raise UsageError(f"{options.destination} is not a folder")
    try:
        check_pattern(options.pattern)
    except PatternError as error:
        raise UsageError(str(error)) from error
    if not options.dry_run:
        check_alone(options.destination.resolve())
    return _read(options.destination)


def _read(destination: Path) -> Journal:
    try:
        return read_journal(destination.resolve())
    except ValueError as error:
        raise UsageError(str(error)) from error


@contextlib.contextmanager
def _writing(journal: Journal) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {journal.folder / JOURNAL}: {error.strerror}") from error


def _make_plan(options: argparse.Namespace, journal: Journal) -> Plan:
    """Look what is there and what was sorted before, and decide what is to be done now."""
    root = options.source.resolve()
    order = Order(options.action, options.pattern, options.skip_duplicates)
    earlier = Earlier(journal, [root], read_metadata(options.model)["classes"])
    if earlier.unfinished:
        say(f"{counted(len(earlier.unfinished), 'file')} left from an earlier run: first in the plan")
    found = look_in(root, earlier, order)
    report_skipped(found.skipped)
    read = separate_reader()
    return plan_folder(found, earlier, order, partial(_classify, model=options.model, read=read), read)


def _classify(paths: list[Path], model: str | None, read: Callable[[Source], Clip]) -> list[Row]:
    with at_once():
        classifier = load_classifier(model, read=read)
    return list(following(classify_files(classifier, ((str(path), path) for path in paths)), len(paths)))


def _carry_out(options: argparse.Namespace, journal: Journal, plan: Plan) -> int:
    """Take the steps of a plan, and say what was done and how to undo it."""
    total, trouble, n_errors = len(plan.steps), None, 0

    def n_sorted() -> int:
        return sum(step.destination in journal.filed for step in plan.steps)

    try:
        for _, error in following(carry_out(journal, plan.steps), total):
            if error:
                say(error)
                n_errors += 1
    except DiskError as error:
        trouble = f"{error}: {n_sorted():,} of {counted(total, 'file')} sorted; the same command resumes"
    except KeyboardInterrupt as stopped:
        said = f"{n_sorted():,} of {counted(total, 'file')} sorted; the same command resumes"
        raise KeyboardInterrupt(said) from stopped
    if trouble:
        say(trouble)
        return SOME_REFUSED
    say(f"{counted(n_sorted(), 'file')} sorted; to undo it: {_undo_command(options)}")
    return SOME_REFUSED if plan.refused or n_errors else OK


def _say_all_is_filed(options: argparse.Namespace, n_filed: int) -> None:
    say(
        f"nothing is new: {counted(n_filed, 'sound')} filed before stay as they are; "
        f"to file them in another way, take them back first: {_undo_command(options)}"
    )


def _undo_command(options: argparse.Namespace) -> str:
    return f"drumclf undo {shlex.quote(str(options.destination))}"


def _agreed() -> bool:
    try:
        return input("Go ahead? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def _shown(plan: Plan, destination: Path, whole: bool) -> Iterator[str]:
    """Lines that say what goes where, by folder; every file if the `whole` plan is wanted."""
    return (f"{visible(line)}\n" for line in _lines(plan, destination, whole))


def _lines(plan: Plan, destination: Path, whole: bool) -> Iterator[str]:
    steps, folders = plan.steps, plan.folders(destination)
    for action in sorted({step.action for step in steps}):
        yield f"{action} {counted(sum(step.action == action for step in steps), 'file')} into {destination}:"
    for folder, n in folders.items():
        yield f"  {n:6}  {folder}"
    if any(UNSURE_FOLDER in folder for folder in folders):
        yield f'  "{UNSURE_FOLDER}" holds the sounds that the model is not sure about.'
    if plan.n_filed:
        yield f"filed before, and left as they are: {plan.n_filed}"
    if plan.duplicates:
        yield f"left out as duplicates: {len(plan.duplicates)}"
    for name, first in plan.duplicates if whole else ():
        yield f"left out: {name}, a duplicate of {first}"
    for row in plan.refused:
        yield f"stays where it is: {row.name}: {row.error}"
    for step in steps if whole else ():
        yield f"{step.source} -> {step.destination}"
