import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from command_steps import hits_command
from conftest import EXAMPLES, PATTERN, ROOT, encode, make_loop
from scipy.optimize import linear_sum_assignment

from drumclf import AudioError, limits, load_classifier
from drumclf import constants as c
from drumclf.audio import Clip, read_clip
from drumclf.hits.find import find_hits, find_hits_in, may_hold_hits
from drumclf.hits.onsets import MIN_DISTANCE
from drumclf.hits.slices import without_ring
from tools.bench.hits import match

RATE = 44_100
SOUNDS = sorted(EXAMPLES.glob("*.wav"))


def times_in_file(recording):
    return np.array([recording.clip.start + hit.time for hit in recording.hits])


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_hits_are_found_where_they_are_and_named(classifier, noise):
    samples, times = make_loop(noise=noise)
    recording = find_hits(classifier, encode(samples, RATE))
    # The examples begin with an attack of a few milliseconds.
    assert times_in_file(recording) == pytest.approx(times, abs=0.006)
    labels = [hit.prediction.label for hit in recording.hits]
    assert labels == [name.rsplit("_", 1)[0] for name, _ in PATTERN]


def test_each_hit_is_its_piece_of_the_recording(classifier):
    recording = find_hits(classifier, encode(make_loop()[0], RATE))
    times = [hit.time for hit in recording.hits] + [recording.clip.duration]
    for hit, begin, end in zip(recording.hits, times[:-1], times[1:], strict=True):
        clip = hit.prediction.clip
        assert clip.duration == pytest.approx(end - begin, abs=1e-3)
        assert 0 <= hit.prediction.onset < clip.duration
        piece = recording.clip.samples[round(begin * c.SAMPLE_RATE) :][: len(clip.samples)]
        assert np.corrcoef(piece, clip.samples)[0, 1] > 0.9  # the ring of earlier hits is removed
        assert np.abs(clip.samples).max() == pytest.approx(1)


def test_what_rings_on_is_taken_out_of_a_hit():
    time = np.arange(c.SAMPLE_RATE) / c.SAMPLE_RATE
    ringing = np.sin(2 * np.pi * 200 * time).astype(np.float32)
    onset = c.SAMPLE_RATE // 2
    click = np.where(time >= 0.5, np.exp(-40 * (time - 0.5)) * np.sin(2 * np.pi * 3000 * time), 0).astype(np.float32)
    mixed = without_ring(0.5 * ringing + click, onset, len(time))
    before, after = (np.linalg.norm(x - click[onset:]) for x in (0.5 * ringing[onset:] + click[onset:], mixed))
    assert len(mixed) == len(time) - onset
    assert after < before / 3
    clean = without_ring(click, onset, len(time))
    np.testing.assert_allclose(clean, click[onset:], atol=0.01)


@pytest.mark.parametrize("path", SOUNDS, ids=lambda path: path.stem)
def test_a_one_shot_is_one_hit_with_the_same_answer(classifier, path):
    recording = find_hits(classifier, path)
    (hit,) = recording.hits
    assert hit.prediction.probabilities == classifier.classify(path).probabilities
    assert hit.time == hit.prediction.onset
    assert not may_hold_hits(recording.clip)


def test_what_goes_on_or_rises_again_is_looked_into():
    one_shot = read_clip(SOUNDS[0])
    assert may_hold_hits(Clip(one_shot.samples, 0.0, is_whole=False))
    assert may_hold_hits(read_clip(encode(make_loop()[0], RATE)))


def test_the_first_look_imports_nothing_slow():
    code = """if True:
        import sys
        from drumclf import load_classifier
        from drumclf.hits.find import find_hits, may_hold_hits
        classifier = load_classifier()
        assert not may_hold_hits(classifier.read_clip(sys.argv[1]))
        find_hits(classifier, sys.argv[1])  # the whole recording is searched the same way
        sys.exit(", ".join({"librosa", "numba", "scipy.signal", "sklearn"} & set(sys.modules)) or 0)
    """
    done = subprocess.run([sys.executable, "-c", code, SOUNDS[0]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_of_a_long_recording_the_first_half_minute(classifier):
    samples, times = make_loop(times_over=11)
    recording = find_hits(classifier, encode(samples, RATE))
    assert not recording.clip.is_whole
    assert recording.clip.duration == limits.RECORDING_DURATION
    read = times < recording.clip.start + limits.RECORDING_DURATION - 0.1
    assert times_in_file(recording)[: read.sum()] == pytest.approx(times[read], abs=0.006)


def test_an_only_hit_late_in_a_long_recording(classifier):
    """A tone that swells for 20 s: it comes within 30 dB of its peak after the end of an ordinary reading."""
    time = np.arange(20 * RATE) / RATE
    swell = 0.9 * 10 ** (-3 * (1 - time / 20)) * np.sin(2 * np.pi * 300 * time)
    recording = find_hits_in(classifier, read_clip(encode(swell, RATE, subtype="PCM_24"), limits.RECORDING_DURATION))
    (hit,) = recording.hits
    assert recording.clip.start + hit.time == pytest.approx(10, abs=0.5)
    assert hit.prediction.onset <= c.PRE_ONSET
    assert hit.prediction.clip.duration == c.CLIP_DURATION


def clicks(n, every):
    samples = np.zeros(n)
    samples[::every] = 0.9
    return samples


N = 30 * RATE
HOSTILE = {
    "noise": lambda rng: 0.2 * rng.standard_normal(N),
    "noise after silence": lambda rng: np.r_[0.5, np.zeros(N // 2), 0.2 * rng.standard_normal(N // 2)],
    "bursts of noise": lambda rng: 0.2 * rng.standard_normal(N) * (np.arange(N) // 2_000 % 2),
    "a click every ms": lambda rng: clicks(N, 44),
    "a click every 61 ms": lambda rng: clicks(N, 2_690),
    "one click at the end": lambda rng: np.r_[0.01, np.zeros(N // 2), 0.9],
    "clicks at random": lambda rng: (rng.random(N) < 1e-4) * rng.uniform(-1, 1, N),
    "steps": lambda rng: np.repeat(rng.uniform(-0.9, 0.9, N // 3_000), 3_000),
    "near Nyquist": lambda rng: 0.9 * np.cos(np.pi * 0.49 * np.arange(N)),
    "at Nyquist": lambda rng: 0.9 * (-1.0) ** np.arange(N),
    "low hum": lambda rng: 0.9 * np.sin(np.arange(N) * 2 * np.pi * 7 / RATE),
    "square": lambda rng: 0.9 * np.sign(np.sin(np.arange(N) * 2 * np.pi * 16 / RATE)),
    "faint but for one sample": lambda rng: np.r_[0.9, 1e-4 * rng.standard_normal(N)],
    "short": lambda rng: 0.5 * rng.standard_normal(700),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_signals_give_hits_or_a_sentence(classifier, name):
    samples = np.clip(HOSTILE[name](np.random.default_rng(0)), -1, 1)
    try:
        recording = find_hits(classifier, encode(samples, RATE))
    except AudioError as error:
        assert str(error)
        return
    times = np.array([hit.time for hit in recording.hits])
    assert len(times) >= 1
    assert (np.diff(times) > MIN_DISTANCE - 1e-3).all()
    assert 0 <= times[0] <= times[-1] < recording.clip.duration
    for hit in recording.hits:
        assert np.isfinite(hit.prediction.clip.samples).all()
        assert sum(hit.prediction.probabilities.values()) == pytest.approx(1)


def test_where_half_a_minute_cannot_be_read_it_is_an_ordinary_clip():
    asked = []

    def read(source, duration=c.CLIP_DURATION):
        asked.append(duration)
        if duration > c.CLIP_DURATION:
            raise AudioError("This file takes too long to decode; save the sound again, as WAV.")
        return read_clip(source)

    classifier = load_classifier(read=read)
    recording = find_hits(classifier, io.BytesIO(encode(make_loop(times_over=3)[0], RATE)))
    assert asked == [c.CLIP_DURATION, limits.RECORDING_DURATION]
    assert recording.clip.duration == c.CLIP_DURATION
    assert len(recording.hits) > len(PATTERN)
    with pytest.raises(AudioError, match="empty"):
        find_hits(classifier, b"")


commands = pytest.fixture(hits_command)


@pytest.fixture
def loop(tmp_path):
    path = tmp_path / "loop.wav"
    path.write_bytes(encode(make_loop()[0], RATE))
    return path


def test_the_command_prints_a_line_for_each_hit(classifier, commands, loop):
    recording = find_hits(classifier, loop)
    status, table, said = commands(loop)
    assert (status, said) == (0, "")
    for line, hit in zip(table.splitlines(), recording.hits, strict=True):
        assert line.split()[0] == f"{recording.clip.start + hit.time:.3f}"
        assert classifier.titles[hit.prediction.label] in line
        assert line.endswith("%")
    _, text, _ = commands(loop, "--format", "jsonl")
    for row, hit in zip(map(json.loads, text.splitlines()), recording.hits, strict=True):
        assert row["time"] == pytest.approx(recording.clip.start + hit.time, abs=1e-4)
        assert row["probabilities"] == hit.prediction.probabilities
        assert row["label"] == hit.prediction.label
    _, text, _ = commands(loop, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["label"] for row in rows] == [hit.prediction.label for hit in recording.hits]
    assert list(rows[0]) == ["time", "label", *classifier.classes, "decision", "kind", "kind_probability"]


def test_the_command_says_that_the_file_goes_on(commands, tmp_path):
    long = tmp_path / "long.wav"
    long.write_bytes(encode(make_loop(times_over=11)[0], RATE))
    status, table, said = commands(long)
    assert status == 0
    assert len(table.splitlines()) > 8 * len(PATTERN)
    assert "30 s" in said


def test_the_command_refuses_what_it_cannot_read(commands, tmp_path):
    status, out, said = commands(tmp_path / "missing.wav")
    assert (status, out) == (1, "")
    assert "There is no file here" in said


def test_pairs_are_as_many_as_there_can_be():
    rng = np.random.default_rng(0)
    for _ in range(200):
        true, found = (np.sort(rng.uniform(0, 2, rng.integers(0, 15))) for _ in range(2))
        pairs = match(true, found, 0.1)
        near = abs(true[:, None] - found[None]) <= 0.1
        rows, columns = linear_sum_assignment(~near)
        assert len(pairs) == near[rows, columns].sum()
        assert all(near[pair] for pair in pairs)
        assert all(len(set(side)) == len(pairs) for side in zip(*pairs, strict=True))
