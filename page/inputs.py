"""What goes in: a click on an example, uploaded files, a recording. Callbacks pass it on to page/chosen.py."""

from pathlib import PurePath

import streamlit as st

from drumclf import limits
from page.chosen import choose, empty_inputs, example_titles
from page.words import apologising

RECORDING_RATE = 44_100
state = st.session_state


def choose_example() -> None:
    """The pads."""
    titles = example_titles()
    st.pills(
        "Try a sound",
        titles,
        format_func=titles.get,  # the title and nothing else: it also appears in the link
        key="example",
        bind="query-params",  # so that a link can carry it
        required=True,
        on_change=empty_inputs,
    )
    pictures = (
        f'.st-key-example button:nth-child({k}) p::before {{ background-image: url("app/static/pads/{name}.png"); }}'
        for k, name in enumerate((PurePath(file).stem for file in titles), start=1)
    )
    st.html(f"<style>{''.join(pictures)}</style>")


def choose_files() -> None:
    """Files from the visitor's disk."""
    st.file_uploader(
        "Drop yours, or a zip",
        accept_multiple_files="directory" if state.get("whole folder") else True,
        max_upload_size=limits.MAX_ARCHIVE_BYTES // 1_000_000,
        key=_key("upload"),
        on_change=take_files,
        help=f"{limits.ACCEPTED}; {limits.LIMITS}.",
    )
    short = f"Max {limits.MAX_FILE_BYTES // 1_000_000} MB, zip {limits.MAX_ARCHIVE_BYTES // 1_000_000} MB"
    # Replaces Streamlit's own text, which can state only one limit.
    st.html(f'<style>:root {{ --limits: "{short}\\A Many files? A zip is faster."; }}</style>')
    st.toggle("A whole folder", key="whole folder", on_change=empty_inputs)


@apologising()
def take_files() -> None:
    """Make one sound, or a pack, of the uploader's files; a pack keeps answers and labels that the last one had."""
    from page.uploads import is_single_sound, pack_of, still_here

    # After quick clicks the old uploader may still report when a new one, without a value yet, is to take its place.
    uploads, known = still_here(state.get(_key("upload"))), state.get("pack")
    file_ids = [upload.file_id for upload in uploads]
    if file_ids == state.get("uploaded", []):  # a new uploader also reports that it is empty
        return
    state.uploaded = file_ids
    state.pack, state.current, state.stopped, state["just labelled"] = None, None, False, None
    choose(uploads[0] if is_single_sound(uploads) else None)
    if uploads and not is_single_sound(uploads):
        state.kept = None
        state.pack = pack_of(uploads)
        if known is not None:
            state.pack.adopt(known)


def record() -> None:
    """The visitor's microphone."""
    st.audio_input(
        "Record up to 30 seconds", sample_rate=RECORDING_RATE, key=_key("recording"), on_change=take_recording
    )


def take_recording() -> None:
    """Look at the recording; at nothing if it was deleted."""
    if _key("recording") not in state:  # as in `take_files`
        return
    recording = state[_key("recording")]
    if recording is not None:
        state.setdefault("recordings", set()).add(recording.file_id)
    choose(recording)


def back_to_pack() -> None:
    """Leave the single sound, so that the pack is shown again."""
    state.kept = None
    choose(None)


def _key(widget: str) -> str:
    return f"{widget} {state.get('inputs', 0)}"
