"""Where indexes are kept, and what tells one content from another."""

import hashlib
import os
import sys
from pathlib import Path

FOLDER_VARIABLE = "DRUMCLF_LIBRARY"  # a folder to use instead
_WHOLE = 4_000_000  # of a larger file, the first and the last half of so many bytes are compared
_NAME = "drumclf"


def library_folder() -> Path:
    """The folder of the index: in the user's cache, as the system has it, or in ``DRUMCLF_LIBRARY``."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen)
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / _NAME / "library"


def content_of(path: Path) -> bytes:
    """What is equal for files with the same bytes, 16 bytes long; of files above 4 MB, only both ends count.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(size.to_bytes(8, "little"))
        for begin, n in ((0, size),) if size <= _WHOLE else ((0, _WHOLE // 2), (size - _WHOLE // 2, _WHOLE // 2)):
            file.seek(begin)
            digest.update(file.read(n))
    return digest.digest()
