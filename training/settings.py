"""Everything a training run can be told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Everything a training run depends on, besides its data.

    Attributes
    ----------
    epochs : int
        Of each member.
    sounds_per_epoch : int
        Drawn with replacement, balanced over classes and sources.
    batch_size : int
    learning_rate : float
        The peak: it rises over one epoch, then falls towards zero along a cosine.
    weight_decay : float
    label_smoothing : float
    source_balance : float
        0: every file has the same weight; 0.5: a source is weighted by the square root of its
        number of sounds; 1: every source has the same weight.
    kind_weight : float
        Weight of the kinds' loss beside that of the classes.
    members : int
        Number of networks that learn from the labels.
    student_epochs : int
        Epochs of the student, the network that learns from the labels and the members and becomes the model. If 0,
        the model is the mean of the members.
    seed : int
    """

    epochs: int = 16
    sounds_per_epoch: int = 16_000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.05
    source_balance: float = 0.5
    kind_weight: float = 0.3
    members: int = 2
    student_epochs: int = 20
    seed: int = 2023
