"""The hits of a recording as files: what is in them, what they are called, and where the command puts them."""

import io
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from command_steps import hits_command
from conftest import EXAMPLES, encode, make_hit, make_loop

from drumclf import AudioError, cut_hits, find_hits, hit_files, load_classifier
from drumclf.audio import read_channels
from drumclf.names import safe_name
from drumclf.processes.decoders import Decoders

FADE = 0.003  # seconds
EXACT = {"PCM_U8": "PCM_16", "ULAW": "PCM_16", "PCM_16": "PCM_16", "PCM_24": "PCM_24"}


def in_channels(samples, n_channels):
    """The same sound in each channel, at another level in each."""
    return samples[:, None] * np.linspace(1, 0.2, n_channels)


def loop(rate=44_100, n_channels=2, n_hits=4, gap=0.2, level=0.9):
    """Hits half a second apart after a silence, in several channels."""
    hits = [make_hit(rate, 0.5, frequency=100.0 * (k + 1), seed=k) for k in range(n_hits)]
    return in_channels(level * np.concatenate([np.zeros(int(gap * rate)), *hits]), n_channels)


def decoded(data):
    return soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)


def cut(classifier, data):
    """The recording, and its hits as files."""
    recording = find_hits(classifier, data)
    return recording, list(hit_files(classifier, data, recording))


def assert_joined_again(files, original, rate, start, tolerance=0.0):
    """The files, one after the other, are the original from `start` on, except for the fades."""
    joined = np.concatenate([decoded(data)[0] for _, data in files])
    first = len(original) - len(joined)
    assert first == pytest.approx(start * rate, abs=1)
    is_kept, end = np.ones(len(joined), bool), 0
    for _, data in files:
        end += len(decoded(data)[0])
        is_kept[end - round(FADE * rate) : end] = False
        assert not joined[end - 1].any()
    assert is_kept.mean() > 0.9
    assert np.abs(joined - original[first:])[is_kept].max() <= tolerance
    assert np.all(np.abs(joined) <= np.abs(original[first:]) + tolerance)


@pytest.mark.parametrize(
    ("rate", "n_channels"), [(44_100, 1), (44_100, 2), (48_000, 2), (48_000, 6), (8_000, 1), (96_000, 2), (22_050, 3)]
)
def test_hits_in_a_row_are_the_original_again(classifier, rate, n_channels):
    data = encode(loop(rate, n_channels), rate)
    recording, files = cut(classifier, data)
    assert len(files) == len(recording.hits) == 4
    for _, file in files:
        info = soundfile.info(io.BytesIO(file))
        assert (info.samplerate, info.channels, info.format, info.subtype) == (rate, n_channels, "WAV", "PCM_16")
    assert_joined_again(files, decoded(data)[0], rate, recording.clip.start + recording.hits[0].time)


@pytest.mark.parametrize("subtype", EXACT)
def test_no_bit_is_lost(classifier, subtype):
    data = encode(loop(), subtype=subtype)
    recording, files = cut(classifier, data)
    assert {soundfile.info(io.BytesIO(file)).subtype for _, file in files} == {EXACT[subtype]}
    assert_joined_again(files, decoded(data)[0], 44_100, recording.clip.start + recording.hits[0].time)


@pytest.mark.parametrize(
    ("level", "subtype", "tolerance"),
    [(0.9, "PCM_24", 2**-24), (1.25, "PCM_24", 2**-23), (3, "FLOAT", 0), (0.002, "FLOAT", 0)],
)
def test_a_sound_in_floats_is_kept_as_well_as_24_bits_can_or_as_it_is(classifier, level, subtype, tolerance):
    samples = loop(level=level).astype(np.float32)
    samples = np.minimum(samples, np.float32(1)) if level == 1.25 else samples  # full scale itself
    data = encode(samples, subtype="FLOAT")
    recording, files = cut(classifier, data)
    assert {soundfile.info(io.BytesIO(file)).subtype for _, file in files} == {subtype}
    assert_joined_again(files, samples, 44_100, recording.clip.start + recording.hits[0].time, tolerance)


@pytest.mark.parametrize(("format", "subtype"), [("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_other_formats_become_wav(classifier, format, subtype):
    data = encode(loop(48_000), 48_000, format=format, subtype=subtype)
    _, files = cut(classifier, data)
    assert len(files) == 4
    for name, file in files:
        info = soundfile.info(io.BytesIO(file))
        assert name.endswith(".wav")
        assert (info.samplerate, info.channels, info.format, info.subtype) == (48_000, 2, "WAV", "PCM_24")


def test_names_are_number_and_label(classifier):
    recording, files = cut(classifier, encode(make_loop()[0]))
    labels = [classifier.titles[hit.prediction.label] for hit in recording.hits]
    assert [name for name, _ in files] == [f"{k:02} {label}.wav" for k, label in enumerate(labels, start=1)]
    assert files[0][0] == "01 Kick.wav"


def test_numbers_have_as_many_digits_as_the_last(classifier):
    data = encode(loop(8_000, 1, n_hits=2), 8_000)
    recording, sound = find_hits(classifier, data), read_channels(data)
    many = type(recording)(recording.clip, recording.hits[:1] * 100)
    names = [name for name, _ in cut_hits(sound, many, classifier.titles)]
    assert names[0].startswith("001 ")
    assert names[-1].startswith("100 ")
    assert names == sorted(set(names))


def test_a_title_from_anybody_makes_a_safe_name(classifier):
    recording = find_hits(classifier, encode(loop(n_channels=1)))
    titles = dict.fromkeys(classifier.classes, "../:Kick\n")
    names = [name for name, _ in cut_hits(read_channels(encode(loop(n_channels=1))), recording, titles)]
    assert names == [safe_name(f"{k:02} ../:Kick\n", ".wav") for k in range(1, 5)]
    assert not set("/\\:\n") & set("".join(names))


def test_a_single_hit_is_one_file(classifier):
    recording, files = cut(classifier, EXAMPLES / "kick_analogue.wav")
    assert [name for name, _ in files] == ["01 Kick.wav"]
    original, rate = soundfile.read(EXAMPLES / "kick_analogue.wav", dtype="float32", always_2d=True)
    assert_joined_again(files, original, rate, recording.clip.start + recording.hits[0].time)


def test_of_a_longer_file_the_last_hit_ends_where_the_reading_did(classifier):
    data = encode(loop(8_000, 1, n_hits=70), 8_000)
    recording, files = cut(classifier, data)
    first = recording.hits[0].time
    n = sum(len(decoded(file)[0]) for _, file in files)
    assert n / 8_000 == pytest.approx(30 - first, abs=0.001)
    assert recording.clip.duration == 30


def test_the_channels_are_the_same_from_another_process(tmp_path):
    decoders = Decoders(1)
    try:
        large = tmp_path / "large.wav"  # too large to be sent: lent piece by piece
        soundfile.write(large, np.tile(loop(n_channels=6), (10, 1)), 44_100, subtype="PCM_24")
        assert large.stat().st_size > 10_000_000
        for source in (encode(loop(n_channels=64, n_hits=2)), encode(loop(8_000, 1), 8_000), large):
            here, apart = read_channels(source), decoders.read_channels(source)
            assert np.array_equal(here.samples, apart.samples)
            assert (here.rate, here.start) == (apart.rate, apart.start)
        for source in (b"no sound", encode(np.zeros(9_000))):
            with pytest.raises(AudioError) as refusal:
                read_channels(source)
            with pytest.raises(AudioError, match=str(refusal.value)[:30]):
                decoders.read_channels(source)
        classifier = load_classifier(read=decoders)
        assert len(list(hit_files(classifier, encode(loop()), find_hits(classifier, encode(loop()))))) == 4
        assert decoders.read_clip(EXAMPLES / "kick_analogue.wav").is_whole
    finally:
        decoders.close()


LYING = """
import os
from dataclasses import replace
from drumclf.processes import decoders
honest = decoders.read_channels_of

def lying(file, duration):
    sound = honest(file, duration)
    lie = eval(file.read().split(b"LIE ")[1]) if file.seek(0) == 0 else None
    return replace(sound, **lie(sound))

decoders.read_channels_of = lying
decoders.serve()
"""


@pytest.mark.parametrize(
    "lie",
    [
        "dict(rate=0)",
        "dict(rate=10**9)",
        "dict(start=float('nan'))",
        "dict(samples=sound.samples * float('inf'))",
        "dict(samples=sound.samples[:0])",
        "dict(samples=sound.samples[:1].repeat(3 * 10**7, 0))",
    ],
)
def test_what_a_process_sends_is_checked(lie):
    decoders = Decoders(1, (sys.executable, "-c", LYING))
    try:
        with pytest.raises(AudioError, match="damaged"):
            decoders.read_channels(encode(loop()) + f"LIE lambda sound: {lie}".encode())
        honest = encode(loop()) + b"LIE lambda sound: {}"
        assert decoders.read_channels(honest).samples.shape[1] == 2
    finally:
        decoders.close()


# The command.


command = pytest.fixture(hits_command)


@pytest.fixture
def stereo(tmp_path):
    path = tmp_path / "loop.wav"
    path.write_bytes(encode(loop()))
    return path


def test_the_command_writes_what_the_library_gives(classifier, command, stereo, tmp_path):
    folder = tmp_path / "new" / "slices"
    status, table, said = command(stereo, "--slices", folder)
    assert (status, said) == (0, f"drumclf: 4 hits written to {folder}\n")
    assert len(table.splitlines()) == 4
    _, files = cut(classifier, stereo)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(files)


def test_the_command_overwrites_nothing(command, stereo, tmp_path):
    folder = tmp_path / "slices"
    assert command(stereo, "--slices", folder)[0] == 0
    last = max(folder.iterdir())
    for path in folder.iterdir():
        path.unlink()
    last.write_text("mine")
    status, _, said = command(stereo, "--slices", folder)
    assert status == 2
    assert said == f"drumclf: {folder} already holds {last.name}: nothing is written there; name another folder\n"
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(last.name, "mine")]


def test_other_files_in_the_folder_stay(command, stereo, tmp_path):
    folder = tmp_path / "slices"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    assert command(stereo, "--slices", folder)[0] == 0
    assert (folder / "notes.txt").read_text() == "mine"
    assert len(list(folder.iterdir())) == 5


def test_a_file_is_no_folder(command, stereo):
    status, table, said = command(stereo, "--slices", stereo)
    assert (status, table, said) == (2, "", f"drumclf: {stereo} is not a folder\n")


def test_a_refused_sound_leaves_no_folder(command, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    status, _, _ = command(tmp_path / "bad.wav", "--slices", tmp_path / "slices")
    assert status == 1
    assert not (tmp_path / "slices").exists()


def test_a_full_disk_is_one_sentence(command, stereo, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=220k", "none", folder], capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("only root may mount a disk, and not everywhere")
    try:
        status, _, said = command(stereo, "--slices", folder)
        written = sorted(path.name for path in folder.iterdir())
        assert (status, said) == (1, f"drumclf: the disk of {folder} is full: {len(written)} of 4 hits written\n")
        assert 0 < len(written) < 4
        assert all(soundfile.info(folder / name).frames for name in written)
        assert all(name.endswith(".wav") for name in written)
    finally:
        subprocess.run(["umount", folder], capture_output=True)
