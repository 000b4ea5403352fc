"""The page. Reads widgets, calls drumclf, draws; read `main` from top to bottom."""

from pathlib import Path

import streamlit as st

from drumclf.limits import ACCEPTED, LIMITS, MAX_ARCHIVE_BYTES
from drumclf.names import visible
from page.apology import apologising
from page.examples import EXAMPLES, example_titles
from page.memory import forget_in_time, settle

state = st.session_state


def main() -> None:
    """One run of the page. What it holds of an upload is local, so that nothing of it stays when the visitor goes."""
    st.set_page_config(
        page_title="drumclf: what drum is it?",
        page_icon=str(Path(__file__).parent / ".streamlit" / "icon.png"),
        layout="wide",
    )
    forget_in_time()
    pack, sound = state.get("pack"), state.get("sound")
    shows_pack = pack is not None and state.get("example") is None
    page = st.container(horizontal_alignment="center").container(width=1280 if shows_pack else 1040)
    with page:
        show_top()
        result = st.container()
        example = choose_example()
        choose_files()
    with result, apologising():
        # Not at the top: what draws takes a second to import, and the widgets need not wait for it.
        from page.sound import show_sound, the_classifier

        if example is not None:
            if pack is not None:
                label = f"Back to your {len(pack.files):,} sounds"
                st.button(label, icon=":material/arrow_back:", type="tertiary", on_click=back_to_pack)
            show_sound(example_titles()[example], (EXAMPLES / example).read_bytes(), autoplay=True, example=example)
        elif pack is not None:
            from page.pack import show_pack

            show_pack(pack, the_classifier())
        elif sound is not None:
            show_sound(visible(sound.name), sound.getvalue(), autoplay=False)
        else:
            the_classifier()  # while the visitor reads
    settle()


def show_top() -> None:
    top = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    top.subheader("What drum is it?", anchor=False)
    if top.button("How good is it?", type="tertiary", icon=":material/fact_check:"):
        from page.report_card import show_report

        with apologising():
            show_report()


def choose_example() -> str | None:
    titles = example_titles()
    return st.pills(
        "Click a sound",
        titles,
        format_func=titles.get,
        key="example",
        bind="query-params",  # a link can carry it
        required=True,
        on_change=new_uploader,
    )


def choose_files() -> None:
    st.file_uploader(
        f"Or drop your own, one or thousands: {ACCEPTED}, or a zip of them",
        accept_multiple_files="directory" if state.get("whole folder") else True,
        max_upload_size=MAX_ARCHIVE_BYTES // 1_000_000,
        key=uploader_key(),
        on_change=chosen_files,
    )
    below = st.container(horizontal=True, horizontal_alignment="distribute")
    below.caption(f"Limits: {LIMITS}.")
    below.toggle("Choose a whole folder", key="whole folder", on_change=new_uploader)


def uploader_key() -> str:
    return f"upload {state.get('uploaders', 0)}"


def new_uploader() -> None:
    """An empty one; the old one would go on to list what is no longer shown. What it brought stays."""
    state.uploaders = state.get("uploaders", 0) + 1
    state.uploaded = []


@apologising()
def chosen_files() -> None:
    """One sound, or a pack, of what is in the uploader now; what was said of the same files before stays."""
    from page.uploads import is_single_sound, pack_of, still_here

    uploads, known = still_here(state[uploader_key()]), state.get("pack")
    came = [upload.file_id for upload in uploads]
    if came == state.get("uploaded", []):  # a new uploader says, too, that it is empty
        return
    state.uploaded = came
    state.example, state.sound, state.pack, state.current, state.stopped = None, None, None, None, False
    if is_single_sound(uploads):
        state.sound = uploads[0]
    elif uploads:
        state.pack = pack_of(uploads)
        if known is not None:
            state.pack.adopt(known)


def back_to_pack() -> None:
    state.example = None


main()
