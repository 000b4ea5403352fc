"""Words that depend on a number; text without Markdown; what a visitor reads when the program itself fails."""

import contextlib
import logging
from collections.abc import Iterator

import streamlit as st

_log = logging.getLogger(__name__)


def counted(n: int, one: str, many: str | None = None) -> str:
    """'1 sound', '2,000 sounds'; `many` if the plural is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def text_only(text: str) -> str:
    """Text escaped so that Streamlit finds no Markdown in it."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)


@contextlib.contextmanager
def apologising() -> Iterator[None]:
    """Show one sentence in place of what failed; the log has the rest. Also a decorator."""
    try:
        yield
    except Exception as error:
        _log.exception("the page failed")
        from drumclf.batch.sounds import NotKeptError

        if isinstance(error, NotKeptError):
            st.error(text_only(sentence(str(error))))
        else:
            st.error("Something broke on our side, not in your sound. Reload the page, or try another one.")


def sentence(text: str) -> str:
    """A message of the command line as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}."
