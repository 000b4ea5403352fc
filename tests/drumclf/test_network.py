"""The exported network is the trained one: same answers, same explanations."""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf import ModelError, load_classifier
from drumclf.constants import N_FRAMES, N_MELS
from drumclf.explain import grad_cam
from drumclf.model_folder import MODEL_FOLDER, checksum, read_model
from drumclf.network import LiteRTNetwork, TensorFlowNetwork, load_network


@pytest.fixture(scope="module")
def litert():
    return LiteRTNetwork(read_model(MODEL_FOLDER)[1], n=2)


@pytest.fixture(scope="module")
def tensorflow():
    return TensorFlowNetwork(MODEL_FOLDER / "drumclf.keras")


@pytest.fixture(scope="module")
def images(classifier):
    rng = np.random.default_rng(0)
    pictures = [classifier.classify(path).spectrogram for path in sorted(EXAMPLES.glob("*.wav"))]
    return np.stack([*pictures, *rng.random((5, *pictures[0].shape), np.float32)])


def test_answers_are_those_of_the_trained_network(litert, tensorflow, images):
    for ours, theirs in zip(litert.answer(images), tensorflow.answer(images), strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype == np.float32
        assert np.abs(ours - theirs).max() < 1e-4
        assert np.abs(theirs).max() > 1


def test_explanations_are_those_of_the_trained_network(litert, tensorflow, images):
    n_logits = litert.answer(images[:1])[0].shape[1]
    for k, image in enumerate(images):
        wanted = np.eye(n_logits, dtype=np.float32)[k % 9]
        (maps, gradient), (their_maps, their_gradient) = (
            litert.explain(image, wanted),
            tensorflow.explain(image, wanted),
        )
        assert np.abs(maps - their_maps).max() < 1e-4
        assert np.abs(gradient - their_gradient).max() < 1e-6
        assert np.abs(their_gradient).max() > 1e-3


def test_a_batch_is_as_one_by_one(litert, images):
    together, _ = litert.answer(images)
    alone = np.concatenate([litert.answer(image[None])[0] for image in images])
    assert np.allclose(together, alone, atol=1e-4)


def test_threads_get_their_own_answers(litert, images):
    expected, _ = litert.answer(images)
    order = np.random.default_rng(0).integers(0, len(images), 200)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda k: litert.answer(images[k][None])[0][0], order))
    assert np.allclose(answers, expected[order], atol=1e-4)


def test_an_answer_is_not_changed_by_the_next(litert, images):
    logits, _ = litert.answer(images[:1])
    before = logits.copy()
    for _ in range(3):
        litert.answer(images[1:2])
    assert np.array_equal(logits, before)


def test_a_model_without_export_runs_with_tensorflow(tmp_path, classifier):
    folder = tmp_path / "model"
    shutil.copytree(MODEL_FOLDER, folder)
    (folder / "drumclf.tflite").unlink()
    metadata = json.loads((folder / "metadata.json").read_text())
    del metadata["exported_sha256"]
    metadata["checksum"] = checksum(metadata)
    (folder / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match=r"drumclf\.tflite"):
        load_classifier(folder, engine="litert")
    slow = load_classifier(folder)
    path = EXAMPLES / "clap_hands.wav"
    ours, theirs = classifier.classify(path), slow.classify(path)
    assert ours.probabilities == pytest.approx(theirs.probabilities, abs=1e-5)
    assert ours.embedding == pytest.approx(theirs.embedding, abs=1e-4)
    assert np.allclose(grad_cam(classifier, ours), grad_cam(slow, theirs), atol=1e-3)


def test_without_litert_tensorflow_stands_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    exported = read_model(MODEL_FOLDER)[1]
    assert isinstance(load_network(MODEL_FOLDER, exported), TensorFlowNetwork)
    with pytest.raises(ModelError, match="not installed"):
        load_network(MODEL_FOLDER, exported, "litert")


def test_what_is_no_network_is_refused():
    with pytest.raises(ModelError, match="cannot be loaded"):
        LiteRTNetwork(b"no network")


def test_litert_says_nothing(capfd):
    LiteRTNetwork(read_model(MODEL_FOLDER)[1], n=1).answer(np.zeros((1, N_MELS, N_FRAMES, 3), np.float32))
    assert capfd.readouterr() == ("", "")
