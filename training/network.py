"""The network, whole, on one page."""

import keras
from keras import layers


def build_network(
    image_shape: tuple[int, int, int],
    n_classes: int,
    members: int = 1,
    width: float = 1.0,
    position_pooling: bool = True,
) -> keras.Model:
    """Residual networks of depthwise-separable convolutions: picture -> logits of each member.

    Separable convolutions (Chollet 2017) keep it fast on a processor. What a drum is
    depends on where in frequency and when after the onset things happen, so the last
    maps are not averaged away: a depthwise convolution as large as the map weighs
    every position for every channel (Chen et al. 2018, global depthwise convolution).
    Members differ in nothing but how they began; together they err less and know better
    when they do (Lakshminarayanan et al. 2017).

    Parameters
    ----------
    image_shape : (mel, time, 3)
    n_classes : int
    members : int
    width : float
        How many times the channels there are.
    position_pooling : bool
        False: the maps are averaged alone.

    Returns
    -------
    keras.Model
        float32 (batch, mel, time, 3) in [0, 1] -> logits (batch, n_classes), one output for
        each member. Layers ``maps_1``, ... hold the last feature maps, ``embedding_1``, ...
        the vectors before the logits.
    """
    image = keras.Input(image_shape, name="spectrogram")
    channels = [round(width * n) for n in (32, 48, 64, 128)]
    return keras.Model(
        image, [_member(image, n_classes, channels, position_pooling, i + 1) for i in range(members)], name="members"
    )


def average_members(network: keras.Model) -> keras.Model:
    """One network whose logits are the mean of its members'."""
    logits = network.outputs[0] if len(network.outputs) == 1 else layers.Average(name="logits")(network.outputs)
    return keras.Model(network.inputs, logits, name="drumclf")


def _member(image, n_classes: int, channels: list[int], position_pooling: bool, number: int):
    x = layers.Rescaling(2.0, offset=-0.6)(image)
    x = layers.Conv2D(channels[0], 5, strides=2, padding="same", use_bias=False)(x)  # mel/2, time/2
    x = _normalise(x)
    x = _residual(x, channels[1])
    x = _residual(x, channels[2], stride=2)  # mel/4, time/4
    x = _residual(x, channels[2])
    x = _residual(x, channels[3], stride=2)  # mel/8, time/8
    x = _residual(x, channels[3])
    x = layers.Activation("linear", name=f"maps_{number}")(x)
    pooled = layers.GlobalAveragePooling2D()(x)
    if position_pooling:
        position = layers.DepthwiseConv2D(x.shape[1:3], depth_multiplier=2)(x)  # (1, 1, channels)
        pooled = layers.Concatenate()([layers.Flatten()(position), pooled])
    pooled = layers.Dropout(0.4)(pooled)
    embedding = layers.Dense(64, activation="relu", name=f"embedding_{number}")(pooled)
    return layers.Dense(n_classes, name=f"logits_{number}")(layers.Dropout(0.2)(embedding))


def _residual(x, filters: int, stride: int = 1):
    """Two separable convolutions beside a shortcut."""
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
