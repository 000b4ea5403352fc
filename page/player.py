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
        Unique to the sound and its place on the page.
    offset : float
        When the clip begins in what it plays, in seconds.
    """

    key: str
    offset: float

    @property
    def selector(self) -> str:
        """CSS selector by which the browser finds it."""
        return f".st-key-{self.key} audio"


def player_key(place: str, data: bytes) -> str:
    """The key of the player for a sound at a place."""
    return f"audio-{place}-{hashlib.sha256(data).hexdigest()[:12]}"


def put_player(place: str, data: bytes, clip: Clip) -> Player:
    """Play the file itself if browsers can, otherwise its clip.

    Parameters
    ----------
    place : str
        Where it is on the page; each place holds one sound.
    data : bytes
        The file.
    clip : Clip
        What was read from it.
    """
    key = player_key(place, data)
    mime = playable_type(data)
    with st.container(key=key):
        st.audio(data if mime else encode_wav(clip), format=mime or "audio/wav")
    return Player(key, clip.start if mime else 0.0)
