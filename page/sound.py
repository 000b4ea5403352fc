"""One sound on the page: verdict, player, pictures; or the sentence that says why there is nothing."""

import streamlit as st

from drumclf import AudioError, Classifier, ModelError, Prediction, load_classifier
from drumclf.audio import encode_wav
from drumclf.containers import playable_type
from drumclf.decision import format_percent, verdict
from drumclf.decoders import reading_apart
from drumclf.explain import TRAITS, grad_cam, nearest, supporting_traits
from drumclf.plots import DARK, LIGHT, draw_probabilities, draw_spectrogram, draw_waveform, to_png
from drumclf.turns import Turns
from page.examples import EXAMPLES, example_titles

DRAWING = Turns(1)
"""Matplotlib holds Python's lock: two who draw at the same time only keep each other."""


@st.cache_resource(show_spinner="Waking the model")
def load() -> Classifier:
    """The classifier, the same one for all visitors."""
    return load_classifier(read=reading_apart())


@st.cache_resource(show_spinner=False)
def example_predictions(_classifier: Classifier) -> dict[str, Prediction]:
    """What the examples are to the network, for finding those that a sound is like."""
    files = list(example_titles())
    return dict(zip(files, _classifier.classify_many(EXAMPLES / file for file in files), strict=True))


# Scoped to the session: what one visitor uploads is never kept where another's could be found.
@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def classify(_classifier: Classifier, data: bytes) -> Prediction:
    """The answer for one sound; raises AudioError."""
    return _classifier.classify(data)


@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def draw(_prediction: Prediction, _titles: dict[str, str], data: bytes, dark: bool) -> dict[str, bytes]:
    """Probabilities and waveform as PNG files."""
    ink = DARK if dark else LIGHT
    with DRAWING:
        return {
            "probabilities": to_png(draw_probabilities(_prediction, _titles, ink)),
            "waveform": to_png(draw_waveform(_prediction, ink)),
        }


@st.cache_data(scope="session", max_entries=16, show_spinner=False)
def draw_seen(_classifier: Classifier, _prediction: Prediction, data: bytes, dark: bool, label: str | None) -> bytes:
    """The spectrogram, and where on it the network found what speaks for a class."""
    with DRAWING:
        evidence = grad_cam(_classifier, _prediction, label) if label else None
        return to_png(draw_spectrogram(_prediction, DARK if dark else LIGHT, evidence))


def the_classifier() -> Classifier:
    """The classifier; where it cannot be loaded, the page ends with the sentence that says why."""
    try:
        return load()
    except ModelError as error:
        st.error(str(error))
        st.stop()


def in_line(classifier: Classifier) -> str:
    """What a visitor reads while others are served."""
    n = classifier.n_waiting + DRAWING.n_waiting
    return f"In line: {n} before you" if n else "Listening"


def show_verdict(classifier: Classifier, prediction: Prediction) -> None:
    """What it is, to be read from across the room, and why."""
    titles = classifier.titles
    headline, reason = verdict(prediction, titles, classifier.thresholds)
    percent = f" :gray[{format_percent(prediction.probability)}]" if prediction.is_sure else ""
    st.title(headline + percent, anchor=False)
    if reason:
        st.markdown(reason)
    traits = [TRAITS[trait] for trait in supporting_traits(prediction, classifier.metadata["traits"])]
    if traits:
        words = " and ".join(filter(None, [", ".join(traits[:-1]), traits[-1]]))
        st.markdown(f"It is **{words}**, which speaks for {titles[prediction.label]}.")


def show_player(prediction: Prediction, data: bytes, autoplay: bool) -> None:
    """The sound to listen to: the file as it is where browsers can play it."""
    if not prediction.clip.is_whole:
        st.caption("A long file: this is its first hit.")
    mime = playable_type(data)
    st.audio(data if mime else encode_wav(prediction.clip), format=mime or "audio/wav", autoplay=autoplay)


def likely(prediction: Prediction, titles: dict[str, str]) -> str:
    """All probabilities in words, for those who do not see the picture."""
    return ", ".join(f"{titles[k]} {format_percent(p)}" for k, p in prediction.probabilities.items())


def show_sound(name: str, data: bytes, autoplay: bool, example: str | None = None) -> None:
    """Everything about one sound, or the sentence that says why there is nothing."""
    classifier = the_classifier()
    titles, dark = classifier.titles, st.context.theme.type == "dark"
    try:
        with st.spinner(in_line(classifier)):
            prediction = classify(classifier, data)
    except AudioError as error:
        st.text(name)
        st.error(str(error), icon=":material/hearing_disabled:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        show_verdict(classifier, prediction)
        st.text(name)
        show_player(prediction, data, autoplay)
        pictures = draw(prediction, titles, data, dark)  # the verdict is on the screen meanwhile
        alt = f"Probability of each class: {likely(prediction, titles)}."
        st.image(pictures["probabilities"], width="stretch", alt=alt)
    with right:
        st.image(pictures["waveform"], width="stretch", alt="Waveform of the hit.")
        seen = st.empty()
        st.markdown("What the network sees: :red[■] pitch :green[■] body :blue[■] attack")
        looked_for = st.pills(
            "Light up what speaks for",
            classifier.classes,
            format_func=titles.get,
            key=f"evidence {hash(data)}",
            wrap=True,
        )
        about = f", lit where it speaks for {titles[looked_for]}" if looked_for else ""
        seen.image(
            draw_seen(classifier, prediction, data, dark, looked_for),
            width="stretch",
            alt=f"RGB spectrogram of the hit: frequency over time{about}.",
        )
        others = {file: p for file, p in example_predictions(classifier).items() if file != example}
        alike = nearest(prediction, others)
        st.markdown(
            "Sounds like " + ", ".join(f"**{example_titles()[file]}**" for file in alike) + ", of the examples."
        )
