"""The example sounds. The docstring of each says how it is made; `example_samples/README.md` repeats it.

Sources: Werner, Abel and Smith, "A physically-informed, circuit-bendable, digital model
of the Roland TR-808 bass drum circuit" (DAFx 2014) and "The TR-808 cymbal: a
physically-informed, circuit-bendable, digital model" (ICMC 2014); Reid, "Synth Secrets"
(Sound on Sound, 1999 to 2004), parts 32 to 40; Fletcher and Rossing, "The Physics of
Musical Instruments" (1998), chapters 3, 18 and 20; Repp, "The sound of two hands
clapping" (JASA 81, 1987); Klatt, "Software for a cascade/parallel formant synthesizer"
(JASA 67, 1980).
"""

import numpy as np

from synthesis.parts import (
    MEMBRANE_RATIOS,
    SAMPLE_RATE,
    band_pass,
    decay,
    finish,
    glide,
    high_pass,
    low_pass,
    modes,
    noise,
    squares,
    times,
)

# Hertz: the six square waves of the TR-808's hats and cymbal (Werner et al., ICMC 2014).
_CYMBAL_OSCILLATORS = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)


def kick_analogue() -> np.ndarray:
    """Bridged-T resonator of a 1980 drum machine: a sine that drops to 50 Hz within
    milliseconds and rings for most of a second, with the click of its trigger pulse.
    """
    body = glide(0.9, 180, 50, 0.008) * decay(0.9, 0.95)
    click = low_pass(decay(0.9, 0.006, 0.0001), 4000)
    return finish(body + 0.35 * click)


def kick_acoustic() -> np.ndarray:
    """Bass drum: the modes of a membrane, the lowest at 58 Hz and damped by a pillow, their
    pitch falling as the tension of the stroke relaxes, and a felt beater's thud.
    """
    rng = np.random.default_rng(1)
    duration = 0.45
    body = glide(duration, 95, 58, 0.02) * decay(duration, 0.38, 0.002)
    overtones = modes(duration, 66 * MEMBRANE_RATIOS[1:8], 0.35 / np.arange(2, 9), 0.16 / np.arange(1, 8) ** 0.4)
    beater = band_pass(noise(duration, rng), 900, 4200) * decay(duration, 0.03)
    return finish(body + overtones + 0.22 * beater)


def snare_analogue() -> np.ndarray:
    """Two bridged-T resonators for the shell, at 180 and 330 Hz, and high-passed noise for
    the wires, each with its own decay, as in a 1980 drum machine.
    """
    rng = np.random.default_rng(2)
    duration = 0.35
    shell = glide(duration, 240, 180, 0.006) * decay(duration, 0.17) + 0.6 * glide(duration, 400, 330, 0.006) * decay(
        duration, 0.11
    )
    wires = high_pass(noise(duration, rng), 1200) * decay(duration, 0.3)
    return finish(shell + 0.42 * wires)


def snare_acoustic() -> np.ndarray:
    """Membrane modes over 195 Hz, and wires that rattle against the lower head: noise over
    most of the spectrum that swells within 3 ms and outlives the head.
    """
    rng = np.random.default_rng(3)
    duration = 0.4
    head = modes(duration, 195 * MEMBRANE_RATIOS, 1 / np.arange(1, 13) ** 0.7, 0.22 / np.arange(1, 13) ** 0.3, rng)
    wires = band_pass(noise(duration, rng), 1500, 9000) * decay(duration, 0.33, 0.003)
    stick = high_pass(noise(duration, rng), 3000) * decay(duration, 0.012)
    return finish(0.5 * head + 0.75 * wires + 0.8 * stick)


def clap_analogue() -> np.ndarray:
    """Band-passed noise around 1 kHz, gated by three sawtooth bursts 10 ms apart and a
    fourth that dies away as a room would, as in a 1980 drum machine.
    """
    rng = np.random.default_rng(4)
    duration = 0.4
    t = times(duration)
    bursts = np.where(t < 0.03, 10 ** (-3 * (t % 0.010) / 0.018), 0) + np.where(
        t >= 0.03, 10 ** (-3 * (t - 0.03) / 0.09), 0
    )
    room = np.where(t >= 0.03, 0.25 * 10 ** (-3 * (t - 0.03) / 0.42), 0)
    return finish(band_pass(noise(duration, rng), 750, 1900, 2) * (bursts + room))


def clap_hands() -> np.ndarray:
    """Six people clapping: for each, a 3 ms burst of noise with a resonance of the hollow
    between the hands, between 0.8 and 2.2 kHz, a little early or late, in a small room.
    """
    rng = np.random.default_rng(5)
    duration = 0.45
    sound = np.zeros(len(times(duration)))
    for delay in (0.0, 0.009, 0.013, 0.021, 0.026, 0.034):
        centre = rng.uniform(900, 2200)
        hands = band_pass(noise(duration, rng), centre / 1.6, centre * 1.9) * decay(duration, 0.022, 0.0003)
        start = int(delay * SAMPLE_RATE)
        sound[start:] += rng.uniform(0.6, 1.0) * hands[: len(sound) - start]
    room = band_pass(noise(0.3, rng), 500, 5000) * decay(0.3, 0.28)
    return finish(sound + 0.035 * np.convolve(sound, room)[: len(sound)])


def closed_hat_analogue() -> np.ndarray:
    """Six square waves without a common pitch, band-passed around 7 kHz, high-passed, and
    cut off within 60 ms.
    """
    return finish(_metal(0.12) * decay(0.12, 0.075))


def open_hat_analogue() -> np.ndarray:
    """The closed hat's six square waves with a decay of most of a second."""
    return finish(_metal(0.8) * decay(0.8, 0.75))


def closed_hat_acoustic() -> np.ndarray:
    """Two small plates pressed together: hundreds of dense modes from 3 to 16 kHz that the
    contact damps within 80 ms, and the tick of the stick.
    """
    rng = np.random.default_rng(6)
    tick = high_pass(noise(0.16, rng), 5000) * decay(0.16, 0.012)
    return finish(_plate(0.16, 3000, 16000, 300, 0.10, rng) + 0.8 * tick)


def open_hat_acoustic() -> np.ndarray:
    """The same plates loosely apart: modes from 2.5 kHz up that ring for a second, over the
    sizzle of one edge on the other.
    """
    rng = np.random.default_rng(7)
    sizzle = high_pass(noise(0.95, rng), 6000) * decay(0.95, 0.7, 0.002)
    return finish(_plate(0.95, 2500, 16000, 350, 0.95, rng) + 0.7 * sizzle)


def tom_acoustic() -> np.ndarray:
    """Membrane modes over 115 Hz, falling a little in pitch as the tension relaxes, over
    the contact of the stick.
    """
    rng = np.random.default_rng(8)
    duration = 0.7
    body = glide(duration, 150, 115, 0.03) * decay(duration, 0.65, 0.001)
    overtones = modes(duration, 118 * MEMBRANE_RATIOS[1:8], 0.45 / np.arange(1, 8), 0.35 / np.arange(1, 8) ** 0.5)
    stick = band_pass(noise(duration, rng), 500, 3000) * decay(duration, 0.025)
    return finish(body + 0.6 * overtones + 0.12 * stick)


def crash_cymbal() -> np.ndarray:
    """A thin plate: 900 modes from 250 Hz to 17 kHz, the high ones fading first, and energy
    that takes 30 ms to spread to the top, as the plate is bent beyond the linear.
    """
    rng = np.random.default_rng(9)
    duration = 2.2
    plate = _plate(duration, 250, 17000, 900, 2.6, rng)
    shimmer = high_pass(noise(duration, rng), 4000) * decay(duration, 1.5, 0.03)
    return finish(plate + 0.9 * shimmer)


def cowbell_analogue() -> np.ndarray:
    """Two square waves at 540 and 800 Hz through a band-pass, with the two-stage decay of a
    1980 drum machine.
    """
    envelope = 0.6 * decay(0.4, 0.06) + 0.4 * decay(0.4, 0.4)
    return finish(band_pass(squares(0.4, (540.0, 800.0)), 600, 2200) * envelope)


def sung_vowel() -> np.ndarray:
    """No drum: a voice on "ah" at 165 Hz. Glottal pulses, shaken by vibrato, through the
    four lowest resonances of the vocal tract.
    """
    duration = 1.0
    t = times(duration)
    pitch = 165 * (1 + 0.012 * np.sin(2 * np.pi * 5.2 * t))
    source = low_pass(2 * ((np.cumsum(pitch) / SAMPLE_RATE) % 1) - 1, 900, 1)
    formants = ((730, 90, 1.0), (1090, 110, 0.6), (2440, 170, 0.3), (3400, 250, 0.15))
    voice = sum(level * band_pass(source, centre - width, centre + width) for centre, width, level in formants)
    swell = np.minimum(t / 0.08, 1) * np.minimum((duration - t) / 0.15, 1)
    return finish(voice * swell, -3.0)


def _metal(duration: float) -> np.ndarray:
    return high_pass(band_pass(squares(duration, _CYMBAL_OSCILLATORS), 5500, 10500), 6000, 3)


def _plate(duration: float, low: float, high: float, n_modes: int, t60: float, rng: np.random.Generator) -> np.ndarray:
    """Modes of a thin plate: their density is constant, so they are drawn uniformly; high ones decay sooner."""
    frequencies = np.sort(rng.uniform(low, high, n_modes))
    levels = rng.rayleigh(1.0, n_modes) * np.minimum(frequencies / (2.5 * low), 1) * (1 - 0.75 * frequencies / 20000)
    return modes(duration, frequencies, levels, t60 * (1 - 0.55 * frequencies / 20000), rng) / np.sqrt(n_modes)


# Name of a file -> its class, its title, and the function that makes it.
EXAMPLES = {
    "kick_analogue": ("kick", "Analogue kick", kick_analogue),
    "kick_acoustic": ("kick", "Acoustic kick", kick_acoustic),
    "snare_analogue": ("snare", "Analogue snare", snare_analogue),
    "snare_acoustic": ("snare", "Acoustic snare", snare_acoustic),
    "clap_analogue": ("clap", "Analogue clap", clap_analogue),
    "clap_hands": ("clap", "Hand claps", clap_hands),
    "closed_hat_analogue": ("closed_hat", "Analogue closed hat", closed_hat_analogue),
    "closed_hat_acoustic": ("closed_hat", "Acoustic closed hat", closed_hat_acoustic),
    "open_hat_analogue": ("open_hat", "Analogue open hat", open_hat_analogue),
    "open_hat_acoustic": ("open_hat", "Acoustic open hat", open_hat_acoustic),
    "tom_acoustic": ("tom", "Tom", tom_acoustic),
    "crash_cymbal": ("cymbal", "Crash", crash_cymbal),
    "cowbell_analogue": ("percussion", "Cowbell", cowbell_analogue),
    "sung_vowel": ("not_drum", "Voice", sung_vowel),
}
