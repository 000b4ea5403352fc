import numpy as np
import pytest
from conftest import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from drumclf import constants as c
from drumclf.spectrogram import mel_frequencies, rgb_spectrogram
from drumclf.traits import TRAITS, count_peaks, find_traits, measure, say_colors, supporting_traits


def sound(envelope, frequency=None, seconds=0.6):
    """Noise, or a sine whose frequency in hertz is a function of time, under an envelope."""
    time = np.arange(int(seconds * c.SAMPLE_RATE)) / c.SAMPLE_RATE
    carrier = np.random.default_rng(0).standard_normal(len(time))
    if frequency:
        carrier = np.sin(2 * np.pi * np.cumsum(frequency(time)) / c.SAMPLE_RATE)
    return (carrier * envelope(time)).astype(np.float32)


def steady(hertz):
    return lambda time: np.full(len(time), hertz)


@pytest.mark.parametrize(
    ("samples", "has", "has_not"),
    [
        (sound(lambda t: 10 ** (-3 * t / 0.5), steady(55)), {"low", "pitched"}, {"bright", "bursts", "noisy", "short"}),
        (sound(lambda t: 10 ** (-3 * t / 0.06), steady(8_000)), {"bright", "short"}, {"low", "long"}),
        (sound(lambda t: 10 ** (-3 * (t % 0.02) / 0.03) * (t < 0.06)), {"bursts", "noisy"}, {"low", "pitched"}),
        (sound(lambda t: np.minimum(t / 0.2, 1)), {"slow", "long", "noisy"}, {"short", "bursts"}),
        (sound(lambda t: 10 ** (-3 * t / 0.4), lambda t: 80 + 300 * np.exp(-t / 0.04)), {"falling"}, {"bright"}),
    ],
)  # fmt: skip
def test_traits_of_sounds_made_for_them(samples, has, has_not):
    found = find_traits(rgb_spectrogram(samples))
    assert found <= set(TRAITS)
    assert has <= found
    assert not has_not & found


def test_only_traits_typical_of_the_class_and_rare_elsewhere_support_it(classifier):
    prediction = classifier.classify(EXAMPLES / "kick_analogue.wav")
    found = find_traits(prediction.spectrogram)
    assert "low" in found
    shares = {"kick": dict.fromkeys(TRAITS, 0.9), "snare": dict.fromkeys(TRAITS, 0.85) | {"low": 0.1}}
    assert supporting_traits(prediction, shares) == ["low"]
    assert supporting_traits(prediction, {"kick": {"low": 0.2}, "snare": {}}) == []
    assert supporting_traits(prediction, {}) == []


@given(
    st.one_of(st.lists(st.integers(-30, 0), max_size=40), st.lists(st.floats(-60, 0), max_size=40)),
    st.integers(-30, 0),
    st.integers(1, 20),
)
def test_peaks_are_counted_as_scipy_counts_them(levels, height, prominence):
    levels = np.array(levels, float)
    assert count_peaks(levels, height, prominence) == len(find_peaks(levels, height, prominence=prominence)[0])


def picture(envelope, frequency=None):
    return rgb_spectrogram(sound(envelope, frequency))


def fading(seconds):
    """Decays by 60 dB in this time."""
    return lambda time: 10 ** (-3 * time / seconds)


def bands_between(one, other):
    bands = [int(np.argmin(np.abs(mel_frequencies() - hertz))) for hertz in (one, other)]
    return abs(bands[0] - bands[1])


@pytest.mark.parametrize("hertz", [60, 180, 440, 1_500, 6_000])
def test_the_pitch_of_a_tone_is_measured_and_said(hertz):
    drawn = picture(fading(0.5), steady(hertz))
    pitch = measure(drawn).pitch
    assert bands_between(pitch, hertz) <= 1
    near, said, unit = say_colors(drawn)["red"].split()
    assert (near, unit) == ("near", "Hz")
    assert float(said.replace(",", "")) == pytest.approx(pitch, rel=0.05)  # to two digits


def test_noise_is_no_single_tone():
    drawn = picture(fading(0.5))
    assert measure(drawn).pitch is None
    assert say_colors(drawn)["red"] == "no single tone"


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.8])
def test_the_body_rings_until_it_is_30_decibels_down(seconds):
    drawn = picture(fading(seconds), steady(440))
    assert measure(drawn).duration == pytest.approx(seconds / 2, rel=0.2)
    said = say_colors(drawn)["green"]
    assert float(said.removeprefix("rings ").removesuffix(" ms")) == pytest.approx(1_000 * seconds / 2, rel=0.2)


def test_a_body_that_rings_past_the_picture_is_said_to_ring_at_least_as_long():
    def said(seconds):
        return say_colors(rgb_spectrogram(sound(fading(seconds), steady(440), seconds=4)))["green"]

    assert said(10) == "rings 2 s or more"
    assert said(3).endswith(("1.4 s", "1.5 s", "1.6 s"))
    assert said(1.6).endswith(" ms")


@pytest.mark.parametrize("n", [1, 3, 4, 5])
def test_bursts_are_counted(n):
    """A burst every 12 ms, each fading by 60 dB in 18 ms."""
    drawn = picture(lambda t: 10 ** (-3 * (t % 0.012) / 0.018) * (t < 0.012 * n))
    assert measure(drawn).bursts == n
    assert (say_colors(drawn)["blue"] == f"{n} bursts") == (n >= 3)


@pytest.mark.parametrize("milliseconds", [10, 30])
def test_the_rise_of_the_attack_is_measured_and_said(milliseconds):
    drawn = picture(lambda t: np.clip(t / (0.001 * milliseconds), 0, 1) * fading(0.5)(t), steady(2_000))
    assert 1_000 * measure(drawn).rise == pytest.approx(milliseconds, abs=8)
    said = say_colors(drawn)["blue"]
    assert float(said.removeprefix("peaks in ").removesuffix(" ms")) == pytest.approx(milliseconds, abs=8)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.wav")), ids=lambda path: path.stem)
def test_every_example_has_words_for_its_colours(classifier, path):
    said = say_colors(classifier.classify(path).spectrogram)
    assert list(said) == ["red", "green", "blue"]
    assert all(0 < len(words) <= 20 for words in said.values())
