"""What can be learnt of sounds before any label: which pictures show the same one."""

from dataclasses import replace
from pathlib import Path

import keras
from keras import ops

from training.features import Features
from training.train import Settings, train_network

N_AXES = 64
TEMPERATURE = 0.2


def pretrain(train: Features, settings: Settings, checkpoints: Path) -> keras.Model:
    """Train a network to find each picture's pair among all the others of a batch (Chen et al. 2020, SimCLR).

    A pair is two waveform variants of one sound, each changed once more by `vary_batch`. The
    network is the usual one, up to its last layer, whose outputs are `N_AXES` axes of a space
    in place of the logits of classes.

    Parameters
    ----------
    train : Features
        Their labels are not looked at: sources are balanced, classes are not.
    settings : Settings
        ``batch_size`` and ``sounds_per_epoch`` count both of a pair.
    checkpoints : Path
        Folder; remove it when the result is safe.

    Returns
    -------
    keras.Model
        For `train_network` to start from.
    """
    axes = [f"axis {i + 1}" for i in range(N_AXES)]
    unlabelled = Features([replace(example, label=axes[0]) for example in train.examples], train.images)
    network, _ = train_network(unlabelled, axes, replace(settings, agreement=1.0), checkpoints, loss=contrast)
    return network


def contrast(targets, outputs):
    """How hard it is to tell each picture's pair from the rest of the batch.

    Cross-entropy over the cosines with all other pictures, softened by `TEMPERATURE`.

    Parameters
    ----------
    targets : not looked at
    outputs : tensor, shape (2 n, axes)
        The pair of picture i is picture n + i.

    Returns
    -------
    tensor, shape (2 n,)
    """
    outputs = ops.normalize(outputs, axis=-1)
    n = ops.shape(outputs)[0]
    cosines = ops.matmul(outputs, ops.transpose(outputs))
    to_itself = ops.eye(n, dtype=cosines.dtype)
    pairs = ops.roll(to_itself, n // 2, axis=0)
    return keras.losses.categorical_crossentropy(pairs, cosines / TEMPERATURE - 1e9 * to_itself, from_logits=True)
