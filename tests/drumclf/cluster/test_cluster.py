"""A run on real worker processes: nothing is lost or written twice, whichever worker dies."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import EXAMPLES, ROOT

pytest.importorskip("distributed")
import dask
import distributed
import fsspec
import pyarrow.dataset
import pyarrow.parquet

from drumclf.audio import AudioError, read_clip
from drumclf.batch.rows import find_sounds, row_of
from drumclf.batch.tables import columns
from drumclf.cluster import run as cluster
from drumclf.cluster.remote import list_sounds
from drumclf.cluster.run import ClusterError, Summary, classify_on_cluster

SOUNDS = sorted(EXAMPLES.glob("*.wav"))
COPIES, PARTITION = 20, 28


@pytest.fixture(scope="module")
def two_workers():
    """A cluster of two worker processes; a run gets only its address. A task may kill one worker, not two."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0"
        ) as workers,
    ):
        yield workers


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """280 sounds in folders, one that is not a sound, and two files that a classifier ignores."""
    folder = tmp_path_factory.mktemp("pack")
    for i in range(COPIES):
        (folder / f"kit {i:02}").mkdir()
        for sound in SOUNDS:
            (folder / f"kit {i:02}" / sound.name).symlink_to(sound)
    (folder / "broken.wav").write_bytes(b"not a sound")
    (folder / "notes.txt").touch()
    (folder / ".hidden.wav").touch()
    return folder


@pytest.fixture(scope="module")
def alone(classifier, pack):
    """The answers of a single process for the pack, by path; copies of a sound are classified once."""
    answers = {sound.name: row_of("", classifier.classify(sound)) for sound in SOUNDS}
    return {str(path): answers.get(path.name) for path in find_sounds([pack])}


def read(out):
    return pyarrow.dataset.dataset(str(out), format="parquet").to_table().to_pylist()


def parts(out):
    return sorted(out.glob("part-*.parquet"))


def state(files):
    return {file.name: (file.stat().st_mtime_ns, file.stat().st_ino) for file in files}


def assert_same_answers(rows, alone, classes):
    assert sorted(row["path"] for row in rows) == sorted(alone)  # nothing lost, nothing twice
    for row in rows:
        assert list(row) == columns(classes)
        expected = alone[row["path"]]
        if expected is None:
            assert row["label"] is None
            assert row["error"].startswith("This file is damaged or not a sound")
            continue
        assert (row["error"], row["label"], row["duration"]) == (None, expected.label, expected.duration)
        assert row["decision"] == (" or ".join(expected.decision) or "not sure")
        assert {name: row[name] for name in classes} == pytest.approx(expected.probabilities, abs=1e-5)


def test_a_killed_worker_loses_nothing(two_workers, pack, alone, classifier, tmp_path):
    killed = []

    def kill_one_at_work(n_done, n_total):
        if 0 < n_done < n_total and not killed:
            for busy in [w for w in two_workers.scheduler.workers.values() if w.processing][:1]:
                killed.append(two_workers.workers[busy.name].process.pid)
                os.kill(killed[0], signal.SIGKILL)
        counts.append((n_done, n_total))

    counts = []
    out = tmp_path / "answers"
    summary = classify_on_cluster(
        [str(pack)], str(out), two_workers.scheduler_address, partition_size=PARTITION, report=kill_one_at_work
    )
    assert len(killed) == 1
    assert summary == Summary(n_files=len(alone), n_refused=1)
    assert_same_answers(read(out), alone, classifier.classes)
    assert [path.name for path in parts(out)] == [f"part-{i:06}.parquet" for i in range(len(alone) // PARTITION + 1)]
    assert {path.name for path in out.iterdir()} == {"_paths.parquet", *(path.name for path in parts(out))}
    assert counts == sorted(counts)
    assert counts[0] == (0, len(alone))
    assert counts[-1] == (len(alone), len(alone))
    with distributed.Client(two_workers) as client:
        loads = client.run(lambda: cluster._load.cache_info().misses)
    assert max(loads.values()) == 1  # a worker loads the model once, not once per task


def test_an_interrupted_run_goes_on(two_workers, pack, alone, classifier, tmp_path):
    out, address = tmp_path / "answers", two_workers.scheduler_address

    def interrupt(n_done, _):
        if n_done >= 2 * PARTITION:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify_on_cluster([str(pack)], str(out), address, partition_size=PARTITION, report=interrupt)
    wait_until(lambda: not two_workers.scheduler.tasks)  # what had begun by then may still be written
    before = state(parts(out))
    assert 2 <= len(before) < len(alone) // PARTITION

    reported = []
    summary = classify_on_cluster(
        [str(pack)], str(out), address, partition_size=PARTITION, report=lambda *counts: reported.append(counts[0])
    )
    assert summary == Summary(n_files=len(alone), n_refused=1)
    assert reported[0] >= 2 * PARTITION
    after = state(parts(out))
    assert {name: after[name] for name in before} == before
    assert_same_answers(read(out), alone, classifier.classes)

    lost, cut = parts(out)[3], parts(out)[5]
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:100])
    assert classify_on_cluster([str(pack)], str(out), address, partition_size=PARTITION) == summary
    again = state(parts(out))
    assert {name for name in after if again[name] != after[name]} == {lost.name, cut.name}
    assert_same_answers(read(out), alone, classifier.classes)


def test_a_folder_of_other_answers_is_refused(two_workers, tmp_path):
    address, out = two_workers.scheduler_address, tmp_path / "answers"
    paths = [str(sound) for sound in SOUNDS[:4]]
    classify_on_cluster(paths, str(out), address, partition_size=2)
    before = state(out.iterdir())

    def refused(sentence, paths=paths, out=out, partition_size=2):
        with pytest.raises(ValueError, match=sentence) as caught:
            classify_on_cluster(paths, str(out), address, partition_size=partition_size)
        assert str(caught.value).count("\n") == 0
        assert str(caught.value).endswith(".")

    refused("another list of sounds", paths[:-1])
    refused("another list of sounds", [*paths, paths[0]])
    refused("another list of sounds", paths[::-1])
    refused("begun with 2 files in a partition", partition_size=3)
    assert state(out.iterdir()) == before

    listed = pyarrow.parquet.read_table(out / "_paths.parquet")
    other = {b"drumclf": listed.schema.metadata[b"drumclf"].replace(b'"sha256": "', b'"sha256": "0')}
    pyarrow.parquet.write_table(listed.replace_schema_metadata(other), out / "_paths.parquet")
    refused("another model's answers")
    (out / "_paths.parquet").write_bytes(b"PAR1")
    refused("cannot be read")
    (out / "_paths.parquet").unlink()
    refused("other Parquet files")
    refused("cannot be written", out=SOUNDS[0])
    refused("There are no sound files here", paths=[str(tmp_path / "answers")], out=tmp_path / "other")


def test_answers_that_do_not_arrive_are_missed(two_workers, tmp_path):
    paths, out = [str(sound) for sound in SOUNDS[:4]], tmp_path / "answers"

    def run(report):
        return classify_on_cluster(paths, str(out), two_workers.scheduler_address, partition_size=2, report=report)

    def take_one_away(n_done, n_total):
        if n_done == n_total:
            parts(out)[0].unlink()

    def block(n_done, _):
        shutil.rmtree(out)
        out.touch()

    with pytest.raises(ClusterError, match="1 of 2 files are not in"):
        run(take_one_away)
    with pytest.raises(ClusterError, match=r"for partition 0, 2 files from .*: FileExistsError"):
        run(block)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scheduler": "tcp://127.0.0.1:1", "workers": 2}, "not both"),
        ({"workers": 0}, "1 or more"),
        ({"workers": 1, "partition_size": 0}, "1 or more"),
        ({"scheduler": "here"}, "There is no Dask scheduler at here."),
        ({"scheduler": "http://127.0.0.1:80"}, "There is no Dask scheduler at http"),
    ],
)
def test_wrong_usage(options, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        classify_on_cluster([str(EXAMPLES)], str(tmp_path / "answers"), **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["nosuch://bucket/pack", "zip://kick.wav::memory://pack.zip"])
def test_an_address_that_cannot_be_used(path):
    with pytest.raises(ValueError, match=r"\.$"):
        list(list_sounds([path]))


def test_a_partition_that_kills_its_workers_ends(two_workers, pack, tmp_path):
    """Any worker that begins the second partition dies, as if a file crashed its decoder."""

    class Deadly(distributed.WorkerPlugin):
        def transition(self, key, start, finish, **more):
            if finish == "executing" and key.endswith("-1"):
                os.kill(os.getpid(), signal.SIGKILL)

    files = [str(path) for path in find_sounds([pack])][:4]
    with distributed.Client(two_workers) as client:
        client.register_plugin(Deadly(), name="deadly")
        try:
            with pytest.raises(ClusterError, match="Every worker died that was given partition 1, 2 files") as caught:
                classify_on_cluster(files, str(tmp_path / "out"), two_workers.scheduler_address, partition_size=2)
        finally:
            client.unregister_worker_plugin("deadly")
    assert files[2] in str(caught.value)
    assert [path.name for path in parts(tmp_path / "out")] == ["part-000000.parquet"]  # the others were written


def test_addresses_in_place_of_paths(classifier, tmp_path):
    """Answers and sounds in a store. This one is in memory, so the worker is a thread of the same process."""
    store = fsspec.filesystem("memory")
    names = ("b/two.WAV", "a/one.wav", "three.wav", "a/notes.txt", "a/.hidden.wav", "empty.wav")
    contents = {"empty.wav": b"", "a/notes.txt": b"Kit"}
    for name in names:
        store.pipe_file(f"/pack/{name}", contents.get(name, SOUNDS[0].read_bytes()))
    base = "memory://pack"
    found = [f"{base}/{name}" for name in ("a/one.wav", "b/two.WAV", "empty.wav", "three.wav")]
    assert list(list_sounds([base])) == list(list_sounds([f"{base}/"])) == found
    local = tmp_path / "a b.wav"
    shutil.copy(SOUNDS[0], local)
    paths = [base, f"{base}/missing.wav", f"file://{local}"]
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    ) as workers:
        summary = classify_on_cluster(paths, "memory://answers", workers.scheduler_address, partition_size=4)
    assert summary == Summary(n_files=6, n_refused=2)
    assert sorted(store.ls("/answers", detail=False)) == [
        "/answers/_paths.parquet", "/answers/part-000000.parquet", "/answers/part-000001.parquet"
    ]  # fmt: skip
    rows = [row for i in range(2) for row in pyarrow.parquet.read_table(
        store.open(f"/answers/part-00000{i}.parquet")).to_pylist()]  # fmt: skip
    assert [row["path"] for row in rows] == [*found, f"{base}/missing.wav", str(local)]
    label = classifier.classify(SOUNDS[0]).label
    assert [row["label"] for row in rows] == [label, label, None, label, None, label]
    assert rows[2]["error"] == "This file is empty; send a sound file."
    with pytest.raises(AudioError) as caught:
        read_clip(tmp_path / "missing.wav")
    assert rows[4]["error"] == str(caught.value)  # as for a path


def test_workers_of_its_own(tmp_path):
    """Names that are not UTF-8 are opened, and written so that a table can hold them."""
    odd = os.fsencode(tmp_path) + b"/\xff.wav"
    shutil.copy(os.fsencode(SOUNDS[0]), odd)
    paths = [os.path.relpath(SOUNDS[0]), os.fsdecode(odd)]
    assert classify_on_cluster(paths, str(tmp_path / "out"), workers=1) == Summary(2, 0)
    assert [row["path"] for row in read(tmp_path / "out")] == [str(SOUNDS[0]), f"{tmp_path}/\\xff.wav"]


def test_the_library_does_without_dask(tmp_path):
    code = (
        "import sys, drumclf, drumclf.batch.rows, drumclf.__main__\n"
        "assert not {'dask', 'distributed', 'fsspec'} & set(sys.modules), 'imported'\n"
        "sys.modules['distributed'] = None\n"  # as if the extra were not installed
        "from drumclf.cluster.run import classify_on_cluster\n"
        "try:\n    classify_on_cluster(['a.wav'], 'out')\nexcept ValueError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "Dask is not installed here: pip install 'drumclf[cluster]'.\n", done.stderr


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.05)
