import csv
import hashlib
import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit

import drumclf
from drumclf import AudioError, ModelError, load_classifier
from drumclf.audio import read_clip
from drumclf.classifier import softmax
from drumclf.constants import N_FRAMES, N_MELS
from drumclf.model_folder import MODEL_FOLDER, checksum, read_metadata

with (EXAMPLES / "examples.csv").open(newline="") as table:
    LABELS = {row["file"]: row["label"] for row in csv.DictReader(table)}


@pytest.mark.parametrize("name", LABELS)
def test_every_example_is_what_it_is(classifier, name):
    prediction = classifier.classify(EXAMPLES / name)
    assert prediction.label == LABELS[name]


def test_golden_predictions(classifier):
    """The served model is the trained one: its answers match those stored in training."""
    golden = classifier.metadata["golden"]
    assert set(golden) == set(LABELS)
    for name, probabilities in golden.items():
        served = list(classifier.classify(EXAMPLES / name).probabilities.values())
        assert np.allclose(served, probabilities, atol=2e-4), name


def test_prediction_keeps_the_contract(classifier):
    prediction = classifier.classify(encode(make_hit()))
    assert tuple(prediction.probabilities) == classifier.classes
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert all(type(p) is float for p in prediction.probabilities.values())
    assert prediction.label == max(prediction.probabilities, key=prediction.probabilities.get)
    assert prediction.spectrogram.shape == (N_MELS, N_FRAMES, 3)
    assert prediction.spectrogram.dtype == np.float32


def test_path_bytes_and_file_give_the_same_answer(classifier):
    path = EXAMPLES / "snare_acoustic.wav"
    data = path.read_bytes()
    answers = [classifier.classify(s).probabilities for s in (path, str(path), data, io.BytesIO(data))]
    assert all(answer == answers[0] for answer in answers)


def test_many_equals_one_by_one_and_keeps_order(classifier):
    sources = [EXAMPLES / name for name in LABELS] * 6  # more than one batch
    sources[3], sources[70] = b"", EXAMPLES / "README.md"
    outcomes = list(classifier.classify_many(iter(sources)))
    assert len(outcomes) == len(sources)
    for i, (source, outcome) in enumerate(zip(sources, outcomes, strict=True)):
        if i in (3, 70):
            assert isinstance(outcome, AudioError)
        else:
            alone = classifier.classify(source)
            assert outcome.label == alone.label
            assert np.allclose(list(outcome.probabilities.values()), list(alone.probabilities.values()), atol=1e-5)


def test_many_of_nothing(classifier):
    assert list(classifier.classify_many([])) == []
    assert [type(o) for o in classifier.classify_many([b""])] == [AudioError]


def test_clips_that_are_one_sound_answer_together(classifier):
    clips = [read_clip(EXAMPLES / name) for name in LABELS]
    alone = classifier.classify_clips(clips)
    assert len(clips) > 8  # more than one batch
    same = classifier.classify_clips(clips, np.eye(len(clips)))
    assert [p.probabilities for p in same] == [p.probabilities for p in alone]
    weights = np.eye(len(clips))
    weights[0], weights[-1] = np.roll(weights[0], 1), 0.5 * (weights[-1] + weights[2])
    together = classifier.classify_clips(clips, weights)
    assert together[0].probabilities == alone[1].probabilities
    np.testing.assert_array_equal(together[0].spectrogram, alone[0].spectrogram)  # each keeps its own picture
    np.testing.assert_array_equal(together[0].embedding, alone[0].embedding)
    both = np.log([list(alone[i].probabilities.values()) for i in (2, -1)]).mean(axis=0)
    expected = softmax(both[None], 1.0)[0]
    np.testing.assert_allclose(list(together[-1].probabilities.values()), expected, atol=1e-6)


@pytest.mark.parametrize("seconds", [2.0, 3.0])
def test_a_snare_stays_a_snare_when_it_starts_late(classifier, seconds):
    import soundfile

    samples, rate = soundfile.read(EXAMPLES / "snare_acoustic.wav")
    late = np.concatenate([np.zeros(int(rate * seconds)), samples])
    assert classifier.classify(encode(late, rate)).label == "snare"


@pytest.mark.parametrize("semitones", [-4, -2, 2, 4])
def test_a_kick_stays_a_kick_when_it_is_pitched(classifier, semitones):
    import soundfile

    samples, rate = soundfile.read(EXAMPLES / "kick_acoustic.wav")
    assert classifier.classify(encode(samples, round(rate * 2 ** (semitones / 12)))).label == "kick"


def copy_of_model(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(MODEL_FOLDER, folder)
    return folder


@pytest.mark.parametrize("file", ["drumclf.keras", "drumclf.tflite"])
def test_one_flipped_byte_is_refused(tmp_path, file):
    folder = copy_of_model(tmp_path)
    network = bytearray((folder / file).read_bytes())
    network[len(network) // 2] ^= 1
    (folder / file).write_bytes(network)
    with pytest.raises(ModelError, match="not the file"):
        load_classifier(folder)


def test_one_flipped_bit_anywhere_in_the_metadata_is_refused(tmp_path):
    folder = copy_of_model(tmp_path)
    whole = (folder / "metadata.json").read_bytes()
    assert read_metadata(folder) == json.loads(whole)
    rng, n_same = np.random.default_rng(0), 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        (folder / "metadata.json").write_bytes(damaged)
        try:
            n_same += read_metadata(folder) == json.loads(whole)  # different white space
        except ModelError as error:
            assert len(str(error)) < 200
        else:
            assert read_metadata(folder) == json.loads(whole)
    assert n_same < 30


def test_another_front_end_is_refused(tmp_path):
    folder = copy_of_model(tmp_path)
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["front_end"]["DYNAMIC_RANGE"] += 10
    metadata["checksum"] = checksum(metadata)
    (folder / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="different front end"):
        load_classifier(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json"])
def test_broken_metadata_are_refused(tmp_path, text):
    folder = copy_of_model(tmp_path)
    (folder / "metadata.json").write_text(text)
    with pytest.raises(ModelError, match="no usable model"):
        load_classifier(folder)


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no usable model"):
        load_classifier(tmp_path)


def test_a_network_that_holds_code_is_refused(tmp_path):
    """Loading a model with a Lambda layer would run a stranger's code; its hashes may well be right."""
    import keras

    folder = copy_of_model(tmp_path)
    sound = keras.Input((N_MELS, N_FRAMES, 3))
    keras.Model(sound, keras.layers.Lambda(lambda x: x)(sound)).save(folder / "drumclf.keras")
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["sha256"] = hashlib.sha256((folder / "drumclf.keras").read_bytes()).hexdigest()
    metadata["checksum"] = checksum(metadata)
    (folder / "metadata.json").write_text(json.dumps(metadata))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_classifier(folder, engine="tensorflow")


def test_the_network_in_the_repository_holds_no_code():
    with zipfile.ZipFile(MODEL_FOLDER / "drumclf.keras") as network:
        assert set(network.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}
        assert b"Lambda" not in network.read("config.json")


def test_the_network_is_small():
    assert (MODEL_FOLDER / "drumclf.keras").stat().st_size <= 3_000_000


def test_softmax_is_that_of_scipy():
    from scipy.special import softmax as reference

    logits = np.array([[1.0, 2.0, 900.0], [-3.0, 0.0, 0.5]])
    assert np.allclose(softmax(logits, 1.7), reference(logits / 1.7, axis=1))


def test_public_names():
    assert set(drumclf.__all__) >= {"load_classifier", "AudioError"}
