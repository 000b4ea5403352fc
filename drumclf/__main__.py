"""The command line: ``drumclf classify``, ``hits``, ``sort``, ``undo`` and ``serve``; also as ``python -m drumclf``."""

import argparse
import sys

from drumclf import __version__
from drumclf.cli.classify import add_classify
from drumclf.cli.hits import add_hits
from drumclf.cli.serve import add_serve
from drumclf.cli.sort import add_sort_and_undo
from drumclf.cli.terminal import INTERRUPTED, WRONG_USAGE, UsageError, say
from drumclf.model_folder import ModelError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options)
    except (UsageError, ModelError) as error:
        say(str(error))
        return WRONG_USAGE
    except KeyboardInterrupt:
        say("stopped; what is done is kept")
        return INTERRUPTED


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets ``run``, a function of the options that returns the exit status."""
    parser = argparse.ArgumentParser(prog="drumclf", description="Tell which drum a sound file holds.")
    parser.add_argument("--version", action="version", version=f"drumclf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_classify(commands)
    add_hits(commands)
    add_sort_and_undo(commands)
    add_serve(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
