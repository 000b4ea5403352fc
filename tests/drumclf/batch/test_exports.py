"""What is exported of some sounds of a library; for packs, see test_pack.py."""

import csv
import io
import os
import zipfile
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from library_steps import catalogue_of, some_sounds

from drumclf import limits
from drumclf.batch.exports import pack_csv, playlist, training_sounds, training_zip
from drumclf.batch.learn import Change
from drumclf.batch.rows import Row
from drumclf.batch.sounds import Sounds
from drumclf.names import unescaped

A, BAD, B, C, COPY = range(5)  # a.wav, bad.wav, kit/b.wav, kit/c.wav, kit/copy.wav


@pytest.fixture
def catalogue(classifier, tmp_path):
    return catalogue_of(some_sounds(tmp_path / "in"), classifier, tmp_path)


@pytest.fixture
def followed(catalogue):
    """With a label by the user, and one that followed."""
    catalogue.correct([B], "percussion", "cowbell")
    classes = catalogue.classes
    catalogue.follow([Change(C, classes.index("clap"), classes.index("tom"), 1.0)], classes)
    return catalogue


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_table_of_the_chosen_names_files_by_their_paths(followed):
    rows = read_csv(pack_csv(followed, followed.classes, [COPY, BAD, B, C]))
    assert [unescaped(row["path"]) for row in rows] == [followed.paths[i] for i in (COPY, BAD, B, C)]
    assert [row["label"] for row in rows] == ["kick", "", "percussion", "tom"]
    assert [row["corrected"] for row in rows] == ["", "", "yes", ""]  # what followed is not the user's own
    assert [row["kind"] for row in rows][2:] == ["cowbell", ""]
    assert unescaped(rows[0]["duplicate_of"]) == followed.paths[A]
    assert len(read_csv(pack_csv(followed, followed.classes))) == 5


def test_a_training_set_holds_the_users_labels_and_says_which_they_are(followed):
    def manifest(**which):
        with zipfile.ZipFile(io.BytesIO(training_zip(followed, **which))) as archive:
            assert archive.testzip() is None
            lines = read_csv(archive.read("manifest.csv").decode())
            assert {line["path"] for line in lines} == {*archive.namelist()} - {"manifest.csv"}
            return {Path(line["path"]).name: (line["target"], line["kit"], line["labelled_by"]) for line in lines}

    assert manifest() == {"b.wav": ("percussion", "kit", "person")}
    assert manifest(corrected_only=False) == {
        "a.wav": ("kick", "", "model"),
        "b.wav": ("percussion", "kit", "person"),
        "c.wav": ("tom", "kit", "model"),
    }
    assert manifest(corrected_only=False, indices=[C, COPY, BAD]) == {
        "c.wav": ("tom", "kit", "model"),
        "copy.wav": ("kick", "kit", "model"),
    }
    assert training_sounds(followed, indices=[A, C]) == []


def test_a_training_set_holds_files_of_any_size_and_time(catalogue):
    large, old, gone = (Path(catalogue.paths[i]) for i in (A, B, C))
    with large.open("ab") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    os.utime(old, (0, 0))  # a zip has no time before 1980
    gone.unlink()
    gone.mkdir()
    catalogue.correct([A, B, C], "tom")
    with zipfile.ZipFile(io.BytesIO(training_zip(catalogue))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["sounds/tom/a.wav", "sounds/tom/b.wav", "manifest.csv"]
        assert archive.read("sounds/tom/a.wav") == large.read_bytes()
        lines = read_csv(archive.read("manifest.csv").decode())
    assert [(line["path"], line["labelled_by"]) for line in lines] == [
        ("sounds/tom/a.wav", "person"),
        ("sounds/tom/b.wav", "person"),
    ]


def test_the_limit_stays_for_uploads():
    large = bytes(limits.MAX_FILE_BYTES + 1)
    sounds = Sounds([("a.wav", large)], [Row("a.wav", label="kick", probabilities={"kick": 1.0})])
    sounds.correct([0], "tom")
    with zipfile.ZipFile(io.BytesIO(training_zip(sounds))) as archive:
        assert archive.namelist() == ["manifest.csv"]


def test_a_playlist_holds_paths_and_seconds(catalogue):
    lines = playlist(catalogue, [COPY, BAD, A]).split("\n")
    seconds = [line.removeprefix("#EXTINF:").partition(",")[0] for line in lines[1:-1:2]]
    assert lines[0] == "#EXTM3U"
    assert lines[2::2] == [catalogue.paths[COPY], catalogue.paths[A]]
    assert [line.partition(",")[2] for line in lines[1:-1:2]] == ["copy", "a"]
    assert all(0 <= int(n) - catalogue.durations[A] < 1 for n in seconds)


def test_a_playlist_keeps_one_line_for_each_name(tmp_path):
    names = ["a\nb.wav", "é #1.wav", "c\u2028d\r.wav", os.fsdecode(b"\xff.wav"), " e .wav"]
    paths = [tmp_path / name for name in names]
    rows = [Row(path.name, label="kick", probabilities={"kick": 1.0}, duration=float("nan")) for path in paths]
    lines = playlist(Sounds([(path.name, path) for path in paths], rows), range(5)).encode().decode().splitlines()
    assert len(lines) == 11
    assert {line.partition(",")[0] for line in lines[1::2]} == {"#EXTINF:-1"}
    assert [line.startswith("file:///") for line in lines[2::2]] == [True, False, True, True, False]
    assert [read_back(line) for line in lines[2::2]] == [os.fsencode(path) for path in paths]


def read_back(line):
    return unquote_to_bytes(urlsplit(line).path) if line.startswith("file:") else line.encode()
