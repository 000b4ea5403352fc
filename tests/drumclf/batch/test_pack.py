import csv
import io
import shutil
import threading
import zipfile

import numpy as np
import pytest
from conftest import EXAMPLES, encode, make_hit

import drumclf.batch.pack
from drumclf.batch.destinations import PatternError
from drumclf.batch.exports import pack_csv, sorted_names, sorted_zip, training_zip
from drumclf.batch.pack import Pack
from drumclf.batch.rows import Row, classify_files
from drumclf.names import unescaped
from training.data import read_examples

KICK, SNARE, HAT, CLAP = (
    (EXAMPLES / f"{name}.wav").read_bytes()
    for name in ("kick_analogue", "snare_acoustic", "closed_hat_acoustic", "clap_hands")
)
FILES = [
    ("kit/=kick.wav", KICK),
    ("kit/snare.wav", SNARE),
    ("other/=kick.wav", encode(0.1 * np.frombuffer(KICK[44:], "<i2") / 2**15, 44_100)),  # 20 dB quieter
    ("notes.wav", b"no sound"),
    ("../../hat\r.wav", HAT),
]


@pytest.fixture
def pack(classifier):
    """A pack with a refused file and a copy, all classified."""
    pack = Pack(list(FILES), skipped=["readme.txt"], keys=[str(i) for i in range(len(FILES))])
    assert list(pack.classify_on(classifier)) == [len(FILES)]
    pack.mark_duplicates(classifier)
    return pack


def unzip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_pack_is_classified_step_by_step_and_gone_on_with(classifier):
    files = [(str(i), encode(make_hit(duration=0.03, seed=i))) for i in range(200)]
    pack = Pack(files)
    steps = pack.classify_on(classifier)
    first = next(steps)
    assert 0 < first == len(pack.rows) < 200
    steps.close()  # the visitor went to another page
    *_, last = pack.classify_on(classifier)
    assert last == len(pack.rows) == 200
    assert [row.name for row in pack.rows] == [name for name, _ in files]
    alone = list(classify_files(classifier, files[150:152]))
    assert [row.digest for row in pack.rows[150:152]] == [row.digest for row in alone]
    assert list(pack.classify_on(classifier)) == []


def test_labels_are_the_visitors_or_else_the_models(pack):
    assert [pack.label(i) for i in range(5)] == ["kick", "snare", "kick", None, "closed_hat"]
    pack.correct([1, 3, 4], "tom")
    pack.correct([4], "clap")
    assert [pack.label(i) for i in range(5)] == ["kick", "tom", "kick", None, "clap"]
    assert pack.corrections == {1: "tom", 4: "clap"}
    assert pack.counts() == {"kick": 2, "tom": 1, "clap": 1}
    assert pack.is_sure(1)


def test_a_visitor_names_kinds_too(pack, classifier):
    pack.correct([1], "percussion", "cowbell")
    assert (pack.label(1), pack.kind(1), pack.kind(0)) == ("percussion", "cowbell", pack.rows[0].kind)
    assert list(sorted_names(pack, "{kind}/{name}").values())[1] == "percussion/cowbell/snare.wav"
    row = read_csv(pack_csv(pack, classifier.classes))[1]
    assert (row["label"], row["kind"], row["kind_probability"]) == ("percussion", "cowbell", "")
    manifest = read_csv(unzip(training_zip(pack))["manifest.csv"].decode())
    assert [(line["target"], line["label"]) for line in manifest] == [("percussion", "cowbell")]
    smaller = Pack([FILES[1]], keys=["1"])
    smaller.adopt(pack)
    assert smaller.kind(0) == "cowbell"
    pack.correct([1], "tom")  # another label takes the kind away
    assert pack.kind(1) is None


def test_copies_are_known_once_they_are_marked(pack, classifier):
    assert pack.duplicate_of == [None, None, 0, None, None]
    assert (pack.sounds(), pack.sounds(skip_duplicates=True)) == ([0, 1, 2, 4], [0, 1, 4])
    assert [pack.first(i) for i in range(3)] == [0, 1, 0]
    pack.files.append(("more.wav", CLAP))
    assert list(pack.classify_on(classifier)) == [6]
    assert pack.sounds(skip_duplicates=True) == [0, 1, 2, 4, 5]  # nothing is known about the new one yet


def test_look_alikes_are_near_and_no_copies(pack):
    assert set(pack.look_alikes(0)) == {1, 4}
    embedding = [row.embedding for row in pack.rows if row.error is None]
    nearest = max((1, 4), key=lambda j: float(pack.rows[j].embedding @ embedding[0]))
    assert pack.look_alikes(0, n=1) == [nearest]
    assert Pack(FILES[:1], rows=pack.rows[:1]).look_alikes(0) == []


def test_a_changed_upload_keeps_what_is_known(pack, classifier):
    pack.correct([1, 4], "tom")
    changed = Pack([("new.wav", CLAP), FILES[4], FILES[1], ("newer.wav", b"no sound")], keys=["new", "4", "1", "newer"])
    changed.adopt(pack)
    assert [name for name, _ in changed.files] == ["kit/snare.wav", "../../hat\r.wav", "new.wav", "newer.wav"]
    assert changed.keys == ["1", "4", "new", "newer"]
    assert changed.rows == [pack.rows[1], pack.rows[4]]
    assert changed.corrections == {0: "tom", 1: "tom"}
    assert list(changed.classify_on(classifier)) == [4]
    assert [changed.label(i) for i in range(4)] == ["tom", "tom", "clap", None]


def test_what_was_refused_is_tried_again_when_the_uploads_change(classifier):
    """It may have been for want of room, which there is after another file was removed."""
    full = "Only 5,000 sounds fit at a time. Send this one with the next batch."
    pack = Pack(FILES[:2], rows=[Row("kick.wav", error=full)], keys=["0", "1"])
    list(pack.classify_on(classifier))
    assert [row.error for row in pack.rows] == [full, None]
    changed = Pack(FILES[:2], keys=["0", "1"])
    changed.adopt(pack)
    list(changed.classify_on(classifier))
    assert [row.error for row in changed.rows] == [None, None]


def test_a_changed_upload_keeps_the_order_in_which_labels_were_given(pack):
    pack.correct([4], "tom")
    pack.correct([0], "snare")
    pack.correct([1], "clap")
    changed = Pack(FILES, keys=pack.keys)
    changed.adopt(pack)
    given = [changed.keys[i] for i in changed.corrections]
    assert given == [pack.keys[i] for i in pack.corrections] == ["4", "0", "1"]


def test_two_threads_that_classify_one_pack_do_everything_once(classifier):
    """After a click, two runs of the page overlap: the old one is still in the middle of a step."""
    names, read = [f"{i}.wav" for i in range(300)], []

    class Source:
        def read(self, limit):
            read.append(1)
            return KICK

    pack = Pack([(name, b"no sound" if i % 2 else Source()) for i, name in enumerate(names)])
    threads = [threading.Thread(target=lambda: list(pack.classify_on(classifier))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.name for row in pack.rows] == names
    assert [row.label for row in pack.rows[:4]] == ["kick", None, "kick", None]
    assert len(read) == 150


def test_copies_are_looked_for_once_and_anew_when_more_came(classifier, monkeypatch):
    looked = []
    search = drumclf.batch.pack.find_duplicates
    monkeypatch.setattr("drumclf.batch.pack.find_duplicates", lambda rows, read: looked.append(1) or search(rows, read))
    pack = Pack([FILES[0], FILES[2]] * 60)
    steps = pack.classify_on(classifier)
    next(steps)
    threads = [threading.Thread(target=pack.mark_duplicates, args=(classifier,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == 1
    assert len(pack.duplicate_of) == len(pack.rows) < 120
    list(steps)
    assert pack.duplicate_of == []
    assert not pack.is_duplicate(1)
    pack.mark_duplicates(classifier)
    assert pack.duplicate_of == [None] + [0] * 119


def test_table_has_a_line_for_every_file(pack, classifier):
    pack.correct([1], "tom")
    table = read_csv(pack_csv(pack, classifier.classes))
    assert pack_csv(pack, classifier.classes).startswith("\ufeff")  # or Excel takes it for another encoding
    assert [unescaped(row["path"]) for row in table] == [name for name, _ in FILES]
    assert [row["label"] for row in table] == ["kick", "tom", "kick", "", "closed_hat"]
    assert [row["corrected"] for row in table] == ["", "yes", "", "", ""]
    assert [row["duplicate_of"] for row in table] == ["", "", "kit/=kick.wav", "", ""]
    assert [bool(row["error"]) for row in table] == [False, False, False, True, False]
    assert float(table[1]["snare"]) == pack.rows[1].probabilities["snare"]  # the model's answer stays


def test_no_cell_of_the_table_can_be_run(classifier):
    pack = Pack([("=cmd()", KICK), ("-1", b"no sound"), ("@copy", KICK)])
    list(pack.classify_on(classifier))
    pack.mark_duplicates(classifier)
    cells = [cell for row in csv.reader(io.StringIO(pack_csv(pack, classifier.classes))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert cells.count("'=cmd()") == 2  # as a path, and as the original of a copy


def test_sorted_zip_holds_the_bytes_that_came_in(pack):
    pack.correct([1], "tom")
    names = unzip(sorted_zip(pack))
    assert names == {
        "kick/=kick.wav": FILES[0][1], "tom/snare.wav": FILES[1][1], "kick/=kick (2).wav": FILES[2][1],
        "closed_hat/hat_.wav": FILES[4][1],
    }  # fmt: skip
    assert list(names) == list(sorted_names(pack).values())
    assert list(unzip(sorted_zip(pack, "{folder} {n:02}", skip_duplicates=True))) == [
        "kick/kit 01.wav", "tom/kit 01.wav", "closed_hat/01.wav"
    ]  # fmt: skip
    with pytest.raises(PatternError):
        sorted_zip(pack, "{class.__init__}{n}")


def test_training_zip_can_be_trained_on_and_holds_the_visitors_labels(pack, classifier, tmp_path):
    hits = [(f"hit {seed}.wav", encode(make_hit(seed=seed, frequency=150 + 20 * seed))) for seed in range(20)]
    pack.files += hits
    pack.keys += [name for name, _ in hits]
    list(pack.classify_on(classifier))
    pack.mark_duplicates(classifier)
    pack.correct(list(range(5, 15)), "tom")
    pack.correct(list(range(15, 25)), "clap")
    pack.correct([2], "percussion")  # a copy of the first, but labelled by a person, so this one is kept
    (tmp_path / "set.zip").write_bytes(training_zip(pack))
    shutil.unpack_archive(tmp_path / "set.zip", tmp_path)
    examples = read_examples(tmp_path)
    labels = {example.path.read_bytes(): example.label for example in examples}
    assert labels == {data: "tom" if i < 10 else "clap" for i, (_, data) in enumerate(hits)} | {
        FILES[2][1]: "percussion"
    }
    assert {example.kit for example in examples} == {"", "other"}

    everything = read_csv(unzip(training_zip(pack, corrected_only=False))["manifest.csv"].decode())
    assert [(row["target"], row["kit"], row["labelled_by"]) for row in everything[:3]] == [
        ("snare", "kit", "model"), ("percussion", "other", "person"), ("closed_hat", "../..", "model")
    ]  # fmt: skip


def test_a_file_that_is_gone_is_left_out_of_both_zips(classifier, tmp_path):
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for path, data in zip(paths, (KICK, SNARE), strict=True):
        path.write_bytes(data)
    pack = Pack([(path.name, path) for path in paths])
    list(pack.classify_on(classifier))
    paths[0].unlink()
    assert list(unzip(sorted_zip(pack))) == ["snare/b.wav"]
    files = unzip(training_zip(pack, corrected_only=False))
    assert (
        [row["path"] for row in read_csv(files.pop("manifest.csv").decode())] == list(files) == ["sounds/snare/b.wav"]
    )
