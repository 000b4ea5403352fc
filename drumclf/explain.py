"""Why a prediction came out as it did: where the network looked, and which sounds are most similar."""

import numpy as np
from scipy.ndimage import zoom

from drumclf.classifier import Classifier, Prediction


def grad_cam(classifier: Classifier, prediction: Prediction, label: str | None = None) -> np.ndarray:
    """How strongly each point of the spectrogram supports a class.

    Grad-CAM (Selvaraju et al. 2017) in its element-wise form (HiResCAM, Draelos and Carin
    2020): gradients are not averaged over the maps first, since this network weighs each
    position separately. Only evidence for the class is kept.

    Parameters
    ----------
    classifier : Classifier
        The one that made the prediction.
    prediction : Prediction
    label : str, optional
        Name of a class; by default the predicted one.

    Returns
    -------
    np.ndarray, shape (N_MELS, N_FRAMES), float32 in [0, 1]
        1 at the strongest evidence; 0 everywhere if there is none.
    """
    maps, gradient = classifier.maps_and_gradient(prediction, label or prediction.label)
    evidence = np.maximum((maps * gradient).sum(axis=-1), 0)
    factors = np.array(prediction.spectrogram.shape[:2]) / evidence.shape
    enlarged = np.clip(zoom(evidence, factors, order=1, mode="nearest", grid_mode=True), 0, None)
    return (enlarged / max(enlarged.max(), 1e-9)).astype(np.float32)


def nearest(prediction: Prediction, others: dict[str, Prediction], n: int = 3) -> list[str]:
    """Keys of the `n` sounds that are most similar to the network, by the cosine of their embeddings."""
    likeness = {key: float(prediction.embedding @ other.embedding) for key, other in others.items()}
    return sorted(likeness, key=likeness.get, reverse=True)[:n]
