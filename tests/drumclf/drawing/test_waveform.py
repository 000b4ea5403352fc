import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf import constants as c
from drumclf.drawing.ink import STAGE
from drumclf.drawing.waveform import envelope, shown_duration, waveform_colors
from drumclf.spectrogram import rgb_spectrogram

RATE = c.SAMPLE_RATE
WHOLE = 1.0  # seconds


def padded(samples, start, duration):
    """The stretch that `envelope` should use, found one sample at a time."""
    first = round(start * RATE)
    wanted = range(first, first + round(duration * RATE))
    return np.array([samples[i] if 0 <= i < len(samples) else 0 for i in wanted], np.float32)


@pytest.mark.parametrize(
    ("start", "duration"), [(0, 0.1), (-0.02, 0.1), (0.05, 0.2), (-0.3, 0.1), (5.0, 0.1), (-0.05, 0.5)]
)
@pytest.mark.parametrize("columns", [1, 7, 100, 441])
def test_envelope_holds_the_lowest_and_highest_sample_of_each_column(start, duration, columns):
    samples = np.random.default_rng(0).uniform(-1, 1, 2205).astype(np.float32)
    stretch = padded(samples, start, duration)
    borders = [i * len(stretch) // columns for i in range(columns + 1)]
    low, high = envelope(samples, start, duration, columns)
    assert low.dtype == high.dtype == np.float32
    for i in range(columns):
        column = stretch[borders[i] : borders[i + 1]]
        assert (low[i], high[i]) == (column.min(), column.max())


@pytest.mark.parametrize("duration", [1e-6, 5 / RATE])
def test_envelope_of_fewer_samples_than_columns_repeats_them(duration):
    samples = np.arange(1, 100, dtype=np.float32)
    low, high = envelope(samples, 0, duration, 20)
    assert len(low) == 20
    assert (low == high).all()
    assert set(low) == set(samples[: max(round(duration * RATE), 1)])


def hit(frequency, decay):
    time = np.arange(RATE) / RATE
    return (np.sin(2 * np.pi * frequency * time) * np.exp(-decay * time)).astype(np.float32)


def redness(colors):
    """Red over the mean of green and blue."""
    red, *others = colors.reshape(-1, 3).mean(axis=0)
    return red / np.mean(others)


def test_the_tail_of_a_low_tone_is_redder_than_a_click():
    click = np.zeros(RATE, np.float32)
    click[:4] = 1
    tone = waveform_colors(rgb_spectrogram(hit(60, 6)), WHOLE, 500)
    attack = waveform_colors(rgb_spectrogram(click), WHOLE, 500)
    assert redness(tone[100:250]) > 1.5  # 0.2 to 0.5 s
    assert redness(attack[3:5]) < 0.8  # 1 to 5 ms after the onset, within the shortest window
    assert redness(tone[100:250]) > redness(tone[3:5])


def test_steady_noise_is_nearly_white():
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    mean = waveform_colors(rgb_spectrogram(noise), WHOLE, 500)[100:400].mean(axis=0)
    assert mean.max() - mean.min() < 50
    assert mean.min() > 180


def test_silence_is_grey():
    colors = waveform_colors(rgb_spectrogram(hit(200, 200)), WHOLE, 500)
    assert np.ptp(colors[-50:].astype(int), axis=1).max() < 30
    assert np.ptp(colors[-50:], axis=0).max() == 0


def random_spectrograms():
    rng = np.random.default_rng(0)
    pure = [np.broadcast_to(plane, (c.N_MELS, c.N_FRAMES, 3)) for plane in np.eye(3)]
    return [*pure, *(rng.random((c.N_MELS, c.N_FRAMES, 3)) ** power for power in (1, 8, 40)), np.zeros_like(pure[0])]


@pytest.mark.parametrize("spectrogram", random_spectrograms())
@pytest.mark.parametrize("columns", [1, 97, 1400])
def test_every_column_is_bright_enough_on_the_stage(spectrogram, columns):
    colors = waveform_colors(spectrogram, WHOLE, columns)
    assert (colors.shape, colors.dtype) == ((columns, 3), np.uint8)
    stage = np.array([int(STAGE.background[i : i + 2], 16) for i in (1, 3, 5)])

    def luminance(rgb):
        return np.where(rgb <= 10, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    # WCAG 2.2, success criterion 1.4.11
    assert ((luminance(colors.astype(float)) + 0.05) / (luminance(stage) + 0.05)).min() >= 3


def test_everything_visible_is_shown(classifier):
    shown = {}
    for name in ("closed_hat_analogue", "crash_cymbal"):
        shown[name] = shown_duration(classifier.classify(EXAMPLES / f"{name}.wav"))
    # 50 ms of the hat can be heard; the crash rings on past the end of the grid.
    assert shown == {"closed_hat_analogue": 0.1, "crash_cymbal": c.SPAN - c.PRE_ONSET}
