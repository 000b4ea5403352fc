"""``drumclf serve``: the page on this computer."""

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from drumclf.cli.terminal import OK, UsageError, add_model
from drumclf.model_folder import MODEL_VARIABLE, read_metadata

_INSTALLED = Path(__file__).resolve().parents[1] / "served"
# The folder with app.py: inside the package if installed, the repository itself otherwise.
PAGE_FOLDER = _INSTALLED if _INSTALLED.exists() else _INSTALLED.parents[1]
_NEEDED = ("streamlit", "librosa", "matplotlib", "pandas", "altair", "sklearn")


def add_serve(commands) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "serve",
        help="open the page on this computer",
        description="Serve the page until Ctrl-C, on this computer only unless told otherwise.",
    )
    command.set_defaults(run=serve)
    add_window(command)
    command.add_argument(
        "--address", default="localhost", help="0.0.0.0 lets other computers in (default: %(default)s)"
    )
    add_model(command)


def add_window(command: argparse.ArgumentParser) -> None:
    """The options of every command that opens a page."""
    command.add_argument("--port", type=int, default=8501, help="default: %(default)s")
    command.add_argument("--no-browser", action="store_true", help="do not open a browser window")


def serve(options: argparse.Namespace) -> int:
    """The page, until Ctrl-C."""
    become_page("app.py", options, options.address)
    return OK


def become_page(script: str, options: argparse.Namespace, address: str, arguments: Sequence[str] = ()) -> None:
    """Become ``python -m streamlit run SCRIPT -- ARGUMENTS``; Ctrl-C ends it.

    Raises
    ------
    UsageError
        If packages are missing.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise UsageError("the page needs more packages: pip install 'drumclf[page]'")
    if options.model:
        read_metadata(options.model)  # complains here rather than to every visitor
        os.environ[MODEL_VARIABLE] = os.path.abspath(options.model)  # noqa: PTH100
    place = [f"--server.port={options.port}", f"--server.address={address}"]
    window = f"--server.headless={str(options.no_browser).lower()}"
    os.chdir(PAGE_FOLDER)  # Streamlit looks for .streamlit/ and static/ here
    sys.argv = ["streamlit", "run", script, *place, window, "--", *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
