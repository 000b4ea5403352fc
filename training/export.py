"""Export the trained network to the form that loads fastest: ``python -m training.export [MODEL_FOLDER]``.

``drumclf.keras`` is the trained network; ``drumclf.tflite`` is made from it, for LiteRT. It gives
answers and explanations: the gradient that Grad-CAM needs is part of it.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from drumclf.model_folder import EXPORTED, MODEL_FOLDER, NETWORK, checksum
from drumclf.network import LiteRTNetwork, TensorFlowNetwork, outputs_of

_TOLERANCE = 1e-4  # for logits and embeddings, whose values are around 1


def export(folder: Path = MODEL_FOLDER) -> None:
    """Write ``drumclf.tflite`` beside ``drumclf.keras``, and its hash into the metadata.

    Raises
    ------
    ValueError
        If the exported network gives other answers than the trained one. Nothing is written then.
    """
    network = keras.saving.load_model(folder / NETWORK, compile=False, safe_mode=True)
    exported = to_litert(network)
    difference = largest_difference(TensorFlowNetwork(folder / NETWORK), LiteRTNetwork(exported), network.input_shape)
    if difference > _TOLERANCE:
        raise ValueError(f"the exported network differs from the trained one by {difference:.1g}")
    metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
    metadata["exported_sha256"] = hashlib.sha256(exported).hexdigest()
    metadata["checksum"] = checksum(metadata)
    (folder / EXPORTED).write_bytes(exported)
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=1) + "\n", encoding="utf-8")


def to_litert(network: keras.Model) -> bytes:
    """A network as a file for LiteRT, with the signatures ``answer`` and ``explain`` of `drumclf.network.Network`."""
    import tensorflow as tf

    copy = keras.models.clone_model(network, clone_function=_with_gradient)
    copy.set_weights(network.get_weights())
    embeddings = outputs_of(copy, "embedding")
    embedding = embeddings[0] if len(embeddings) == 1 else keras.layers.Concatenate(name="embeddings")(embeddings)
    answering = keras.Model(copy.input, [copy.outputs[0], embedding])
    explaining = keras.Model(copy.input, [copy.outputs[0], outputs_of(copy, "maps")])

    def answer(images):
        logits, embedding = answering(images, training=False)
        return {"logits": logits, "embedding": embedding}

    def explain(images, weights):
        with tf.GradientTape() as tape:
            logits, maps = explaining(images, training=False)
            weighted = tf.reduce_sum(logits * weights)
        return {"maps": tf.concat(maps, -1), "gradient": tf.concat(tape.gradient(weighted, maps), -1)}

    picture, n_classes = copy.input_shape[1:], copy.output_shape[-1]
    archive = keras.export.ExportArchive()
    archive.track(copy)
    archive.add_endpoint("answer", answer, [tf.TensorSpec((None, *picture), name="images")])
    archive.add_endpoint(
        "explain", explain, [tf.TensorSpec((1, *picture), name="images"), tf.TensorSpec((1, n_classes), name="weights")]
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["answer", "explain"]).convert()


def largest_difference(one, other, input_shape: tuple[int | None, ...]) -> float:
    """The largest difference between the answers and explanations of two networks for random pictures."""
    rng = np.random.default_rng(0)
    images = rng.random((5, *input_shape[1:]), np.float32) * rng.random((5, 1, 1, 1), np.float32)
    pairs = list(zip(one.answer(images), other.answer(images), strict=True))
    for image in images:
        weights = rng.random(pairs[0][0].shape[1]).astype(np.float32)
        pairs += zip(one.explain(image, weights), other.explain(image, weights), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


class _WeighedPlaces(keras.layers.DepthwiseConv2D):
    """A depthwise convolution as large as its input, made of operations whose gradient LiteRT supports."""

    def call(self, inputs):
        weighed = keras.ops.sum(keras.ops.expand_dims(inputs, -1) * self.kernel, axis=(1, 2))
        return keras.ops.reshape(weighed, (-1, 1, 1, weighed.shape[1] * weighed.shape[2])) + self.bias


def _relu(x):
    """Rectified linear unit, made of operations whose gradient LiteRT supports."""
    return x * keras.ops.cast(x > 0, x.dtype)


def _with_gradient(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of a layer that LiteRT can differentiate, if it comes after the maps."""
    is_head = isinstance(layer, keras.layers.DepthwiseConv2D) and layer.kernel_size == tuple(layer.input.shape[1:3])
    copy = (_WeighedPlaces if is_head else type(layer)).from_config(layer.get_config())
    if layer.name.startswith("embedding"):
        copy.activation = _relu
    return copy


if __name__ == "__main__":
    export(*map(Path, sys.argv[1:2]))
