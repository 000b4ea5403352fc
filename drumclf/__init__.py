"""What drum is it? A classifier of drum one-shots with calibrated probabilities.

>>> from drumclf import load_classifier
>>> classifier = load_classifier()
>>> prediction = classifier.classify("kick.wav")
>>> prediction.label, prediction.probabilities["kick"]
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumclf.audio import AudioError, Clip
    from drumclf.classifier import Classifier, Prediction, load_classifier
    from drumclf.model_folder import ModelError

__all__ = ["AudioError", "Classifier", "Clip", "ModelError", "Prediction", "load_classifier"]
_HOMES = {
    "AudioError": "audio",
    "Classifier": "classifier",
    "Clip": "audio",
    "ModelError": "model_folder",
    "Prediction": "classifier",
    "load_classifier": "classifier",
}


def __getattr__(name: str):
    """Import a public name when it is first asked for: numpy and the decoders take a quarter of a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
