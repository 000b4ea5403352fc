"""Odd and hostile uploads, made on the spot: the right answer, or one sentence."""

import json
import random
import re
import subprocess
import sys

import pytest
from conftest import ROOT, drawn, encode, make_hit
from page_steps import open_page
from watched_decoder import WatchedDecoder

from drumclf import AudioError, unescaped
from drumclf.batch.archives import ArchiveError, open_archive
from drumclf.batch.skipped import SYSTEM
from synthesis.drums import EXAMPLES
from tools.odd_files.odd_archives import odd_archives
from tools.odd_files.odd_files import clean, odd_files

MACHINE_WORDS = re.compile(r"error|exception|sndfile|soundfile|numpy|errno|traceback|0x[0-9a-f]|[/\\]\w", re.I)


@pytest.fixture(scope="module")
def files():
    return odd_files()


@pytest.fixture(scope="module")
def answers(classifier, files):
    """Name of each file -> its label and None, or None and the sentence."""
    return {file.name: answer(classifier, file.data) for file in files}


def answer(classifier, source):
    try:
        return classifier.classify(source).label, None
    except AudioError as error:
        return None, str(error)


def keeps_promise(file, label):
    """Whether a file may get this label; None for a refusal."""
    right = EXAMPLES[file.reference][0] if file.reference else label
    return label in {"classify": [right], "error": [None], "either": [None, right]}[file.expect]


def is_one_sentence(text):
    """Short, and free of technical words."""
    return 10 < len(text) <= 200 and text.endswith(".") and ". " not in text and not MACHINE_WORDS.search(text)


def test_odd_files_leave_the_page_whole(files, answers):
    """One visitor drops a sample of them, one after another, and gets a verdict or the sentence each time."""
    page = open_page()
    for file in random.Random(0).sample(files, 60):
        page.file_uploader[0].set_value((file.name, file.data, "audio/wav")).run()
        label, sentence = answers[file.name]
        assert not page.exception, file.name
        assert [error.value for error in page.error] == ([sentence] if sentence else []), file.name
        assert len(page.title) == len(drawn(page, "stage")) == (label is not None), file.name


def test_the_same_seed_gives_the_same_files(files):
    assert odd_files() == files
    assert odd_files(seed=1) != files
    assert odd_archives() == odd_archives()


def test_they_are_many_and_tell_what_they_expect(files):
    assert len({file.name for file in files}) == len(files) > 400
    assert all(file.reference in EXAMPLES for file in files if file.expect == "classify")
    assert sum(len(file.data) for file in files) < 100_000_000


def test_a_label_is_right_and_a_refusal_is_one_sentence(classifier, files, answers):
    for name in {file.reference for file in files if file.reference}:
        assert classifier.classify(encode(clean(name))).label == EXAMPLES[name][0]
    broken = [file for file in files if not keeps_promise(file, answers[file.name][0])]
    assert [(file.name, file.expect, answers[file.name]) for file in broken] == []
    sentences = {sentence for _, sentence in answers.values() if sentence}
    assert [sentence for sentence in sentences if not is_one_sentence(sentence)] == []


def test_the_command_line_gives_the_same_answers(files, answers, tmp_path):
    paths = {}
    for i, file in enumerate(files):
        path = tmp_path / str(i) / file.name
        path.parent.mkdir()
        path.write_bytes(file.data)
        paths[str(path)] = file.name
    command = [sys.executable, "-m", "drumclf", "classify", str(tmp_path), "--format", "jsonl"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1  # some were refused
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    given = {paths[unescaped(row["path"])]: (row["label"], row["error"]) for row in rows}
    assert "no sound" in given.pop("one_byte_too_large.wav")[1]  # silence; on the disk there is no limit in bytes
    assert given == {name: answer for name, answer in answers.items() if name in given}
    assert len(given) == len(answers) - 1
    assert "Traceback" not in done.stderr


def test_no_file_takes_much_time_or_memory(files):
    """Each is read in a process that reports what it used."""
    decoder = WatchedDecoder()
    problems = {file.name: decoder.problem_with(file.data) for file in files}
    decoder.close()
    assert {name: problem for name, problem in problems.items() if problem} == {}


def test_what_takes_too_much_is_seen(files):
    """5 s of 8 channels at 768 kHz are 120 MB."""
    (dear,) = (file for file in files if file.name == "square_wave_768000_hertz.flac")
    decoder = WatchedDecoder(max_megabytes=100)
    assert "MB" in decoder.problem_with(dear.data)
    assert decoder.problem_with(encode(make_hit())) is None
    decoder.close()


@pytest.mark.parametrize("archive", odd_archives(), ids=lambda archive: archive.name)
def test_odd_archives(classifier, archive):
    try:
        sounds, skipped = open_archive(archive.data)
    except ArchiveError as error:
        assert archive.expect != "classify"
        assert is_one_sentence(str(error))
        return
    assert sounds
    assert {each.name for each in skipped if each.kind != SYSTEM} <= {"inner.zip"}
    for label, sentence in (answer(classifier, sound) for sound in sounds[:20]):
        assert keeps_promise(archive, label), sentence
        assert label or is_one_sentence(sentence)
