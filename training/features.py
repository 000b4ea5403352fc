"""Examples -> pictures in memory, computed once for a set of files and a front end.

Every sound goes through the library's own `read_clip` and `rgb_spectrogram`;
training sounds also as augmented variants. Stored as bytes: 60 dB in 255 steps.
"""

import contextlib
import hashlib
import multiprocessing
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumclf import constants as c
from drumclf.audio import AudioError, read_clip
from drumclf.onset import find_onset
from drumclf.spectrogram import rgb_spectrogram
from training import augment
from training.cache import fingerprint
from training.data import NOT_DRUM, TRAIN, Example

VARIANTS = 6
_N_OTHERS = 200  # hits that an augmented one may come after
_IMAGE_SHAPE = (c.N_MELS, c.N_FRAMES, 3)
_ONSET_JITTER = 0.003


@dataclass(frozen=True)
class Features:
    """Pictures of the examples that could be read.

    Attributes
    ----------
    examples : list[Example]
    images : np.ndarray, shape (n, variants, mel, time, 3), uint8
        Variant 0 is the unchanged sound.
    """

    examples: list[Example]
    images: np.ndarray

    def select(self, split: str) -> "Features":
        """The examples in one split."""
        chosen = [i for i, example in enumerate(self.examples) if example.split == split]
        return Features([self.examples[i] for i in chosen], self.images[chosen])


def extract_features(examples: list[Example], cache: Path, variants: int, seed: int = 0) -> Features:
    """Pictures of all examples, without refused sounds and duplicates.

    Parameters
    ----------
    examples : list[Example]
    cache : Path
        Folder where pictures are kept between runs.
    variants : int
        Number of pictures of each training sound, including the unchanged one.
    """
    files = [(str(e.path), e.split, e.path.stat().st_size) for e in examples]
    file = cache / f"{fingerprint([files, variants, seed], augment, sys.modules[__name__])}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        kept, images = _extract(examples, variants, seed)
        np.savez(file.with_suffix(".part.npz"), kept=kept, images=images)
        file.with_suffix(".part.npz").rename(file)
    stored = np.load(file)
    return Features([examples[i] for i in stored["kept"]], stored["images"])


def to_float(images: np.ndarray) -> np.ndarray:
    """Stored bytes -> the network's input: float32 in [0, 1]."""
    return images.astype(np.float32) / 255


def _extract(examples: list[Example], variants: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    jobs = [(example.path, variants if example.split == TRAIN else 1, seed + i) for i, example in enumerate(examples)]
    images = np.zeros((len(examples), variants, *_IMAGE_SHAPE), np.uint8)
    digests, started = [], time.monotonic()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes inherit it: one thread each
    with multiprocessing.get_context("spawn").Pool(
        initializer=_load_others, initargs=(_others(examples, seed),)
    ) as pool:
        for i, (pictures, digest) in enumerate(pool.imap(_picture, jobs, chunksize=32)):
            digests.append(digest)
            if pictures is not None:
                images[i] = pictures
            if (i + 1) % 2000 == 0 or i + 1 == len(examples):
                left = (time.monotonic() - started) / (i + 1) * (len(examples) - i - 1)
                print(f"spectrograms {i + 1:>6}/{len(examples)}   {left:4.0f} s left", flush=True)
    kept = _without_duplicates(examples, digests)
    refused = digests.count(None)
    print(
        f"{len(kept)} sounds; {refused} refused, {len(examples) - len(kept) - refused} duplicates left out", flush=True
    )
    return np.array(kept), images[kept]


def _without_duplicates(examples: list[Example], digests: list[bytes | None]) -> list[int]:
    """Rows to keep: one of each set of equal sounds, the held-out one if there is one."""
    held_out_first = sorted(range(len(examples)), key=lambda i: examples[i].split == TRAIN)
    first = {digests[i]: i for i in reversed(held_out_first) if digests[i] is not None}
    return sorted(first.values())


def _others(examples: list[Example], seed: int) -> list[Path]:
    """Training sounds that may come before another one in a pattern."""
    drums = [example.path for example in examples if example.split == TRAIN and example.label != NOT_DRUM]
    return random.Random(seed).sample(drums, min(_N_OTHERS, len(drums)))


_loaded_others: list[np.ndarray] = []  # in a worker process


def _load_others(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(AudioError):
            samples = read_clip(path).samples
            _loaded_others.append(samples[find_onset(samples) :])


def _picture(job: tuple[Path, int, int]) -> tuple[np.ndarray | None, bytes | None]:
    path, variants, seed = job
    try:
        samples = read_clip(path).samples
    except AudioError:
        return None, None
    rng = np.random.default_rng(seed)
    pictures = [rgb_spectrogram(samples)]
    for _ in range(variants - 1):
        varied = augment.vary_sound(samples, rng, _loaded_others)
        jitter = int(rng.uniform(-_ONSET_JITTER, _ONSET_JITTER) * c.SAMPLE_RATE)
        pictures.append(rgb_spectrogram(varied, find_onset(varied) + jitter))
    quantised = np.round(np.stack(pictures) * 255).astype(np.uint8)
    return quantised, hashlib.sha256(samples.tobytes()).digest()
