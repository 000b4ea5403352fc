"""One sound on the page, or two beside each other: verdict, stage, what to do next; or a sentence that says why not."""

from collections.abc import Callable

import streamlit as st

from drumclf import AudioError, Classifier, ModelError, Prediction, load_classifier
from drumclf.decision import format_percent, verdict
from drumclf.decoders import reading_apart
from drumclf.explain import nearest
from drumclf.hits import may_hold_hits
from drumclf.traits import TRAITS, supporting_traits
from drumclf.waveform import shown_duration
from page.chosen import Chosen, close_kept, close_shown, compare, keep
from page.examples import EXAMPLES, drum_titles
from page.player import put_player
from page.recording import find, show_recording, slicer
from page.share import show_share
from page.stage import Playback, show_stage


@st.cache_resource(show_spinner="Waking the model")
def load() -> Classifier:
    """The classifier, the same one for all visitors; and what a first loop would wait for."""
    slicer()
    return load_classifier(read=reading_apart())


@st.cache_resource(show_spinner=False)
def example_predictions(_classifier: Classifier) -> dict[str, Prediction]:
    """What the drums among the examples are to the network, for finding those that a sound is like."""
    files = list(drum_titles())
    return dict(zip(files, _classifier.classify_many(EXAMPLES / file for file in files), strict=True))


# Scoped to the session: what one visitor uploads is never kept where another's could be found.
@st.cache_data(scope="session", max_entries=8, show_spinner=False)
def classify(_classifier: Classifier, data: bytes) -> Prediction:
    """The answer for one sound; raises AudioError."""
    return _classifier.classify(data)


def the_classifier() -> Classifier:
    """The classifier; where it cannot be loaded, the page ends with the sentence that says why."""
    try:
        return load()
    except ModelError as error:
        st.error(str(error))
        st.stop()


def in_line(classifier: Classifier) -> str:
    """What a visitor reads while others are served."""
    n = classifier.n_waiting
    return f"In line: {n} before you" if n else "Listening"


def show_sounds(kept: Chosen | None, chosen: Chosen | None, classifier: Classifier) -> None:
    """The sound that is chosen; the one that was kept on its left, on the same time axis."""
    if kept is None:
        prediction = answer(classifier, chosen)
        if prediction is not None:
            show_sound(classifier, chosen, prediction, "shown")
        return
    left, right = st.columns(2, gap="large")
    with left:
        first = answer(classifier, kept)
    with right:
        is_second = chosen is not None and chosen != kept
        second = answer(classifier, chosen) if is_second else None
        if not is_second:
            st.title("And?", anchor=False)
            st.markdown("Choose the second sound: click, drop or record.")
    shown = max([shown_duration(prediction) for prediction in (first, second) if prediction], default=None)
    for side, place, sound, prediction, which, close in (
        (left, "kept", kept, first, "the first", close_kept if is_second else close_shown),
        (right, "shown", chosen, second, "the second", close_shown),
    ):
        with side:
            if place == "kept" or is_second:
                st.button(
                    f"Close {which}", key=f"close {place}", icon=":material/close:", type="tertiary", on_click=close
                )
            if prediction is not None:
                show_sound(classifier, sound, prediction, place, shown)


def answer(classifier: Classifier, chosen: Chosen) -> Prediction | None:
    """The prediction; or its name, a sentence and None."""
    try:
        with st.spinner(in_line(classifier)):
            return classify(classifier, chosen.read())
    except AudioError as error:
        st.text(chosen.name)
        st.error(str(error), icon=":material/hearing_disabled:")
        return None


def show_sound(
    classifier: Classifier, chosen: Chosen, prediction: Prediction, place: str, shown: float | None = None
) -> None:
    """Verdict, name, pictures; of a recording with several hits, all of them.

    Parameters
    ----------
    classifier : Classifier
    chosen : Chosen
    prediction : Prediction
    place : str
        Where on the page; each holds one sound.
    shown : float, optional
        Seconds on the time axis, for comparing.
    """
    data = chosen.read()
    if may_hold_hits(prediction.clip):
        recording = find(classifier, data, prediction.clip)
        if len(recording.hits) > 1:
            show_recording(classifier, chosen, recording, put_player(place, data, recording.clip), alone=shown is None)
            return
    show_headline(classifier, prediction)
    if shown is None:
        show_reasons(classifier, prediction)
    st.text(chosen.name)
    if not prediction.clip.is_whole:
        st.caption("A long file: this is its first hit.")
    player = put_player(place, data, prediction.clip)
    playback = Playback(player, player.offset + prediction.onset, autoplay=chosen.example is not None)
    show_stage(classifier, prediction, playback, shown=shown)
    if shown is None:
        show_next(classifier, chosen, prediction)
    else:  # below the pictures, so that those begin at one height
        show_reasons(classifier, prediction)


def show_headline(classifier: Classifier, prediction: Prediction, heading: Callable = st.title) -> None:
    """What it is, to be read from across the room."""
    headline, _ = verdict(prediction, classifier.titles, classifier.thresholds)
    percent = f" :gray[{format_percent(prediction.probability)}]" if prediction.is_sure else ""
    heading(headline + percent, anchor=False)


def show_reasons(classifier: Classifier, prediction: Prediction) -> None:
    """Why it is that, or why it is not more."""
    titles = classifier.titles
    _, reason = verdict(prediction, titles, classifier.thresholds)
    if reason:
        st.markdown(reason)
    traits = [TRAITS[trait] for trait in supporting_traits(prediction, classifier.metadata["traits"])]
    if traits:
        words = " and ".join(filter(None, [", ".join(traits[:-1]), traits[-1]]))
        st.markdown(f"Typical of {titles[prediction.label].lower()}: **{words}**.")


def show_next(classifier: Classifier, chosen: Chosen, prediction: Prediction) -> None:
    """What it is like, to compare with at a click; and a picture to take along."""
    others = {file: p for file, p in example_predictions(classifier).items() if file != chosen.example}
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.markdown("Compare with", width="content")
    for file in nearest(prediction, others):
        row.button(drum_titles()[file], key=f"compare {file}", on_click=compare, args=(chosen, file))
    row.button("Another", icon=":material/add:", on_click=keep, args=(chosen,))
    with row:
        show_share(
            "sound",
            prediction.label,
            lambda cards: cards.draw_share_card(prediction, classifier.titles, chosen.name, classifier.thresholds),
        )
