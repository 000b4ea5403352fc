"""What a visitor can download: a sorted zip, a table, a training set."""

import streamlit as st

from drumclf import Classifier
from drumclf.batch.destinations import ORIGINAL_NAMES, PatternError
from drumclf.batch.exports import pack_csv, sorted_names, sorted_zip, training_zip
from drumclf.batch.pack import Pack
from page.words import counted

SHOWN_NAMES = 5


def show_exports(pack: Pack, classifier: Classifier) -> None:
    """Three downloads, each made when it is clicked."""
    sorted_sounds, table, training = st.columns(3, gap="large")
    with sorted_sounds:
        st.subheader("Sorted sounds", anchor=False)
        show_sorted_zip(pack)
    with table:
        st.subheader("Table", anchor=False)
        st.markdown("One line per file: label, all probabilities, decision, kind, duration, copies, corrections.")
        st.download_button(
            "Download CSV",
            lambda: pack_csv(pack, classifier.classes).encode(),
            "drumclf.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
    with training:
        st.subheader("Training set", anchor=False)
        show_training_zip(pack)


def show_sorted_zip(pack: Pack) -> None:
    """A zip with a folder for each class."""
    st.markdown('A zip with a folder for each class. Unsure sounds go into a "not sure" subfolder.')
    rename = st.toggle("Rename the files", key="rename")
    pattern = ORIGINAL_NAMES
    if rename:
        pattern = st.text_input(
            "Pattern",
            "{class}_{n:03}",
            key="pattern",
            help="{class}, {kind}, {n}, {name}, {folder}; {n:03} is 001, 002, ...; {kind}/{name} makes folders",
        )
    skip = st.toggle("Leave out copies", key="skip copies")
    try:
        names = sorted_names(pack, pattern, skip)
    except PatternError as error:
        st.error(str(error))
        return
    some = list(names.items())[:SHOWN_NAMES]
    if some:
        more = f"\n... and {len(names) - len(some):,} more" if len(names) > len(some) else ""
        st.code("\n".join(place for _, place in some) + more, language=None, wrap_lines=True)
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


def show_training_zip(pack: Pack) -> None:
    """Sounds with their labels, to train a model on."""
    st.markdown("Sounds with their labels, and a manifest. To train on it: `make model DATA=drumclf-training.zip`.")
    everything = st.toggle("Include labels you did not change", key="train on all")
    n_corrected = len(pack.corrections)
    if not everything:
        st.caption(
            f"{n_corrected:,} labelled by you so far." if n_corrected else "You have not labelled any sounds yet."
        )
    st.download_button(
        "Download training set",
        lambda: training_zip(pack, corrected_only=not everything),
        "drumclf-training.zip",
        "application/zip",
        icon=":material/model_training:",
        on_click="ignore",
        disabled=not (n_corrected or everything),
    )
