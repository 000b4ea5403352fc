"""Sounds made on the spot, the loaded model, and the data that only some machines have."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drumclf import load_classifier

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "example_samples"


@pytest.fixture(scope="session")
def classifier():
    return load_classifier()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Folder of odd uploads with a manifest; skipped where there is none."""
    archive = Path(os.environ.get("DRUMCLF_HOSTILE", ROOT.parent / "shared" / "hostile")) / "uploads.tar.xz"
    if not archive.exists():
        pytest.skip("no hostile uploads here: set DRUMCLF_HOSTILE to their folder")
    folder = tmp_path_factory.mktemp("hostile")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "public"


def make_hit(rate=44_100, duration=0.3, frequency=200.0, seed=0):
    """A decaying tone with a noisy attack: no drum in particular. Shape (n,), peak 0.8."""
    time = np.arange(int(rate * duration)) / rate
    noise = np.random.default_rng(seed).standard_normal(len(time))
    hit = np.sin(2 * np.pi * frequency * time) * np.exp(-12 * time) + 0.5 * noise * np.exp(-60 * time)
    return 0.8 * hit / np.abs(hit).max()


def encode(samples, rate=44_100, format="WAV", subtype="PCM_16", **kwargs):
    """Samples as the bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype, **kwargs)
    return buffer.getvalue()
