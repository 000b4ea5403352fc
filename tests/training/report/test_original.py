import numpy as np
import soundfile
from conftest import make_hit

from training.data import Example
from training.report.original import build_original, prepare, read_pictures


def test_the_network_is_the_originals():
    assert build_original().count_params() == 2_467_077  # 2.47 million, as published


def test_pictures_are_those_of_its_preparation_loop(tmp_path):
    hit = make_hit(22_050, 3.0).astype(np.float32)  # longer than its 2.3 s
    soundfile.write(tmp_path / "hit.wav", hit, 22_050, subtype="FLOAT")
    pictures = read_pictures([Example(tmp_path / "hit.wav", "kick", "h3", "h3", "train")])
    assert pictures.shape == (1, 128, 100, 3)
    assert np.allclose(pictures[0], prepare(hit), rtol=1e-4)
