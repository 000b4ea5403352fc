"""Time, size and memory of a large library: ``python -m tools.bench.library`` (``make bench-library``).

Some real files are scanned, for the rate. The index is then filled up with sounds whose embeddings lie a
little beside real ones, each with a content and a link of its own: links to the same few files would be one sound each.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from drumclf import load_classifier
from drumclf.batch.rows import classify_files, find_sounds
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import INDEX, open_index
from drumclf.library.scan import do_work, look_for_work
from drumclf.library.search import Search
from drumclf.library.select import BY_NAME, Wanted, select
from drumclf.names import escaped
from drumclf.processes.decoders import separate_reader
from tools.bench.library_page import measure_page
from training.data import ROOT, default_data
from training.markdown import table

_ROUNDS = 5
_BESIDE = 0.02  # standard deviation of what is added to each number of an embedding


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.library", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2_000, help="to scan (default: %(default)s)")
    parser.add_argument("--many", type=int, default=100_000, help="sounds in the index (default: %(default)s)")
    parser.add_argument("--measure", nargs=2, metavar=("CACHE", "DATA"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        _measure(*map(Path, options.measure))
        return
    found = list(find_sounds([default_data()])) or list(find_sounds([ROOT / "example_samples"]))
    files = found[:: max(len(found) // options.files, 1)][: options.files]
    with tempfile.TemporaryDirectory() as folder:
        _bench(files, options.many, Path(folder))


def _bench(files: list[Path], many: int, folder: Path) -> None:
    classifier = load_classifier(read=separate_reader())
    links = folder / "sounds"
    for i, file in enumerate(files):
        _link(file, links, i)
    cache, data = (folder / name / "drumclf" for name in ("cache", "data"))
    index = open_index(cache, data)
    named = [(str(file), file) for file in files]
    list(classify_files(classifier, named[:100]))  # warm
    alone, (took, rows) = (
        _cpu(lambda: list(classify_files(classifier, named)))[0],
        _cpu(lambda: list(do_work(index, classifier, look_for_work(index, classifier, [links])))),
    )
    heard = [row for row in rows if row.embedding is not None]
    rng, model = np.random.default_rng(0), index.model_of(classifier)
    for start in range(len(files), many, 1_000):
        new_files, sounds = [], []
        for i in range(start, min(start + 1_000, many)):
            row = heard[i % len(heard)]
            beside = row.embedding + rng.normal(0, _BESIDE, len(row.embedding)).astype(np.float32)
            content = i.to_bytes(16, "big")
            link = _link(files[i % len(files)], links, i)
            found = link.stat()
            new_files.append((escaped(str(link)), found.st_size, found.st_mtime_ns, content, None))
            sounds.append((content, replace(row, embedding=beside / np.linalg.norm(beside))))
        index.write(model, new_files, sounds)
    again, _ = _cpu(lambda: look_for_work(index, classifier, [links]))
    index.close()
    size = (cache / INDEX).stat().st_size / 1e6
    print(f"{many:,} sounds, {os.cpu_count()} cores, CPU time of the process, medians of {_ROUNDS} where repeated:\n")
    figures = [
        ("scan, files per second of CPU time of its own process (decoders not counted)", f"{len(files) / took:.0f}"),
        ("the same, by `classify`'s pipeline alone", f"{len(files) / alone:.0f}"),
        ("time of a scan, times that of `classify`", f"{took / alone:.2f}"),
        ("looking for what is new where nothing is, s", f"{again:.2f}"),
        ("size of the index, MB", f"{size:.0f}"),
    ]
    command = [sys.executable, "-m", "tools.bench.library", "--measure", cache, data]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    figures += [tuple(line.split("\t")) for line in said.splitlines()]
    figures += measure_page(cache.parent, data.parent, links)
    print("\n".join(table(("", ""), figures)))


def _measure(cache: Path, data: Path) -> None:
    """In a process of its own, for its memory."""
    classifier = load_classifier()
    before = _peak()
    opening, search = _median(lambda: Search(Catalogue(open_index(cache, data), classifier)))
    catalogue = search.catalogue
    query, snares = catalogue.embedding(0), catalogue.labelled("snare")
    found, _ = _median(lambda: search.nearest(query, 50))
    of_class, _ = _median(lambda: search.nearest(query, 50, snares))
    filtered, _ = _median(lambda: select(catalogue, Wanted(words="hat -open", longest=1.0, order=BY_NAME)))
    peak = _peak()
    rows = open_index(cache, data).db.execute("select embedding from vectors").fetchall()
    rival, _ = _median(lambda: sorted(((np.frombuffer(v, "<f2") @ query, v) for (v,) in rows), reverse=True)[:50])
    print(f"opening for a search, s\t{opening:.2f}")
    print(f"nearest 50, s\t{found:.4f}")
    print(f"nearest 50 of a class, s\t{of_class:.4f}")
    print(f"two words, a length, in the order of names, s\t{filtered:.4f}")
    print(f"nearest 50 one embedding after the other, times as long\t{rival / found:.0f}")
    print(f"peak memory, MB (before the library: {before:.0f})\t{peak:.0f}")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _link(file: Path, folder: Path, i: int) -> Path:
    link = folder / f"{i // 1000:03}" / f"{i % 1000:03} {file.name}"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(file)
    return link


def _cpu(function: Callable) -> tuple[float, object]:
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def _median(function: Callable) -> tuple[float, object]:
    times = []
    for _ in range(_ROUNDS):
        result = None  # only one is kept at a time
        seconds, result = _cpu(function)
        times.append(seconds)
    return statistics.median(times), result


if __name__ == "__main__":
    main()
