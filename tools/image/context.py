"""What of the repository reaches the builder: the rules of .dockerignore."""

import os
import re
from pathlib import Path, PurePosixPath


class Context:
    """A folder and what its .dockerignore leaves of it.

    The rules are Docker's: a pattern holds for a path and all below it, ``**`` goes through folders, ``!`` takes
    back, and the last pattern that matches decides.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        lines = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
        texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        self._rules = [(text.startswith("!"), text.lstrip("!").strip("/")) for text in texts]
        self._patterns = [(kept, re.compile(_expression(text))) for kept, text in self._rules]

    def keeps(self, path: PurePosixPath) -> bool:
        """Whether a path, relative to the folder, reaches the builder."""
        kept = True
        for keeping, pattern in self._patterns:
            if any(pattern.fullmatch(str(part)) for part in (path, *path.parents[:-1])):
                kept = keeping
        return kept

    def files(self, source: str = ".") -> list[PurePosixPath]:
        """The files below a path, or the file that it is, relative to the folder and in order."""
        start = self.folder / source
        if start.is_file():
            relative = PurePosixPath(start.relative_to(self.folder).as_posix())
            return [relative] if self.keeps(relative) else []
        found = []
        for parent, folders, names in os.walk(start):
            here = PurePosixPath(Path(parent).relative_to(self.folder).as_posix())
            folders[:] = [name for name in folders if self._may_keep(here / name)]
            found += [here / name for name in names if self.keeps(here / name)]
        return sorted(found)

    def _may_keep(self, folder: PurePosixPath) -> bool:
        """Whether anything below a folder may reach the builder; large ignored folders are not walked."""
        return self.keeps(folder) or any(kept and text.startswith(f"{folder}/") for kept, text in self._rules)


def _expression(pattern: str) -> str:
    """A pattern of .dockerignore as a regular expression."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(parts.get(piece, re.escape(piece)) for piece in pieces)
