"""One sound on the page, or two side by side: verdict, stage, what to do next; or a sentence that says why not.

The stage is page/stage.py; what holds several hits is drawn by page/recording.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from drumclf import AudioError, Classifier, Prediction
from drumclf.decision import format_percent, verdict
from drumclf.drawing.waveform import shown_duration
from drumclf.explain import nearest
from drumclf.hits.find import Recording, may_hold_hits
from drumclf.traits import TRAITS, supporting_traits
from page.answers import classify, example_predictions, find, in_line
from page.chosen import Chosen, close_kept, close_shown, compare, drum_titles, keep
from page.player import player_key, put_player
from page.recording import selected_hit, show_recording
from page.share import show_share
from page.stage import Playback, show_stage

_CLOSE = {"icon": ":material/close:", "type": "tertiary"}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a sound is; and its hits, if it has several."""

    prediction: Prediction
    recording: Recording | None

    def on_stage(self, player_key: str) -> Prediction:
        """The prediction on the stage: for the sound, or for the selected hit."""
        if self.recording is None:
            return self.prediction
        return self.recording.hits[selected_hit(player_key, self.recording)].prediction


def show_sounds(kept: Chosen | None, chosen: Chosen | None, classifier: Classifier) -> None:
    """The chosen sound; beside the one that was kept, if there is one."""
    if kept is not None:
        show_pair(kept, chosen, classifier)
        return
    answer = listen(classifier, chosen)
    if answer is not None:
        show_sound(classifier, chosen, answer, "shown")


def show_pair(kept: Chosen, chosen: Chosen | None, classifier: Classifier) -> None:
    """Two sounds on one time axis; or one, and room for the second."""
    left, right = st.container(key="pair").columns(2, gap="large")
    is_second = chosen is not None and chosen != kept
    with left:
        title, close = ("Close the first", close_kept) if is_second else ("Close", close_shown)
        st.button(title, key="close kept", on_click=close, **_CLOSE)
        sides = [(left, "kept", kept, listen(classifier, kept))]
    with right:
        if is_second:
            st.button("Close the second", key="close shown", on_click=close_shown, **_CLOSE)
            sides.append((right, "shown", chosen, listen(classifier, chosen)))
        else:
            st.space(40)  # as high as the button
            st.title("Compare", anchor=False)
            st.markdown("Pick a second sound: click, drop or record one.")
    sides = [side for side in sides if side[-1] is not None]
    predictions = [answer.on_stage(player_key(place, sound.read())) for _, place, sound, answer in sides]
    shown = max(map(shown_duration, predictions), default=None)
    for column, place, sound, answer in sides:
        with column:
            show_sound(classifier, sound, answer, place, shown)


def listen(classifier: Classifier, chosen: Chosen) -> Answer | None:
    """What a sound is; or None, after showing its name and a sentence that says why."""
    data = chosen.read()
    try:
        with st.spinner(in_line(classifier)):
            prediction = classify(classifier, data)
    except AudioError as error:
        st.text(chosen.name)
        st.error(str(error), icon=":material/hearing_disabled:")
        return None
    recording = find(classifier, data, prediction.clip) if may_hold_hits(prediction.clip) else None
    return Answer(prediction, recording if recording and len(recording.hits) > 1 else None)


def show_sound(classifier: Classifier, chosen: Chosen, answer: Answer, place: str, shown: float | None = None) -> None:
    """Verdict, name, pictures; for a recording, all of its hits.

    Parameters
    ----------
    classifier : Classifier
    chosen : Chosen
    answer : Answer
    place : str
        Where it is on the page; each place holds one sound.
    shown : float, optional
        Length of the time axis in seconds, when comparing.
    """
    prediction = answer.prediction
    player = put_player(place, chosen.read(), (answer.recording or prediction).clip)
    if answer.recording is not None:
        show_recording(classifier, chosen, answer.recording, player, shown)
        return
    show_headline(classifier, prediction)
    if shown is None:
        show_reasons(classifier, prediction)
    st.text(chosen.name)
    if not prediction.clip.is_whole:
        st.caption("Long file: only its beginning is used.")
    playback = Playback(player, player.offset + prediction.onset, autoplay=chosen.example is not None)
    show_stage(classifier, prediction, playback, shown=shown)
    if shown is None:
        show_next(classifier, chosen, prediction)
    else:  # below the pictures, so that both pairs start at the same height
        show_reasons(classifier, prediction)


def show_headline(classifier: Classifier, prediction: Prediction, heading: Callable = st.title) -> None:
    """What it is, in letters that can be read from across the room."""
    headline, _ = verdict(prediction, classifier)
    percent = f" :gray[{format_percent(prediction.probability)}]" if prediction.is_sure else ""
    heading(headline + percent, anchor=False)


def show_reasons(classifier: Classifier, prediction: Prediction) -> None:
    """Why the answer is what it is, or why it is not sure."""
    titles = classifier.titles
    _, reason = verdict(prediction, classifier)
    if reason:
        st.markdown(reason)
    traits = [TRAITS[trait] for trait in supporting_traits(prediction, classifier.metadata["traits"])]
    if traits:
        words = " and ".join(filter(None, [", ".join(traits[:-1]), traits[-1]]))
        st.markdown(f"Typical of {titles[prediction.label]}: **{words}**.")


def show_next(classifier: Classifier, chosen: Chosen, prediction: Prediction) -> None:
    """Similar examples, to compare with at a click; and a picture to download."""
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
            lambda cards: cards.draw_share_card(prediction, classifier, chosen.name),
        )
