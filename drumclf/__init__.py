"""What drum is it? A classifier of drum one-shots with calibrated probabilities.

>>> from drumclf import load_classifier
>>> classifier = load_classifier()
>>> prediction = classifier.classify("kick.wav")
>>> prediction.label, prediction.probabilities["kick"]
"""

from drumclf.audio import AudioError, Clip
from drumclf.classifier import Classifier, Prediction, load_classifier
from drumclf.model_folder import ModelError

__all__ = ["AudioError", "Classifier", "Clip", "ModelError", "Prediction", "load_classifier"]
