"""Names for cached results, so that a stale one is never mistaken for a fresh one."""

import hashlib
import inspect
import json
from types import ModuleType

from drumclf import audio, chunks, clips, constants, ffmpeg, headers, libsndfile, limits, onset, spectrogram

# The modules that decide what a sound's picture is.
FRONT_END = (audio, chunks, clips, constants, ffmpeg, headers, libsndfile, limits, onset, spectrogram)


def fingerprint(values, *modules: ModuleType) -> str:
    """Short name for a result, which changes as soon as its inputs or the code that makes it change.

    Parameters
    ----------
    values : JSON-ready
        What the result depends on.
    modules : modules
        Whose code it depends on, besides that of the front end.
    """
    code = [inspect.getsource(module) for module in (*FRONT_END, *modules)]
    return hashlib.sha256(json.dumps([values, code]).encode()).hexdigest()[:16]
