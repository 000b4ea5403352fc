"""Names for what is kept between runs, so that nothing stale is taken for fresh."""

import hashlib
import inspect
import json
from types import ModuleType

import numpy as np

from drumclf import audio, constants, spectrogram
from drumclf import file_types as containers

_FRONT_END = (audio, constants, containers, spectrogram)


def fingerprint(values, *modules: ModuleType) -> str:
    """Short name for a result: another one as soon as its inputs or the code that makes it change.

    Parameters
    ----------
    values : JSON-ready
        What the result depends on.
    modules : modules
        Whose code it depends on, beside the front end's.
    """
    code = [inspect.getsource(module) for module in (*_FRONT_END, *modules)]
    return hashlib.sha256(json.dumps([values, code]).encode()).hexdigest()[:16]


def digest(arrays: list[np.ndarray]) -> str:
    """Short for what the numbers are, to be among the values of a fingerprint."""
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
