"""``drumclf classify PATH...``."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import Row, classify_files, find_sounds
from drumclf.batch.skipped import Skipped
from drumclf.batch.tables import LINES, read_done, written_name
from drumclf.classifier import load_classifier
from drumclf.cli.stopping import at_once
from drumclf.cli.terminal import (
    OK,
    SOME_REFUSED,
    UsageError,
    add_model,
    counting,
    following,
    report_skipped,
    say,
    write_lines,
)
from drumclf.model_folder import MODEL_VARIABLE
from drumclf.processes.decoders import separate_reader


def add_classify(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "classify",
        help="classify sound files",
        description="Classify sound files. Exit status: 0 all classified, 1 some refused, 2 wrong usage.",
    )
    command.set_defaults(run=classify)
    command.add_argument("paths", nargs="+", metavar="PATH", help="a sound file, or a folder of them")
    command.add_argument("--format", choices=LINES, default="table", help="default: %(default)s")
    command.add_argument(
        "--out", metavar="FILE", help="write to a file, or on a cluster to a folder (default: standard output)"
    )
    command.add_argument(
        "--duplicates", action="store_true", help="also say which are the same recording; writes all answers at the end"
    )
    command.add_argument("--resume", action="store_true", help="continue a FILE that was cut off")
    add_model(command)
    cluster = command.add_argument_group(
        "on a cluster",
        "PATH and --out may then be folders on any file system that fsspec knows, for example s3://bucket/pack.",
    ).add_mutually_exclusive_group()
    cluster.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, for example tcp://host:8786")
    cluster.add_argument("--workers", type=int, metavar="N", help="start N processes here instead")


def classify(options: argparse.Namespace) -> int:
    """Classify files and folders, writing each answer as it comes."""
    if options.scheduler is not None or options.workers is not None:
        return _classify_on_cluster(options)
    skipped: list[Skipped] = []
    paths = list(find_sounds((Path(path) for path in options.paths), skipped.append))
    report_skipped(skipped)
    if not paths:
        say("there are no sound files here")
        return SOME_REFUSED
    out = Path(options.out) if options.out else None
    _check(options, paths, out)
    with at_once():
        classifier = load_classifier(options.model, read=separate_reader())
    done, n_refused = Counter(), 0
    if options.resume:
        try:
            done, n_refused = read_done(out, options.format, classifier)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot continue {out}: {error}") from error
    n_done, left = done.total(), _without(done, paths, options.format)

    def counted(rows: Iterator[Row]) -> Iterator[Row]:
        nonlocal n_refused
        for row in rows:
            n_refused += row.error is not None
            yield row

    answers_on_screen = out is None and sys.stdout.isatty() and not options.duplicates
    rows = counted(following(classify_files(classifier, left), len(paths), n_done, quiet=answers_on_screen))
    is_begun = options.resume and out.exists() and out.stat().st_size > 0
    more = {"header": not is_begun} if options.format == "csv" else {}
    if options.duplicates:
        rows = list(rows)
        first = find_duplicates(rows, lambda i: classifier.read_clip(rows[i].name))
        more["duplicate_of"] = [None if i is None else rows[i].name for i in first]
    try:
        write_lines(LINES[options.format](rows, classifier, **more), out, "a" if options.resume else "w")
    except KeyboardInterrupt as stopped:
        can_resume = out is not None and options.format != "table" and not options.duplicates
        raise KeyboardInterrupt(*([f"--resume continues {out}"] if can_resume else [])) from stopped
    return SOME_REFUSED if n_refused else OK


def _check(options: argparse.Namespace, paths: list[Path], out: Path | None) -> None:
    """Refuse what would overwrite a sound, and options that do not go together."""
    if out and any(_are_same(out, path) for path in paths):
        raise UsageError(f"{out} is one of the sounds and would be overwritten")
    if options.resume and (not out or options.format == "table"):
        raise UsageError("--resume continues a file: it needs --out, and --format csv or jsonl")
    if options.resume and options.duplicates:
        raise UsageError("--duplicates compares all files with one another: it cannot --resume")


def _are_same(out: Path, path: Path) -> bool:
    """Whether both are one file; not if one of them is not there, or cannot be examined."""
    try:
        return out.samefile(path)
    except OSError:
        return False


def _without(done: Counter[str], paths: list[Path], format: str) -> Iterator[tuple[str, Path]]:
    """Files that are not done yet; one that is listed twice is to be done twice."""
    for path in paths:
        name = written_name(str(path), format)
        if done[name]:
            done[name] -= 1
        else:
            yield str(path), path


def _classify_on_cluster(options: argparse.Namespace) -> int:
    from drumclf.cluster.run import ClusterError, classify_on_cluster

    if not options.out:
        raise UsageError("a cluster writes Parquet files: say where with --out FOLDER")
    if options.duplicates:
        raise UsageError("a cluster does not look for --duplicates")
    if options.model:
        raise UsageError(f"each worker loads its own model: set {MODEL_VARIABLE} here and on the workers")
    try:
        with counting() as report:
            follow = {"report": report, "report_skipped": report_skipped}
            summary = classify_on_cluster(options.paths, options.out, options.scheduler, options.workers, **follow)
    except (ValueError, ClusterError) as error:
        raise UsageError(str(error)) from error
    say(f"{summary.n_files} files, {summary.n_refused} of them refused; the answers are in {options.out}")
    return SOME_REFUSED if summary.n_refused else OK
