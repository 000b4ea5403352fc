"""The page on a free port, and the Chromium to visit it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0  # seconds that a server may take to start
_INTERVAL = 0.02


@contextmanager
def serve(
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    script: str = "app.py",
    arguments: Sequence[str] = (),
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Serve the page as ``make app`` does, on a free port of the loopback interface.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Variables set on top of those of this process: TMPDIR, HOME, STREAMLIT_SERVER_...
    log : path, optional
        Where the output goes; discarded by default.
    script : str
    arguments : sequence of str
        What the script is started with.

    Yields
    ------
    address : str
        Such as ``http://127.0.0.1:8501``; the server answers by then.
    server : subprocess.Popen

    Raises
    ------
    RuntimeError
        If the server ends while it starts.
    TimeoutError
        If it does not answer within `PATIENCE`.
    """
    port = free_port()
    place = [f"--server.port={port}", "--server.address=127.0.0.1"]
    with (log or Path(os.devnull)).open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, *place, "--", *arguments],
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server)
        yield address, server
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen) -> None:
    """Return when the page answers at an address; raises as `serve` does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(_INTERVAL)
    raise TimeoutError("the server does not answer")


def chromium_path() -> str | None:
    """Path of this machine's Chromium: ``CHROMIUM`` if it is set, else what is installed; None if nothing is."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def launch_chromium(playwright, *arguments: str):
    """Start Chromium without a window; in a container it runs as root, so without a sandbox.

    Parameters
    ----------
    playwright : playwright.sync_api.Playwright
    *arguments : str
        Further switches for its command line.

    Returns
    -------
    browser : playwright.sync_api.Browser
    """
    return playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", *arguments])
