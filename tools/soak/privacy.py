"""What remains of an upload: on disk, in the log, in memory after the visitor has gone."""

import io
import secrets
import time
import zipfile
from dataclasses import dataclass

import psutil

from page.memory import INTERVAL
from tools.server import serve
from tools.soak.client import Visitor
from tools.soak.search import find_in_memory
from tools.soak.sounds import EXAMPLES

N_MARKS = 512  # in a marked sound
_MARK_INTERVAL = 4096  # bytes; all marks together take 2 MB, more than passes through any buffer at a time
# As in the image: without it, glibc keeps some freed memory, content and all, until it is needed again, and a search
# cannot tell it from memory in use.
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
# Largest share of a forgotten sound that may remain: small buffers keep their content until they are reused.
LEFT_IN_BUFFERS = 0.05

_MARGIN = 5  # seconds: the server notices a moment later that the socket is closed


@dataclass(frozen=True)
class Marked:
    """A sound with marks that occur nowhere else.

    Attributes
    ----------
    token : bytes
        64 letters and digits: in the name and, numbered, many times in a WAV chunk that no player reads.
    """

    token: bytes
    name: str
    data: bytes

    def share_in_memory(self, process: psutil.Process) -> float:
        """Share of the sound that is in the memory of a process and its children, from 0 to 1; raises OSError."""
        family = [process, *process.children(recursive=True)]
        return len(set().union(*(find_in_memory(one, self.token + rb"\d{8}") for one in family))) / N_MARKS

    def in_a_zip(self) -> bytes:
        """The sound in an archive, uncompressed."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(self.name, self.data)
        return archive.getvalue()


def marked_sound() -> Marked:
    """An example drum with marks."""
    token = secrets.token_hex(32).encode()
    chunk = b"".join((token + b"%08d" % i).ljust(_MARK_INTERVAL, b"\0") for i in range(N_MARKS))
    data = EXAMPLES[0].read_bytes() + b"mark" + len(chunk).to_bytes(4, "little") + chunk
    return Marked(token, f"{token.decode()}.wav", data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])


def shares_in_memory(ttl: int) -> tuple[float, float]:
    """A lone visitor uploads a zip and a sound, downloads what is made of them, compares, and leaves.

    Parameters
    ----------
    ttl : int
        Seconds for which the server keeps the session of a visitor who left: ``server.disconnectedSessionTTL``.

    Returns
    -------
    while_visited, afterwards : float
        Share of the upload in the server's memory, from 0 to 1. The first shows that it can be found.

    Raises
    ------
    OSError
        If the server's memory cannot be read.
    """
    sound = marked_sound()
    environment = {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(ttl)} | ONE_ARENA
    with serve(environment) as (address, server):
        process = psutil.Process(server.pid)
        with Visitor(address) as visitor:
            visitor.upload(("pack.zip", sound.in_a_zip()))
            visitor.choose("View", "Export")
            visitor.download("Download 1 sound")
            visitor.remove_uploads()
            visitor.upload((sound.name, sound.data))
            visitor.download("Picture to share")
            visitor.click("Another")
            visitor.wait_until(lambda: "Compare" in visitor.picture.titles)
            visitor.choose("Try a sound", "Hand claps")
            while_visited = sound.share_in_memory(process)
        time.sleep(ttl + INTERVAL + _MARGIN)
        return while_visited, sound.share_in_memory(process)
