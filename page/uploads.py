"""Uploaded files, folders and zips -> a pack of sounds."""

from dataclasses import dataclass

from streamlit.runtime.uploaded_file_manager import UploadedFile

from drumclf.audio import Source
from drumclf.batch.archives import ArchiveError, Budget, is_archive, is_litter, open_archive
from drumclf.batch.pack import Pack
from drumclf.batch.rows import Refused
from drumclf.batch.skipped import HEAD_BYTES, SYSTEM, Skipped, what_else
from drumclf.limits import MAX_TOGETHER


@dataclass(frozen=True)
class Upload:
    """An uploaded file as a source that can be read again."""

    file: UploadedFile

    def read(self, limit: int = -1) -> bytes:
        """The first `limit` bytes."""
        return bytes(self.file.getbuffer()[:limit] if limit >= 0 else self.file.getbuffer())


def still_here(uploads: list | None) -> list[UploadedFile]:
    """Uploads, without those of an earlier session, which a returning browser still lists."""
    return [upload for upload in uploads or [] if isinstance(upload, UploadedFile)]


def is_single_sound(uploads: list[UploadedFile]) -> bool:
    """Whether there is one file, and it is not an archive."""
    return len(uploads) == 1 and not _is_archive(uploads[0])


def pack_of(uploads: list[UploadedFile]) -> Pack:
    """The sounds of all uploads. Those in archives are unpacked one at a time, when they are classified."""
    found: list[tuple[str, str, Source]] = []
    skipped, budget, names = [], Budget(), {upload.name for upload in uploads}
    for upload in uploads:
        if is_litter(upload.name, names):  # also "._pack.zip"
            skipped.append(Skipped(upload.name, SYSTEM))
        elif _is_archive(upload):
            try:
                entries, others = open_archive(upload.getvalue(), budget)
                found += [(f"{upload.file_id} {k}", entry.name, entry) for k, entry in enumerate(entries)]
                skipped += others
            except ArchiveError as error:
                found.append((upload.file_id, upload.name, Refused(str(error))))
        elif kind := what_else(upload.name, bytes(upload.getbuffer()[:HEAD_BYTES])):
            skipped.append(Skipped(upload.name, kind))
        else:
            found.append((upload.file_id, upload.name, Upload(upload)))
    late = Refused(f"Only {MAX_TOGETHER:,} sounds fit at a time. Send this one with the next batch.")
    files = [(name, source if k < MAX_TOGETHER else late) for k, (_, name, source) in enumerate(found)]
    return Pack(files, skipped=skipped, keys=[key for key, _, _ in found])


def _is_archive(upload: UploadedFile) -> bool:
    return is_archive(upload.name, bytes(upload.getbuffer()[:64]))
