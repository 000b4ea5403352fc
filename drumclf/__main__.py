"""The command line: ``drumclf classify``, ``find``, ``serve`` and the rest; also as ``python -m drumclf``.

Nothing that takes time is imported before Ctrl-C is provided for.
"""

import os
import sys

from drumclf.cli.stopping import INTERRUPTED, in_good_order, no_more, take_over

if __name__ == "__main__":
    take_over()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process unless given; without them, Ctrl-C ends the process from here.
    """
    if arguments is None:
        take_over()
    from drumclf.cli.terminal import WRONG_USAGE, UsageError, say
    from drumclf.model_folder import ModelError

    options = build_parser().parse_args(arguments)
    try:
        in_good_order()
        status = options.run(options)
        no_more()
        return status
    except (UsageError, ModelError) as error:
        say(str(error))
        return WRONG_USAGE
    except (KeyboardInterrupt, RuntimeError) as error:
        # Ctrl-C while a thread is being started leaves its lock in disorder, and that is what arrives here.
        stopped = error if isinstance(error, KeyboardInterrupt) else error.__context__
        if not isinstance(stopped, KeyboardInterrupt):
            raise
        no_more()
        say("; ".join(["stopped", *map(str, stopped.args)]))
        if arguments is None:  # threads may still be at work, and Python would wait for them
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        return INTERRUPTED


def build_parser():
    """The parser of all commands; each sets ``run``, a function of the options that returns the exit status."""
    from drumclf import __version__
    from drumclf.cli.classify import add_classify
    from drumclf.cli.find import add_find
    from drumclf.cli.hits import add_hits
    from drumclf.cli.library import add_library
    from drumclf.cli.serve import add_serve
    from drumclf.cli.sort import add_sort_and_undo
    from drumclf.cli.terminal import Parser

    parser = Parser(prog="drumclf", description="Tell which drum a sound file holds.")
    parser.add_argument("--version", action="version", version=f"drumclf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_classify(commands)
    add_hits(commands)
    add_sort_and_undo(commands)
    add_library(commands)
    add_find(commands)
    add_serve(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
