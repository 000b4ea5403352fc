"""The stage: one sound as the network sees it, with player and probabilities. page/browser/stage.js draws it.

Everything on it comes from a `Prediction` of drumclf/classifier.py.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from drumclf import Classifier, Prediction
from drumclf import constants as c
from drumclf.decision import format_percent
from drumclf.drawing.waveform import envelope, shown_duration, waveform_colors
from drumclf.explain import grad_cam
from drumclf.spectrogram import frame_edges, mel_frequencies
from drumclf.traits import say_colors
from page.browser.component import component, packed, packed_wave
from page.player import Player

_COLUMNS = 640  # of the waveform


@dataclass(frozen=True)
class Playback:
    """What the stage plays.

    Attributes
    ----------
    player : Player
    hit_at : float
        When the hit comes in what it plays, in seconds.
    stop : float or None
        When to stop, in seconds; None for its end.
    autoplay : bool
    n_th : int
        Another number plays the same sound again.
    """

    player: Player
    hit_at: float
    stop: float | None = None
    autoplay: bool = False
    n_th: int = 0


def show_stage(
    classifier: Classifier, prediction: Prediction, playback: Playback, hit: int = 0, shown: float | None = None
) -> None:
    """Waveform, spectrogram, evidence for a class, probabilities and legend of one sound.

    Parameters
    ----------
    classifier : Classifier
    prediction : Prediction
    playback : Playback
    hit : int
        Index of the hit among those in what the player plays.
    shown : float, optional
        Seconds after the hit on the time axis, when comparing; by default as many as the sound needs.
    """
    shown = shown or shown_duration(prediction)
    sound = f"{playback.player.key} {hit}"
    data = _drawn(classifier, prediction, sound, shown) | {
        "id": f"{sound} {shown} {playback.n_th}",
        "audio": playback.player.selector,
        "offset": playback.hit_at,
        "stop": playback.stop,
        "autoplay": playback.autoplay,
    }
    component("stage")(key=f"stage {playback.player.key}", data=data)


# Scoped to the session: one visitor's uploads are never kept where another's run could find them.
@st.cache_data(scope="session", max_entries=16, show_spinner=False)
def _drawn(_classifier: Classifier, _prediction: Prediction, sound: str, shown: float) -> dict:
    """Everything the browser draws; see page/browser/stage.js."""
    prediction, span = _prediction, c.PRE_ONSET + shown
    low, high = envelope(prediction.clip.samples, prediction.onset - c.PRE_ONSET, span, _COLUMNS)
    return {
        "from": -c.PRE_ONSET,
        "shown": shown,
        "edges": frame_edges().tolist(),
        "frequencies": mel_frequencies().tolist(),
        "wave": packed_wave(low, high, waveform_colors(prediction.spectrogram, span, _COLUMNS)),
        "image": packed(_bytes(prediction.spectrogram)),
        "label": prediction.label,
        "colors": say_colors(prediction.spectrogram),
        "classes": [
            {
                "name": name,
                "title": _classifier.titles[name],
                "probability": probability,
                "percent": format_percent(probability),
                "evidence": packed(_bytes(grad_cam(_classifier, prediction, name))),
            }
            for name, probability in prediction.probabilities.items()
        ],
    }


def _bytes(values: np.ndarray) -> np.ndarray:
    """[0, 1] -> uint8."""
    return (255 * values).round().astype(np.uint8)
