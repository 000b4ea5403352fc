"""The trained network, run by LiteRT or by TensorFlow.

Both give the same answers. LiteRT, TensorFlow's runtime for small devices, starts in a
twentieth of a second, while importing TensorFlow takes ten, and answers three times as
fast. TensorFlow is the fallback if LiteRT or the exported network is missing.
"""

import contextlib
import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from drumclf.model_folder import EXPORTED, NETWORK, ModelError
from drumclf.threads import WORKERS

# TensorFlow reads these when it is first imported; what the environment already sets is kept.
_TENSORFLOW_SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # The network is so small that splitting one sound over threads costs more than it saves.
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
_CANNOT_BE_LOADED = "{} cannot be loaded; restore the model, or train it again."
_NO_ENGINE = "Nothing that runs the network is installed here: pip install ai-edge-litert, or tensorflow."


class Network(Protocol):
    """What a classifier needs from a network; threads may share it."""

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and embeddings for a batch of pictures.

        Parameters
        ----------
        images : np.ndarray, shape (n, N_MELS, N_FRAMES, 3), float32

        Returns
        -------
        logits : np.ndarray, shape (n, n_classes), float32
        embeddings : np.ndarray, shape (n, d), float32
        """

    def explain(self, image: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The last feature maps, and the gradient of a weighted sum of the logits with respect to them.

        Parameters
        ----------
        image : np.ndarray, shape (N_MELS, N_FRAMES, 3), float32
        weights : np.ndarray, shape (n_classes,), float32

        Returns
        -------
        maps, gradient : np.ndarray, shape (rows, columns, channels), float32
        """


def load_network(folder: Path, exported: bytes | None, engine: str | None = None) -> Network:
    """Load the network from a model folder.

    Parameters
    ----------
    folder : Path
    exported : bytes or None
        The content of ``drumclf.tflite``, if there is one.
    engine : {"litert", "tensorflow"}, optional
        By default LiteRT if it is installed and the network was exported.

    Raises
    ------
    ModelError
        If it cannot be loaded, or what would run it is not installed.
    """
    if engine == "litert" and exported is None:
        raise ModelError(_CANNOT_BE_LOADED.format(EXPORTED))
    if engine != "tensorflow" and exported is not None:
        try:
            return LiteRTNetwork(exported)
        except ImportError as error:
            if engine == "litert":
                raise ModelError("LiteRT is not installed here: pip install ai-edge-litert.") from error
    try:
        return TensorFlowNetwork(folder / NETWORK)
    except ImportError as error:
        raise ModelError(_NO_ENGINE) from error


class LiteRTNetwork:
    """A network in LiteRT's format. An interpreter serves one thread at a time, so there are several of them."""

    def __init__(self, exported: bytes, n: int = WORKERS):
        from ai_edge_litert.interpreter import Interpreter

        self._idle: queue.LifoQueue = queue.LifoQueue()
        try:
            with _quiet():
                for _ in range(n):
                    interpreter = Interpreter(model_content=exported, num_threads=1)
                    interpreter.allocate_tensors()
                    signatures = {name: interpreter.get_signature_runner(name) for name in ("answer", "explain")}
                    self._idle.put(signatures)
        except (ValueError, RuntimeError) as error:
            raise ModelError(_CANNOT_BE_LOADED.format(EXPORTED)) from error

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Network.answer`."""
        outputs = self._run("answer", images=images)
        return outputs["logits"], outputs["embedding"]

    def explain(self, image: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Network.explain`."""
        outputs = self._run("explain", images=image[None], weights=weights[None])
        return outputs["maps"][0], outputs["gradient"][0]

    def _run(self, name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        signatures = self._idle.get()
        try:
            return signatures[name](**inputs)
        finally:
            self._idle.put(signatures)


class TensorFlowNetwork:
    """A network in Keras's format, as compiled graphs."""

    def __init__(self, path: Path):
        for setting, value in _TENSORFLOW_SETTINGS.items():
            os.environ.setdefault(setting, value)
        os.environ["KERAS_BACKEND"] = "tensorflow"  # training may have chosen another one
        import keras
        import tensorflow as tf

        try:
            network = keras.saving.load_model(path, compile=False, safe_mode=True)
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(_CANNOT_BE_LOADED.format(NETWORK)) from error
        images = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
        weights = tf.TensorSpec((1, network.output_shape[-1]), tf.float32)
        answering = keras.Model(network.input, [network.outputs[0], outputs_of(network, "embedding")])
        explaining = keras.Model(network.input, [network.outputs[0], outputs_of(network, "maps")])

        def explain(images, weights):
            with tf.GradientTape() as tape:
                logits, maps = explaining(images, training=False)
                weighted = tf.reduce_sum(logits * weights)
            return tf.concat(maps, -1), tf.concat(tape.gradient(weighted, maps), -1)

        # model.predict on one sound takes many times as long as one compiled graph, and a graph that
        # reads variables takes a fifth longer than one whose weights are constants.
        learnt = [tf.constant(variable.numpy()) for variable in answering.trainable_variables]
        other = [tf.constant(variable.numpy()) for variable in answering.non_trainable_variables]
        self._answer = tf.function(
            lambda images: answering.stateless_call(learnt, other, images, training=False)[0],
            input_signature=[images],
        )
        self._explain = tf.function(explain, input_signature=[images, weights])

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Network.answer`."""
        logits, embeddings = self._answer(images)
        return logits.numpy(), np.concatenate(embeddings, axis=-1)

    def explain(self, image: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `Network.explain`."""
        maps, gradient = self._explain(image[None], weights[None])
        return maps.numpy()[0], gradient.numpy()[0]


def outputs_of(network, name: str) -> list:
    """Outputs of the layers whose name begins so, one for each member of the ensemble."""
    return [layer.output for layer in network.layers if layer.name.startswith(name)]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence LiteRT, which announces its delegate on standard error and has no switch for it."""
    standard_error, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
        os.close(nowhere)
