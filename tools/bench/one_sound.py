"""Time one warm call, whole and in parts, against the original (part of ``make bench``).

They take turns in the same run, each in a process of its own, as when they are served.
"""

import io
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
import soundfile

from training.markdown import table

DURATIONS = (0.1, 0.5, 5.0, 60.0)  # of the sounds, in seconds
_USUAL, _LONG = 0.5, 60.0
_ROUNDS, _WARM_UP, _CALLS = 10, 3, 20
Calls = dict[tuple[str, float], Callable]  # name and duration -> what is timed


def main() -> None:
    """Print medians, 99th percentiles and ratios."""
    times: dict[tuple[str, float], list[float]] = {}
    context = multiprocessing.get_context("spawn")
    connections = []
    for make in (_drumclf, _original):
        connection, theirs = context.Pipe()
        context.Process(target=_serve, args=(make, theirs), daemon=True).start()
        connections.append(connection)
    for _ in range(_ROUNDS):
        for connection in connections:
            connection.send("go")
            for key, taken in connection.recv().items():
                times.setdefault(key, []).extend(taken)
    for connection in connections:
        connection.send("")
    _print_table(times)


def _print_table(times: dict[tuple[str, float], list[float]]) -> None:
    median = {key: float(np.median(taken)) for key, taken in times.items()}
    print(f"bytes in, prediction out, ms; median of {_ROUNDS * _CALLS} warm calls, in brackets the 99th percentile\n")
    rows = []
    for duration in DURATIONS:
        parts = [median[part, duration] for part in ("decoding", "picture", "network")]
        whole, original = median["drumclf", duration], median["the original", duration]
        p99, original_p99 = (np.percentile(times[name, duration], 99) for name in ("drumclf", "the original"))
        row = [f"{duration:g} s", f"{whole:.2f} ({p99:.2f})", *(f"{part:.2f}" for part in parts)]
        row += [f"{whole / sum(parts):.2f}", f"{original:.1f} ({original_p99:.1f})", f"{original / whole:.1f}"]
        rows.append(row)
    header = ["sound", "drumclf", "decoding", "picture", "network", "whole / parts", "the original"]
    print("\n".join(table([*header, "original / drumclf"], rows)))
    long, separate = median["drumclf", _LONG], median["read separately", _USUAL]
    print(f"\n{_LONG:g} s take {long / median['drumclf', _USUAL]:.2f} times as long as {_USUAL:g} s.")
    print(f"Decoded in a separate process, as the page does: {separate:.2f} ms for {_USUAL:g} s.")


def _sound(duration: float) -> bytes:
    """Decaying noise as a 44.1 kHz WAV."""
    n = int(44_100 * duration)
    hit = np.random.default_rng(0).standard_normal(n) * np.exp(-np.arange(n) / 4_000)
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * hit / np.abs(hit).max(), 44_100, format="WAV")
    return buffer.getvalue()


def _serve(make: Callable[[], Calls], connection: Connection) -> None:
    """Answer every message with the milliseconds that a round of warm calls took."""
    calls = make()
    while connection.recv():
        times = {}
        for key, call in calls.items():
            for _ in range(_WARM_UP):
                call()
            times[key] = [_milliseconds(call) for _ in range(_CALLS)]
        connection.send(times)


def _milliseconds(call: Callable) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def _drumclf() -> Calls:
    from drumclf import load_classifier
    from drumclf.audio import read_clip
    from drumclf.processes.decoders import separate_reader
    from drumclf.spectrogram import rgb_spectrogram

    classifier, separate = load_classifier(), load_classifier(read=separate_reader())
    calls: Calls = {}
    for duration in DURATIONS:
        data = _sound(duration)
        samples = read_clip(data).samples
        image = rgb_spectrogram(samples)[None]
        calls |= {
            ("drumclf", duration): lambda data=data: classifier.classify(data),
            ("read separately", duration): lambda data=data: separate.classify(data),
            ("decoding", duration): lambda data=data: read_clip(data),
            ("picture", duration): lambda samples=samples: rgb_spectrogram(samples),
            ("network", duration): lambda image=image: classifier.network.answer(image),
        }
    return calls


def _original() -> Calls:
    import librosa

    from training.report.original import build_original, prepare

    network = build_original()  # untrained: its time does not depend on its weights

    def call(data: bytes):
        samples, _ = librosa.load(io.BytesIO(data))
        return network.predict(prepare(samples)[None], verbose=0)

    sounds = {duration: _sound(duration) for duration in DURATIONS}
    return {("the original", duration): lambda data=data: call(data) for duration, data in sounds.items()}


if __name__ == "__main__":
    main()
