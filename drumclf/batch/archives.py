"""A zip archive from a stranger -> its sounds, one at a time, within limits.

Nothing is unpacked to disk or as a whole. The sizes that an archive states are never
trusted: what counts is what comes out while it is read.
"""

import io
import threading
import zipfile
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from charset_normalizer import from_bytes

from drumclf import limits
from drumclf.audio import AudioError
from drumclf.batch.skipped import HEAD_BYTES, LITTER, SYSTEM, Skipped, is_called_sound, what_else
from drumclf.file_types import playable_type

_DIRECTORY_ENTRY, _DIRECTORY_END, _DIRECTORY_END_64 = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06"
_MAX_GUESSED_BYTES = 100_000  # of names from which the encoding is guessed
_LEGACY_ENCODINGS = ["cp932", "gb18030", "cp949", "big5", "cp1251", "cp866", "cp850"]
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
# Methods that zipfile unpacks only as far as asked; a kilobyte of bzip2 or LZMA becomes gigabytes at once.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)
_BLOCK = 100_000  # bytes that are unpacked between two checks of the limits


class ArchiveError(ValueError):
    """An archive cannot be used as a whole; the text is one sentence for the person who sent it."""


@dataclass(eq=False)
class Budget:
    """How much the archives of one upload have unpacked to. Threads may share it.

    Attributes
    ----------
    packed : int
        Size of the archives in bytes.
    unpacked : int
        Bytes that came out of them so far.
    """

    packed: int = 0
    unpacked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, unpacked: int) -> None:
        """Count what came out.

        Raises
        ------
        AudioError
            If a limit is exceeded, now or earlier.
        """
        with self.lock:
            self.unpacked += unpacked
            total, ratio = self.unpacked, self.unpacked / max(self.packed, 1)
        if total > limits.MAX_UNPACKED_BYTES:
            size = f"{limits.MAX_UNPACKED_BYTES // 1_000_000_000} GB"
            raise AudioError(f"The archive unpacks to more than {size}; send it in parts.")
        if total > limits.RATIO_COUNTS_FROM and ratio > limits.MAX_RATIO:
            raise AudioError(
                f"The archive unpacks to more than {limits.MAX_RATIO} times its size; zip the sounds again."
            )


@dataclass(frozen=True, eq=False)
class Entry:
    """One sound in an archive; reads like a binary file object, any number of times.

    Attributes
    ----------
    name : str
        Its folders and its name, ready to show.
    """

    name: str
    _archive: zipfile.ZipFile = field(repr=False)
    _info: zipfile.ZipInfo = field(repr=False)
    _budget: Budget = field(repr=False)
    _counted: list = field(default_factory=list, repr=False)

    def read(self, limit: int = limits.MAX_FILE_BYTES + 1) -> bytes:
        """The first `limit` bytes.

        Raises
        ------
        AudioError
            If they cannot be unpacked, or a limit is exceeded. Entries that were not read before stay refused.
        """
        if self._info.flag_bits & _ENCRYPTED_FLAG:
            raise AudioError("This file is locked with a password; pack the sounds without one.")
        try:
            if self._info.compress_type not in _METHODS:
                raise NotImplementedError
            with self._archive.open(self._info) as file:
                data = b"".join(self._blocks(file, limit))
        except AudioError:  # a limit; AudioError is a ValueError too
            raise
        except NotImplementedError as error:
            raise AudioError("This file is packed in a way that cannot be read; use an ordinary zip.") from error
        except _UNPACKING_ERRORS as error:
            raise AudioError("This file is damaged in the archive; zip the sounds again.") from error
        self._counted.append(True)
        return data

    def _blocks(self, file: BinaryIO, limit: int) -> Iterator[bytes]:
        block = b""
        while True:
            if not self._counted:
                self._budget.spend(len(block))
            block = file.read(min(limit, _BLOCK))
            if not block:
                return
            limit -= len(block)
            yield block


def open_archive(data: bytes | BinaryIO, budget: Budget | None = None) -> tuple[list[Entry], list[Skipped]]:
    """What is in a zip archive.

    Parameters
    ----------
    data : bytes or binary file object
        The whole archive.
    budget : Budget, optional
        Shared with other archives.

    Returns
    -------
    entries : list of Entry
        The sounds, in the order of their names.
    skipped : list of Skipped
        What is no sound, in the order of the names.

    Raises
    ------
    ArchiveError
        If it is not a zip archive, or holds too much.
    """
    data = data if isinstance(data, bytes) else data.read()
    if len(data) > limits.MAX_ARCHIVE_BYTES:
        raise ArchiveError(f"This archive is larger than {limits.MAX_ARCHIVE_BYTES // 1_000_000} MB; send it in parts.")
    # Before zipfile makes an object for each entry:
    if (
        data.count(_DIRECTORY_ENTRY) > limits.MAX_DIRECTORY_ENTRIES
        or _directory_size(data) > limits.MAX_DIRECTORY_BYTES
    ):
        raise ArchiveError(f"This archive holds more than {limits.MAX_DIRECTORY_ENTRIES:,} files; send it in parts.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [
            info for info in archive.infolist() if not info.filename.endswith("/")
        ]  # is_dir fails on an empty name
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise ArchiveError("This zip archive is damaged; zip the sounds again.") from error
    budget = budget or Budget()
    with budget.lock:
        budget.packed += len(data)
    names = _names(infos)
    others, sounds, skipped = set(names), [], []
    for name, info in zip(names, infos, strict=True):
        kind = SYSTEM if is_litter(name, others) else None
        if kind is None and not is_called_sound(name):
            kind = what_else(name, _head(archive, info))
        if kind is None:
            sounds.append(Entry(name, archive, info, budget))
        else:
            skipped.append(Skipped(name, kind))
    if len(sounds) > limits.MAX_SOUNDS:
        raise ArchiveError(f"This archive holds {len(sounds):,} sounds; send up to {limits.MAX_SOUNDS:,} at a time.")
    return sorted(sounds, key=lambda entry: entry.name), sorted(skipped, key=lambda each: each.name)


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The first bytes of a file; none if they cannot be unpacked. So few of so few files need no budget."""
    if info.flag_bits & _ENCRYPTED_FLAG or info.compress_type not in _METHODS:
        return b""
    try:
        with archive.open(info) as file:
            return file.read(HEAD_BYTES)
    except _UNPACKING_ERRORS:
        return b""


def is_archive(name: str, head: bytes) -> bool:
    """Whether to open a file as an archive: its name ends in .zip, and its first bytes are not those of a sound.

    A zip archive called kick.wav counts as a sound that cannot be read.
    """
    return name.lower().endswith(".zip") and playable_type(head) is None


def is_litter(name: str, others: Container[str]) -> bool:
    """Whether a file is a leftover of the system: in a hidden folder, a thumbnail, the resource fork of another file.

    Parameters
    ----------
    name : str
        With "/" between folders.
    others : container of str
        Names of the files that came with it: "._kick.wav" is a resource fork if there is a "kick.wav".
    """
    *folders, base = name.split("/")
    if any(folder.lower() in LITTER or (folder.startswith(".") and folder.strip(".")) for folder in folders):
        return True
    return base.lower() in LITTER or (base.startswith("._") and "/".join([*folders, base[2:]]) in others)


def _directory_size(data: bytes) -> int:
    """Size of the directory in bytes, as its end record states and zipfile believes; 0 if there is none."""
    end = data.rfind(_DIRECTORY_END)
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if size == 0xFFFFFFFF and (end := data.rfind(_DIRECTORY_END_64)) >= 0:
        size = int.from_bytes(data[end + 40 : end + 48], "little")
    return size if end >= 0 else 0


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """Decode names: old programs write them in the encoding of their country without saying which.

    zipfile assumes code page 437. All names together reveal the encoding better than each alone.
    """
    raw = {i: info.orig_filename.encode("cp437") for i, info in enumerate(infos) if not info.flag_bits & _UTF8_FLAG}
    unsaid = b"\n".join(name for name in raw.values() if not name.isascii())
    encoding = _encoding(unsaid) if unsaid else "ascii"
    return [
        (raw[i].decode(encoding, "replace") if i in raw else info.filename).replace("\\", "/")
        for i, info in enumerate(infos)
    ]


def _encoding(text: bytes) -> str:
    try:
        text.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        best = from_bytes(text[:_MAX_GUESSED_BYTES], cp_isolation=_LEGACY_ENCODINGS).best()
        return best.encoding if best else "cp437"
