"""The command line: ``python -m drumclf classify PATH...``."""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from drumclf.batch import WRITERS, classify_files, find_sounds
from drumclf.classifier import load_classifier
from drumclf.model_folder import ModelError

OK, SOME_REFUSED, WRONG_USAGE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    paths = find_sounds(options.paths)
    if not paths:
        print("drumclf: there are no sound files here", file=sys.stderr)
        return WRONG_USAGE
    if options.out and options.out.resolve() in {path.resolve() for path in paths}:
        print(f"drumclf: {options.out} is one of the sounds: it would be overwritten", file=sys.stderr)
        return WRONG_USAGE
    try:
        classifier = load_classifier()
    except ModelError as error:
        print(f"drumclf: {error}", file=sys.stderr)
        return WRONG_USAGE
    refused = 0

    def counted(rows):
        nonlocal refused
        for row in rows:
            refused += row.prediction is None
            yield row

    try:
        with _open_output(options.out) as file:
            WRITERS[options.format](counted(classify_files(classifier, paths)), file, classifier)
            file.flush()
    except BrokenPipeError:  # `| head` has seen enough; Python would complain again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"drumclf: cannot write {options.out or 'the output'}: {error.strerror}", file=sys.stderr)
        return WRONG_USAGE
    return SOME_REFUSED if refused else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m drumclf", description="Tell which drum a sound file holds.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    classify = commands.add_parser(
        "classify",
        help="classify sound files",
        description="Classify sound files. Exit status: 0 all classified, 1 some refused, 2 wrong usage.",
    )
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a sound file, or a folder of them")
    classify.add_argument("--format", choices=WRITERS, default="table", help="default: %(default)s")
    classify.add_argument("--out", type=Path, metavar="FILE", help="write to a file (default: standard output)")
    return parser


def _open_output(path: Path | None):
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
        return contextlib.nullcontext(sys.stdout)
    return path.open("w", encoding="utf-8", errors="surrogateescape", newline="")


if __name__ == "__main__":
    sys.exit(main())
