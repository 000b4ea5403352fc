"""The first decoder, libsndfile: everything that sample libraries are made of."""

from typing import BinaryIO

import numpy as np
import soundfile

from drumclf.sources import UndecodableError

_LENGTH_UNKNOWN = 2**63 - 1  # SF_COUNT_MAX, for example for a FLAC that was written to a pipe
_PROBLEMS = (soundfile.SoundFileError, OSError, RuntimeError)


class SndFile:
    """A sound that libsndfile decodes; attributes as in `drumclf.sources.Decoder`.

    Parameters
    ----------
    file : binary file object
    may_be_mp3 : bool
        Whether it is also read if libsndfile takes it for an MP3.

    Raises
    ------
    UndecodableError
    """

    def __init__(self, file: BinaryIO, may_be_mp3: bool = True):
        file.seek(0)
        try:
            self._file = _Stream(file)
        except _PROBLEMS as error:
            raise UndecodableError from error
        if self._file.format == "MP3" and not may_be_mp3:
            self._file.close()
            raise UndecodableError
        self.rate, self.n_channels = self._file.samplerate, self._file.channels
        self.n_frames = self._file.frames if self._file.frames < _LENGTH_UNKNOWN else None
        self.is_cheap = self._file.subtype.startswith("PCM")

    def read_into(self, out: np.ndarray) -> int:
        """As in `drumclf.sources.Decoder`."""
        try:
            return len(self._file.read(out=out))
        except _PROBLEMS as error:
            raise UndecodableError from error

    def close(self) -> None:
        """Free what libsndfile holds."""
        self._file.close()


class _Stream(soundfile.SoundFile):
    """A file that is read front to back, to the real end of its data.

    A SoundFile that can seek stops at the length in the header, and seeks after every
    read, which fails at the end of a FLAC whose header states no length.
    """

    def seekable(self) -> bool:
        return False
