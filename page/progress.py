"""A bar for work that takes a while: how many, how fast, how long to go."""

import contextlib
import time
from collections.abc import Callable, Iterator

import streamlit as st

_INTERVAL = 0.1  # seconds between two reports; each takes a message to the browser


@contextlib.contextmanager
def progress(
    total: int, done: int = 0, stop: Callable[[], None] | None = None, note: str = ""
) -> Iterator[Callable[..., None]]:
    """A bar and a button that stops the work.

    Any click on the page stops it, too: the next report does not return.

    Parameters
    ----------
    total : int
        How many there will be in the end.
    done : int
        How many of them were done before.
    stop : function, optional
        Called when the button is clicked.
    note : str
        What to say below the bar.

    Yields
    ------
    function
        Takes the number done, and what else to say.
    """
    place = st.empty()
    box = place.container()
    row = box.container(horizontal=True, vertical_alignment="bottom")
    bar = row.progress(done / max(total, 1), "Reading" if not done else f"{done:,} of {total:,}")
    row.button("Stop", icon=":material/stop:", on_click=stop)
    if note:
        box.caption(note)
    started, shown = time.monotonic(), 0.0

    def report(n: int, more: str = "") -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _INTERVAL or now == started:
            return
        shown, rate = now, (n - done) / (now - started)
        left = f"{rate:,.0f} per second · {(total - n) / rate:.0f} s left" if rate else ""
        bar.progress(n / total, f"{n:,} of {total:,} · {left}{more}")

    yield report
    place.empty()
