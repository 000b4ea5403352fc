"""Find the same recording under another name, in another format or at another level, by its sound.

Two steps: similar fingerprints give candidates, cheaply over all pairs; then both sounds are
read again and their waveforms compared. Only the second step decides, so that two takes of
one drum stay two sounds.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.fft

from drumclf import constants as c
from drumclf.audio import AudioError, Clip
from drumclf.onset import find_onset

_POOL = (4, 4)  # bands and frames of the spectrogram that are averaged in a fingerprint
_BANDS = 64  # the lowest ones, up to 10 kHz, are compared: lossy codecs leave out what is above
_NEAR = 1.3  # distance of fingerprints up to which waveforms are compared: covers 99% of MP3 and Ogg copies
# Minimum correlation of one recording with itself, both of waveforms and of their differences. In 99% of Ogg and
# Opus copies both reach 0.92, in MP3 copies 0.94. Two hits with the same body and another click reach 0.96 and 0.2; a
# sound that was cut off only misses the first.
_SAME = 0.9
_LAG = 0.05  # seconds by which waveforms may be shifted
_COMPARED = 2.0  # seconds that are compared
_BLOCK = 512  # rows whose distances are computed at once
_MAX_CANDIDATES = 5  # for one sound, nearest first


def fingerprint(spectrogram: np.ndarray) -> np.ndarray:
    """A coarse spectrogram: float32 in [0, 1], (mel, time, 3) -> uint8, shape (n,)."""
    spectrogram = spectrogram[:_BANDS]
    n_mels, n_frames, n_colours = spectrogram.shape
    rows, columns = _POOL
    cells = spectrogram[: n_mels // rows * rows, : n_frames // columns * columns]
    cells = cells.reshape(n_mels // rows, rows, n_frames // columns, columns, n_colours)
    return np.round(255 * cells.mean(axis=(1, 3))).astype(np.uint8).ravel()


def find_duplicates(rows: Sequence, read: Callable[[int], Clip]) -> list[int | None]:
    """For each row, the index of the first row that holds the same recording.

    Parameters
    ----------
    rows : sequence of Row
    read : function
        Index of a row -> its clip; may raise AudioError.

    Returns
    -------
    list of int or None
        None for a sound that is not a duplicate of an earlier one, and for refused files.
    """
    first: dict[bytes, int] = {}
    originals = [first.setdefault(row.digest, i) if row.error is None else i for i, row in enumerate(rows)]
    different = np.array(list(first.values()), int)
    if len(different):
        prints = np.stack([rows[i].fingerprint for i in different]).astype(np.float32) / 255
        for start in range(0, len(different), _BLOCK):
            stop = start + _BLOCK
            distances = _squared_distances(prints[start:stop], prints[:stop])
            for k, to_others in enumerate(distances, start):
                near = np.flatnonzero(to_others[:k] < _NEAR**2)
                candidates = different[near[np.argsort(to_others[near])[:_MAX_CANDIDATES]]].tolist()
                i = int(different[k])
                originals[i] = next((originals[j] for j in candidates if _is_same(i, j, read)), i)
    return [originals[j] if originals[j] != i else None for i, j in enumerate(originals)]


def same_recording(one: Clip, other: Clip) -> bool:
    """Whether two clips are one recording, whatever its level, polarity and quality.

    Both the waveforms, in which the body dominates, and their differences, in which the
    attack does, must correlate at the lag that suits them best.
    """
    a, b = _from_onset(one), _from_onset(other)
    return min(_highest_correlation(a, b), _highest_correlation(_differences(a), _differences(b))) >= _SAME


def _differences(samples: np.ndarray) -> np.ndarray:
    """Of samples two apart: strongest at 8 kHz after the averaging in `_from_onset`."""
    return samples[2:] - samples[:-2]


def _highest_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Peak of the absolute normalised cross-correlation."""
    n = scipy.fft.next_fast_len(len(a) + len(b), real=True)
    correlation = scipy.fft.irfft(scipy.fft.rfft(a, n) * np.conj(scipy.fft.rfft(b, n)), n)
    lag = round(_LAG * c.SAMPLE_RATE)
    highest = max(np.abs(correlation[: lag + 1]).max(), np.abs(correlation[-lag:]).max())
    return float(highest / max(np.sqrt(np.sum(a**2) * np.sum(b**2)), 1e-12))


def _is_same(i: int, j: int, read: Callable[[int], Clip]) -> bool:
    try:
        return same_recording(read(i), read(j))
    except AudioError:  # the file has gone since
        return False


def _from_onset(clip: Clip) -> np.ndarray:
    onset = find_onset(clip.samples)
    samples = clip.samples[onset : onset + round(_COMPARED * c.SAMPLE_RATE)]
    return samples + np.append(
        samples[1:], np.float32(0)
    )  # weakens what is above 11 kHz, of which lossy codecs keep little


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * a @ b.T
