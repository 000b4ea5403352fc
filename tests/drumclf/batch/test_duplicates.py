from itertools import pairwise

import numpy as np
import pytest
import soxr
from conftest import EXAMPLES, encode, make_hit
from soundfile import read

from drumclf import AudioError
from drumclf.audio import read_clip
from drumclf.batch.duplicates import find_duplicates, fingerprint, same_recording
from drumclf.batch.rows import classify_files
from drumclf.spectrogram import rgb_spectrogram

DRUMS = ["kick_analogue", "snare_acoustic", "closed_hat_acoustic", "clap_hands", "tom_acoustic", "open_hat_analogue"]


def drum(name):
    samples, rate = read(EXAMPLES / f"{name}.wav")
    return soxr.resample(samples, rate, 44_100)


def shifted(samples, semitones):
    return soxr.resample(samples, 2 ** (semitones / 12), 1)


COPIES = {
    "WAV": encode,
    "24 bit": lambda s: encode(s, subtype="PCM_24"),
    "FLAC": lambda s: encode(s, format="FLAC"),
    "AIFF": lambda s: encode(s, format="AIFF"),
    "48 kHz": lambda s: encode(soxr.resample(s, 44_100, 48_000), 48_000),
    "20 dB quieter": lambda s: encode(0.1 * s),
    "upside down": lambda s: encode(-s),
    "stereo": lambda s: encode(np.column_stack([s, 0.5 * s])),
    "MP3": lambda s: encode(s, format="MP3", subtype="MPEG_LAYER_III"),
    "OGG": lambda s: encode(s, format="OGG", subtype="VORBIS"),
    "after silence": lambda s: encode(np.concatenate([np.zeros(30_000), s])),
    "before silence": lambda s: encode(np.concatenate([s, np.zeros(30_000)])),
}


def originals(files, classifier):
    """The answer of `find_duplicates` for sound files."""
    rows = list(classify_files(classifier, ((str(i), data) for i, data in enumerate(files))))
    return find_duplicates(rows, lambda i: read_clip(files[i]))


@pytest.mark.parametrize("name", DRUMS)
def test_copies_of_a_recording_are_found(name, classifier):
    samples = drum(name)
    found = originals([encode(samples), *(copy(samples) for copy in COPIES.values())], classifier)
    assert found[0] is None
    assert dict(zip(COPIES, found[1:], strict=True)) == dict.fromkeys(COPIES, 0)


def test_different_sounds_are_not_copies(classifier):
    sounds = [drum(name) for name in DRUMS]
    sounds += [make_hit(frequency=200), make_hit(frequency=220)]
    sounds += [np.random.default_rng(seed).standard_normal(20_000) * np.linspace(0.2, 0, 20_000) for seed in range(2)]
    sounds += [shifted(sound, 1) for sound in sounds]
    assert originals([encode(sound) for sound in sounds], classifier) == [None] * len(sounds)


def test_two_hits_of_one_body_with_different_clicks_are_two(classifier):
    assert originals([encode(make_hit(seed=seed)) for seed in range(4)], classifier) == [None] * 4


def test_the_first_is_the_original_whatever_the_order(classifier):
    kick, snare = drum("kick_analogue"), drum("snare_acoustic")
    ogg, mp3, bad = COPIES["OGG"](kick), COPIES["MP3"](kick), b"no sound"
    files = [ogg, encode(snare), mp3, bad, encode(kick), mp3, bad, encode(0.5 * snare)]
    found = originals(files, classifier)
    assert found == [None, None, 0, None, 0, 0, None, 1]
    assert {type(i) for i in found} == {int, type(None)}


def test_a_copy_of_a_copy_points_to_the_first(classifier):
    """Each is near the one before it, but the last is not near the first."""
    noise = np.random.default_rng(0).standard_normal((4, 20_000))
    steps = [noise[0]]
    for more in noise[1:]:
        steps.append(steps[-1] + 0.3 * np.linalg.norm(steps[-1]) / np.linalg.norm(more) * more)
    clips = [read_clip(encode(0.2 * step / np.abs(step).max())) for step in steps]
    assert [same_recording(one, other) for one, other in pairwise(clips)] == [True] * 3
    assert not same_recording(clips[0], clips[3])
    files = [encode(0.2 * step / np.abs(step).max()) for step in steps]
    assert originals(files, classifier) == [None, 0, 0, 0]


def test_a_recording_is_itself_and_not_the_one_that_is_cut_off():
    hit = read_clip(encode(make_hit(duration=0.5)))
    assert same_recording(hit, hit)
    assert not same_recording(hit, read_clip(encode(make_hit(duration=0.5)[:700])))


def test_a_file_that_is_gone_is_no_copy(classifier):
    files = [encode(make_hit()), encode(0.5 * make_hit())]
    rows = list(classify_files(classifier, (("a", data) for data in files)))

    def gone(_):
        raise AudioError("There is no file here.")

    assert find_duplicates(rows, gone) == [None, None]
    assert find_duplicates([], gone) == []


def test_fingerprint_is_small_and_near_for_what_sounds_alike():
    hit, quieter, other = (
        fingerprint(rgb_spectrogram(samples.astype(np.float32)))
        for samples in (make_hit(44_100), 0.1 * make_hit(44_100), make_hit(44_100, frequency=2_000))
    )
    assert hit.dtype == np.uint8
    assert hit.shape == (16 * 28 * 3,)
    np.testing.assert_allclose(hit, quieter, atol=1)
    assert np.abs(hit.astype(int) - other).max() > 50
