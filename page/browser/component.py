"""Parts of the page that the browser draws, from the HTML, CSS and JavaScript in page/browser."""

import base64
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_FOLDER = Path(__file__).parent
_SHARED_JS = ("shared.js", "cells.js")
_PARTS = {"map": ("points.js", "gestures.js")}  # of one component only


def component(name: str) -> ComponentRenderer:
    """The component `name`, to be called with ``key`` and ``data``."""
    return st.components.v2.component(name, **sources(name))


@cache
def sources(name: str) -> dict[str, str]:
    """HTML, CSS and JavaScript of the component `name`: kind -> text."""
    files = {
        "html": [f"{name}.html"],
        "css": ["shared.css", f"{name}.css"],
        "js": [*_SHARED_JS, *_PARTS.get(name, ()), f"{name}.js"],
    }
    return {kind: "".join((_FOLDER / file).read_text(encoding="utf-8") for file in files[kind]) for kind in files}


def packed(values: np.ndarray) -> str:
    """Bytes as text, for ``unpack`` in shared.js."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def packed_wave(low: np.ndarray, high: np.ndarray, colors: np.ndarray) -> dict[str, str]:
    """A waveform for ``unpackWave`` in shared.js.

    Parameters
    ----------
    low, high : np.ndarray, shape (columns,), in [-1, 1]
    colors : np.ndarray, shape (columns, 3), uint8
    """
    low, high = ((127 * np.clip(values, -1, 1)).round().astype(np.int8) for values in (low, high))
    return {"low": packed(low), "high": packed(high), "colors": packed(colors)}
