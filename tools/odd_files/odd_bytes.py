"""Sound files and archives, written byte by byte, so that anything in them can be made wrong."""

import io
import re
import struct
import zipfile

import numpy as np
import soundfile
import soxr

from synthesis.parts import SAMPLE_RATE


def encode(
    sound: np.ndarray, rate: int = SAMPLE_RATE, container: str = "WAV", coding: str | None = None, **how
) -> bytes:
    """A sound as libsndfile writes it, but with the same bytes every time.

    Parameters
    ----------
    sound : np.ndarray, shape (n,) or (n, n_channels)
        At ``SAMPLE_RATE``.
    rate, container, coding
        Of the file; the sound is resampled.
    **how
        Passed on to soundfile.
    """
    buffer = io.BytesIO()
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, SAMPLE_RATE, rate)
    soundfile.write(buffer, sound, rate, format=container, subtype=coding, **how)
    data = buffer.getvalue()
    if container == "OGG":  # libsndfile draws the stream number at random
        return b"".join(ogg_page(page) for page in ogg_pages(data))
    if container == "MAT5":  # and writes the date
        return re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", b"2000-01-01 00:00:00", data, count=1)
    return re.sub(rb"(?s)(PEAK.{8}).{4}", rb"\1\0\0\0\0", data, count=1)


def patched(data: bytes, offset: int, new: bytes) -> bytes:
    """`data` with some bytes overwritten."""
    return data[:offset] + new + data[offset + len(new) :]


def riff(*chunks: tuple[bytes, bytes], kind: bytes = b"WAVE") -> bytes:
    """A RIFF file of chunks: four letters and a body."""
    body = b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


def wav_format(tag: int = 1, channels: int = 1, rate: int = SAMPLE_RATE, bits: int = 16, align: int = 2) -> bytes:
    """Body of a WAV's ``fmt`` chunk."""
    return struct.pack("<HHIIHH", tag, channels, rate, rate * align % 2**32, align, bits)


def wav(pcm: bytes, **fields) -> bytes:
    """A WAV of 16-bit samples whose header is `wav_format(**fields)`."""
    return riff((b"fmt ", wav_format(**fields)), (b"data", pcm))


def nested_lists(depth: int) -> bytes:
    """Body of a LIST chunk that contains a LIST chunk that contains a LIST chunk..."""
    body = b""
    for _ in range(depth):
        body = b"INFOLIST" + struct.pack("<I", len(body)) + body
    return body


def id3(body: bytes, size: int | None = None) -> bytes:
    """An ID3v2.4 tag with one picture frame; `size` may be wrong."""
    size = len(body) + 10 if size is None else size
    seven_bits = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\4\0\0" + seven_bits + b"APIC" + seven_bits + bytes(2) + body


def checksum(data: bytes, polynomial: int, width: int) -> int:
    """CRC, highest bit first, starting from 0, as in FLAC (RFC 9639, 9.1.8) and Ogg (RFC 3533, 6)."""
    register, top = 0, 1 << (width - 1)
    for byte in data:
        register ^= byte << (width - 8)
        for _ in range(8):
            register = (register << 1) ^ polynomial if register & top else register << 1
        register &= 2 * top - 1
    return register


def constant_flac(values: np.ndarray, rate: int, total: int, channels: int = 1) -> bytes:
    """FLAC of frames of 65,535 samples, each of one value: hours in kilobytes (RFC 9639, sections 8.2 and 9).

    Parameters
    ----------
    values : np.ndarray of int
        16 bit, one per frame.
    rate, total, channels : int
        What the header states; a `total` of 0 means unknown length.
    """
    fields = rate << 44 | channels - 1 << 41 | 15 << 36 | total
    header = b"fLaC\x80\0\0\x22" + struct.pack(">HH", 65_535, 65_535) + bytes(6) + fields.to_bytes(8, "big") + bytes(16)
    frames = []
    for number, value in enumerate(values.tolist()):
        head = bytes((0xFF, 0xF8, 0x70, channels - 1 << 4 | 8)) + chr(number).encode() + struct.pack(">H", 65_534)
        frame = head + bytes((checksum(head, 0x07, 8),)) + struct.pack(">xh", value) * channels
        frames.append(frame + struct.pack(">H", checksum(frame, 0x8005, 16)))
    return header + b"".join(frames)


def flac_saying(flac: bytes, rate: int = SAMPLE_RATE, total: int = 0) -> bytes:
    """A FLAC of one 16-bit channel whose header states another rate or length."""
    return patched(flac, 18, (rate << 44 | 15 << 36 | total).to_bytes(8, "big"))


def ogg_pages(data: bytes) -> list[bytes]:
    """An Ogg stream cut into its pages."""
    pages = []
    while data:
        size = 27 + data[26] + sum(data[27 : 27 + data[26]])
        pages.append(data[:size])
        data = data[size:]
    return pages


def ogg_page(page: bytes, number: int | None = None, granule: int | None = None) -> bytes:
    """A page in stream 1 with another number and position, and a valid checksum."""
    page = patched(page, 14, struct.pack("<I", 1))
    if number is not None:
        page = patched(page, 18, struct.pack("<I", number))
    if granule is not None:
        page = patched(page, 6, struct.pack("<Q", granule))
    page = patched(page, 22, bytes(4))
    return patched(page, 22, struct.pack("<I", checksum(page, 0x04C11DB7, 32)))


def repeated_ogg(stream: bytes, n_pages: int, page_says: int) -> bytes:
    """An Ogg stream whose fourth page is repeated `n_pages` times; each states a length of `page_says` samples."""
    *first, page = ogg_pages(stream)[:4]
    start = struct.unpack("<Q", first[-1][6:14])[0]
    return b"".join([*first, *(ogg_page(page, 3 + i, start + (i + 1) * page_says) for i in range(n_pages))])


def zipped(*entries: tuple[str, bytes]) -> bytes:
    """A zip written by `zipfile`, with the same date every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def directory_saying(archive: bytes, offset: int, new: bytes) -> bytes:
    """A zip with some bytes of its first directory entry overwritten."""
    return patched(archive, archive.index(b"PK\1\2") + offset, new)


def repeated_entry(archive: bytes, n: int) -> bytes:
    """A zip of one entry whose directory lists it `n` times (the 16-bit count may overflow)."""
    start, end = archive.index(b"PK\1\2"), archive.index(b"PK\5\6")
    count = struct.pack("<HH", n % 2**16, n % 2**16)
    size = struct.pack("<II", n * (end - start), start)
    return archive[:start] + archive[start:end] * n + archive[end : end + 8] + count + size + bytes(2)
