"""``drumclf serve``: the page on this computer."""

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from drumclf.cli.terminal import OK, UsageError, add_model, say
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
    command.add_argument("--port", type=int, default=8501, help="default: %(default)s")
    command.add_argument(
        "--address", default="localhost", help="0.0.0.0 lets other computers in (default: %(default)s)"
    )
    command.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    add_model(command)


def serve(options: argparse.Namespace) -> int:
    """Start Streamlit in its own process and wait for it."""
    if any(find_spec(name) is None for name in _NEEDED):
        raise UsageError("the page needs more packages: pip install 'drumclf[page]'")
    if options.model:
        read_metadata(options.model)  # complains here rather than to every visitor
    place = [f"--server.port={options.port}", f"--server.address={options.address}"]
    window = f"--server.headless={str(options.no_browser).lower()}"
    environment = os.environ | ({MODEL_VARIABLE: os.path.abspath(options.model)} if options.model else {})  # noqa: PTH100
    # Streamlit reads .streamlit/ and serves static/ from the folder that it starts in.
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *place, window], cwd=PAGE_FOLDER, env=environment
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()  # Ctrl-C reached it too
        say("the page has stopped")
        return OK
