"""A file too large to send, lent to another process: both ends of its asking for pieces.

The process asks for a place and a number of bytes and gets no more than that: no name, and no way to any other file.
"""

import json
from multiprocessing.connection import Connection
from typing import BinaryIO

from drumclf.sources import Positioned

_PIECE = 262_144  # bytes asked for at a time
_MOST_PIECES = 20_000  # 5 GB


def is_request(head: dict) -> bool:
    """Whether a message from the process asks for a piece."""
    return isinstance(head, dict) and "read" in head


def piece(file: BinaryIO, head: dict) -> bytes:
    """The bytes that a request asks for.

    Raises
    ------
    ValueError, TypeError
        If it asks for something else.
    """
    offset = head["read"]
    if type(offset) is not int or not 0 <= offset < 2**62:
        raise ValueError("no such place")
    file.seek(offset)
    return file.read(_PIECE)


class LentFile(Positioned):
    """The file, as the process sees it.

    Parameters
    ----------
    size : int
        In bytes.
    incoming, outgoing : Connection
        From and to the owner.
    """

    def __init__(self, size: int, incoming: Connection, outgoing: Connection):
        super().__init__(size)
        self._incoming, self._outgoing = incoming, outgoing
        self._n_asked, self._begin, self._piece = 0, 0, b""

    def readinto(self, buffer) -> int:
        n = 0
        while n < len(buffer) and self._position < self._size:
            at = self._position - self._begin
            if not 0 <= at < len(self._piece):
                self._ask()
                at = self._position - self._begin
            data = self._piece[at : at + len(buffer) - n]
            if not data:  # the file has become shorter
                break
            buffer[n : n + len(data)] = data
            self._position, n = self._position + len(data), n + len(data)
        return n

    def _ask(self) -> None:
        self._n_asked += 1
        if self._n_asked > _MOST_PIECES:
            raise OSError("asked for too much")
        self._begin = self._position - self._position % _PIECE
        self._outgoing.send_bytes(json.dumps({"read": self._begin}).encode())
        self._piece = self._incoming.recv_bytes(_PIECE)
