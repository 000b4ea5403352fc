"""``drumclf classify PATH...``."""

import argparse
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from drumclf.batch.rows import Row, classify_files, find_sounds
from drumclf.batch.tables import LINES, read_done, written_name
from drumclf.classifier import load_classifier
from drumclf.cli.terminal import OK, SOME_REFUSED, UsageError, counting, following, say
from drumclf.processes.decoders import reading_apart


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
        "--out", metavar="FILE", help="write to a file, on a cluster to a folder (default: standard output)"
    )
    command.add_argument("--resume", action="store_true", help="go on with FILE where it ends")
    cluster = command.add_argument_group(
        "on a cluster", "Then PATH and --out are folders on any file system that fsspec knows, as s3://bucket/pack."
    ).add_mutually_exclusive_group()
    cluster.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask scheduler, as tcp://host:8786")
    cluster.add_argument("--workers", type=int, metavar="N", help="start N processes here instead")


def classify(options: argparse.Namespace) -> int:
    """Answers for files and folders, line by line as they come."""
    if options.scheduler is not None or options.workers is not None:
        return _classify_on_cluster(options)
    paths = [Path(path) for path in options.paths]
    n_found = sum(1 for _ in find_sounds(paths))
    if not n_found:
        raise UsageError("there are no sound files here")
    out = Path(options.out) if options.out else None
    if out and any(out.resolve() == path.resolve() for path in find_sounds(paths)):
        raise UsageError(f"{out} is one of the sounds: it would be overwritten")
    if options.resume and (not out or options.format == "table"):
        raise UsageError("--resume goes on with a file: it needs --out, and --format csv or jsonl")
    classifier = load_classifier(read=reading_apart())
    done, n_refused = Counter(), 0
    if options.resume:
        try:
            done, n_refused = read_done(out, options.format, classifier)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot go on with {out}: {error}") from error
    files = ((str(path), path) for path in find_sounds(paths))
    n_done, left = done.total(), _without(done, files, options.format)

    def counted(rows: Iterator[Row]) -> Iterator[Row]:
        nonlocal n_refused
        for row in rows:
            n_refused += row.error is not None
            yield row

    answers_on_screen = out is None and sys.stdout.isatty()
    rows = counted(following(classify_files(classifier, left), n_found, n_done, quiet=answers_on_screen))
    try:
        with _open_output(out, "a" if options.resume else "w") as file:
            more = {"header": not file.tell()} if options.resume and options.format == "csv" else {}
            for line in LINES[options.format](rows, classifier, **more):
                file.write(line)
                file.flush()
    except BrokenPipeError:  # `| head` has seen enough; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise UsageError(f"cannot write {out or 'the output'}: {error.strerror}") from error
    return SOME_REFUSED if n_refused else OK


def _without(done: Counter[str], files: Iterable[tuple[str, Path]], format: str) -> Iterator[tuple[str, Path]]:
    """Files that are not done; one that was named twice is to be done twice."""
    for name, path in files:
        if done[written_name(name, format)]:
            done[written_name(name, format)] -= 1
        else:
            yield name, path


def _classify_on_cluster(options: argparse.Namespace) -> int:
    from drumclf.cluster.run import ClusterError, classify_on_cluster

    if not options.out:
        raise UsageError("a cluster writes Parquet files: say where with --out FOLDER")
    try:
        with counting() as report:
            summary = classify_on_cluster(options.paths, options.out, options.scheduler, options.workers, report=report)
    except (ValueError, ClusterError) as error:
        raise UsageError(str(error)) from error
    say(f"{summary.n_files} files, {summary.n_refused} of them refused; the answers are in {options.out}")
    return SOME_REFUSED if summary.n_refused else OK


def _open_output(path: Path | None, mode: str):
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
        return contextlib.nullcontext(sys.stdout)
    return path.open(mode, encoding="utf-8", errors="surrogateescape", newline="")
