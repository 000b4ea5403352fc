"""What a visitor reads where the program itself fails."""

import contextlib
import logging
from collections.abc import Iterator

import streamlit as st

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def apologising() -> Iterator[None]:
    """One sentence in the place of what failed; the log has the rest. Also a decorator."""
    try:
        yield
    except Exception:
        _log.exception("the page failed")
        st.error("Something broke on our side, not in your sound. Reload the page, or try another one.")
