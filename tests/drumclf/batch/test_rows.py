import io
import os

import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit

from drumclf import AudioError
from drumclf.audio import read_clip
from drumclf.batch.rows import Row, classify_files, find_sounds, row_of
from drumclf.classifier import _BATCH_SIZE
from drumclf.threads import WORKERS

KICK = EXAMPLES / "kick_analogue.wav"


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder):
    return [path.relative_to(folder).as_posix() for path in find_sounds([folder])]


def test_rows_are_in_order_and_of_every_kind_of_source(classifier):
    data = KICK.read_bytes()
    files = [("a", KICK), ("b", str(KICK)), ("c", data), ("d", io.BytesIO(data)), ("e", b"no sound"), ("a", KICK)]
    rows = list(classify_files(classifier, iter(files)))
    assert [row.name for row in rows] == ["a", "b", "c", "d", "e", "a"]
    assert [row.label for row in rows] == ["kick"] * 4 + [None, "kick"]
    assert len({row.digest for row in rows if row.error is None}) == 1


def test_a_row_says_what_the_prediction_says(classifier):
    prediction = classifier.classify(KICK)
    row = row_of("kick", prediction)
    assert (row.label, row.probabilities, row.decision) == (
        prediction.label, prediction.probabilities, prediction.decision
    )  # fmt: skip
    assert (row.is_sure, row.probability) == (prediction.is_sure, prediction.probability)
    assert row.duration == pytest.approx(prediction.clip.duration, abs=1e-4)
    np.testing.assert_array_equal(row.embedding, prediction.embedding)
    size = row.embedding.nbytes + row.fingerprint.nbytes
    assert size < 4_000 < prediction.spectrogram.nbytes + prediction.clip.samples.nbytes  # a row is light
    assert row.embedding.base is None  # not a view of a batch
    assert row.fingerprint.base is None or row.fingerprint.base.nbytes == row.fingerprint.nbytes


def test_a_refusal_is_a_row():
    row = row_of("x", AudioError("This file is empty."))
    assert (row.name, row.error, row.label, row.probabilities, row.is_sure) == (
        "x", "This file is empty.", None, None, False
    )  # fmt: skip


def test_digests_are_of_samples_not_of_files(classifier):
    hit = (32_767 * make_hit()).astype(np.int16)
    files = [("a", encode(hit)), ("b", encode(hit, format="FLAC")), ("a", encode(make_hit(seed=1)))]
    wav, flac, other = (row.digest for row in classify_files(classifier, files))
    assert wav == flac != other


def test_files_are_not_read_far_ahead_of_the_rows(classifier):
    taken, data = [], encode(make_hit(duration=0.05))

    def files():
        for i in range(1_000):
            taken.append(i)
            yield str(i), data

    rows = classify_files(classifier, files())
    for i in range(50):
        assert next(rows).name == str(i)
        assert len(taken) <= i + _BATCH_SIZE * (2 * WORKERS + 1)  # two batches a thread, and the one being handed out
    rows.close()
    assert len(taken) < 1_000


def test_folders_are_taken_recursively_and_by_name(tmp_path):
    touch(tmp_path, "b/two.WAV", "a/one.flac", "a/notes.txt", "a/._one.flac", ".git/x.wav", "three.mp3", "a.wav", "z/")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "gone.wav").symlink_to("nowhere")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    (tmp_path / "link.wav").symlink_to("a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    assert found(tmp_path) == ["a/one.flac", "a.wav", "b/two.WAV", "link.wav", "three.mp3"]


def test_what_is_named_is_taken_whatever_it_is(tmp_path):
    paths = [tmp_path / "missing.wav", tmp_path / "notes.txt", KICK, KICK]
    assert list(find_sounds(paths)) == paths


def test_folders_in_one_another_deeper_than_python_recurses(tmp_path):
    folders = [tmp_path]
    for _ in range(1_200):
        folders.append(folders[-1] / "d")
        folders[-1].mkdir()
    (folders[-1] / "a.wav").touch()
    assert found(tmp_path) == ["d/" * 1_200 + "a.wav"]
    (folders[-1] / "a.wav").unlink()
    for folder in reversed(folders):  # pytest's own cleanup recurses
        folder.rmdir()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o000, 0o444], ids=["closed", "its names alone can be read"])
def test_a_folder_that_cannot_be_entered_is_not_lost(tmp_path, mode):
    touch(tmp_path, "shut/a.wav", "z.wav")
    tmp_path.chmod(0o755)
    (tmp_path / "shut").chmod(mode)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)  # root can enter every folder
    try:
        names = found(tmp_path)
        named = list(find_sounds([tmp_path / "shut" / "a.wav"]))
    finally:
        if root:
            os.seteuid(0)
        (tmp_path / "shut").chmod(0o755)
    assert names in (["shut", "z.wav"], ["shut/a.wav", "z.wav"])
    assert named == [tmp_path / "shut" / "a.wav"]


def test_a_name_that_is_no_text(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    touch(tmp_path, name)
    assert found(tmp_path) == [name]


def test_the_sound_of_a_row_is_the_clip_that_is_read_again(classifier):
    (row,) = classify_files(classifier, [("a", KICK)])
    assert row.duration == read_clip(KICK).file_duration
    assert row != Row("a")
