"""What a decoding process sends beside samples, and the clip or channels that are made of both."""

import math

import numpy as np

from drumclf import limits
from drumclf.audio import Channels, Clip

_OF_CLIP = ("start", "is_whole", "file_duration", "file_rate", "level")


def head_of(sound: Clip | Channels) -> dict:
    """Everything but the samples, ready for JSON."""
    if isinstance(sound, Clip):
        return {"error": None} | {name: getattr(sound, name) for name in _OF_CLIP}
    return {"error": None, "start": sound.start, "rate": sound.rate, "n_channels": sound.samples.shape[1]}


def _clip(head: dict, samples: np.ndarray) -> Clip:
    """The clip that was sent; raises ValueError, KeyError or TypeError if it is not one."""
    start, file_duration = float(head["start"]), float(head["file_duration"])
    file_rate, level = int(head["file_rate"]), float(head["level"])
    if not (len(samples) and np.isfinite(samples).all() and math.isfinite(start) and math.isfinite(level)):
        raise ValueError("this is not a clip")
    return Clip(samples, start, bool(head["is_whole"]), file_duration, file_rate, level)


def _channels(head: dict, samples: np.ndarray) -> Channels:
    """The channels that were sent; raises ValueError, KeyError or TypeError if they are none."""
    rate, n_channels, start = int(head["rate"]), int(head["n_channels"]), float(head["start"])
    is_within = limits.MIN_FILE_RATE <= rate <= limits.MAX_FILE_RATE and 1 <= n_channels <= limits.MAX_CHANNELS
    if not (len(samples) and is_within and np.isfinite(samples).all() and math.isfinite(start)):
        raise ValueError("these are no channels")
    return Channels(samples.reshape(-1, n_channels), rate, start)


# What was asked for -> the function that makes it.
MAKE = {"clip": _clip, "channels": _channels}
