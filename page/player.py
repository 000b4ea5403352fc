"""The sound itself: Streamlit's audio element, hidden, for the stage and the time line to play."""

import hashlib
from dataclasses import dataclass

import streamlit as st

from drumclf import Clip
from drumclf.audio import encode_wav
from drumclf.file_types import playable_type


@dataclass(frozen=True)
class Player:
    """An audio element on the page.

    Attributes
    ----------
    key : str
        Tells it, and its sound, from others.
    offset : float
        Where the clip begins in what it plays, in seconds.
    """

    key: str
    offset: float

    @property
    def selector(self) -> str:
        """Where the browser finds it."""
        return f".st-key-{self.key} audio"


def player_key(place: str, data: bytes) -> str:
    """Tells the player of a sound at a place from others."""
    return f"audio-{place}-{hashlib.sha256(data).hexdigest()[:12]}"


def put_player(place: str, data: bytes, clip: Clip) -> Player:
    """Play the file as it is where browsers can, else its clip.

    Parameters
    ----------
    place : str
        Where on the page; each holds one sound.
    data : bytes
        The file.
    clip : Clip
        What was read of it.
    """
    key = player_key(place, data)
    mime = playable_type(data)
    with st.container(key=key):
        st.audio(data if mime else encode_wav(clip), format=mime or "audio/wav")
    return Player(key, clip.start if mime else 0.0)
