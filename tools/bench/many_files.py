"""Time and memory for many files, against the original: ``python -m tools.bench.many_files`` (``make bench``)."""

import argparse
import io
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import soundfile
import soxr

from drumclf.batch.rows import find_sounds
from training.data import ROOT, default_data
from training.markdown import table

_ROUNDS = 3
_ORIGINALS_SHARE = 10  # the original is so slow that it gets only one file in so many


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.many_files", description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2_000, help="one-shots to time (default: %(default)s)")
    parser.add_argument("--many", type=int, default=100_000, help="files to measure memory with (default: %(default)s)")
    options = parser.parse_args(arguments)
    found = list(find_sounds([default_data()])) or list(find_sounds([ROOT / "example_samples"]))
    files = list(islice(cycle(found[:: max(len(found) // options.files, 1)]), options.files))
    with tempfile.TemporaryDirectory() as folder:
        wide = _as_producers_have_them(files, Path(folder) / "wav")
        ours, original = _time_in_turns(files, wide)
        _print_times(ours, original, len(files))
        _print_memory(files[:1000], Path(folder), options.many)


def _print_times(ours: dict[str, float], original: float, n: int) -> None:
    rate = ours["all"]
    print(f"{n:,} one-shots on {os.cpu_count()} cores, bytes on disk to probabilities, median of {_ROUNDS} rounds:\n")
    rates = {
        "`classify`, as in the corpus: 48 kHz mono Opus": rate,
        "`classify`, the same as 44.1 kHz stereo WAV, 24 bit": ours["wav"],
        "the page's batch, from a zip, with a search for duplicates": ours["page"],
        "the original, one after the other": original,
    }
    rows = [(title, f"{value:.0f}", f"{value / original:.1f}") for title, value in rates.items()]
    print("\n".join(table(("path", "files per second", "times the original"), rows)))
    stages = {name: ours[name] for name in ("decoding", "spectrogram", "network")}
    total = sum(stages.values())
    shares = ", ".join(f"{name} {t * 1000:.2f} ms ({t / total:.0%})" for name, t in stages.items())
    print(f"\nOne file on one core: {shares}.")
    limits = ", ".join(f"{name} {ours[f'{name} alone']:.0f}" for name in ("decoding", "network"))
    bound = min(ours["decoding alone"], ours["network alone"])
    print(f"All cores on one stage, files per second: {limits}. `classify` reaches {rate / bound:.0%} of the slower.")
    print(f"All stages spread perfectly over the cores would give {os.cpu_count() / total:.0f} files per second.\n")


def _print_memory(files: list[Path], folder: Path, many: int) -> None:
    peaks = {}
    for n in sorted({1_000, many}):
        tree = folder / f"tree {n}"
        for i, file in enumerate(islice(cycle(files), n)):
            place = tree / f"{i // 1000:03}" / f"{i % 1000:03}{file.suffix}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file)
        command = [sys.executable, "-m", "drumclf", "classify", tree, "--format", "csv", "--out", folder / f"{n}.csv"]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        peaks[n] = usage.ru_maxrss / 1000
    rows = [(f"{n:,}", f"{peak:.0f}") for n, peak in peaks.items()]
    print("\n".join(table(("files", "peak memory of `classify`, MB"), rows)))
    print(f"\n{peaks[many] / peaks[1_000] - 1:+.1%} from 1,000 to {many:,} files.")


def _time_in_turns(files: list[Path], wide: list[Path]) -> tuple[dict[str, float], float]:
    """Medians over rounds of what `_time_ours`, `_time_page` and `_time_original` return, each in its own process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as us, context.Pool(1) as page, context.Pool(1) as them:
        rounds, originals = [], []
        for _ in range(_ROUNDS):
            rounds.append(us.apply(_time_ours, (files, wide)) | page.apply(_time_page, (files,)))
            originals.append(them.apply(_time_original, (files[::_ORIGINALS_SHARE],)))
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}, statistics.median(originals)


def _time_ours(files: list[Path], wide: list[Path]) -> dict[str, float]:
    """Files per second for whole paths, and for stages on all cores; seconds per file for stages on one core."""
    from drumclf import AudioError
    from drumclf.audio import read_clip
    from drumclf.batch.rows import classify_files
    from drumclf.spectrogram import rgb_spectrogram
    from drumclf.threads import in_batches, map_ahead

    classifier = _classifier()

    def decode(paths):
        clips = []
        for path in paths:
            try:
                clips.append(read_clip(path))
            except AudioError:
                continue
        return clips

    def classify(paths):
        return list(classify_files(classifier, ((str(path), path) for path in paths)))

    def batches_of_pictures():
        return in_batches(pictures, 8)

    classify(files[:200])  # warm: disk, filters, processes
    n = len(files)
    times = {
        "all": n / _seconds(lambda: classify(files)),
        "wav": len(wide) / _seconds(lambda: classify(wide)),
        "decoding": _seconds(lambda: decode(files)) / n,
        "decoding alone": n / _seconds(lambda: list(map_ahead(decode, in_batches(files, 8)))),
    }
    clips = decode(files)
    times["spectrogram"] = _seconds(lambda: [rgb_spectrogram(clip.samples) for clip in clips]) / n
    pictures = [rgb_spectrogram(clip.samples) for clip in clips]
    network = lambda batch: classifier.network.answer(np.stack(batch))  # noqa: E731
    times["network"] = _seconds(lambda: [network(batch) for batch in batches_of_pictures()]) / n
    times["network alone"] = n / _seconds(lambda: list(map_ahead(network, batches_of_pictures())))
    return times


def _time_page(files: list[Path]) -> dict[str, float]:
    """Files per second of the page's batch: from a zip, with a search for duplicates."""
    from drumclf.batch.archives import open_archive
    from drumclf.batch.pack import Pack

    classifier, zipped = _classifier(), _zip(files)

    def classify(n: int | None = None):
        entries, _ = open_archive(zipped)
        pack = Pack([(entry.name, entry) for entry in entries[:n]])
        for _ in pack.classify_on(classifier):
            pass
        pack.mark_duplicates(classifier)

    classify(200)
    return {"page": len(files) / _seconds(classify)}


def _time_original(files: list[Path]) -> float:
    """Files per second of the original: librosa, its picture, `predict`, one file after the other."""
    import librosa

    from training.report.original import prepare

    network = _original_network()

    def call(file):
        samples, _ = librosa.load(file)
        network.predict(prepare(samples)[None], verbose=0)

    for file in files[:5]:
        call(file)
    return len(files) / _seconds(lambda: [call(file) for file in files])


@cache
def _classifier():
    from drumclf import load_classifier
    from drumclf.processes.decoders import separate_reader

    return load_classifier(read=separate_reader())


@cache
def _original_network():
    """Untrained: its time does not depend on its weights."""
    from training.report.original import build_original

    return build_original()


def _seconds(function: Callable) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _as_producers_have_them(files: list[Path], folder: Path) -> list[Path]:
    folder.mkdir()
    paths = []
    for i, file in enumerate(files):
        samples, rate = soundfile.read(file, always_2d=True)
        samples = soxr.resample(samples[:, 0], rate, 44_100)
        paths.append(folder / f"{i:05}.wav")
        soundfile.write(paths[-1], np.clip(np.column_stack([samples, samples]), -1, 1), 44_100, subtype="PCM_24")
    return paths


def _zip(files: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, file in enumerate(files):
            archive.write(file, f"{i:05}{file.suffix}")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
