"""What a visitor can download: a sorted zip, a table, a training set."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from drumclf import Classifier
from drumclf.batch.destinations import PatternError
from drumclf.batch.exports import bytes_on_disk, pack_csv, sorted_names, sorted_zip, training_sounds, training_zip
from drumclf.batch.pack import Pack
from drumclf.batch.sounds import Sounds
from page.naming import ask_names, show_some
from page.words import counted

MAX_TRAINING_BYTES = 1_000_000_000


def show_exports(pack: Pack, classifier: Classifier) -> None:
    """Three downloads, each made when it is clicked."""
    sorted_sounds, table, training = st.columns(3, gap="large")
    with sorted_sounds:
        st.subheader("Sorted sounds", anchor=False)
        show_sorted_zip(pack)
    with table:
        st.subheader("Table", anchor=False)
        show_csv(pack, classifier)
    with training:
        st.subheader("Training set", anchor=False)
        show_training_zip(pack)


def show_sorted_zip(pack: Pack) -> None:
    """A zip with a folder for each class."""
    st.markdown('A zip with a folder for each class. Unsure sounds go into a "not sure" subfolder.')
    pattern, skip = ask_names()
    try:
        names = sorted_names(pack, pattern, skip)
    except PatternError as error:
        st.error(str(error))
        return
    show_some(list(names.values()))
    st.download_button(
        f"Download {counted(len(names), 'sound')}",
        lambda: sorted_zip(pack, pattern, skip),
        "drumclf-sorted.zip",
        "application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        disabled=not names,
        type="primary",
    )


def show_csv(sounds: Sounds, classifier: Classifier, indices: Sequence[int] | None = None) -> None:
    """A table of all files, or of some."""
    st.markdown("One line per file: label, all probabilities, decision, kind, duration, copies, corrections.")
    st.download_button(
        "Download CSV",
        lambda: pack_csv(sounds, classifier.classes, indices).encode(),
        "drumclf.csv",
        "text/csv",
        icon=":material/table:",
        on_click="ignore",
        disabled=indices is not None and not len(indices),
    )


def show_training_zip(sounds: Sounds, indices: Sequence[int] | None = None) -> None:
    """Sounds with their labels, to train a model on; of all, or of some."""
    st.markdown("Sounds with their labels, and a manifest. To train on it: `make model DATA=drumclf-training.zip`.")
    everything = st.toggle("Include labels you did not change", key="train on all")
    chosen = training_sounds(sounds, not everything, indices)
    sizes = [bytes_on_disk(path) for path in (sounds.files[i][1] for i in chosen) if isinstance(path, Path)]
    n_bytes, n_gone = sum(sizes), sizes.count(0)  # uploads have limits of their own
    if not everything:
        st.caption(
            f"{len(chosen):,} labelled by you so far." if chosen else "You have not labelled any of these sounds yet."
        )
    if n_gone:
        st.caption(f"{counted(n_gone, 'file')} of {len(chosen):,} left out: not there now.")
    if n_bytes > MAX_TRAINING_BYTES:
        st.warning(
            f"These sounds have {n_bytes / 1e9:.1f} GB; a download holds at most {MAX_TRAINING_BYTES / 1e9:.0f} GB, "
            "since it is made in memory. Choose fewer."
        )
    st.download_button(
        "Download training set",
        lambda: training_zip(sounds, not everything, indices),
        "drumclf-training.zip",
        "application/zip",
        icon=":material/model_training:",
        on_click="ignore",
        disabled=n_gone == len(chosen) or n_bytes > MAX_TRAINING_BYTES,
    )
