import librosa
import numpy as np
import pytest
from conftest import encode, make_hit
from hypothesis import given, settings
from hypothesis import strategies as st

from drumclf import constants as c
from drumclf import spectrogram
from drumclf.audio import read_clip
from drumclf.spectrogram import frame_edges, mel_bands, mel_frequencies, rgb_spectrogram


def hit():
    return make_hit(c.SAMPLE_RATE).astype(np.float32)


def test_shape_type_and_range():
    image = rgb_spectrogram(hit())
    assert image.shape == (c.N_MELS, c.N_FRAMES, 3)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() == 1


@pytest.mark.parametrize("silence", [1, 1_000, c.SAMPLE_RATE, 2 * c.SAMPLE_RATE + 17])
def test_a_late_sound_gives_the_same_picture(silence):
    late = np.concatenate([np.zeros(silence, np.float32), hit(), np.zeros(5_000, np.float32)])
    # Windows lie on the onset, so only float rounding in the FFT differs.
    assert np.allclose(rgb_spectrogram(late), rgb_spectrogram(hit()), atol=1e-4)


@pytest.mark.parametrize("seconds", [0.5, 2.0, 3.0])
def test_a_late_file_gives_the_same_picture(seconds):
    sound = make_hit()
    late = np.concatenate([np.zeros(int(44_100 * seconds)), sound])
    pictures = [rgb_spectrogram(read_clip(encode(s)).samples) for s in (sound, late)]
    # The resampler's filter sees silence instead of the file's edge: a few samples of the attack differ.
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.004


@pytest.mark.parametrize("gain", [1e-4, 0.5, -1, 30_000])
def test_level_and_polarity_do_not_matter(gain):
    assert np.allclose(rgb_spectrogram(hit() * np.float32(gain)), rgb_spectrogram(hit()), atol=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 150_000), st.integers(0, 1_000))
def test_any_length_works(n, seed):
    samples = np.random.default_rng(seed).standard_normal(n).astype(np.float32)
    image = rgb_spectrogram(samples)
    assert image.shape == (c.N_MELS, c.N_FRAMES, 3)
    assert np.isfinite(image).all()


def test_a_held_pitch_is_sharpest_in_red_and_a_click_in_blue():
    time = np.arange(c.SAMPLE_RATE) / c.SAMPLE_RATE
    tone = rgb_spectrogram(np.sin(2 * np.pi * 440 * time).astype(np.float32))
    late = tone[:, 60:80].mean(axis=1)
    widths = (late > 0.5).sum(axis=0)  # mel bands within half the dynamic range
    assert widths[0] < widths[1] < widths[2]

    click = np.zeros(c.SAMPLE_RATE, np.float32)
    click[1_000:1_010] = 1
    durations = (rgb_spectrogram(click).max(axis=0) > 0.3).sum(axis=0)
    assert durations[2] < durations[1] < durations[0]


def test_steady_noise_is_grey():
    noise = np.random.default_rng(0).standard_normal(3 * c.SAMPLE_RATE).astype(np.float32)
    late = rgb_spectrogram(noise)[4:, 60:].mean(axis=(0, 1))
    # Unit-energy windows: equal power; the mean of logs differs a little with the averaging.
    assert np.ptp(late) < 0.03


def test_frames_grow_from_the_attack_on_and_fill_the_span():
    edges = frame_edges()
    durations = np.diff(edges)
    assert len(durations) == c.N_FRAMES
    assert edges[0] == 0
    assert edges[-1] == pytest.approx(c.SPAN)
    assert durations[0] == pytest.approx(c.FIRST_FRAME_DURATION)
    assert np.all(np.diff(durations) > -1e-12)


def test_mel_bands_are_those_of_librosa_and_none_is_empty():
    frequencies = librosa.mel_frequencies(c.N_MELS + 2, fmin=c.MEL_FMIN, fmax=c.MEL_FMAX, htk=True)[1:-1]
    assert np.allclose(mel_frequencies(), frequencies)
    for n_fft in c.FFT_LENGTHS:
        bands = librosa.filters.mel(
            sr=c.SAMPLE_RATE, n_fft=n_fft, n_mels=c.N_MELS, fmin=c.MEL_FMIN, fmax=c.MEL_FMAX,
            htk=True, norm=None, dtype=np.float32,
        )  # fmt: skip
        assert np.allclose(mel_bands(n_fft), bands, atol=1e-6)
        assert (mel_bands(n_fft).sum(axis=1) > 0).all()


def test_a_short_window_needs_no_longer_transform_than_its_autocorrelation():
    """What 512 points say of 2,048 is the same as computing them."""
    slices = np.random.default_rng(0).standard_normal((5, 256)).astype(np.float32)
    n_points, weights = spectrogram._filters(256, 2_048)
    assert n_points == 512
    from_few = np.abs(np.fft.rfft(slices.astype(float), n_points)) ** 2 @ weights
    from_all = np.abs(np.fft.rfft(slices.astype(float), 2_048)) ** 2 @ mel_bands(2_048).T
    assert from_few == pytest.approx(from_all, rel=1e-5)
