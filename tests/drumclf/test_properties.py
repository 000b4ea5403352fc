"""Properties of every sound and of any bytes at all."""

import math

import numpy as np
import pytest
from conftest import encode, make_hit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from watched_decoder import WatchedDecoder

from drumclf import AudioError, limits
from drumclf import constants as c
from drumclf.audio import Clip, read_clip
from drumclf.spectrogram import rgb_spectrogram
from tools.odd_files import odd_bytes as ob

some = settings(deadline=None, derandomize=True, max_examples=200, suppress_health_check=list(HealthCheck))

rates = st.one_of(
    st.sampled_from([4_000, 22_050, 44_100, 768_000]), st.integers(4_000, 768_000), st.integers(1, 2**31 - 1)
)
floats = {"FLOAT": st.floats(width=32), "DOUBLE": st.floats()}  # NaN, infinities and denormals among them
# Offsets of the numbers in a header, and their sizes in bytes.
FIELDS = {
    "WAV": {4: 4, 16: 4, 20: 2, 22: 2, 24: 4, 28: 4, 32: 2, 34: 2, 40: 4},
    "AIFF": {4: 4, 16: 4, 20: 2, 22: 4, 26: 2, 28: 2, 30: 8, 42: 4, 46: 4, 50: 4},
    "FLAC": {4: 4, 8: 2, 10: 2, 12: 3, 15: 3, 18: 8, 42: 4, 46: 4},
    "AU": {4: 4, 8: 4, 12: 4, 16: 4, 20: 4},
    "CAF": {12: 8, 20: 8, 28: 4, 32: 4, 36: 4, 40: 4, 44: 4, 48: 4, 56: 8},
    "W64": {16: 8, 56: 8, 64: 2, 66: 2, 68: 4, 72: 4, 76: 2, 78: 2, 96: 8},
    "RF64": {4: 4, 16: 4, 20: 8, 28: 8, 36: 8, 44: 4, 52: 4, 56: 2, 58: 2, 60: 4, 68: 2, 70: 2, 76: 4},
    "VOC": {20: 2, 22: 2, 26: 4, 30: 4, 34: 1, 35: 1, 36: 2},
    "SVX": {4: 4, 16: 4, 20: 4, 24: 4, 28: 4, 32: 2, 34: 1, 35: 1, 36: 4},
    "IRCAM": {4: 4, 8: 4, 12: 4},
    "AVR": {12: 2, 14: 2, 16: 2, 18: 2, 22: 4, 26: 4},
    "PAF": {4: 4, 8: 4, 12: 4, 16: 4, 20: 4, 24: 4},
    "MPC2K": {19: 1, 20: 1, 21: 1, 22: 4, 26: 4, 30: 4, 34: 4, 38: 1, 39: 1, 40: 2},
    "MAT4": {0: 4, 4: 4, 8: 4, 12: 4, 16: 4, 39: 4, 43: 4, 47: 4, 51: 4},
    "HTK": {0: 4, 4: 4, 8: 2, 10: 2},
}
HIT = make_hit(duration=0.05)


@pytest.fixture(scope="module")
def decoder():
    decoder = WatchedDecoder()
    yield decoder
    decoder.close()


def clip_or_none(data):
    """A clip that keeps its promises; None if the file is refused in a sentence."""
    try:
        clip = read_clip(data)
    except AudioError as error:
        assert 10 < len(str(error)) <= 200
        assert str(error).endswith(".")
        return None
    check(clip)
    return clip


def check(clip: Clip):
    """What `Clip` documents."""
    samples = clip.samples
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == 1
    assert limits.MIN_DURATION <= clip.duration <= c.CLIP_DURATION
    assert clip.start >= 0
    assert math.isnan(clip.file_duration) or clip.file_duration >= 0
    if clip.is_whole:  # the resampler may add or lose a sample
        assert clip.start + clip.duration == pytest.approx(clip.file_duration, abs=2 / c.SAMPLE_RATE)


@some
@given(st.data(), rates, st.integers(1, 16), st.integers(0, 60), st.sampled_from(sorted(floats)), st.integers(1, 40))
def test_any_floats_at_any_rate_in_any_number_of_channels(data, rate, n_channels, n, coding, repeats):
    dtype = {"FLOAT": np.float32, "DOUBLE": np.float64}[coding]
    samples = data.draw(hnp.arrays(dtype, (n, n_channels), elements=floats[coding], fill=st.just(0)))
    clip_or_none(encode(np.tile(samples, (repeats, 1)), rate, subtype=coding))


@some
@given(
    seed=st.integers(0, 2**32 - 1), rate=st.integers(limits.MIN_FILE_RATE, limits.MAX_FILE_RATE),
    n_channels=st.integers(1, limits.USUAL_CHANNELS),  # more at these rates are more than 10 MB
    milliseconds=st.integers(40, 300), exponent=st.floats(-3, 30), dc=st.floats(-10, 10),
)  # fmt: skip
def test_noise_of_any_level_and_offset_gives_a_clip_without_it(seed, rate, n_channels, milliseconds, exponent, dc):
    noise = np.random.default_rng(seed).uniform(-1, 1, (rate * milliseconds // 1000, n_channels))
    clip = clip_or_none(encode((noise + dc) * 10**exponent, rate, subtype="FLOAT"))
    assert clip is not None
    assert clip.duration == pytest.approx(milliseconds / 1000, abs=0.001)
    # Cut anywhere and halved in bandwidth, the mean of n values of noise is about 1 / sqrt(n); n is at least 882.
    assert abs(clip.samples.mean()) < 0.05


@some
@given(
    st.sampled_from([b"", b"RIFF", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"ID3", b"\xff\xfb"]),
    st.binary(max_size=2_000),
)
def test_any_bytes(decoder, magic, data):
    assert decoder.problem_with(magic + data or b"\0") is None


@st.composite
def headers(draw):
    """A short sound with some numbers of its header changed: to anything, but mostly to what makes things overflow."""
    container = draw(st.sampled_from(sorted(FIELDS)))
    data = ob.encode(HIT, container=container)
    for offset, width in draw(st.lists(st.sampled_from(sorted(FIELDS[container].items())), min_size=1, max_size=4)):
        most = 2 ** (8 * width) - 1
        number = draw(
            st.one_of(st.sampled_from([0, 1, 2, 9, most, most - 1, most // 2, most // 2 + 1]), st.integers(0, most))
        )
        data = ob.patched(data, offset, number.to_bytes(width, draw(st.sampled_from(["little", "big"]))))
    return data


@settings(some, max_examples=1_000)
@given(headers())
def test_any_numbers_in_a_header(decoder, data):
    """Neither a crash nor anything but a clip or a sentence, in bounded time and memory."""
    assert decoder.problem_with(data) is None


# Any short pattern, repeated, fading or not: float64, shape (n,).
clips = st.tuples(
    hnp.arrays(np.float32, st.integers(1, 300), elements=st.floats(-1, 1, width=32)),
    st.integers(1, 300),
    st.integers(0, 3),
).map(lambda drawn: np.tile(drawn[0], drawn[1]) * np.exp(-drawn[2] * np.linspace(0, 9, len(drawn[0]) * drawn[1])))


@settings(some, max_examples=100)
@given(clips.filter(np.any), st.floats(-4, 4), st.sampled_from([1, -1]))
def test_the_picture_of_any_clip_does_not_depend_on_level_and_polarity(samples, exponent, sign):
    samples = (samples / np.abs(samples).max()).astype(np.float32)
    picture = rgb_spectrogram(samples)
    assert picture.shape == (c.N_MELS, c.N_FRAMES, 3) == (80, 112, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 1
    # 0.001 is 0.06 dB: the rounding of single floats, where the picture is 60 dB below its peak.
    assert np.allclose(rgb_spectrogram(samples * np.float32(sign * 10**exponent)), picture, atol=1e-3)
