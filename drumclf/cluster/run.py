"""Folders and buckets of sounds -> a folder of Parquet files, on a Dask cluster.

The list of sounds is cut into partitions, and each partition is one task and one
file. A task puts its file in place whole, under a name that depends on nothing but
its place in the list: a task that is done twice, because its worker died, writes the
same answers to the same place, and a run that was cut off goes on with the files
that are not there yet. Paths and counts travel, never a sound.
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
from drumclf.batch.tables import columns, record
from drumclf.classifier import Classifier, load_classifier
from drumclf.cluster.folder import LIST, count_finished, open_list, part_name, read_list
from drumclf.cluster.remote import fetch, file_system, join, names_in, or_say, put
from drumclf.model_folder import ModelError, read_metadata
from drumclf.threads import map_ahead

try:
    import distributed
    import pyarrow as pa
    from fsspec.implementations.local import LocalFileSystem
    from pyarrow.parquet import write_table
except ImportError:  # said when it is asked for
    distributed = None

_DECISIVE = ("sha256", "classes", "front_end", "calibration", "thresholds")
"""What an answer depends on in a model's metadata."""
_FETCHERS = 8
"""Remote files that a task reads at once: a store takes longer to begin an answer than to give it."""
_RETRIES = 2
"""Times that a partition is tried again after an error: a store may be out of reach for a moment."""
_MAX_FATAL = 5
"""Partitions whose workers die before the run stops: so many are no accident of a file."""
_NO_SCHEDULER = "The scheduler is gone; the same call, with one that runs, goes on from here."
_LOADING = threading.Lock()


class ClusterError(RuntimeError):
    """A run that was begun cannot be brought to its end; the text says why. What is written stays."""


@dataclass(frozen=True)
class Summary:
    """What lies in the folder of answers.

    Attributes
    ----------
    n_files, n_refused : int
        Rows, and how many of them hold an error in place of an answer.
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
) -> Summary:
    """Classify any number of files on a Dask cluster, or go on where such a run was cut off.

    A script calls it below ``if __name__ == "__main__":``, as everything that starts processes.

    Parameters
    ----------
    paths : list of str
        Files, and folders that are searched as `find_sounds` does. On a disk that all workers
        see, or addresses that fsspec knows (``s3://bucket/pack``).
    out : str
        Folder for the answers, or an address: one Parquet file for each partition, with the
        columns of `drumclf.batch.tables.columns`.
    scheduler : str, optional
        Address of a running scheduler (``tcp://host:8786``) whose workers have this package and its model.
    workers : int > 0, optional
        How many processes to start on this machine instead; where neither is given, one for each core.
    partition_size : int > 0
        Files in a partition.
    report : callable, optional
        Called with the number of files done and of all files: once at first, then after each partition.

    Returns
    -------
    Summary
        Of all that lies in `out`, what an earlier call wrote included.

    Raises
    ------
    ValueError
        When it cannot be begun: no scheduler there, nothing to classify, `out` holds something else.
    ModelError
        When there is no model here, or none where a worker runs.
    ClusterError
        When it cannot be brought to its end; the same call continues it.
    """
    _check_usage(scheduler, workers, partition_size)
    metadata = read_metadata()
    model = {name: metadata[name] for name in _DECISIVE}
    if "://" not in out:
        out = os.path.abspath(out)  # noqa: PTH100 - a Path would make one slash of the two in an address
    with _connect(scheduler, workers) as client:
        listed = open_list(paths, out, {"model": model, "partition_size": partition_size})
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
    """A client of that scheduler, or of a cluster on this machine that ends with it."""
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            # Without a limit of memory: Dask would halt a worker that comes near it, for good.
            local = {"threads_per_worker": 1, "processes": True, "memory_limit": 0}
            quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.ERROR}
            cluster = stack.enter_context(distributed.LocalCluster(n_workers=workers, **local, **quiet))
            scheduler = cluster.scheduler_address
        with or_say(f"There is no Dask scheduler at {scheduler}."):
            distributed.comm.resolve_address(scheduler)  # a client with a false address would wait for long
            client = distributed.Client(scheduler, timeout=10, set_as_default=False)
        yield stack.enter_context(client)


def _run(client, partitions: Iterable[tuple[int, list[str]]], out: str, model: dict) -> Iterator[tuple[int, int]]:
    """Compute partitions; yields the number of each and of its refused files, as they are finished.

    No more of them are with the scheduler than its workers can take, so a partition
    whose worker dies is one that it was at, and seldom one that waited there.
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
            fatal.append(what)  # the others are not to wait for it
        except distributed.CancelledError as error:
            raise ClusterError(_NO_SCHEDULER) from error
        except (ClusterError, ModelError):
            raise
        except Exception as error:  # whatever a worker met with
            raise ClusterError(f"There are no answers for {what}: {type(error).__name__}: {error}") from error
        if len(fatal) == _MAX_FATAL:
            break
        send()
    if fatal:
        raise ClusterError(f"Every worker died that was given {'; or '.join(fatal)}.")


def _classify_partition(partition: int, paths: list[str], out: str, model: dict) -> int:
    """Write the answers for some files, on a worker; returns how many of them were refused."""
    classifier = load_once()
    if any(classifier.metadata[name] != model[name] for name in _DECISIVE):
        raise ClusterError("A worker has another model than this computer: install the same one on both.")
    outcomes = classifier.classify_many(map_ahead(fetch, paths, _FETCHERS), workers=1)
    names = (os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths)
    rows = [record(row_of(name, outcome), classifier.classes) for name, outcome in zip(names, outcomes, strict=True)]
    numbers = {*classifier.classes, "duration"}
    schema = pa.schema({n: pa.float64() if n in numbers else pa.string() for n in columns(classifier.classes)})
    file = io.BytesIO()
    write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    put(out, part_name(partition), file.getvalue())
    return sum(row["error"] is not None for row in rows)


def load_once() -> Classifier:
    """Load the model of this process: the same one for all its tasks and their threads."""
    with _LOADING:
        return _load()


@functools.cache
def _load() -> Classifier:
    return load_classifier()


def _check_complete(out: str, n_partitions: int) -> None:
    """Refuse a run whose files are not here, and clear away what dead workers had begun to write."""
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
