"""Time classification on a cluster with one worker and with two: ``python -m tools.bench.cluster``."""

import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import distributed

from drumclf import load_classifier
from drumclf.batch.rows import find_sounds
from drumclf.cluster import run as cluster
from training.data import default_data
from training.markdown import table

_FILES, _ROUNDS, _WORKERS, _PARTITION, _MILLIONS = 2048, 3, (1, 2), 128, 10


def main() -> None:
    """Print medians as a table, and what they mean for ten million files. The setups take turns."""
    found = [str(path) for path in find_sounds([default_data()])]
    paths = found[:: max(len(found) // _FILES, 1)][:_FILES]
    for path in paths:
        Path(path).read_bytes()  # so that the disk is not timed
    speeds, loads, memories = ({n: [] for n in _WORKERS} for _ in range(3))
    classifier, one_process = load_classifier(), []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in classifier.classify_many(paths):
            pass
        one_process.append(len(paths) / (time.perf_counter() - start))
        for n in _WORKERS:
            load, speed, memory = _run(paths, n)
            loads[n].append(load)
            speeds[n].append(speed)
            memories[n].append(memory)
    print(f"{len(paths):,} one-shots, {_PARTITION} in a partition, {os.cpu_count()} cores, median of {_ROUNDS} runs\n")
    rows = [["one process, threads, no cluster", *_cells(one_process), "-", "-"]]
    for n in _WORKERS:
        load, memory = f"{statistics.median(loads[n]):.0f} s", f"{max(memories[n]) / 1e6:.0f} MB"
        rows.append([f"{n} worker{'s' * (n > 1)}", *_cells(speeds[n]), load, memory])
    header = ["", "files per second", "lowest and highest", "until all models are loaded", "memory per worker"]
    print("\n".join(table(header, rows)))
    one, most = (statistics.median(speeds[n]) for n in (_WORKERS[0], _WORKERS[-1]))
    n = _WORKERS[-1]
    hours = _MILLIONS * 1e6 / (most / n) / 3600
    print(f"\n{n} workers are {most / one:.2f} times as fast as one.")
    print(f"{_MILLIONS} million files: {_MILLIONS},000,000 / ({most:.0f} / {n}) / 3600 = {hours:.0f} core-hours.")


def _run(paths: list[str], n_workers: int) -> tuple[float, float, int]:
    """Seconds until every worker has its model, files per second after that, and bytes of the largest worker."""
    start = time.perf_counter()
    with distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0"
    ) as workers:
        with distributed.Client(workers) as client:
            addresses = list(client.nthreads())
            client.gather([client.submit(_warm_up, paths[:16], workers=[a], pure=False) for a in addresses])
        load = time.perf_counter() - start
        with tempfile.TemporaryDirectory() as out:
            start = time.perf_counter()
            cluster.classify_on_cluster(paths, out, workers.scheduler_address, partition_size=_PARTITION)
            speed = len(paths) / (time.perf_counter() - start)
        with distributed.Client(workers) as client:
            return load, speed, max(client.run(_memory).values())


def _warm_up(paths: list[str]) -> None:
    classifier = cluster.load_once()
    for path in paths:
        classifier.classify(path)


def _memory() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _cells(speeds: list[float]) -> list[str]:
    return [f"{statistics.median(speeds):.0f}", f"{min(speeds):.0f} to {max(speeds):.0f}"]


if __name__ == "__main__":
    main()
