"""A recording on the page: its hits on a time line, the selected one on the stage, and each one to download."""

import io
import zipfile
from pathlib import PurePath

import streamlit as st

from drumclf import Classifier
from drumclf.decision import format_percent, verdict
from drumclf.drawing.waveform import envelope, recording_colors
from drumclf.hits.files import hit_files
from drumclf.hits.find import Hit, Recording
from drumclf.names import safe_name
from drumclf.threads import Turns
from page.browser.component import component, packed_wave
from page.chosen import Chosen, keep
from page.player import Player
from page.share import show_share
from page.stage import Playback, show_stage
from page.words import counted

_CUTTING = Turns(1)  # all channels of 30 s may take 140 MB
_MOST_NAMES = 24
# Of the waveform, which is wider than the page if hits are close together.
_LEAST_COLUMNS = 1200
_COLUMNS_A_SECOND = 120


def show_recording(
    classifier: Classifier, chosen: Chosen, recording: Recording, player: Player, shown: float | None = None
) -> None:
    """What was played, hit by hit.

    Parameters
    ----------
    classifier : Classifier
    chosen : Chosen
    recording : Recording
    player : Player
    shown : float, optional
        Length of the stage's time axis in seconds, when comparing.
    """
    titles, hits = classifier.titles, recording.hits
    labels = {hit.prediction.label for hit in hits}
    heading = f"{len(hits)} hits" if chosen.is_recorded else f"A loop of {len(hits)} hits"
    st.title(heading, anchor=False)
    if shown is None:
        st.markdown(pattern(classifier, hits))
    st.text(chosen.name)
    if not recording.clip.is_whole:
        st.caption(f"Long file: only its first {recording.clip.duration:.0f} seconds are used.")
    selected = selected_hit(player.key, recording)
    columns = max(_LEAST_COLUMNS, round(_COLUMNS_A_SECOND * recording.clip.duration))
    component("timeline")(
        key=_key(player.key),
        default={"hit": 0},
        on_hit_change=lambda: None,
        data={
            "id": player.key,
            "audio": player.selector,
            "offset": player.offset,
            "duration": recording.clip.duration,
            "wave": packed_wave(
                *envelope(recording.clip.samples, 0.0, recording.clip.duration, columns),
                recording_colors(recording, columns),
            ),
            "selected": selected,
            "autoplay": chosen.example is not None,
            "rows": [{"name": k, "title": titles[k]} for k in classifier.classes if k in labels],
            "hits": [
                {
                    "time": hit.time,
                    "label": hit.prediction.label,
                    "what": say_hit(classifier, hit),
                    "isSure": hit.prediction.is_sure,
                }
                for hit in hits
            ],
        },
    )
    hit = hits[selected]
    st.header(f"{selected + 1}. {say_hit(classifier, hit)}", anchor=False)
    start = player.offset + hit.time
    playback = Playback(
        player,
        hit_at=start + hit.prediction.onset,
        stop=start + hit.prediction.clip.duration,
        autoplay=selected != st.session_state.setdefault(f"heard {player.key}", 0),
    )
    st.session_state[f"heard {player.key}"] = selected
    show_stage(classifier, hit.prediction, playback, selected, shown)
    row = st.container(horizontal=True)
    if shown is None:
        row.button("Compare with another", icon=":material/add:", on_click=keep, args=(chosen,))
        with row:
            show_download(classifier, chosen, recording, player.key)
    with row:
        show_share(player.key, "hits", lambda cards: cards.draw_pattern_card(recording, titles, heading, chosen.name))


def show_download(classifier: Classifier, chosen: Chosen, recording: Recording, key: str) -> None:
    """A button that downloads the hits as files in a zip, which is made on demand."""

    def hits_zip() -> bytes:
        buffer = io.BytesIO()
        with _CUTTING, zipfile.ZipFile(buffer, "w") as archive:
            for name, data in hit_files(classifier, chosen.read(), recording):
                archive.writestr(name, data)
        return buffer.getvalue()

    st.download_button(
        f"Download {counted(len(recording.hits), 'hit')}",
        hits_zip,
        safe_name(f"{PurePath(chosen.name).stem} hits", ".zip"),
        "application/zip",
        key=f"download {key}",
        icon=":material/folder_zip:",
        help="A zip with a WAV file for each hit, at the file's own rate and with all of its channels.",
        on_click="ignore",
    )


def pattern(classifier: Classifier, hits: tuple[Hit, ...]) -> str:
    """The hits by name, in order."""
    names = [classifier.titles[hit.prediction.label] if hit.prediction.is_sure else "?" for hit in hits]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return " · ".join(names[:_MOST_NAMES]) + more


def say_hit(classifier: Classifier, hit: Hit) -> str:
    """What it is and how sure; if in doubt, the most likely class as well."""
    headline, reason = verdict(hit.prediction, classifier)
    chance = format_percent(hit.prediction.probability)
    return f"{headline}: {classifier.titles[hit.prediction.label]} {chance}" if reason else f"{headline} {chance}"


def selected_hit(player_key: str, recording: Recording) -> int:
    """Index of the selected hit; checked, since a browser may send anything."""
    index = st.session_state.get(_key(player_key), {}).get("hit")
    return index if type(index) is int and 0 <= index < len(recording.hits) else 0


def _key(player_key: str) -> str:
    return f"timeline {player_key}"
