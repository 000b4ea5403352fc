"""What can be downloaded of the chosen sounds of a library: a table, a playlist, a training set."""

import numpy as np
import streamlit as st

from drumclf import Classifier
from drumclf.batch.exports import playlist
from drumclf.library.catalogue import Catalogue
from page.pack.exports import show_csv, show_training_zip
from page.words import counted


def show_library_exports(catalogue: Catalogue, classifier: Classifier, indices: np.ndarray) -> None:
    """Three downloads, each made when it is clicked.

    Parameters
    ----------
    catalogue : Catalogue
    classifier : Classifier
    indices : np.ndarray of int
        Of the sounds that are chosen.
    """
    chosen = indices.tolist()
    table, tracks, training = st.columns(3, gap="large")
    with table:
        st.subheader("Table", anchor=False)
        show_csv(catalogue, classifier, chosen)
    with tracks:
        st.subheader("Playlist", anchor=False)
        n = int((catalogue.codes[indices] >= 0).sum())
        st.markdown(f"{counted(n, 'sound')}, by the paths on this computer, for any player that reads `.m3u8`.")
        st.download_button(
            "Download playlist",
            lambda: playlist(catalogue, chosen).encode(),
            "drumclf.m3u8",
            "application/vnd.apple.mpegurl",
            icon=":material/queue_music:",
            on_click="ignore",
            disabled=not n,
        )
    with training:
        st.subheader("Training set", anchor=False)
        show_training_zip(catalogue, chosen)
    st.caption('For a sampler that reads folders: sort, and choose "Link".')
