"""``drumclf sort SOURCE DESTINATION`` and ``drumclf undo DESTINATION``."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
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
        help="file a folder of sounds into a folder for each class",
        description=(
            "File a folder of sounds into a folder for each class. The plan comes first; no file is ever "
            f"overwritten; what was done is in {JOURNAL}, and 'undo' takes it back. Cut off, it goes on when "
            "called again. Exit status: 0 all filed, 1 some left, 2 wrong usage."
        ),
    )
    command.set_defaults(run=sort)
    command.add_argument("source", type=Path, metavar="SOURCE", help="folder of sounds, with all that is in it")
    command.add_argument("destination", type=Path, metavar="DESTINATION", help="folder to file them into")
    action = command.add_mutually_exclusive_group()
    action.add_argument(
        "--copy", dest="action", action="store_const", const="copy", default="copy", help="copy them (the default)"
    )
    action.add_argument("--move", dest="action", action="store_const", const="move", help="move them")
    action.add_argument("--link", dest="action", action="store_const", const="link", help="make symbolic links")
    command.add_argument(
        "--pattern",
        default=ORIGINAL_NAMES,
        help="names of the files: {class}, {n}, {name}, {folder}, as in {class}_{n:03} (default: %(default)s)",
    )
    command.add_argument("--skip-duplicates", action="store_true", help="leave out copies, found by their sound")
    command.add_argument("--dry-run", action="store_true", help="show the whole plan and do nothing")
    command.add_argument("--yes", action="store_true", help="do not ask")
    add_model(command)
    command = commands.add_parser("undo", help="take back what 'sort' did", description="Take back what 'sort' did.")
    command.set_defaults(run=undo_sort)
    command.add_argument("destination", type=Path, metavar="DESTINATION", help="folder that was sorted into")


def sort(options: argparse.Namespace) -> int:
    """Classify, show the plan, ask, file."""
    source, destination = options.source.resolve(), options.destination.resolve()
    if not source.is_dir():
        raise UsageError(f"{options.source} is not a folder")
    if destination.exists() and not destination.is_dir():
        raise UsageError(f"{options.destination} is not a folder")
    try:
        check_pattern(options.pattern)
        earlier = read_journal(destination)
    except (PatternError, ValueError) as error:
        raise UsageError(str(error)) from error
    unfinished = [step for step in earlier if not is_done(step)]
    if unfinished:
        say(f"{len(unfinished)} files are left from the run before: they come first")
    planned = {path for step in earlier for path in (step.source, step.destination)}
    paths = [path for path in find_sounds([source]) if str(path) not in planned]
    # What was filed before is looked at again only where new files may be copies of it.
    before = [path for step in earlier if (path := _where(step))] if options.skip_duplicates and paths else []
    read = separate_reader()
    rows = _classify(before + paths, options.model, read) if paths else []
    refused = [row for row in rows[len(before) :] if row.error is not None]
    sounds = [row for row in rows[len(before) :] if row.error is None]
    copies = 0
    if options.skip_duplicates:
        known = [row for row in rows[: len(before)] if row.error is None] + sounds
        unique = find_duplicates(known, lambda i: read(known[i].name))[len(known) - len(sounds) :]
        copies = sum(first is not None for first in unique)
        sounds = [row for row, first in zip(sounds, unique, strict=True) if first is None]
    places = destinations(
        ((row.name, row.label, row.is_sure) for row in sounds),
        options.pattern,
        taken=lambda place: os.path.lexists(destination / place) or str(destination / place) in planned,
    )
    steps = [Step(options.action, row.name, str(destination / p)) for row, p in zip(sounds, places, strict=True)]
    _show_plan(unfinished + steps, destination, refused, copies, whole=options.dry_run)
    if options.dry_run or not unfinished + steps:
        return SOME_REFUSED if refused else OK
    if sys.stdin.isatty() and not options.yes and not _agreed():
        return OK
    _write_journal(destination, earlier + steps)
    n_left = _report(carry_out(unfinished + steps), len(unfinished + steps))
    say(f"{len(unfinished + steps) - n_left} files are filed; to take it back: undo {options.destination}")
    return SOME_REFUSED if refused or n_left else OK


def undo_sort(options: argparse.Namespace) -> int:
    """Take back every step that the journal knows, the last first."""
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
    say(f"{len(steps) - len(failed)} files are as they were")
    return SOME_REFUSED if failed else OK


def _agreed() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
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


def _show_plan(steps: list[Step], destination: Path, refused: list[Row], copies: int, whole: bool) -> None:
    """On standard output: what goes where, by folder; every file if the `whole` plan is wanted."""
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    folders = Counter(Path(step.destination).parent.relative_to(destination).as_posix() for step in steps)
    for action in sorted({step.action for step in steps}):
        print(f"{action} {sum(step.action == action for step in steps)} files into {destination}:")
    for folder, n in sorted(folders.items()):
        print(f"  {n:6}  {folder}")
    if any(UNSURE_FOLDER in folder for folder in folders):
        print(f'  In "{UNSURE_FOLDER}" is what the model would not vouch for.')
    if copies:
        print(f"left out, the same recording as another: {copies}")
    for row in refused:
        print(f"stays where it is: {row.name}: {row.error}")
    for step in steps if whole else ():
        print(f"{step.source} -> {step.destination}")


def _report(outcomes: Iterable[tuple[Step, str | None]], total: int) -> int:
    """Go through all; returns how many could not be done."""
    n_failed = 0
    for _, error in following(outcomes, total):
        if error:
            say(error)
            n_failed += 1
    return n_failed
