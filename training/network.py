"""The network, whole, on one page."""

import keras
from keras import layers


def build_network(
    image_shape: tuple[int, int, int], n_classes: int, width: float = 1.0, position_pooling: bool = True
) -> keras.Model:
    """Residual network of depthwise-separable convolutions: picture -> logits.

    Separable convolutions (Chollet 2017) keep it fast on a processor. What a drum is
    depends on where in frequency and when after the onset things happen, so the last
    maps are not averaged away: a depthwise convolution as large as the map weighs
    every position for every channel (Chen et al. 2018, global depthwise convolution).

    Parameters
    ----------
    image_shape : (mel, time, 3)
    n_classes : int
    width : float
        How many times the channels there are.
    position_pooling : bool
        False: the maps are averaged alone.

    Returns
    -------
    keras.Model
        float32 (batch, mel, time, 3) in [0, 1] -> logits (batch, n_classes). Layer
        ``maps`` holds the last feature maps, ``embedding`` the vector before the logits.
    """
    n = [round(width * channels) for channels in (32, 48, 64, 128)]
    image = keras.Input(image_shape, name="spectrogram")
    x = layers.Rescaling(2.0, offset=-0.6)(image)
    x = layers.Conv2D(n[0], 5, strides=2, padding="same", use_bias=False)(x)  # mel/2, time/2
    x = _normalise(x)
    x = _residual(x, n[1])
    x = _residual(x, n[2], stride=2)  # mel/4, time/4
    x = _residual(x, n[2])
    x = _residual(x, n[3], stride=2)  # mel/8, time/8
    x = _residual(x, n[3])
    x = layers.Activation("linear", name="maps")(x)
    pooled = layers.GlobalAveragePooling2D()(x)
    if position_pooling:
        position = layers.DepthwiseConv2D(x.shape[1:3], depth_multiplier=2)(x)  # (1, 1, channels)
        pooled = layers.Concatenate()([layers.Flatten()(position), pooled])
    pooled = layers.Dropout(0.4)(pooled)
    embedding = layers.Dense(64, activation="relu", name="embedding")(pooled)
    logits = layers.Dense(n_classes, name="logits")(layers.Dropout(0.2)(embedding))
    return keras.Model(image, logits, name="drumclf")


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
