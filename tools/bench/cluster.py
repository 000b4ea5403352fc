"""Time the classification on workers, with one and with two: ``python -m tools.bench.cluster``."""

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

_FILES, _ROUNDS, _WORKERS, _PARTITION, _MILLIONS = 2048, 3, (1, 2), 128, 10


def main() -> None:
    """Print medians as a table, and what they make of ten million files. The numbers of workers take turns."""
    found = [str(path) for path in find_sounds([default_data()])]
    paths = found[:: max(len(found) // _FILES, 1)][:_FILES]
    for path in paths:
        Path(path).read_bytes()  # from here on the disk takes no part
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
    print("| | files a second | lowest and highest | until all models are loaded | memory of a worker |")
    print("|---|---|---|---|---|")
    print(f"| one process, threads, no cluster | {_row(one_process)} | - | - |")
    for n in _WORKERS:
        load = f"{statistics.median(loads[n]):.0f} s | {max(memories[n]) / 1e6:.0f} MB"
        print(f"| {n} worker{'s' * (n > 1)} | {_row(speeds[n])} | {load} |")
    one, most = (statistics.median(speeds[n]) for n in (_WORKERS[0], _WORKERS[-1]))
    n = _WORKERS[-1]
    hours = _MILLIONS * 1e6 / (most / n) / 3600
    print(f"\n{n} workers do {most / one:.2f} times as much as one.")
    print(f"{_MILLIONS} million files: {_MILLIONS},000,000 / ({most:.0f} / {n}) / 3600 = {hours:.0f} core-hours.")


def _run(paths: list[str], n_workers: int) -> tuple[float, float, int]:
    """Seconds until every worker has its model; files a second from then on; bytes of memory of the largest worker."""
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


def _row(speeds: list[float]) -> str:
    return f"{statistics.median(speeds):.0f} | {min(speeds):.0f} to {max(speeds):.0f}"


if __name__ == "__main__":
    main()
