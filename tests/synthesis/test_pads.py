"""The pictures on the pads of the examples."""

import csv
from pathlib import PurePath

import numpy as np
import pytest
import soundfile
from conftest import EXAMPLES, ROOT
from PIL import Image

from page.chosen import LOOPS
from synthesis.__main__ import draw_pad
from synthesis.beat import beat, grid
from synthesis.parts import SAMPLE_RATE

PADS = ROOT / "static" / "pads"


def test_every_example_has_a_picture_and_no_other_is_there():
    with (EXAMPLES / "examples.csv").open(newline="", encoding="utf-8") as file:
        names = {row["file"].removesuffix(".wav") for row in csv.DictReader(file)}
    names |= {PurePath(file).stem for file in LOOPS}
    assert {path.name for path in PADS.iterdir()} == {f"{name}.png" for name in names}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.wav")), ids=lambda path: path.stem)
def test_it_is_what_the_network_sees_now(path):
    drawn = np.asarray(draw_pad(path), int)
    kept = np.asarray(Image.open(PADS / f"{path.stem}.png").convert("RGB"), int)
    assert kept.shape == drawn.shape
    assert np.abs(kept - drawn).max() <= 1
    assert drawn.std() > 10


def test_the_beat_and_its_picture_are_made_by_the_code_that_is_here():
    assert (np.asarray(Image.open(PADS / "beat.png")) == grid()).all()
    kept, rate = soundfile.read(EXAMPLES / "loops" / "beat.flac")
    assert rate == SAMPLE_RATE
    assert kept == pytest.approx(beat(), abs=1e-3)
