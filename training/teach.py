"""Second opinions on labels: what networks say of sounds that they did not hear."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from drumclf.classifier import softmax
from training.features import Features
from training.folds import source_folds
from training.train import Settings, predict_logits, train_network


def out_of_fold_opinions(
    train: Features,
    classes: list[str],
    settings: Settings,
    checkpoints: Path,
    n_folds: int,
    variants: int | None = None,
) -> np.ndarray:
    """Cross-validation over sources: each picture judged by a network to which its source is unknown.

    Parameters
    ----------
    train : Features
    n_folds : int
        As many networks are trained.
    variants : int, optional
        How many of the pictures of each sound are judged; all when left out.

    Returns
    -------
    np.ndarray, shape (n, variants, n_classes), float32
        Probabilities. Synthetic sounds, which every network hears, keep their label.
    """
    folds = source_folds(train.examples, n_folds)
    labels = np.eye(len(classes), dtype=np.float32)[[classes.index(e.label) for e in train.examples]]
    judged = train.images[:, :variants]
    opinions = np.repeat(labels[:, None], judged.shape[1], axis=1)
    for fold in range(n_folds):
        print(f"teacher {fold + 1} of {n_folds}", flush=True)
        heard, unheard = np.nonzero(folds != fold)[0], np.nonzero(folds == fold)[0]
        part = Features([train.examples[i] for i in heard], train.images[heard])
        network, _ = train_network(part, classes, replace(settings, seed=settings.seed + 1 + fold), checkpoints)
        opinions[unheard] = predict_probabilities(network, judged[unheard])
        keras.utils.clear_session()
    return opinions


def predict_probabilities(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """(n, variants, mel, time, 3) uint8 -> (n, variants, n_classes) float32."""
    logits = predict_logits(network, images.reshape(-1, *images.shape[2:]))
    return softmax(logits, 1.0).reshape(*images.shape[:2], -1).astype(np.float32)
