"""The index of a library: what a scan looks at, what survives, and what a search finds."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import EXAMPLES, ROOT

from drumclf.__main__ import main
from drumclf.library.index import Index, LibraryError
from drumclf.library.place import content_of, library_folder
from drumclf.library.scan import scan
from drumclf.library.search import nearest

SOUNDS = sorted(EXAMPLES.glob("*.wav"))
MODEL = "a model"


@pytest.fixture
def folder(tmp_path):
    """Five sounds in two folders, and a file that is none."""
    kit = tmp_path / "sounds" / "kit"
    kit.mkdir(parents=True)
    for path in SOUNDS[:5]:
        shutil.copy(path, kit if path in SOUNDS[:3] else kit.parent)
    (kit / "read me").write_text("hello")
    return kit.parent


@pytest.fixture
def index(tmp_path):
    with Index(tmp_path / "index", MODEL) as opened:
        yield opened


@pytest.fixture
def listen(classifier):
    """Scan a folder as a new process would, and count how many sounds the model heard."""

    def run(index, *folders):
        heard = []

        class Counting:
            def classify_many(self, sources):
                def counted():
                    for source in sources:
                        heard.append(source)
                        yield source

                return classifier.classify_many(counted())

        with Index(index.folder, index.model) as own:
            *_, done = scan(own, list(folders), Counting)
        return done, len(heard)

    return run


def test_only_what_is_new_or_changed_is_heard(folder, index, listen, tmp_path):
    done, n_heard = listen(index, folder)
    assert (done.n_files, done.n_done, n_heard) == (5, 5, 5)
    assert [each.kind for each in done.skipped] == ["text file"]
    assert listen(index, folder) == (done.__class__(5, skipped=done.skipped), 0)
    shutil.copy(SOUNDS[7], folder / "new.wav")
    os.utime(folder / SOUNDS[4].name, ns=(1, 1))  # touched, and the same
    shutil.copy(SOUNDS[8], folder / "kit" / SOUNDS[0].name)  # another sound under an old name
    done, n_heard = listen(index, folder)
    assert (done.n_done, done.n_moved, n_heard) == (3, 1, 2)


def test_what_is_gone_is_marked_and_what_is_moved_is_recognised(folder, index, listen):
    listen(index, folder)
    (folder / "kit" / SOUNDS[0].name).rename(folder / "elsewhere")
    (folder / "kit" / SOUNDS[1].name).unlink()
    done, n_heard = listen(index, folder)
    assert (done.n_files, done.n_gone, done.n_moved, n_heard) == (4, 2, 1, 0)
    paths, *_ = index.sounds()
    assert {Path(path).name for path in paths} == {"elsewhere", *(path.name for path in SOUNDS[2:5])}
    shutil.copy(SOUNDS[1], folder / "kit" / SOUNDS[1].name)  # back again
    assert listen(index, folder)[1] == 0
    assert len(index.sounds()[0]) == 5


def test_a_folder_that_is_not_there_changes_nothing(folder, index, listen, tmp_path):
    listen(index, folder)
    folder.rename(tmp_path / "unplugged")
    with pytest.raises(LibraryError, match="there is no folder"):
        listen(index, folder)
    assert len(index.sounds()[0]) == 5


def test_answers_are_those_of_the_classifier(folder, index, listen, classifier):
    (folder / "damaged.wav").write_bytes(b"no sound")
    done, _ = listen(index, folder)
    assert done.n_refused == 1
    for path in (folder / "kit" / SOUNDS[0].name, folder / SOUNDS[4].name):
        (entry,) = index.entries([str(path)])
        prediction = classifier.classify(path)
        assert (entry.row.label, entry.row.decision, entry.row.kind) == (
            prediction.label, prediction.decision, prediction.kind,
        )  # fmt: skip
        assert entry.row.probabilities == pytest.approx(prediction.probabilities, abs=1e-5)
        vector = index.embeddings(len(prediction.embedding))[entry.slot]
        assert vector.astype(np.float32) == pytest.approx(prediction.embedding, abs=1e-3)
    (refused,) = index.entries([str(folder / "damaged.wav")])
    assert "damaged" in refused.row.error


def test_a_scan_that_is_stopped_keeps_what_it_has(folder, index, classifier, listen):
    with Index(index.folder, MODEL) as own:
        running = scan(own, [folder], lambda: classifier)
        next(running)
        assert next(running).n_done == 1
        running.close()  # as Ctrl-C does
    done, n_heard = listen(index, folder)
    assert done.n_to_do == n_heard == 4


def test_a_process_that_is_killed_loses_little_and_breaks_nothing(tmp_path):
    folder, place = tmp_path / "sounds", tmp_path / "index"
    folder.mkdir()
    for i in range(1_500):  # one content each, or most would be recognised
        data = SOUNDS[i % len(SOUNDS)].read_bytes()
        (folder / f"{i}.wav").write_bytes(data + i.to_bytes(8, "little"))
    command = [sys.executable, "-m", "drumclf", "library", str(folder), "--scan-only"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DRUMCLF_LIBRARY": str(place)})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and n_rows(place) < 100:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = n_rows(place)
    assert kept >= 100
    with sqlite3.connect(place / "index.sqlite") as database:
        (model,) = database.execute("SELECT DISTINCT model FROM sounds").fetchone()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Index(place, model) as index:
        paths, slots, _ = index.sounds()
        assert len(paths) == kept
        assert len(set(slots)) == kept
        assert slots.max() < len(index.embeddings(128))
        index.begin_scan()  # the lock went with the process


def n_rows(place):
    if not (place / "index.sqlite").exists():
        return 0
    try:
        with sqlite3.connect(f"file:{place / 'index.sqlite'}?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM sounds").fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0


def test_only_one_scans_while_others_search(folder, index, listen):
    listen(index, folder)
    with Index(index.folder, MODEL) as first:
        first.begin_scan()
        with Index(index.folder, MODEL) as second:
            with pytest.raises(LibraryError, match="another drumclf"):
                second.begin_scan()
            assert len(second.sounds()[0]) == 5


def test_labels_of_the_user_win_and_survive(folder, index, listen):
    listen(index, folder)
    path = folder / "kit" / SOUNDS[0].name
    index.give_label(content_of(path), "cymbal", "ride")
    path = path.rename(folder / "moved.wav")
    listen(index, folder)
    assert index.sounds(label="cymbal")[0][-1] == str(path)
    with Index(index.folder, "another model") as newer:
        assert newer.n_outdated() == 5
        assert newer.sounds()[0] == []
        _, n_heard = listen(newer, folder)
        assert n_heard == 5
        assert str(path) in newer.sounds(label="cymbal")[0]
        assert newer.labels() == {content_of(path): ("cymbal", "ride")}
        newer.give_label(content_of(path), None)
        assert newer.labels() == {}


def test_a_damaged_index_is_put_aside_and_made_anew(folder, index, listen):
    listen(index, folder)
    index.close()
    file = index.folder / "index.sqlite"
    file.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 100)
    with Index(index.folder, MODEL) as anew:
        assert anew.sounds()[0] == []
        assert listen(anew, folder)[1] == 5
    assert (index.folder / "index.damaged").exists()


def test_a_newer_index_is_left_alone(index):
    index.close()
    with sqlite3.connect(index.folder / "index.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="newer drumclf"):
        Index(index.folder, MODEL)


def test_the_nearest_come_first_within_a_class_or_a_folder(folder, index, listen, classifier):
    listen(index, folder)
    path = folder / "kit" / SOUNDS[2].name
    embedding = classifier.classify(path).embedding
    found = nearest(index, embedding, 10)
    assert found[0].path == str(path)
    assert found[0].likeness == pytest.approx(1, abs=1e-3)
    assert [each.likeness for each in found] == sorted((each.likeness for each in found), reverse=True)
    assert len(found) == 5
    assert len(nearest(index, embedding, 2)) == 2
    assert str(path) not in [each.path for each in nearest(index, embedding, 10, without=str(path))]
    assert len(nearest(index, embedding, 10, folder=folder / "kit")) == 3
    assert nearest(index, embedding, 10, folder=folder / "ki") == []
    label = classifier.classify(path).label
    assert {each.label for each in nearest(index, embedding, 10, label=label)} == {label}


def test_names_that_are_no_text_are_kept(folder, index, listen):
    odd = os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.wav")
    shutil.copy(SOUNDS[9], odd)
    listen(index, folder)
    assert odd in index.sounds()[0]


def test_contents_of_large_files_are_told_apart_by_both_ends(tmp_path):
    large = tmp_path / "large"
    data = bytearray(6_000_000)
    contents = set()
    for place in (None, 10, 5_999_000):
        if place:
            data[place] = 1
        large.write_bytes(data)
        contents.add(content_of(large))
    assert len(contents) == 3


def test_the_index_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("DRUMCLF_LIBRARY", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert library_folder() == tmp_path / "drumclf" / "library"


@pytest.fixture
def commands(monkeypatch, tmp_path, classifier):
    monkeypatch.setenv("DRUMCLF_LIBRARY", str(tmp_path / "index"))
    monkeypatch.setattr("drumclf.cli.library.load_classifier", lambda *_, **__: classifier)
    monkeypatch.setattr("drumclf.cli.library.separate_reader", lambda: classifier.read_clip)


def test_on_the_command_line(commands, folder, capsys):
    assert main(["find", str(SOUNDS[0])]) == 1
    assert "fills it" in capsys.readouterr().err
    assert main(["library", str(folder), "--scan-only"]) == 0
    said = capsys.readouterr().err
    assert "5 sounds in the index; 5 new or changed" in said
    assert "skipped, since it is no sound: 1 text file" in said
    assert main(["find", str(SOUNDS[0]), "-n", "2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1.000")
    assert first.endswith(str(folder / "kit" / SOUNDS[0].name))
    assert second.startswith("0.")
    assert main(["find", str(folder / "kit" / SOUNDS[0].name), "-n", "1", "--format", "csv"]) == 0
    assert SOUNDS[0].name not in capsys.readouterr().out  # not itself
    (folder / "damaged.wav").write_bytes(b"no sound")
    assert main(["library", str(folder), "--scan-only"]) == 1
    assert "1 refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["library", "nowhere", "--scan-only"], "there is no folder"),
        (["library", "."], "add --scan-only"),
        (["find", str(SOUNDS[0]), "--class", "bongo"], "there is no class bongo"),
        (["find", str(SOUNDS[0]), "-n", "0"], "at least 1"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, why, commands, capsys):
    assert main(arguments) == 2
    assert why in capsys.readouterr().err


def test_nothing_to_index_is_said(commands, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["library", str(tmp_path / "empty"), "--scan-only"]) == 1
    assert "there are no sound files here" in capsys.readouterr().err
