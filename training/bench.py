"""Time one warm call beside the original's, in the same run: ``python -m training.bench`` (``make bench``)."""

import io
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
import soundfile

_ROUNDS, _WARM_UP, _CALLS = 5, 3, 20


def main() -> None:
    """Print medians and their ratio. Each path has a process of its own, as each would be served; they take turns."""
    data = _sound(0.5)
    paths = {"drumclf": _drumclf, "the original": _original}
    times = {name: [] for name in paths}
    context = multiprocessing.get_context("spawn")
    connections = {}
    for name, make in paths.items():
        connections[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(make, data, theirs), daemon=True).start()
    for _ in range(_ROUNDS):
        for name, connection in connections.items():
            connection.send("go")
            times[name] += connection.recv()
    print(f"one 0.5 s sound, bytes to probabilities, median and 95th percentile of {_ROUNDS * _CALLS} warm calls")
    for name, taken in times.items():
        print(f"  {name:<14}{statistics.median(taken):8.1f} ms {np.percentile(taken, 95):8.1f} ms")
    print(f"  ratio of medians: {statistics.median(times['the original']) / statistics.median(times['drumclf']):.1f}")


def _sound(duration: float) -> bytes:
    """A decaying noise as a 44.1 kHz WAV."""
    n = int(44_100 * duration)
    hit = np.random.default_rng(0).standard_normal(n) * np.exp(-np.arange(n) / 4_000)
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * hit / np.abs(hit).max(), 44_100, format="WAV")
    return buffer.getvalue()


def _serve(make: Callable, data: bytes, connection: Connection) -> None:
    """Answer every message with the milliseconds of a round of warm calls."""
    call = make(data)
    while connection.recv():
        for _ in range(_WARM_UP):
            call()
        times = []
        for _ in range(_CALLS):
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
        connection.send(times)


def _drumclf(data: bytes) -> Callable:
    from drumclf import load_classifier

    classifier = load_classifier()
    return lambda: classifier.classify(data)


def _original(data: bytes) -> Callable:
    import librosa

    from training.original import build_original, prepare

    network = build_original()  # untrained: its time does not depend on its weights

    def call():
        samples, _ = librosa.load(io.BytesIO(data))
        return network.predict(prepare(samples)[None], verbose=0)

    return call


if __name__ == "__main__":
    main()
