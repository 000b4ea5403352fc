"""The command line: ``drumclf classify``, ``hits``, ``sort`` and ``undo``; the same as ``python -m drumclf``."""

import argparse
import sys

from drumclf.cli.classify import add_classify
from drumclf.cli.hits import add_hits
from drumclf.cli.sort import add_sort_and_undo
from drumclf.cli.terminal import INTERRUPTED, WRONG_USAGE, UsageError, say
from drumclf.model_folder import ModelError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (UsageError, ModelError) as error:
        say(str(error))
        return WRONG_USAGE
    except KeyboardInterrupt:
        say("stopped; what is done so far stays")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="drumclf", description="Tell which drum a sound file holds.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_classify(commands)
    add_hits(commands)
    add_sort_and_undo(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
