"""Folders -> an index of what is in them; only what is new or changed is read."""

import hashlib
import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from drumclf.batch.rows import Row, classify_files, find_sounds
from drumclf.batch.skipped import Skipped
from drumclf.classifier import Classifier
from drumclf.library.index import Index
from drumclf.names import escaped
from drumclf.processes.decoders import TOO_SLOW
from drumclf.sources import NO_FILE, NO_PERMISSION

_HASHED = 64_000_000  # bytes of a file that tell it from others; far more than is ever listened to
_WRITTEN_EVERY = 1.0  # seconds: so much work is lost at most if the power fails


@dataclass
class Work:
    """What a scan has to do, and what it did.

    Attributes
    ----------
    new : list of (path, content)
        Files to be read. The content is known if only the model is new.
    gone : list of str
        Escaped paths that the index knows and that are no longer there.
    done : Counter of str
        How many files were "unchanged", "heard" (by the model), "recognised" by their content, "refused",
        "moved" and "vanished".
    skipped : list of Skipped
        What is no sound.
    """

    new: list[tuple[Path, bytes | None]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)


def look_for_work(index: Index, classifier: Classifier, folders: Iterable[Path]) -> Work:
    """Compare folders with what the index knows of them, by names, sizes and times of change.

    Parameters
    ----------
    index : Index
    classifier : Classifier
        Answers of other models count as missing.
    folders : iterable of Path
        Absolute. One that cannot be listed, or is not there, counts as it was.
    """
    work, model, seen = Work(), index.model_of(classifier), set()
    for folder in folders:
        if not os.path.isdir(folder):  # noqa: PTH112 - as when a drive is away; Path.is_dir may raise
            continue
        index.note_folder(str(folder))
        known, closed = index.known_below(str(folder), model), []
        for path in find_sounds([folder], work.skipped.append):
            name = escaped(str(path))
            if name in seen:  # a folder was named twice, or one above it too
                continue
            seen.add(name)
            before = known.get(name)
            try:
                found = path.stat()
                stamp = (found.st_size, found.st_mtime_ns)
            except OSError:
                stamp = None
            if before is None or before.content is None or (before.size, before.mtime_ns) != stamp:
                work.new.append((path, None))
                if os.path.isdir(path):  # noqa: PTH112 - it cannot be listed: what is below it may still be there
                    closed.append(name + os.sep)
            elif not before.is_answered or before.is_vanished:
                work.new.append((path, before.content))
            else:
                work.done["unchanged"] += 1
        gone = (name for name, before in known.items() if name not in seen and not before.is_vanished)
        work.gone += [name for name in gone if not name.startswith(tuple(closed))]
    return work


def do_work(index: Index, classifier: Classifier, work: Work) -> Iterator[Row]:
    """Read what is to be read, and write it down about once a second.

    Yields
    ------
    Row
        One for each of `work.new`, though not in their order; only with its name if its content was known.
        Close the generator if you stop: what was yielded is written then.
    """
    model = index.model_of(classifier)
    reading = _Reading(index, model, work)
    try:
        while reading.left:
            with closing(classify_files(classifier, reading.to_classify())) as rows:
                for row in rows:
                    yield from reading.take(row)
            yield from reading.ready()
    finally:
        reading.write()
    work.done["moved"] = index.mark_vanished(work.gone)
    work.done["vanished"] = len(work.gone) - work.done["moved"]


class _Reading:
    """What is on its way from the files to the index.

    Attributes
    ----------
    left : deque of (path, content)
        What of `work.new` is still to be looked at.
    """

    def __init__(self, index: Index, model: int, work: Work):
        self.left = deque(work.new)
        self._index, self._model, self._work = index, model, work
        self._on_its_way: dict[str, tuple] = {}  # name -> row of the table of files
        self._contents: set[bytes] = set()  # of these
        self._files: list[tuple] = []
        self._sounds: list[tuple[bytes, Row]] = []
        self._ready: deque[Row] = deque()
        self._written = time.monotonic()

    def to_classify(self) -> Iterator[tuple[str, Path]]:
        """The files whose content no answer is known for; the others become ready.

        It ends early so that these need not wait: at once if nothing is being listened to, or else when it is time to
        write; not at each of them, since the classifier reads ahead and would have to start anew.
        """
        while self.left:
            if self._ready and (self._is_time_to_write() or not self._on_its_way):
                return
            path, content = self.left.popleft()
            name = str(path)
            try:
                found = path.stat()  # before it is read: if it changes then, the next scan sees it
                content = content or content_of(path)
            except OSError as error:
                self._refuse(name, NO_PERMISSION if isinstance(error, PermissionError) else NO_FILE)
                continue
            file = (escaped(name), found.st_size, found.st_mtime_ns, content, None)
            if content in self._contents or self._index.has_answer(content, self._model):
                self._files.append(file)
                self._ready.append(Row(name))
                self._work.done["recognised"] += 1
            else:
                self._contents.add(content)
                self._on_its_way[name] = file
                yield name, path

    def take(self, row: Row) -> Iterator[Row]:
        """Keep an answer; yields it, and what became ready meanwhile."""
        file = self._on_its_way.pop(row.name)
        content = file[3]
        if row.error in (TOO_SLOW, NO_FILE, NO_PERMISSION):  # no fault of the content: to be tried again
            self._contents.discard(content)
            self._refuse(row.name, row.error)
        else:
            self._work.done["heard" if row.error is None else "refused"] += 1
            self._files.append(file)
            self._sounds.append((content, row))
            self._ready.append(row)
        yield from self.ready()

    def ready(self) -> Iterator[Row]:
        """What is known and not yet yielded; it is written down if it is time."""
        while self._ready:
            yield self._ready.popleft()
        if self._is_time_to_write():
            self.write()

    def write(self) -> None:
        """Write down what is known."""
        self._index.write(self._model, self._files, self._sounds)
        self._contents.difference_update(content for content, _ in self._sounds)
        self._files, self._sounds, self._written = [], [], time.monotonic()

    def _is_time_to_write(self) -> bool:
        return time.monotonic() - self._written > _WRITTEN_EVERY

    def _refuse(self, name: str, sentence: str) -> None:
        self._files.append((escaped(name), None, None, None, sentence))
        self._ready.append(Row(name, sentence))
        self._work.done["refused"] += 1


def content_of(path: Path) -> bytes:
    """A digest of a file's size and its first 64 MB; raises OSError if it cannot be read."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        digest.update(os.fstat(file.fileno()).st_size.to_bytes(8, "little"))
        left = _HASHED
        while left and (piece := file.read(min(left, 1 << 20))):
            digest.update(piece)
            left -= len(piece)
    return digest.digest()
