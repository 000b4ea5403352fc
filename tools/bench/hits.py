"""How well hits are found, measured on patterns of unseen one-shots; writes ``docs/hits.md``: ``make hits-report``."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf import load_classifier
from drumclf.audio import Clip
from drumclf.classifier import Classifier
from drumclf.hits.find import Recording, find_hits_in, may_hold_hits
from drumclf.hits.onsets import find_onsets, rises_again
from tools.bench.patterns import Loop, Sound, make_loop, read_sounds
from training.data import NOT_DRUM, ROOT, default_data
from training.evaluate import RESAMPLES
from training.markdown import format_interval, table, write_between

REPORT, GUIDE = ROOT / "docs" / "hits.md", ROOT / "docs" / "guide.md"
TOLERANCE = 0.05  # seconds; as in ``mir_eval.onset`` (Raffel et al., "mir_eval", ISMIR 2014) and MIREX
N_LOOPS = 200
_SILENCE = 0.1  # seconds of silence before what librosa gets: it finds no onset at the very start
INTRODUCTION = """# Hits in a recording

`drumclf hits FILE` reads up to 30 s, finds where hits begin (`drumclf/hits/onsets.py`) and classifies the sound from
each hit to the next (`drumclf/hits/find.py`), without the tail of the hit before (`drumclf/hits/slices.py`). Hits of
the same sample share their evidence (`drumclf/hits/repeats.py`). This page is written by `make hits-report`.

Measured on patterns of one-shots from sources not used for training: 2 to 8 s, 70 to 170 bpm, two to four sounds of
different classes on eighths or sixteenths, levels up to 12 dB apart, times shifted by 5 ms. Two in five are in a room,
two in five over noise, and in all of them sounds ring into one another (`tools/bench/patterns.py`). Every number in the
method was chosen on patterns and one-shots from the training sources. An onset counts as found if it is within 50 ms of
a true one, as in mir_eval (Raffel et al., ISMIR 2014). In brackets: 95% interval, bootstrapped over patterns.

A sound 12 dB below the rest still counts as a hit here, even a hat on a ringing cymbal that nobody hears. The patterns
are generated, not played: no recording with annotated hits was available. One-shots here are cut after 2.5 s.
"""


def main(arguments: list[str] | None = None) -> None:
    """Write the report, or print the scores on training sounds."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.hits", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=default_data(), help="folder of labelled sounds")
    parser.add_argument("--train", action="store_true", help="print the scores on the training sounds, used for tuning")
    options = parser.parse_args(arguments)
    sounds = read_sounds(options.data, options.train)
    drums = [sound for sound in sounds if sound.label != NOT_DRUM]
    loops = [make_loop(drums, np.random.default_rng([int(options.train), i])) for i in range(N_LOOPS)]
    classifier = load_classifier()
    parts = [_on_loops(classifier, loops), _on_one_shots(classifier, drums)]
    parts += [_on_others(classifier, [s for s in sounds if s.label == NOT_DRUM]), _durations(classifier, loops)]
    if options.train:
        print("\n".join(parts))
    else:
        REPORT.write_text("\n".join([INTRODUCTION, *parts]), encoding="utf-8")
        write_between(GUIDE, "hits", [say_hits(REPORT.read_text(encoding="utf-8"))])
        print(f"wrote {REPORT.relative_to(ROOT)}")


def say_hits(report: str) -> str:
    """What a musician wants to know from the report, for the guide."""
    precision, recall = map(float, re.search(r"\*\*drumclf\*\* \| ([\d.]+) .*?\| ([\d.]+)", report).groups())
    in_loop, alone = map(float, re.search(r"is right for\n([\d.]+).*on their own, for ([\d.]+)", report).groups())
    return (
        f"In patterns of unseen sounds it found {recall:.0%} of the hits; {precision:.0%} of what it found were hits.\n"
        f"A hit's label is right less often than that of the same sound on its own: {in_loop:.0%} against {alone:.0%}."
    )


def match(true: np.ndarray, found: np.ndarray, tolerance: float = TOLERANCE) -> list[tuple[int, int]]:
    """Pairs of indices whose times are at most `tolerance` apart: as many as possible, no index in two pairs.

    Times must be rising: then pairing the first two that match gives as many pairs as the
    matching in ``mir_eval.util.match_events``.
    """
    pairs, i, j = [], 0, 0
    while i < len(true) and j < len(found):
        is_pair = abs(true[i] - found[j]) <= tolerance
        if is_pair:
            pairs.append((i, j))
        i, j = i + (is_pair or true[i] < found[j]), j + (is_pair or found[j] < true[i])
    return pairs


def _on_loops(classifier: Classifier, loops: list[Loop]) -> str:
    ours = [find_hits_in(classifier, loop.clip) for loop in loops]
    rows = {
        "**drumclf**": [np.array([hit.time for hit in recording.hits]) for recording in ours],
        "librosa's `onset_detect` as is": [_rival(loop.clip) for loop in loops],
    }
    n_hits = sum(len(loop.onsets) for loop in loops)
    scores = []
    for name, found in rows.items():
        pairs = [match(loop.onsets, times) for loop, times in zip(loops, found, strict=True)]
        counts = np.array([[len(p), len(f), len(x.onsets)] for p, f, x in zip(pairs, found, loops, strict=True)])
        errors = np.concatenate(
            [[abs(f[j] - x.onsets[i]) for i, j in p] for p, f, x in zip(pairs, found, loops, strict=True)]
        )
        median, p95 = 1000 * np.quantile(errors, [0.5, 0.95])
        shares = [_interval(counts, s) for s in ((2, 0, 1), (2, 0, 2), (2, 0, 1, 2))]
        scores.append([name, *shares, f"{median:.1f} ms", f"{p95:.1f} ms"])
    seconds = sum(loop.clip.duration for loop in loops)
    lines = [f"## Patterns\n\n{len(loops)} patterns, {n_hits} hits, {seconds:.0f} s.\n"]
    lines += table(["", "precision", "recall", "F1", "timing error, median", "95th percentile"], scores)
    return "\n".join([*lines, "", _labels(classifier, loops, ours)])


def _labels(classifier: Classifier, loops: list[Loop], recordings: list[Recording]) -> str:
    """Accuracy on the found hits where one sound begins, and on the same sounds on their own."""
    distinct = {id(sound): sound for loop in loops for sound in loop.played if sound}
    predictions = classifier.classify_clips([sound.clip for sound in distinct.values()])
    alone = dict(zip(distinct, predictions, strict=True))
    counts = []
    for loop, recording in zip(loops, recordings, strict=True):
        pairs = match(loop.onsets, np.array([hit.time for hit in recording.hits]))
        known = [(loop.played[i], recording.hits[j].prediction) for i, j in pairs if loop.played[i]]
        sure = [prediction.label == sound.label for sound, prediction in known if prediction.is_sure]
        right = sum(prediction.label == sound.label for sound, prediction in known)
        right_alone = sum(alone[id(sound)].label == sound.label for sound, _ in known)
        counts.append([len(known), right, right_alone, len(sure), sum(sure)])
    counts = np.array(counts)
    return (
        f"Of the {counts[:, 0].sum()} found hits where only one sound begins, the label (one of nine) is right for\n"
        f"{_interval(counts, (1, 1, 0))}; of the same sounds on their own, for {_interval(counts, (1, 2, 0))}.\n"
        f"The decision is one class for {_interval(counts, (1, 3, 0))} of these hits, and right for\n"
        f"{_interval(counts, (1, 4, 3))} of those.\n"
    )


def _interval(counts: np.ndarray, share: tuple[int, ...]) -> str:
    """Factor times one column over the sum of others, with its 95% interval: percentile bootstrap over loops.

    `share` is (factor, numerator, denominators...). The factor is only for F1, which has two denominators.
    """
    factor, numerator, *denominators = share
    factor = factor if len(denominators) == 2 else 1

    def value(rows: np.ndarray) -> float:
        return factor * rows[:, numerator].sum() / rows[:, denominators].sum()

    rng = np.random.default_rng(0)
    resampled = [value(counts[rng.integers(len(counts), size=len(counts))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return format_interval([value(counts), low, high])


def _on_one_shots(classifier: Classifier, drums: list[Sound]) -> str:
    several = np.array([len(find_onsets(sound.clip.samples)) > 1 for sound in drums])
    gate = np.array([may_hold_hits(sound.clip) for sound in drums])
    rival = np.array([len(_rival(sound.clip)) > 1 for sound in drums])
    labels = np.array([sound.label for sound in drums])
    groups = {c.CLASS_TITLES.get(name, name): labels == name for name in dict.fromkeys(labels)}
    groups["**all**"] = np.ones(len(labels), bool)
    lines = table(
        ["class", "sounds", "mistaken for several hits", "by librosa as is", "pass the quick check"],
        [
            [name, str(rows.sum()), *(f"{100 * x[rows].mean():.1f}%" for x in (several, rival, gate))]
            for name, rows in groups.items()
        ],
    )
    return "\n".join(["## One-shots\n", f"{len(drums)} one-shots; each should be one hit.\n", *lines, ""])


def _on_others(classifier: Classifier, others: list[Sound]) -> str:
    n_hits = np.array([len(find_hits_in(classifier, sound.clip).hits) for sound in others])
    return (
        f"Of {len(others)} sounds that are not drums (speech, notes, effects and loops of at most 2.5 s),\n"
        f"{100 * np.mean(n_hits > 1):.0f}% are split into several hits, at most {n_hits.max()}.\n"
    )


def _durations(classifier: Classifier, loops: list[Loop]) -> str:
    code = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
    first = "import numpy; from drumclf.hits.onsets import find_onsets; x = numpy.zeros(66150, numpy.float32); "
    first += "x[::11025] = 1; find_onsets(x)"
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for environment in [{"NUMBA_CACHE_DIR": folder}] + 5 * [{}]:
            done = subprocess.run(
                [sys.executable, "-c", code.format(first)], cwd=ROOT, env=os.environ | environment, check=True,
                capture_output=True,
            )  # fmt: skip
            taken.append(float(done.stdout))
    cold, warm = taken[0], np.median(taken[1:])
    joined = np.concatenate([loop.clip.samples for loop in loops])
    rows = []
    for duration in (10, 30):
        clip = Clip(joined[: duration * c.SAMPLE_RATE], 0.0, True)
        onsets, whole = [], []
        for _ in range(10):
            started = time.perf_counter()
            find_onsets(clip.samples)
            onsets.append(time.perf_counter() - started)
            started = time.perf_counter()
            n_hits = len(find_hits_in(classifier, clip).hits)
            whole.append(time.perf_counter() - started)
        a, b = np.median(onsets), np.median(whole)
        rows.append([f"{duration} s", str(n_hits), f"{a:.2f}", f"{b:.2f}", f"{duration / b:.0f}"])
    started = time.perf_counter()
    for loop in loops:
        rises_again(loop.clip.samples)
    gate = 1000 * (time.perf_counter() - started) / len(loops)
    n_passed = sum(rises_again(loop.clip.samples[: round(c.CLIP_DURATION * c.SAMPLE_RATE)]) for loop in loops)
    lines = [
        "## Time\n",
        f"Importing librosa and calling it once takes {warm:.1f} s in each process, or {cold:.0f} s if numba's cache",
        "is empty (the image comes with it filled, by `page/warm_up.py`). The page has a separate process for this",
        "(`drumclf/processes/slicer.py`). After that, on one core:\n",
        *table(["sound", "hits", "onsets, s", "onsets and labels, s", "times real time"], rows),
        "",
        f"The quick check, whether the level rises again, takes {gate:.2f} ms: only what passes it is searched for",
        f"hits. {n_passed} of the {len(loops)} patterns pass it within 5 s.",
    ]
    return "\n".join([*lines, ""])


def _rival(clip: Clip) -> np.ndarray:
    import librosa

    silence = round(_SILENCE * c.SAMPLE_RATE)
    return librosa.onset.onset_detect(y=np.pad(clip.samples, (silence, 0)), sr=c.SAMPLE_RATE, units="time") - _SILENCE


if __name__ == "__main__":
    main()
