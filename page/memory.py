"""Forgets sessions soon after they end, and with them what their visitors uploaded."""

import gc

import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit import runtime

from drumclf.limits import MAX_ARCHIVE_BYTES
from drumclf.memory import give_memory_back

INTERVAL = 10.0  # seconds between two looks
# By default, Starlette writes an upload of more than 1 MB to disk while it comes in.
MultiPartParser.spool_max_size = MAX_ARCHIVE_BYTES


@st.cache_resource(show_spinner=False)
def forget_in_time() -> None:
    """Forget sessions when they have expired, and return freed memory to the system. Called once per server.

    Streamlit keeps the session of a visitor who has left for two minutes, in case a laptop wakes up again, but
    removes it only when the next visitor leaves.
    """
    if not runtime.exists():  # a test without a server
        return
    server = runtime.get_instance()
    try:  # no public API gives these two; tests/tools/test_soak.py notices if they move
        stored, loop = server._session_mgr._session_storage._cache, server._get_async_objs().eventloop
    except AttributeError:
        return

    def look() -> None:
        try:
            expired = stored.expire()
            for _, gone in expired:
                gone.session.shutdown()
                leftover = gone.session.session_state  # the server's loop still refers to its last session
                leftover.clear()
                leftover._new_widget_state.widget_metadata.clear()  # what callbacks refer to
            if expired:
                del expired, gone, leftover
                server.media_file_mgr.remove_orphaned_files()  # removes a download at the second call
                gc.collect()
            give_memory_back()
        finally:
            loop.call_later(INTERVAL, look)

    loop.call_soon_threadsafe(look)
