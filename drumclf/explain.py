"""Prediction -> why: where the network looked, and which sounds are alike."""

import numpy as np
from scipy.ndimage import zoom

from drumclf.classifier import Classifier, Prediction


def grad_cam(classifier: Classifier, prediction: Prediction, label: str | None = None) -> np.ndarray:
    """How much each place of the spectrogram speaks for a class.

    Grad-CAM (Selvaraju et al. 2017) in its element-wise form (HiResCAM, Draelos and Carin
    2020): gradients are not averaged over the maps first, since this network weighs each
    place by itself. Only what speaks for the class is kept.

    Parameters
    ----------
    classifier : Classifier
        The one that made the prediction.
    prediction : Prediction
    label : str, optional
        Name of a class; the predicted one when left out.

    Returns
    -------
    np.ndarray, shape (N_MELS, N_FRAMES), float32 in [0, 1]
        1 where most speaks for the class; 0 everywhere when nothing does.
    """
    maps, gradient = classifier.maps_and_gradient(prediction, label or prediction.label)
    evidence = np.maximum((maps * gradient).sum(axis=-1), 0)
    factors = np.array(prediction.spectrogram.shape[:2]) / evidence.shape
    enlarged = np.clip(zoom(evidence, factors, order=1, mode="nearest", grid_mode=True), 0, None)
    return (enlarged / max(enlarged.max(), 1e-9)).astype(np.float32)


def nearest(prediction: Prediction, others: dict[str, Prediction], n: int = 3) -> list[str]:
    """Keys of the `n` sounds most alike to the network: those with the closest embedding (cosine)."""
    likeness = {key: float(prediction.embedding @ other.embedding) for key, other in others.items()}
    return sorted(likeness, key=likeness.get, reverse=True)[:n]
