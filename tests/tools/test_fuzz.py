"""Damaged files: whatever the bytes, the answer is a clip or a sentence, in bounded time and memory.

The fuzzing itself runs with ``make test ALL=1`` or ``pytest -m fuzz``. ``DRUMCLF_FUZZ_SECONDS`` (60) sets
how long, ``DRUMCLF_FUZZ_SEED`` (0) which files. Files that break something are written to ``build/fuzz/``;
add the smallest of them to ``fuzz_corpus/``.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from watched_decoder import WatchedDecoder

from tools.odd_files import odd_bytes as ob
from tools.odd_files.odd_files import KICK, clean, codings, odd_files
from tools.odd_files.other_codings import other_codings, other_headers

SECONDS = float(os.environ.get("DRUMCLF_FUZZ_SECONDS", "60"))
SEED = int(os.environ.get("DRUMCLF_FUZZ_SEED", "0"))
# The first bytes of chunks, pages and frames.
NAMES = b"fmt data LIST fact COMM SSND desc pakt kuki OggS \xff\xfb \xff\xf8 \xff\xf1".split(b" ")
NAMES += (
    b"ftyp moov trak mdia minf stbl stsd stts stsc stsz stco elst esds alac mdat wvpk MAC TTA1 \x1f\x43\xb6\x75".split(
        b" "
    )
)
CORPUS = sorted(path for path in (Path(__file__).parent / "fuzz_corpus").iterdir() if path.suffix != ".md")


@pytest.fixture(scope="module")
def decoder():
    decoder = WatchedDecoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_broke_once_does_not_break_again(decoder, path):
    assert decoder.problem_with(path.read_bytes()) is None


def test_what_broke_once_leaves_the_standard_output_alone():
    """Answers go there, one per line."""
    program = """if True:
        import contextlib, sys
        from drumclf.audio import AudioError, read_clip
        for path in sys.argv[1:]:
            with contextlib.suppress(AudioError):
                read_clip(path)
    """
    done = subprocess.run([sys.executable, "-c", program, *CORPUS], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"")


def seeds():
    """Name of a decoder -> files to damage, most of them its own; small ones, so that damage hits something."""
    short = clean(KICK)[:1_500]
    first = [file.data for file in codings({"short": short})]
    first += [file.data for file in odd_files(SEED) if 0 < len(file.data) < 20_000]
    first += [path.read_bytes() for path in CORPUS]
    second = [*other_codings(short).values(), *other_codings(clean(KICK)[:6_000]).values()]
    return {"libsndfile": first, "FFmpeg": [*second, *other_headers(short).values()]}


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["libsndfile", "FFmpeg"])
def test_damaged_files(decoder, name):
    rng = np.random.default_rng(SEED)
    files = seeds()[name]
    end, broken = time.monotonic() + SECONDS, {}
    while time.monotonic() < end and len(broken) < 20:
        data = damage(files[rng.integers(len(files))], files, rng)
        problem = decoder.problem_with(data)
        if problem:
            broken[saved(data)] = problem
    print(f"seed {SEED}: {decoder.n_read:,} files")
    print(f"slowest: {decoder.slowest[0]:.2f} CPU s, {saved(decoder.slowest[1])}")
    print(f"most memory: {decoder.greediest[0]:.0f} MB, {saved(decoder.greediest[1])}")
    assert not broken, f"DRUMCLF_FUZZ_SEED={SEED}: {broken}"


def saved(data):
    """Path of the file that now has these bytes."""
    path = ROOT / "build" / "fuzz" / hashlib.sha256(data).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path.relative_to(ROOT))


def damage(data, others, rng):
    """Damaged in one to four ways; Ogg mostly with matching checksums, as pages without are dropped unread."""
    for _ in range(rng.integers(1, 5)):
        way = (flip, extreme_number, insert, delete, truncate, swap, repeat, splice)[rng.integers(8)]
        data = way(data, others, rng) or data
    return with_checksums(data) if data[:4] == b"OggS" and rng.random() < 0.8 else data


def position(data, rng):
    """Anywhere, but mostly in the header."""
    return int(rng.integers(min(len(data), (64, 200, len(data))[rng.integers(3)])))


def flip(data, others, rng):
    damaged = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        damaged[position(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def extreme_number(data, others, rng):
    """0, 1, the largest and smallest numbers and their neighbours, in 1, 2, 4 or 8 bytes of either byte order."""
    width, order = int(rng.choice([1, 2, 4, 8])), ("little", "big")[rng.integers(2)]
    largest = 2 ** (8 * width) - 1
    number = (0, 1, 2, 9, largest, largest - 1, largest // 2, largest // 2 + 1, len(data))[rng.integers(9)]
    return ob.patched(data, position(data, rng), (number & largest).to_bytes(width, order))


def insert(data, others, rng):
    at = position(data, rng)
    return data[:at] + rng.bytes(int(rng.choice([1, 2, 3, 4, 8, 100]))) + data[at:]


def delete(data, others, rng):
    at = position(data, rng)
    return data[:at] + data[at + int(rng.choice([1, 2, 3, 4, 8, 100])) :]


def truncate(data, others, rng):
    return data[: position(data, rng)]


def swap(data, others, rng):
    """Two neighbouring pieces swapped: often chunks, as cuts are made at their names."""
    a, b, c = sorted(cut(data, rng) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def repeat(data, others, rng):
    a, b = sorted((cut(data, rng), cut(data, rng)))
    return data[:b] + data[a:b] * min(int(rng.choice([1, 2, 1_000])), 100_000 // (b - a + 1)) + data[b:]


def splice(data, others, rng):
    """The beginning of one file, the end of another."""
    other = others[rng.integers(len(others))]
    return data[: cut(data, rng)] + other[cut(other, rng) :]


def cut(data, rng):
    """Where a chunk, page or frame begins, or anywhere."""
    found = data.find(NAMES[rng.integers(len(NAMES))], position(data, rng)) if data else -1
    return found if found >= 0 else int(rng.integers(len(data) + 1))


def with_checksums(data):
    """Ogg pages, each with its matching checksum; anything else as is."""
    pages = [b"OggS" + page for page in data.split(b"OggS")[1:]]
    return b"".join(ob.patched(page, 22, ob.ogg_page(page)[22:26]) if len(page) > 27 else page for page in pages)
