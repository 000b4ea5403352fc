"""Words that depend on a number; text that is not Markdown; what a visitor reads where the program itself fails."""

import contextlib
import logging
from collections.abc import Iterator

import streamlit as st

_log = logging.getLogger(__name__)


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 sound', '2,000 sounds'; `many` where it is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def text_only(text: str) -> str:
    """Text in which Streamlit finds no Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)


@contextlib.contextmanager
def apologising() -> Iterator[None]:
    """One sentence in the place of what failed; the log has the rest. Also a decorator."""
    try:
        yield
    except Exception:
        _log.exception("the page failed")
        st.error("Something broke on our side, not in your sound. Reload the page, or try another one.")
