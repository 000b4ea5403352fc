"""Second opinions on labels: what networks say of sounds, those that they did not hear or those that they did."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from drumclf.classifier import softmax
from training.data import SYNTHETIC, Example
from training.features import Features
from training.train import Settings, predict_logits, train_network


def source_folds(examples: list[Example], n_folds: int) -> np.ndarray:
    """Share sources among folds of about the same size.

    Parameters
    ----------
    examples : list[Example]
        Where there are fewer sources than folds, kits take their place, and files where there are fewer kits.
    n_folds : int

    Returns
    -------
    np.ndarray, shape (n,), int
        Number of each example's fold; -1 for synthetic sounds, which belong to the training side of all.
    """
    recorded = [example for example in examples if example.source != SYNTHETIC]
    level = next((name for name in ("source", "kit") if len({getattr(e, name) for e in recorded}) >= n_folds), "path")
    groups = [SYNTHETIC if e.source == SYNTHETIC else str(getattr(e, level)) for e in examples]
    sizes = Counter(group for group in groups if group != SYNTHETIC)
    fold_of, load = {SYNTHETIC: -1}, [0] * n_folds
    for group, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        fold_of[group] = int(np.argmin(load))
        load[fold_of[group]] += size
    return np.array([fold_of[group] for group in groups])


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
        Probabilities. Synthetic sounds, which every network hears, keep their label, and so do
        sounds of a class that is heard from no other source.
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
        known = {train.examples[i].label for i in heard}
        unheard = [i for i in unheard if train.examples[i].label in known]  # of the others it can have no opinion
        opinions[unheard] = predict_probabilities(network, judged[unheard])
        keras.utils.clear_session()
    return opinions


def teachers_opinions(
    train: Features, classes: list[str], settings: Settings, checkpoints: Path, n_teachers: int
) -> np.ndarray:
    """What several networks, on average, hold of the pictures that they learnt from (Hinton et al. 2015).

    Parameters
    ----------
    train : Features
    settings : Settings
        Of the teachers, which differ in their seed.

    Returns
    -------
    np.ndarray, shape (n, variants, n_classes), float32
        Probabilities.
    """
    opinions = np.zeros((*train.images.shape[:2], len(classes)), np.float32)
    for teacher in range(n_teachers):
        print(f"teacher {teacher + 1} of {n_teachers}", flush=True)
        network, _ = train_network(train, classes, replace(settings, seed=settings.seed + 1 + teacher), checkpoints)
        opinions += predict_probabilities(network, train.images) / n_teachers
        keras.utils.clear_session()
    return opinions


def predict_probabilities(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """(n, variants, mel, time, 3) uint8 -> (n, variants, n_classes) float32."""
    logits = predict_logits(network, images.reshape(-1, *images.shape[2:]))
    return softmax(logits, 1.0).reshape(*images.shape[:2], -1).astype(np.float32)
