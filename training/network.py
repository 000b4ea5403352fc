"""The whole network."""

import keras
from keras import layers


def build_network(image_shape: tuple[int, int, int], n_logits: int, members: int = 1) -> keras.Model:
    """Residual networks of depthwise-separable convolutions: picture -> logits of each member.

    Separable convolutions (Chollet 2017) keep it fast on a CPU. What a drum is
    depends on where in frequency and when after the onset things happen, so the last
    maps are not just averaged: a depthwise convolution as large as the map weights
    every position for every channel (Chen et al. 2018, global depthwise convolution).
    Members differ only in their initial weights; their mean is right more often, and better
    calibrated, than one of them (Lakshminarayanan et al. 2017).

    Parameters
    ----------
    image_shape : (mel, time, 3)
    n_logits : int
        Classes and kinds.
    members : int

    Returns
    -------
    keras.Model
        float32 (batch, mel, time, 3) in [0, 1] -> logits (batch, n_logits), one output per
        member. Layers ``maps_1``, ... hold the last feature maps, ``embedding_1``, ...
        the vectors before the logits.
    """
    image = keras.Input(image_shape, name="spectrogram")
    return keras.Model(image, [_member(image, n_logits, i + 1) for i in range(members)], name="members")


def build_student(image_shape: tuple[int, int, int], n_logits: int) -> keras.Model:
    """As `build_network` with one member, but with more and wider layers on the smallest maps, where they cost least.

    Parameters and result are as there; the one output is ``logits_1``.
    """
    image = keras.Input(image_shape, name="spectrogram")
    return keras.Model(image, [_member(image, n_logits, 1, last=(160, 160, 160))], name="student")


def average_members(network: keras.Model) -> keras.Model:
    """One network whose logits are the mean of its members'."""
    logits = network.outputs[0] if len(network.outputs) == 1 else layers.Average(name="logits")(network.outputs)
    return keras.Model(network.inputs, logits, name="drumclf")


def _member(image, n_logits: int, number: int, last: tuple[int, ...] = (128, 128)):
    x = layers.Rescaling(2.0, offset=-0.6)(image)
    x = layers.Conv2D(32, 5, strides=2, padding="same", use_bias=False)(x)  # mel/2, time/2
    x = _normalise(x)
    x = _residual(x, 48)
    x = _residual(x, 64, stride=2)  # mel/4, time/4
    x = _residual(x, 64)
    for i, filters in enumerate(last):
        x = _residual(x, filters, stride=1 if i else 2)  # mel/8, time/8
    x = layers.Activation("linear", name=f"maps_{number}")(x)
    average = layers.GlobalAveragePooling2D()(x)
    position = layers.DepthwiseConv2D(x.shape[1:3], depth_multiplier=2)(x)  # (1, 1, 2 * channels)
    pooled = layers.Dropout(0.4)(layers.Concatenate()([layers.Flatten()(position), average]))
    embedding = layers.Dense(64, activation="relu", name=f"embedding_{number}")(pooled)
    return layers.Dense(n_logits, name=f"logits_{number}")(layers.Dropout(0.2)(embedding))


def _residual(x, filters: int, stride: int = 1):
    """Two separable convolutions with a shortcut around them."""
    shortcut = x
    y = layers.SeparableConv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = _normalise(y)
    y = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride > 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    return layers.Activation("relu")(layers.Add()([shortcut, y]))


def _normalise(x):
    return layers.Activation("relu")(layers.BatchNormalization()(x))
