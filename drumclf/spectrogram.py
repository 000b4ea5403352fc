"""The RGB spectrogram: three views of one hit, overlaid as red, green and blue.

A long window resolves pitch, a short one resolves the attack; no single window
does both. Each colour is a log-mel power spectrogram with its own window, all
on one mel x time grid. The windows have unit energy, so that steady noise is
equally bright in all three (grey), a held pitch is sharpest in the long window
(red) and a click is sharpest in the short one (blue).

The grid starts just before the onset. Its frames last 3 ms during the attack and
grow after it: bursts 10 ms apart tell a clap from a snare, but what tells an open
hat from a closed one happens half a second later.
"""

from functools import cache

import numpy as np
import scipy.fft
import scipy.sparse

from drumclf import constants as c
from drumclf.onset import find_onset

_SAMPLES_AT_ONCE = 2**17  # in spectra; more of them would not stay in a core's cache
_ROWS_AT_ONCE = 12  # in a product of matrices; for larger ones OpenBLAS starts threads, which wait for one another


def rgb_spectrogram(samples: np.ndarray, onset: int | None = None) -> np.ndarray:
    """Picture of one drum hit, as the network sees it.

    It does not depend on level or polarity, or on silence before the onset.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float32
        A clip: mono, ``SAMPLE_RATE`` Hz, any length, not silent, free of DC.
    onset : int, optional
        Sample index at which the hit begins, if not where `find_onset` finds it; may be negative.

    Returns
    -------
    np.ndarray, shape (N_MELS, N_FRAMES, 3), float32
        0 is ``DYNAMIC_RANGE`` dB or more below the loudest point of the picture,
        1 is that point. Row 0 is the lowest band; the last axis is long, middle,
        short window.
    """
    if onset is None:
        onset = find_onset(samples)
    start = onset - round(c.PRE_ONSET * c.SAMPLE_RATE)
    power = np.stack([_mel_power(samples, start, i) for i in range(3)], axis=-1)
    power /= max(power.max(), np.finfo(np.float32).tiny)
    floor = 10 ** (-c.DYNAMIC_RANGE / 10)
    decibels = 10 * np.log10(np.maximum(power, floor))
    return np.clip(1 + decibels / c.DYNAMIC_RANGE, 0, 1).astype(np.float32)


@cache
def frame_edges() -> np.ndarray:
    """Borders of the frames in seconds from the start of the grid.

    Returns
    -------
    np.ndarray, shape (N_FRAMES + 1,), float64
        Steps of ``FIRST_FRAME_DURATION`` for ``ATTACK_FRAMES``, then steps that
        grow by one constant factor so that the last edge is ``SPAN``.
    """
    growing = c.N_FRAMES - c.ATTACK_FRAMES
    if not growing:  # evenly spaced
        return np.linspace(0, c.SPAN, c.N_FRAMES + 1)
    rest = c.SPAN / c.FIRST_FRAME_DURATION - c.ATTACK_FRAMES
    steps = np.arange(1, growing + 1)
    low, high = 1.0, 2.0
    for _ in range(60):  # bisection: the sum of factor**steps rises with factor
        factor = (low + high) / 2
        low, high = (factor, high) if np.sum(factor**steps) < rest else (low, factor)
    durations = np.concatenate([np.ones(c.ATTACK_FRAMES), factor**steps])
    return np.concatenate([[0.0], np.cumsum(durations)]) * c.FIRST_FRAME_DURATION


@cache
def mel_bands(n_fft: int) -> np.ndarray:
    """Mel filter bank for one FFT length: overlapping triangles with a peak of 1 at each band's centre.

    HTK's mel scale (O'Shaughnessy 1987, p. 150) has steps of 30 Hz at the low end, where
    kicks and toms differ; Slaney's has 50 Hz. Equal to ``librosa.filters.mel`` with
    ``htk=True, norm=None``, without the seconds that importing librosa takes.

    Returns
    -------
    np.ndarray, shape (N_MELS, n_fft // 2 + 1), float32
    """
    edges = _band_edges()
    from_edge = scipy.fft.rfftfreq(n_fft, 1 / c.SAMPLE_RATE) - edges[:, None]
    widths = np.diff(edges)[:, None]
    rising, falling = from_edge[:-2] / widths[:-1], -from_edge[2:] / widths[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def mel_frequencies() -> np.ndarray:
    """Centre frequency of each mel band in hertz: shape (N_MELS,), float64, rising."""
    return _band_edges()[1:-1]


def _band_edges() -> np.ndarray:
    """Lowest frequency, centre of each band, highest frequency: evenly spaced on HTK's mel scale."""
    mels = np.linspace(*(2595 * np.log10(1 + np.array([c.MEL_FMIN, c.MEL_FMAX]) / 700)), c.N_MELS + 2)
    return 700 * (10 ** (mels / 2595) - 1)


def _mel_power(samples: np.ndarray, start: int, i: int) -> np.ndarray:
    """Mean power in each cell of the grid with window `i`: shape (N_MELS, N_FRAMES), float32."""
    window_length, n_fft = c.WINDOW_LENGTHS[i], c.FFT_LENGTHS[i]
    positions, averaging = _spectra(c.HOP_LENGTHS[i])
    first = start - window_length // 2
    # Spectra that begin after the end of the sound are zero and need not be computed.
    n_spectra = max(int(np.searchsorted(positions, len(samples) - first)), 1)
    positions = positions[:n_spectra]
    stop = first + positions[-1] + window_length
    padded = np.zeros(stop - first, np.float32)
    inside = samples[max(first, 0) : max(stop, 0)]
    padded[max(-first, 0) : max(-first, 0) + len(inside)] = inside
    slices = np.lib.stride_tricks.sliding_window_view(padded, window_length)
    at_once = _SAMPLES_AT_ONCE // n_fft
    batches = [positions[i : i + at_once] for i in range(0, n_spectra, at_once)]
    bands = np.zeros((averaging.shape[1], c.N_MELS), np.float32)
    bands[:n_spectra] = np.concatenate([_band_power(slices[b] * _window(window_length), n_fft) for b in batches])
    return (averaging @ bands).T / n_fft


def _band_power(slices: np.ndarray, n_fft: int) -> np.ndarray:
    """Windowed slices, shape (n, window), to mel spectra, shape (n, N_MELS)."""
    n_points, weights = _filters(slices.shape[1], n_fft)
    spectrum = scipy.fft.rfft(slices, n_points)
    power = spectrum.real**2 + spectrum.imag**2
    if scipy.sparse.issparse(weights):
        return power @ weights
    return np.concatenate([power[i : i + _ROWS_AT_ONCE] @ weights for i in range(0, len(power), _ROWS_AT_ONCE)])


@cache
def _filters(window_length: int, n_fft: int) -> tuple[int, np.ndarray | scipy.sparse.csr_array]:
    """FFT length to compute, and weights from its power to mel bands, as if its length were `n_fft`.

    The power spectrum of n samples is the transform of their autocorrelation, which has lags up to n - 1 (Wiener and
    Khinchin). So 2n points determine all others, and the weights of a short window include what they say of those.

    Returns
    -------
    n_points : int
    weights : array, shape (n_points // 2 + 1, N_MELS), float32
        Sparse where 97% of it is zero.
    """
    bands, n_points = mel_bands(n_fft), 2 * window_length
    if n_fft <= n_points:
        return n_fft, scipy.sparse.csr_array(bands.T)
    lags = np.zeros((window_length + 1, n_fft))
    lags[:, : n_points // 2] = scipy.fft.irfft(np.eye(window_length + 1), n_points)[:, : n_points // 2]
    lags[:, : -n_points // 2 : -1] = lags[:, 1 : n_points // 2]  # the negative ones
    return n_points, (scipy.fft.rfft(lags).real @ bands.T).astype(np.float32)


@cache
def _window(length: int) -> np.ndarray:
    """Hann window of unit energy, float32."""
    window = np.hanning(length + 1)[:-1]
    return (window / np.sqrt(np.sum(window**2))).astype(np.float32)


@cache
def _spectra(hop: int) -> tuple[np.ndarray, scipy.sparse.csr_array]:
    """Where spectra are computed, and weights that average them into the frames of the grid.

    Spectra are `hop` samples apart, or further if that still makes ``SPECTRA_PER_FRAME`` of them.
    A frame's value is the mean of the linear interpolation between the spectra: frames
    shorter than the hop interpolate, longer ones average.

    Returns
    -------
    positions : np.ndarray, shape (n_spectra,), int
        Centres, in samples from the start of the grid.
    weights : scipy.sparse.csr_array, shape (N_FRAMES, n_spectra), float32
        Every row sums to 1.
    """
    edges = frame_edges() * c.SAMPLE_RATE
    positions = [0]
    while positions[-1] < edges[-1]:
        frame = int(np.searchsorted(edges, positions[-1], side="right")) - 1
        positions.append(positions[-1] + max(hop, round((edges[frame + 1] - edges[frame]) / c.SPECTRA_PER_FRAME)))
    knots = np.array(positions)
    # The integral of the hat function around each knot, from minus infinity to each edge.
    steps = np.diff(knots, prepend=-1.0, append=2.0 * knots[-1])
    left, right = steps[:-1], steps[1:]
    offset = np.clip(edges[:, None] - knots, -left, right)
    rising, falling = (offset + left) ** 2 / (2 * left), left / 2 + offset - offset**2 / (2 * right)
    integral = np.where(offset < 0, rising, falling)
    integral[:, 0] -= left[0] / 2  # the first hat has no left half
    weights = np.diff(integral, axis=0)
    return knots, scipy.sparse.csr_array((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
