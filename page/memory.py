"""Forgets sessions in time, and with them what their visitors uploaded."""

import gc

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit import runtime

from drumclf.limits import MAX_ARCHIVE_BYTES

INTERVAL = 10.0
"""Seconds between two looks."""
MultiPartParser.spool_max_size = MAX_ARCHIVE_BYTES
"""Starlette puts an upload of more than 1 MB on the disk while it comes in, unless told otherwise."""


@st.cache_resource(show_spinner=False)
def forget_in_time() -> None:
    """Forget sessions when they are over. Once for each server.

    Streamlit keeps the session of a visitor who has gone for two minutes, for a laptop that
    comes back, but lets go of it only when the next visitor goes.
    """
    if not runtime.exists():  # a test without a server
        return
    server = runtime.get_instance()
    try:  # there is no public way to these two; tests/tools/test_soak.py notices when they move
        stored, loop = server._session_mgr._session_storage._cache, server._get_async_objs().eventloop
    except AttributeError:
        return

    def look() -> None:
        try:
            expired = stored.expire()
            for _, gone in expired:
                gone.session.shutdown()
                state = gone.session.session_state  # the server's loop still refers to the session that was its last
                state.clear()
                state._new_widget_state.widget_metadata.clear()  # what callbacks refer to
            if expired:
                del expired, gone, state
                server.media_file_mgr.remove_orphaned_files()  # a download goes at the second call
                gc.collect()
        finally:
            loop.call_later(INTERVAL, look)

    loop.call_soon_threadsafe(look)
