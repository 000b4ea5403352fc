"""One sound of a pack: verdict, label to correct, stage, similar sounds."""

from pathlib import Path, PurePosixPath

import streamlit as st

from drumclf import AudioError, Classifier, Prediction
from drumclf.batch.sounds import Sounds
from drumclf.decision import format_percent, full_title, verdict
from drumclf.names import visible
from page.answers import hear
from page.player import put_player
from page.sound import show_headline, show_reasons
from page.stage import Playback, show_stage
from page.words import apologising, text_only


def listen_to(i: int) -> None:
    """Show a sound on the right, and play it."""
    st.session_state.current = i


def the_current() -> int | None:
    """Index of the sound that is shown."""
    return st.session_state.get("current")


def show_current(pack: Sounds, classifier: Classifier, keys: str = "") -> None:
    """One sound of the pack: player, verdict, label to correct, pictures, similar sounds.

    Parameters
    ----------
    pack : Sounds
    classifier : Classifier
    keys : str
        The keys that give its labels, in the order of the classes, to be shown with them.
    """
    i = the_current()
    if i is None or not 0 <= i < len(pack.rows):
        st.caption("Play a sound to see it here.")
        return
    row, source = pack.rows[i], pack.files[i][1]
    st.text(visible(row.name))
    if isinstance(source, Path) and not source.exists():
        st.error("This file is no longer there. Scan again to find where it went.", icon=":material/hearing_disabled:")
        return
    try:
        prediction, data = hear(classifier, source)
    except AudioError as error:
        st.error(str(error), icon=":material/hearing_disabled:")
        return
    titles = classifier.titles
    show_verdict(pack, classifier, i, prediction)
    key = f"label {i} {pack.label(i)}"

    @apologising()
    def relabel() -> None:
        pack.correct([i], st.session_state[key])

    labels = with_keys(classifier, keys)
    st.pills(
        "It is a",
        classifier.classes,
        default=pack.label(i),
        required=True,
        format_func=labels.get,
        key=key,
        on_change=relabel,
        wrap=True,
    )
    if kinds := classifier.kinds.get(pack.label(i)):
        show_kinds(pack, classifier, i, kinds)
    player = put_player("current", data, prediction.clip)
    playback = Playback(player, player.offset + prediction.onset, autoplay=True, n_th=st.session_state.get("plays", 0))
    show_stage(classifier, prediction, playback)
    if alike := pack.look_alikes(i):
        nearest = st.container(gap="xxsmall")
        nearest.caption("Nearest look-alikes")
        for j in alike:
            name = f"{titles[pack.label(j)]}: {PurePosixPath(pack.rows[j].name).name}"
            nearest.button(
                text_only(visible(name)),
                key=f"alike {j}",
                icon=":material/play_arrow:",
                type="tertiary",
                on_click=listen_to,
                args=(j,),
            )


def show_verdict(pack: Sounds, classifier: Classifier, i: int, prediction: Prediction) -> None:
    """What it is: as the visitor says, and below that what the model said; or the model's word alone."""
    if i not in pack.corrections and i not in pack.followed:
        show_headline(classifier, prediction, st.subheader)
        show_reasons(classifier, prediction)
        return
    headline, reason = verdict(prediction, classifier)
    st.subheader(full_title(classifier, pack.label(i), pack.kind(i)), anchor=False)
    said = (
        f"The model was not sure. {reason}"
        if reason
        else f"The model said {headline}, {format_percent(prediction.probability)}."
    )
    st.markdown(f"{'Your label.' if i in pack.corrections else 'It followed from your labels.'} :gray[{said}]")


def with_keys(classifier: Classifier, keys: str) -> dict[str, str]:
    """For each class its title, with the key that gives it; `keys` as in `show_current`."""
    hints = dict(zip(classifier.classes, keys, strict=False))
    titles = classifier.titles.items()
    return {name: f":gray[{hints[name]}] {title}" if name in hints else title for name, title in titles}


def show_kinds(pack: Sounds, classifier: Classifier, i: int, kinds: tuple[str, ...]) -> None:
    """The kinds of its label, to choose from; none is chosen while nobody knows."""
    kind_key = f"kind {i} {pack.label(i)} {pack.kind(i)}"

    @apologising()
    def name_kind() -> None:
        pack.correct([i], pack.label(i), st.session_state[kind_key])

    st.pills(
        "More precisely",
        kinds,
        default=pack.kind(i),
        format_func=classifier.kind_titles.get,
        key=kind_key,
        on_change=name_kind,
        wrap=True,
    )
