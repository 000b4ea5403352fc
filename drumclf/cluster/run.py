"""Folders and buckets of sounds -> a folder of Parquet files, on a Dask cluster.

The list of sounds is cut into partitions; each partition is one task and one file.
A task writes its file whole, under a name that depends only on its place in the list.
So a task that runs twice, because its worker died, writes the same answers to the same
place, and a run that was cut off resumes with the files that are missing. Paths and
counts travel between processes, never sounds.
"""

import contextlib
import functools
import io
import itertools
import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from drumclf.batch.rows import row_of
from drumclf.batch.skipped import Skipped
from drumclf.batch.tables import columns, record
from drumclf.classifier import Classifier, load_classifier
from drumclf.cluster.folder import LIST, count_finished, open_list, part_name, read_list
from drumclf.cluster.remote import READERS, fetch, file_system, join, names_in, or_say, put
from drumclf.model_folder import ModelError, read_metadata
from drumclf.threads import map_ahead

try:
    import distributed
    import pyarrow as pa
    from fsspec.implementations.local import LocalFileSystem
    from pyarrow.parquet import write_table
except ImportError:  # reported when a cluster is asked for
    distributed = None

# What an answer depends on in a model's metadata.
_DECISIVE = ("sha256", "classes", "front_end", "calibration", "thresholds")
_RETRIES = 2  # of a partition after an error: a store may be out of reach for a moment
_MAX_FATAL = 5  # partitions that may kill their workers before the run stops: so many are no accident
_NO_SCHEDULER = "The scheduler is gone; the same call with a running scheduler resumes from here."
_LOADING = threading.Lock()


class ClusterError(RuntimeError):
    """A run cannot be finished; the text says why. What it has written is kept."""


@dataclass(frozen=True)
class Summary:
    """What the folder of answers holds.

    Attributes
    ----------
    n_files : int
        Number of rows.
    n_refused : int
        How many of them hold an error instead of an answer.
    """

    n_files: int
    n_refused: int


def classify_on_cluster(
    paths: list[str],
    out: str,
    scheduler: str | None = None,
    workers: int | None = None,
    partition_size: int = 512,
    report: Callable[[int, int], None] | None = None,
    report_skipped: Callable[[list[Skipped]], object] = lambda _: None,
) -> Summary:
    """Classify any number of files on a Dask cluster, or resume a run that was cut off.

    Scripts must call it under ``if __name__ == "__main__":``, like everything that starts processes.

    Parameters
    ----------
    paths : list of str
        Files, and folders that are searched as by `drumclf.batch.rows.find_sounds`. On a disk that all
        workers see, or addresses that fsspec knows (``s3://bucket/pack``).
    out : str
        Folder or address for the answers: one Parquet file for each partition, with the
        columns of `drumclf.batch.tables.columns`.
    scheduler : str, optional
        Address of a running scheduler (``tcp://host:8786``) whose workers have drumclf and the same model.
    workers : int > 0, optional
        How many processes to start on this machine instead; one for each core if neither is given.
    partition_size : int > 0
        Files in a partition.
    report : callable, optional
        Called with the number of files done and the number in all: at the start, then after each partition.
    report_skipped : callable
        Called before that with what is no sound in the folders; nothing of it is read on a worker.

    Returns
    -------
    Summary
        For all of `out`, including what an earlier call wrote.

    Raises
    ------
    ValueError
        If it cannot start: there is no scheduler, nothing to classify, or `out` holds something else.
    ModelError
        If there is no model here, or none on a worker.
    ClusterError
        If it cannot be finished; the same call resumes it.
    """
    _check_usage(scheduler, workers, partition_size)
    metadata = read_metadata()
    model = {name: metadata[name] for name in _DECISIVE}
    if "://" not in out:
        out = os.path.abspath(out)  # noqa: PTH100 - a Path would make one slash of the two in an address
    with _connect(scheduler, workers) as client:
        listed = open_list(paths, out, {"model": model, "partition_size": partition_size}, report_skipped)
        sizes = [listed.metadata.row_group(i).num_rows for i in range(listed.num_row_groups)]
        n_refused = count_finished(out, sizes)
        n_done, n_files = sum(sizes[i] for i in n_refused), sum(sizes)
        if report:
            report(n_done, n_files)
        left = [i for i in range(len(sizes)) if i not in n_refused]
        for i, n in _run(client, ((i, read_list(listed, i)) for i in left), out, model):
            n_refused[i] = n
            n_done += sizes[i]
            if report:
                report(n_done, n_files)
    _check_complete(out, len(sizes))
    return Summary(n_files, sum(n_refused.values()))


def _check_usage(scheduler: str | None, workers: int | None, partition_size: int) -> None:
    if distributed is None:
        raise ValueError("Dask is not installed here: pip install 'drumclf[cluster]'.")
    if scheduler is not None and workers is not None:
        raise ValueError("Give the address of a scheduler or the number of workers to start here, not both.")
    if workers is not None and workers < 1:
        raise ValueError("The number of workers must be 1 or more.")
    if partition_size < 1:
        raise ValueError("The number of files in a partition must be 1 or more.")


@contextlib.contextmanager
def _connect(scheduler: str | None, workers: int | None) -> Iterator:
    """A client of that scheduler, or of a cluster on this machine that ends with the client."""
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            # No memory limit: Dask would pause a worker that comes near it, for good.
            local = {"threads_per_worker": 1, "processes": True, "memory_limit": 0}
            quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.ERROR}
            cluster = stack.enter_context(distributed.LocalCluster(n_workers=workers, **local, **quiet))
            scheduler = cluster.scheduler_address
        with or_say(f"There is no Dask scheduler at {scheduler}."):
            distributed.comm.resolve_address(scheduler)  # a client would wait long for a wrong address
            client = distributed.Client(scheduler, timeout=10, set_as_default=False)
        yield stack.enter_context(client)


def _run(client, partitions: Iterable[tuple[int, list[str]]], out: str, model: dict) -> Iterator[tuple[int, int]]:
    """Compute partitions; yields the number of each and of its refused files, as they finish.

    The scheduler never holds more of them than its workers can run, so a partition whose
    worker dies was most likely running on it, not just waiting there.
    """
    partitions, run, sent, fatal = iter(partitions), uuid.uuid4().hex, {}, []
    futures = distributed.as_completed(loop=client.loop)

    def send() -> None:
        with or_say(_NO_SCHEDULER, ClusterError):
            n_free = max(sum(client.nthreads().values()), 1) - len(sent)
            for i, paths in itertools.islice(partitions, max(n_free, 0)):
                key = f"classify-{run}-{i}"
                sent[key] = i, f"partition {i}, {len(paths)} files from {paths[0]} to {paths[-1]}"
                futures.add(client.submit(_classify_partition, i, paths, out, model, key=key, retries=_RETRIES))

    send()
    for future in futures:
        i, what = sent.pop(future.key)
        try:
            yield i, future.result()
        except distributed.KilledWorker:
            fatal.append(what)  # the others need not wait for it
        except distributed.CancelledError as error:
            raise ClusterError(_NO_SCHEDULER) from error
        except (ClusterError, ModelError):
            raise
        except Exception as error:  # whatever went wrong on a worker
            raise ClusterError(f"There are no answers for {what}: {type(error).__name__}: {error}") from error
        if len(fatal) == _MAX_FATAL:
            break
        send()
    if fatal:
        raise ClusterError(f"Every worker died that was given {'; or '.join(fatal)}.")


def _classify_partition(partition: int, paths: list[str], out: str, model: dict) -> int:
    """On a worker: write the answers for one partition; returns how many files were refused."""
    classifier = load_once()
    if any(classifier.metadata[name] != model[name] for name in _DECISIVE):
        raise ClusterError("A worker has a different model from this computer: install the same one on both.")
    outcomes = classifier.classify_many(map_ahead(fetch, paths, READERS), workers=1)
    rows = [record(row_of(path, outcome), classifier.classes) for path, outcome in zip(paths, outcomes, strict=True)]
    numbers = {*classifier.classes, "kind_probability", "duration"}
    schema = pa.schema({n: pa.float64() if n in numbers else pa.string() for n in columns(classifier.classes)})
    file = io.BytesIO()
    write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    put(out, part_name(partition), file.getvalue())
    return sum(row["error"] is not None for row in rows)


def load_once() -> Classifier:
    """The model of this process, shared by all its tasks and their threads."""
    with _LOADING:
        return _load()


@functools.cache
def _load() -> Classifier:
    return load_classifier()


def _check_complete(out: str, n_partitions: int) -> None:
    """Refuse a run whose files are not here, and remove what dead workers had begun to write."""
    fs, root = file_system(out)
    names = names_in(out)
    n_missing = sum(part_name(i) not in names for i in range(n_partitions))
    if n_missing:
        raise ClusterError(
            f"{n_missing} of {n_partitions} files are not in {out}: all workers must see the same folder."
        )
    for name in names:
        if name.startswith((".part-", f".{LIST}")) and isinstance(fs, LocalFileSystem):
            fs.rm_file(join(root, name))
