"""What is to be read -> an open file, and what reading it may raise.

Bytes and uploads are limited in size. A file on the user's own disk is not: only as much of it is read as is needed.
"""

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from drumclf import limits

Source = str | os.PathLike | bytes | BinaryIO
NO_FILE = "There is no file here that can be opened; give the path of a sound file."
NO_PERMISSION = "You have no permission to read this; ask its owner, or change the permissions."
_TOO_LARGE = f"This file is larger than {limits.MAX_FILE_BYTES // 1_000_000} MB; send a shorter sound."


class AudioError(ValueError):
    """A sound cannot be used; the text is one sentence for the person who sent it."""


class UndecodableError(Exception):
    """A decoder cannot read a file; another one may."""


class Decoder(Protocol):
    """An open sound, decoded from front to back.

    Attributes
    ----------
    rate : int
        In hertz, as the header states it.
    n_channels : int
    n_frames : int or None
        Length in samples of one channel, as the header states it; None if it does not.
    is_cheap : bool
        Whether decoding takes little more than copying.
    """

    rate: int
    n_channels: int
    n_frames: int | None
    is_cheap: bool

    def read_into(self, out: np.ndarray) -> int:
        """Decode as many samples as fit; returns how many there were, fewer only at the end.

        Parameters
        ----------
        out : np.ndarray, shape (n, n_channels), float32
            Filled from its start.

        Raises
        ------
        UndecodableError
        """

    def close(self) -> None:
        """Free what the decoder holds."""


class Positioned(io.RawIOBase):
    """A readable file of a known size that keeps its own position; `readinto` is left to say."""

    def __init__(self, size: int):
        super().__init__()
        self._size, self._position = size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = max(offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence], 0)
        return self._position

    def tell(self) -> int:
        return self._position


class Tail(Positioned):
    """A file from some byte on, behind another beginning.

    Parameters
    ----------
    file : binary file object
        Can seek.
    offset : int
        Where the tail begins.
    head : bytes
        Read in place of what comes before.
    """

    def __init__(self, file: BinaryIO, offset: int, head: bytes = b""):
        super().__init__(len(head) + max(size_of(file) - offset, 0))
        self._file, self._offset, self._head = file, offset, head

    def readinto(self, buffer) -> int:
        wanted, begin = len(buffer), self._position
        data = self._head[begin : begin + wanted]
        if len(data) < wanted:
            self._file.seek(self._offset + max(begin - len(self._head), 0))
            data += self._file.read(wanted - len(data))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def open_source(source: Source) -> BinaryIO:
    """A file that can seek; in memory unless it is larger than ``MAX_FILE_BYTES`` and on this computer's disk.

    Raises
    ------
    AudioError
        If it cannot be opened, is empty, or is too large.
    """
    if isinstance(source, str | os.PathLike):
        try:
            if os.stat(source).st_size > limits.MAX_FILE_BYTES:  # noqa: PTH116 - Path would refuse fewer names
                file = Path(source).open("rb")  # noqa: SIM115 - the caller closes it
                if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return file
                file.close()
        except (OSError, ValueError) as error:
            raise AudioError(_why_not_opened(source, error)) from error
    return io.BytesIO(read_bytes(source))


def read_bytes(source: Source) -> bytes:
    """The bytes of a file, as is.

    Raises
    ------
    AudioError
        If it cannot be opened, is empty or is larger than ``MAX_FILE_BYTES``.
    """
    limit = limits.MAX_FILE_BYTES + 1
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif isinstance(source, str | os.PathLike):
        try:
            with Path(source).open("rb") as file:
                data = file.read(limit)
        except (OSError, ValueError) as error:
            raise AudioError(_why_not_opened(source, error)) from error
    else:
        data = source.read(limit)
    if not data:
        raise AudioError("This file is empty; send a sound file.")
    if len(data) >= limit:
        raise AudioError(_TOO_LARGE)
    return data


def _why_not_opened(source: str | os.PathLike, error: Exception) -> str:
    try:
        if isinstance(error, IsADirectoryError):
            os.scandir(source).close()
            return "This is a folder; give the path of a sound file."
    except OSError as of_folder:
        error = of_folder
    if isinstance(error, PermissionError):
        return NO_PERMISSION
    if getattr(error, "errno", None) in (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT):
        return "This file cannot be read from its disk; check the disk."
    return NO_FILE


def read_at(file: BinaryIO, offset: int, n: int) -> bytes:
    """Up to `n` bytes of a file that can seek."""
    file.seek(offset)
    return file.read(n)


def size_of(file: BinaryIO) -> int:
    """Size in bytes of a file that can seek."""
    return file.seek(0, io.SEEK_END)
