"""Where a hit begins, with what nobody would call the sound before it."""

import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit

from drumclf import constants as c
from drumclf.audio import Clip, read_clip
from drumclf.onset import find_end, find_onset
from training.data import TRAIN, read_examples

LEVELS = (-40, -30, -24, -18, -12)  # decibels relative to the sound's peak
DISTANCES = (0.1, 0.2, 0.4, 1.0)  # seconds
SURE = 0.99  # share of the grid
CLOSE = 0.003  # seconds


def seconds(duration):
    return round(duration * c.SAMPLE_RATE)


def click():
    return np.ones(1)


def burst():
    return np.random.default_rng(0).uniform(-1, 1, seconds(0.001))


def thump():
    time = np.arange(seconds(0.04)) / c.SAMPLE_RATE
    return np.sin(2 * np.pi * 60 * time) * np.exp(-time / 0.015)


def after(disturbance, sound, level, distance):
    """A sound with something before it; returns it and the shift of the sound."""
    lead = seconds(0.05)
    start = lead + seconds(distance)
    mixed = np.zeros(start + len(sound), np.float32)
    mixed[start:] = sound
    mixed[lead : lead + len(disturbance)] += disturbance / np.abs(disturbance).max() * 10 ** (level / 20)
    return mixed, start


def kept(sounds, disturbance):
    """Share of the grid on which the onset is within 3 ms of where it is without the disturbance."""
    errors = []
    for sound in sounds:
        onset = find_onset(sound)
        for level in LEVELS:
            for distance in DISTANCES:
                mixed, shift = after(disturbance(), sound, level, distance)
                errors.append(abs(find_onset(mixed) - shift - onset))
    return np.mean(np.array(errors) <= seconds(CLOSE))


@pytest.mark.parametrize("disturbance", [click, burst, thump])
def test_what_comes_before_an_example_is_not_the_hit(disturbance):
    sounds = [read_clip(path).samples for path in sorted(EXAMPLES.glob("*.wav"))]
    assert kept(sounds, disturbance) >= SURE


@pytest.mark.parametrize("disturbance", [click, burst, thump])
def test_what_comes_before_a_sound_of_the_corpus_is_not_the_hit(corpus, disturbance):
    assert kept(unseen_sounds(corpus, 100), disturbance) >= SURE


def unseen_sounds(corpus, n):
    """So many one-shots of sources not used for training."""
    examples = [e for e in read_examples(corpus) if e.split != TRAIN and e.label != "not_drum"]
    chosen = np.random.default_rng(0).permutation(len(examples))[:n]
    return [read_clip(examples[i].path).samples for i in chosen]


@pytest.mark.parametrize("distance", [0.005, 0.01, 0.02, 0.05])
def test_a_click_of_one_sample_close_to_the_hit_is_not_the_hit(distance):
    hit = make_hit(c.SAMPLE_RATE).astype(np.float32)
    mixed, shift = after(click(), hit, -24, distance)
    assert find_onset(mixed) == pytest.approx(shift + find_onset(hit), abs=seconds(CLOSE))


def two(gap, level):
    """A hit, softer by so many decibels, and the same hit again."""
    hit = make_hit(c.SAMPLE_RATE).astype(np.float32)
    return after(hit, hit, level, gap)[0]


@pytest.mark.parametrize(("gap", "level"), [(0.015, -6), (0.03, -10), (0.025, -15)])
def test_a_flam_begins_with_its_grace_note(gap, level):
    assert find_onset(two(gap, level)) == pytest.approx(seconds(0.05), abs=seconds(CLOSE))


@pytest.mark.parametrize("gap", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("level", [-3, -6, -10, -12])
def test_a_soft_hit_before_a_loud_one_is_the_first(gap, level):
    assert find_onset(two(gap, level)) == pytest.approx(seconds(0.05), abs=seconds(CLOSE))


def test_a_clap_of_bursts_begins_with_its_first():
    rng = np.random.default_rng(0)
    clap = np.zeros(seconds(0.3), np.float32)
    for start, gain in ((0.02, 0.5), (0.03, 0.7), (0.042, 0.8), (0.055, 1.0)):
        fade = np.exp(-np.arange(seconds(0.2)) / seconds(0.004 if gain < 1 else 0.05))
        clap[seconds(start) : seconds(start) + len(fade)] += gain * fade * rng.uniform(-1, 1, len(fade))
    assert find_onset(clap) == pytest.approx(seconds(0.02), abs=seconds(0.001))


def test_a_kick_with_a_beater_click_begins_with_the_click():
    time = np.arange(seconds(0.4)) / c.SAMPLE_RATE
    body = np.sin(2 * np.pi * 55 * time) * np.exp(-time / 0.1) * np.minimum(time / 0.01, 1)
    kick = np.zeros(seconds(0.5), np.float32)
    kick[seconds(0.03) : seconds(0.03) + len(body)] += body
    beater = np.random.default_rng(0).uniform(-1, 1, seconds(0.004)) * 0.4
    kick[seconds(0.02) : seconds(0.02) + len(beater)] += beater
    assert find_onset(kick) == pytest.approx(seconds(0.02), abs=seconds(0.002))


def test_hum_that_swells_before_the_hit_is_not_the_hit():
    hit = make_hit(c.SAMPLE_RATE).astype(np.float32)
    time = np.arange(seconds(0.5)) / c.SAMPLE_RATE
    hum = np.sin(2 * np.pi * 50 * time) * time / 0.5
    mixed, shift = after(hum, hit, -24, 0.5)
    assert find_onset(mixed) == pytest.approx(shift + find_onset(hit), abs=seconds(CLOSE))


def test_a_slow_attack_begins_where_it_can_be_heard():
    time = np.arange(seconds(1.0)) / c.SAMPLE_RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    swell = (noise * np.minimum(time / 0.5, 1)).astype(np.float32)
    assert find_onset(swell) < seconds(0.05)


@pytest.mark.parametrize("n", [1, 2, 40, 100])
def test_any_length_has_an_onset(n):
    assert 0 <= find_onset(np.ones(n, np.float32)) < n


def labels_kept(classifier, sounds, levels, distances):
    """Share of sounds, disturbances, levels and distances that leave the label as it is."""

    def labels(mixed):
        return [p.label for p in classifier.classify_clips([Clip(each, 0.0, True) for each in mixed])]

    alone = labels(sounds)
    kept = [
        one == other
        for disturbance in (click, burst, thump)
        for level in levels
        for distance in distances
        for one, other in zip(alone, labels(after(disturbance(), s, level, distance)[0] for s in sounds), strict=True)
    ]
    return np.mean(kept)


def test_labels_of_the_examples_stay_with_something_before_the_hit(classifier):
    sounds = [read_clip(path).samples for path in sorted(EXAMPLES.glob("*.wav"))]
    assert labels_kept(classifier, sounds, (-24, -12), (0.05, 0.1, 0.4)) >= SURE


def test_labels_of_unseen_sounds_stay_with_something_before_the_hit(classifier, corpus):
    """The table of docs/files.md has the whole grid; close to the hit, a disturbance becomes a part of it."""
    assert labels_kept(classifier, unseen_sounds(corpus, 40), (-40, -18, -12), (0.01, 0.05, 0.1, 0.4, 1.0)) >= SURE


@pytest.mark.parametrize("gain", [1.0, 0.2])
def test_a_sound_that_comes_again_begins_again_there(gain):
    hit = read_clip(EXAMPLES / "kick_acoustic.wav").samples
    onset = find_onset(hit)
    samples = np.zeros(seconds(1.5), np.float32)
    for i in range(3):
        samples[seconds(0.4 * i) :][: len(hit)] += (gain if i else 1) * hit[: len(samples) - seconds(0.4 * i)]
    assert find_end(samples, onset) == pytest.approx(onset + seconds(0.4), abs=seconds(CLOSE))


def test_what_does_not_begin_again():
    time = np.arange(seconds(3)) / c.SAMPLE_RATE
    tone = np.sin(2 * np.pi * 110 * time).astype(np.float32)
    assert find_end(tone, find_onset(tone)) == len(tone)  # it only goes on
    beat = np.zeros(seconds(3), np.float32)
    for i, name in enumerate(("kick_acoustic", "snare_acoustic", "closed_hat_acoustic", "tom_acoustic")):
        sound = read_clip(EXAMPLES / f"{name}.wav").samples
        beat[seconds(0.5 * i) :][: len(sound)] += sound
    assert find_end(beat, find_onset(beat)) == len(beat)
    short = beat[: seconds(0.1)]
    assert find_end(short, find_onset(short)) == len(short)


def pattern(*parts):
    """Eight seconds of example sounds, each at some times and with a gain."""
    samples = np.zeros(seconds(12), np.float32)
    for name, times, gain in parts:
        sound = read_clip(EXAMPLES / f"{name}.wav").samples
        for start in times:
            samples[seconds(start) :][: len(sound)] += gain * sound
    return samples[: seconds(8)]


BEATS = np.arange(0, 7.5, 0.5)


@pytest.mark.parametrize(
    "parts",
    [
        [("kick_acoustic", BEATS, 1.0), ("closed_hat_analogue", BEATS + 0.25, 0.5)],
        [("kick_acoustic", BEATS, 1.0), ("open_hat_acoustic", BEATS + 0.25, 0.5)],
        [("kick_analogue", np.append(BEATS[::2], BEATS[::2] + 0.25), 1.0), ("snare_acoustic", BEATS[1::2], 1.0)],
        [("kick_analogue", BEATS, 1.0), ("snare_acoustic", [3.25], 0.8)],  # the first is alone for a long time
    ],
)
def test_a_loop_of_several_sounds_is_not_cut(parts):
    samples = pattern(*parts)
    assert find_end(samples, find_onset(samples)) == len(samples)


@pytest.mark.parametrize("name", ["kick_acoustic", "snare_acoustic", "open_hat_acoustic", "clap_hands"])
def test_one_sound_again_and_again_is_cut_after_the_first(name):
    samples = pattern((name, BEATS, 1.0))
    onset = find_onset(samples)
    assert find_end(samples, onset) == pytest.approx(onset + seconds(0.5), abs=seconds(CLOSE))


@pytest.mark.parametrize("gap", [0.3, 0.6])
def test_a_sound_before_a_silence_has_ended(gap):
    """What comes after it is another sound; so it is after a short gap, but then it may be a loop of both."""
    kick, snare = (read_clip(EXAMPLES / f"{name}.wav").samples for name in ("kick_acoustic", "snare_acoustic"))
    samples = np.concatenate([kick[: seconds(0.15)], np.zeros(seconds(gap), np.float32), snare])
    end = find_end(samples, find_onset(samples))
    assert end == (len(samples) if gap < 0.4 else pytest.approx(seconds(0.15), abs=seconds(0.02)))


def test_the_periods_of_a_low_note_are_no_repeats():
    period = np.sin(2 * np.pi * 200 * np.arange(seconds(0.03)) / c.SAMPLE_RATE)
    period *= np.exp(-np.arange(len(period)) / seconds(0.005))
    note = np.tile(period, 100).astype(np.float32)
    assert find_end(note, 0) == len(note)


def test_minutes_of_one_kick_are_a_kick(classifier):
    hit = read_clip(EXAMPLES / "kick_analogue.wav").samples
    samples = np.zeros(seconds(8), np.float32)
    for start in np.arange(0, 7, 0.6):
        samples[seconds(start) :][: len(hit)] += hit
    alone, repeated = (classifier.classify(encode(x, c.SAMPLE_RATE)) for x in (hit, samples))
    assert repeated.decision == alone.decision == ("kick",)
    assert not repeated.spectrogram[:, -20:].any()  # only the first one is looked at
