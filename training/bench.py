"""Time one warm call beside the original's, in the same run: ``python -m training.bench`` (``make bench``)."""

import io
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import soundfile

from drumclf import load_classifier
from training.original import build_original, prepare

_CALLS = 60


def main() -> None:
    """Print medians and their ratio."""
    rng = np.random.default_rng(0)
    hit = rng.standard_normal(22_050) * np.exp(-np.arange(22_050) / 4_000)
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.5 * hit / np.abs(hit).max(), 44_100, format="WAV")
    data = buffer.getvalue()
    classifier, network = load_classifier(), build_original()

    def original():
        samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
        network.predict(prepare(samples[::2])[None], verbose=0)  # [::2]: in its favour, no resampling is counted

    ours, theirs = _time_in_turn(lambda: classifier.classify(data), original)
    print(f"one 0.5 s sound, bytes to probabilities, median and 95th percentile of {_CALLS} warm calls in turn")
    for name, times in (("drumclf", ours), ("the original", theirs)):
        print(f"  {name:<14}{statistics.median(times):8.1f} ms {np.percentile(times, 95):8.1f} ms")
    print(f"  ratio of medians: {statistics.median(theirs) / statistics.median(ours):.1f}")


def _time_in_turn(*calls) -> list[list[float]]:
    times = [[] for _ in calls]
    for round_number in range(_CALLS + 5):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if round_number >= 5:  # the first rounds warm up
                taken.append(1000 * (time.perf_counter() - start))
    return times


if __name__ == "__main__":
    main()
