"""The sounds in the pictures of the page, all made from what the program includes."""

import io
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import soundfile

from drumclf.constants import CLASSES
from training.synthetic import synthetic_examples

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "example_samples"
_RATE = 44_100
_STEP = 60 / 96 / 2  # seconds: an eighth note at 96 bpm
_BAR = (
    ("kick_acoustic", 0.9), ("closed_hat_acoustic", 0.4), ("snare_acoustic", 0.8), ("closed_hat_acoustic", 0.4),
    ("kick_acoustic", 0.9), ("kick_acoustic", 0.7), ("snare_acoustic", 0.8), ("open_hat_acoustic", 0.4),
)  # fmt: skip
_FILL = (
    ("kick_acoustic", 0.9), ("closed_hat_acoustic", 0.4), ("snare_acoustic", 0.8), ("closed_hat_acoustic", 0.4),
    ("tom_acoustic", 0.9), ("tom_acoustic", 0.7), ("snare_acoustic", 0.8), ("clap_analogue", 0.6),
)  # fmt: skip


def loop() -> bytes:
    """Two bars of drums as a WAV file; sounds ring into one another, as in any loop."""
    hits = _BAR + _FILL
    samples = np.zeros(int(_RATE * (len(hits) + 1) * _STEP))
    for step, (name, level) in enumerate(hits):
        sound, _ = soundfile.read(EXAMPLES / f"{name}.wav")
        start = round(_RATE * step * _STEP)
        sound = level * sound[: len(samples) - start]
        samples[start : start + len(sound)] += sound
    buffer = io.BytesIO()
    soundfile.write(buffer, 0.9 * samples / np.abs(samples).max(), _RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def pack() -> bytes:
    """A zip of synthetic drums, some of them twice, and one unreadable file."""
    examples = synthetic_examples(list(CLASSES), 30, ROOT / "build" / "synthetic")
    random.Random(3).shuffle(examples)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, example in enumerate(examples):
            archive.write(example.path, f"Garage drums/untitled {i:03}.wav")
        for i, example in enumerate(examples[::20]):
            archive.write(example.path, f"Garage drums/old/take {i:02}.wav")
        archive.writestr("Garage drums/broken.wav", b"RIFF")
    return buffer.getvalue()


def fill_library(folder: Path) -> None:
    """Synthetic drums in folders, as they lie on a disk: some with names that say what they are, some without."""
    examples = synthetic_examples(list(CLASSES), 60, ROOT / "build" / "synthetic")
    random.Random(4).shuffle(examples)
    kits = ("Garage drums", "From Ada", "Old sampler", "Room mics", "Tape", "unsorted")
    for i, example in enumerate(examples):
        kit = kits[i * len(kits) // len(examples)]
        name = "untitled" if kit == "unsorted" else example.label.replace("_", " ")
        place = folder / kit / f"{name} {i:03}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(example.path, place)
    for i, example in enumerate(examples[::25]):
        shutil.copy(example.path, folder / "unsorted" / f"copy {i:02}.wav")
