"""Random synthetic drums: drum machine circuits and struck bodies with random settings, as extra training sounds.

A corpus of recordings covers few of the settings that a synthesiser can produce: a
snare with almost no wires, a tom as low as a kick. The recipes are those of
`synthesis.drums` with every number drawn at random; none gives one of the bundled examples.
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


def make_drum(label: str, number: int) -> np.ndarray:
    """One random drum.

    Parameters
    ----------
    label : str
        One of `RECIPES`.
    number : int
        Each number is another drum; the same number always gives the same one.

    Returns
    -------
    np.ndarray, shape (n,), float64
        At ``SAMPLE_RATE``, peak at -1 dBFS.
    """
    rng = np.random.default_rng((number, list(RECIPES).index(label)))
    return finish(RECIPES[label](rng))


def kick(rng: np.random.Generator) -> np.ndarray:
    """A low sine that falls fast, and a click or a thud."""
    duration = rng.uniform(0.15, 0.9)
    end = rng.uniform(35, 75)
    body = glide(duration, end * rng.uniform(1.3, 7), end, rng.uniform(0.004, 0.05)) * decay(
        duration, duration * rng.uniform(0.7, 1.2), rng.uniform(0.0003, 0.003)
    )
    click = band_pass(noise(duration, rng), rng.uniform(300, 1500), rng.uniform(2500, 9000))
    return body + _level(rng, -40, -8) * click * decay(duration, rng.uniform(0.005, 0.05))


def snare(rng: np.random.Generator) -> np.ndarray:
    """Two shell tones or a membrane, and wires: from almost none to nothing but wires."""
    duration = rng.uniform(0.12, 0.6)
    low = rng.uniform(140, 280)
    if rng.random() < 0.6:
        ratio = rng.uniform(1.4, 2.1)
        shell = _tone(rng, duration, low) + rng.uniform(0.2, 0.9) * _tone(rng, duration, low * ratio)
    else:
        shell = _membrane(rng, duration, low)
    wires = high_pass(noise(duration, rng), rng.uniform(500, 3500)) * decay(
        duration, rng.uniform(0.5, 1.8) * duration, rng.uniform(0.0003, 0.004)
    )
    return shell / np.abs(shell).max() + _level(rng, -22, 12) * wires / np.abs(wires).max()


def clap(rng: np.random.Generator) -> np.ndarray:
    """Bursts of band-passed noise about 10 ms apart, and a tail."""
    duration = rng.uniform(0.12, 0.6)
    t = times(duration)
    gate = np.zeros_like(t)
    start = 0.0
    for _ in range(rng.integers(2, 6)):
        gate += np.where(t >= start, 10 ** (-3 * np.maximum(t - start, 0) / rng.uniform(0.012, 0.03)), 0)
        start += rng.uniform(0.006, 0.016)
    tail = np.where(t >= start, 10 ** (-3 * np.maximum(t - start, 0) / (duration * rng.uniform(0.5, 1.1))), 0)
    low = rng.uniform(500, 1200)
    return band_pass(noise(duration, rng), low, low * rng.uniform(2, 6), rng.integers(1, 3)) * (
        gate + rng.uniform(0.2, 1) * tail
    )


def closed_hat(rng: np.random.Generator) -> np.ndarray:
    """Metal, noise or both, cut off within a tenth of a second."""
    t60 = rng.uniform(0.025, 0.13)
    return _metal(rng, 1.3 * t60 + 0.02) * decay(1.3 * t60 + 0.02, t60)


def open_hat(rng: np.random.Generator) -> np.ndarray:
    """Like the closed hat, but left to ring."""
    t60 = rng.uniform(0.35, 1.1)
    return _metal(rng, t60) * decay(t60, t60, rng.uniform(0.0005, 0.004))


def tom(rng: np.random.Generator) -> np.ndarray:
    """A tone or a membrane whose pitch falls a little, with a stick but hardly any noise."""
    duration = rng.uniform(0.2, 1.0)
    pitch = rng.uniform(70, 260)
    falling = rng.random() < 0.6
    body = (
        glide(duration, pitch * rng.uniform(1.05, 1.8), pitch, rng.uniform(0.01, 0.08))
        * decay(duration, duration * rng.uniform(0.7, 1.1), 0.001)
        if falling
        else _membrane(rng, duration, pitch)
    )
    stick = band_pass(noise(duration, rng), 400, rng.uniform(2000, 8000)) * decay(duration, rng.uniform(0.008, 0.05))
    return body / np.abs(body).max() + _level(rng, -40, -10) * stick / np.abs(stick).max()


def cymbal(rng: np.random.Generator) -> np.ndarray:
    """A large plate: dense modes from the midrange up, still ringing when it is cut off."""
    duration = 1.2
    n = int(rng.uniform(150, 500))
    frequencies = rng.uniform(rng.uniform(200, 900), 16000, n)
    plate = modes(duration, frequencies, rng.rayleigh(1, n), rng.uniform(1, 4) * (1 - frequencies / 26000), rng)
    wash = high_pass(noise(duration, rng), rng.uniform(1500, 6000)) * decay(duration, rng.uniform(0.8, 2.5), 0.01)
    return plate / np.abs(plate).max() + _level(rng, -25, 3) * wash / np.abs(wash).max()


def percussion(rng: np.random.Generator) -> np.ndarray:
    """A bell made of two square waves, a rim click, a wood block, a conga or a shaker."""
    kind = rng.integers(5)
    if kind == 0:
        low, duration = rng.uniform(450, 900), rng.uniform(0.15, 0.6)
        return band_pass(squares(duration, (low, low * rng.uniform(1.35, 1.6))), low, 4 * low) * decay(
            duration, duration
        )
    if kind == 1:
        click = modes(0.08, rng.uniform(400, 3500, 3), rng.uniform(0.3, 1, 3), rng.uniform(0.01, 0.06, 3))
        return click + 0.2 * high_pass(noise(0.08, rng), 2000) * decay(0.08, 0.01)
    if kind == 2:
        return modes(0.2, rng.uniform(600, 2500) * np.array([1, 2.6]), np.array([1, 0.4]), rng.uniform(0.04, 0.15, 2))
    if kind == 3:
        duration, pitch = rng.uniform(0.15, 0.5), rng.uniform(180, 500)
        slap = band_pass(noise(duration, rng), 800, 4000) * decay(duration, 0.02)
        return _membrane(rng, duration, pitch) + 0.1 * slap
    duration = rng.uniform(0.05, 0.2)
    return high_pass(noise(duration, rng), rng.uniform(3000, 6500)) * np.sin(np.pi * times(duration) / duration) ** 2


def not_drum(rng: np.random.Generator) -> np.ndarray:
    """A held note: a mix of saw, square and sines, sometimes through formants, with a swell and a fade."""
    duration = rng.uniform(0.4, 1.2)
    t = times(duration)
    pitch = 55 * 2 ** rng.uniform(0, 4) * (1 + rng.uniform(0, 0.015) * np.sin(2 * np.pi * rng.uniform(3, 7) * t))
    phase = np.cumsum(pitch) / SAMPLE_RATE
    note = sum(
        wave * rng.random()
        for wave in (
            2 * (phase % 1) - 1,
            np.sign((phase % 1) - 0.5),
            np.sin(2 * np.pi * phase),
            np.sin(4 * np.pi * phase),
        )
    )
    note = low_pass(note, rng.uniform(500, 8000))
    if rng.random() < 0.4:
        note = sum(band_pass(note, f / 1.15, f * 1.15) for f in (rng.uniform(300, 900), rng.uniform(900, 2500)))
    attack, release = rng.uniform(0.005, 0.2), rng.uniform(0.05, 0.3)
    return note * np.minimum(t / attack, 1) * np.minimum((duration - t) / release, 1)


# Name of a class -> the function that makes one sound of it.
RECIPES = {
    "kick": kick,
    "snare": snare,
    "clap": clap,
    "closed_hat": closed_hat,
    "open_hat": open_hat,
    "tom": tom,
    "cymbal": cymbal,
    "percussion": percussion,
    "not_drum": not_drum,
}


def _level(rng: np.random.Generator, low: float, high: float) -> float:
    """A random gain between two levels in decibels."""
    return 10 ** (rng.uniform(low, high) / 20)


def _tone(rng: np.random.Generator, duration: float, pitch: float) -> np.ndarray:
    return glide(duration, pitch * rng.uniform(1, 1.5), pitch, rng.uniform(0.003, 0.03)) * decay(
        duration, duration * rng.uniform(0.4, 1.6)
    )


def _membrane(rng: np.random.Generator, duration: float, pitch: float) -> np.ndarray:
    n = len(MEMBRANE_RATIOS)
    levels = rng.uniform(0.3, 1, n) / np.arange(1, n + 1) ** rng.uniform(0.6, 1.5)
    t60s = duration * rng.uniform(0.6, 1.1) / np.arange(1, n + 1) ** rng.uniform(0.2, 0.8)
    return modes(duration, pitch * MEMBRANE_RATIOS, levels, t60s, rng)


def _metal(rng: np.random.Generator, duration: float) -> np.ndarray:
    low = rng.uniform(2500, 7500)
    if rng.random() < 0.4:
        oscillators = squares(duration, tuple(rng.uniform(200, 900, 6)))
        metal = band_pass(oscillators, low, min(2 * low, 16000))
    else:
        n = int(rng.uniform(60, 250))
        metal = modes(duration, rng.uniform(low, 16000, n), rng.rayleigh(1, n), np.full(n, 2.0), rng)
    sizzle = high_pass(noise(duration, rng), low)
    return high_pass(metal, low) / np.abs(metal).max() + _level(rng, -25, 6) * sizzle / np.abs(sizzle).max()
