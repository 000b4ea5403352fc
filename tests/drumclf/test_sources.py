"""Large files on the user's own disk, and the limit on everything that is sent."""

import io
import struct

import numpy as np
import pytest
from conftest import encode, make_hit

from drumclf import AudioError
from drumclf.audio import read_clip
from drumclf.hits.find import find_hits
from drumclf.processes.decoders import Decoders
from drumclf.sources import Tail, open_source
from tools.odd_files import odd_bytes as ob
from tools.odd_files.other_codings import encode_other, mp3_frames

RATE = 96_000


@pytest.fixture(scope="module")
def decoders():
    decoders = Decoders(1)
    yield decoders
    decoders.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Name -> a file of more than 10 MB, and how long it is in seconds."""
    folder = tmp_path_factory.mktemp("large")
    ride = np.zeros((20 * RATE, 2))
    ride[: RATE // 2] = make_hit(RATE, 0.5)[:, None]
    wav = encode(ride, RATE, subtype="PCM_24")
    mp3 = encode(make_hit(), format="MP3", subtype="MPEG_LAYER_III")
    cover = ob.id3(np.random.default_rng(0).bytes(12_000_000))
    m4a = encode_other(make_hit(), "ipod", "aac")
    files = {
        "ride.wav": (wav, 20),
        "ride.aiff": (encode(ride, RATE, "AIFF", "PCM_24"), 20),
        "died.wav": (ob.patched(wav, 40, bytes(4)), 20),
        "cover.mp3": (cover + mp3, 0.3),
        "cover_variable.mp3": (cover + mp3_frames(mp3), 0.3),
        "film.mov": (m4a[:-8] + m4a[-8:] + struct.pack(">I4s", 11_000_008, b"free") + bytes(11_000_000), 0.3),
        "ride.mov": (encode_other(np.tile(make_hit()[:, None], (70, 2)), "mov", "pcm_f32le", 96_000), 21),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
        assert len(data) > 10_000_000
    return {folder / name: seconds for name, (_, seconds) in files.items()}


def test_a_large_file_on_the_disk_is_read_as_far_as_needed(large, decoders):
    for path, seconds in large.items():
        here, apart = read_clip(path), decoders.read_clip(path)
        assert np.array_equal(here.samples, apart.samples), path.name
        assert here.file_duration == apart.file_duration == pytest.approx(seconds, abs=0.1), path.name
        assert here.is_whole == apart.is_whole == (seconds < 5), path.name


def test_what_is_sent_has_the_limit_of_the_page(large, decoders):
    for path in large:
        data = path.read_bytes()
        for read in (read_clip, decoders.read_clip):
            for source in (data, io.BytesIO(data)):
                with pytest.raises(AudioError, match="larger than 10 MB"):
                    read(source)


def test_a_large_file_is_read_apart_in_little_memory(large, tmp_path, decoders):
    """A file larger than the memory that the process may take; most of it is a hole."""
    path = tmp_path / "huge.wav"
    wav = encode(make_hit(48_000), 48_000)
    with path.open("wb") as file:
        file.write(ob.patched(wav, 40, struct.pack("<I", 1_000_000)))
        file.truncate(3_000_000_000)
    assert decoders.read_clip(path).file_duration == pytest.approx(10.4, abs=0.1)
    path.unlink()


def test_large_files_that_are_no_sounds_are_refused_soon(tmp_path, decoders):
    for name, data in {"zeros": b"", "text": b"no sound " * 1_500_000, "mp3": b"\xff\xfb\x90\x44" * 3_000_000}.items():
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(data)
            file.truncate(50_000_000)
        for read in (read_clip, decoders.read_clip):
            with pytest.raises(AudioError, match=r"zeros|damaged"):
                read(path)


def test_after_ten_minutes_it_is_no_drum(tmp_path, decoders):
    path = tmp_path / "concert.wav"
    with path.open("wb") as file:
        file.write(ob.patched(encode(make_hit()), 40, struct.pack("<I", 120_000_000)))
        file.truncate(120_000_044)
    for read in (read_clip, decoders.read_clip):
        with pytest.raises(AudioError, match="longer than 10 minutes"):
            read(path)


def test_the_hits_of_a_large_file_are_found(classifier, large):
    ride = next(path for path in large if path.name == "ride.wav")
    recording = find_hits(classifier, ride)
    assert len(recording.hits) == 1
    assert recording.clip.file_duration == 20


def test_what_is_no_file_of_its_own_has_the_limit(tmp_path):
    """A device or a pipe may never end."""
    with pytest.raises(AudioError, match="larger than 10 MB"):
        read_clip("/dev/zero")
    with pytest.raises(AudioError, match="a folder"):
        open_source(tmp_path)


def test_a_file_that_shrinks_while_it_is_read(tmp_path, decoders, monkeypatch):
    path = tmp_path / "shrinking.wav"
    path.write_bytes(ob.patched(encode(make_hit()), 40, struct.pack("<I", 40_000_000)) + bytes(11_000_000))
    stated = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(20_000)
    monkeypatch.setattr("drumclf.processes.decoders.size_of", lambda file: stated)
    monkeypatch.setattr("drumclf.processes.decoders.open_source", lambda source: path.open("rb"))
    assert decoders.read_clip(path).duration == pytest.approx(0.226, abs=0.01)


def test_the_tail_of_a_file_is_a_file():
    whole = bytes(range(200))
    for head in (b"", b"head"):
        tail = io.BufferedReader(Tail(io.BytesIO(whole), 50, head))
        assert tail.read() == head + whole[50:]
        assert tail.seek(-10, io.SEEK_END) == len(head) + 140
        assert tail.read(99) == whole[-10:]
        tail.seek(2)
        assert tail.read(6) == (head + whole[50:])[2:8]
        assert tail.seek(3, io.SEEK_CUR) == 11
        assert tail.tell() == 11
