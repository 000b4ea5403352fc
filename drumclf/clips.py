"""Decoded sounds: what is listened to, and what is kept of a file."""

import math
from dataclasses import dataclass

import numpy as np

from drumclf import constants as c


@dataclass(frozen=True)
class Clip:
    """Decoded, checked, mono sound at the model's sample rate.

    Attributes
    ----------
    samples : np.ndarray, shape (n,), float32
        Mono, ``SAMPLE_RATE`` Hz, free of DC, peak 1.0, never silent; at most
        ``CLIP_DURATION`` seconds, or as many as were asked for, from the first sound in the file.
    start : float
        Seconds of silence that were skipped at the start of the file.
    is_whole : bool
        Whether the clip reaches the end of the file.
    file_duration : float
        Length of the whole file in seconds; for a long one, as its header states. NaN if unknown.
    file_rate : int
        Sample rate of the file in hertz; 0 if the clip is not from a file.
    level : float
        Peak amplitude that the samples had in the file; full scale is 1.
    """

    samples: np.ndarray
    start: float
    is_whole: bool
    file_duration: float = math.nan
    file_rate: int = 0
    level: float = 1.0

    @property
    def duration(self) -> float:
        """Length of the clip in seconds."""
        return len(self.samples) / c.SAMPLE_RATE


@dataclass(frozen=True)
class Channels:
    """All channels of a sound, at the level and the rate that they have in the file.

    Attributes
    ----------
    samples : np.ndarray, shape (n, n_channels), float32
        Finite; from the first sound in the file on.
    rate : int
        In hertz.
    start : float
        Seconds of silence that were skipped at the start of the file.
    """

    samples: np.ndarray
    rate: int
    start: float
