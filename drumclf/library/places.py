"""Where the library is kept: what can be made again in the user's cache folder, what cannot in the data folder."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """For what a scan makes again: $XDG_CACHE_HOME/drumclf, or the system's own place."""
    return _folder("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA")


def data_folder() -> Path:
    """For what the user made: $XDG_DATA_HOME/drumclf, or the system's own place."""
    return _folder("XDG_DATA_HOME", ".local/share", "Library/Application Support", "APPDATA")


def _folder(variable: str, on_linux: str, on_mac: str, on_windows: str) -> Path:
    chosen = Path(os.environ.get(variable, ""))
    if chosen.is_absolute():  # the XDG specification has others ignored
        return chosen / "drumclf"
    if sys.platform == "win32" and os.environ.get(on_windows):
        return Path(os.environ[on_windows]) / "drumclf"
    return Path.home() / (on_mac if sys.platform == "darwin" else on_linux) / "drumclf"
