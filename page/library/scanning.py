"""The scan beside the page: what is new in the folders is listened to while the page is used."""

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import streamlit as st

from drumclf import Classifier
from drumclf.batch.skipped import Skipped, say_skipped
from drumclf.library.index import Index, LibraryError
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work
from drumclf.names import visible
from page.words import counted, sentence, text_only

_log = logging.getLogger(__name__)
_EVERY = 1.0  # seconds between two looks at the progress


class Scanner:
    """One scan of some folders, in a thread of its own.

    Parameters
    ----------
    folders : sequence of Path
    classifier : Classifier
    open_here : function
        Opens the index, for that thread.
    after : float
        Seconds to leave to the page first: comparing the folders with what is known keeps the interpreter busy.

    Attributes
    ----------
    n_new, n_done : int
        Files to be listened to, and how many were.
    is_looking : bool
        Whether it still compares the folders with what is known.
    is_running : bool
    is_shown : bool
        Whether all that it found has been taken over.
    trouble : str
        Why it ended early, in one sentence; usually empty.
    done : Counter of str
        As in `drumclf.library.scan.Work`.
    skipped : list of Skipped
    missing : list of Path
        Those of the folders that are not there, as when a drive is not connected.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        classifier: Classifier,
        open_here: Callable[[], Index] = open_index,
        after: float = 0.0,
    ):
        self._folders, self._classifier, self._open, self._after = folders, classifier, open_here, after
        self.n_new = self.n_done = 0
        self.is_looking, self.is_running, self.is_shown, self.trouble = True, True, False, ""
        self.done: Counter[str] = Counter()
        self.skipped: list[Skipped] = []
        self.missing: list[Path] = []
        self._started, self._is_stopped = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="scan")
        self._thread.start()

    @property
    def rate(self) -> float:
        """Files per second."""
        return self.n_done / max(time.monotonic() - self._started, 1e-3)

    def stop(self) -> None:
        """Stop after the file that is being listened to; what is known is kept."""
        self._is_stopped.set()

    def wait(self) -> None:
        """Until it has ended."""
        self._thread.join()

    def _run(self) -> None:
        self._is_stopped.wait(self._after)
        try:
            with closing(self._open()) as index, index.scanning():
                self.missing = [folder for folder in self._folders if not folder.is_dir()]
                work = look_for_work(index, self._classifier, self._folders)
                self.n_new, self.done, self.skipped = len(work.new), work.done, work.skipped
                self.is_looking, self._started = False, time.monotonic()
                with closing(do_work(index, self._classifier, work)) as rows:
                    for _ in rows:
                        self.n_done += 1
                        if self._is_stopped.is_set():
                            break
        except LibraryError as error:
            self.trouble = sentence(str(error))
        except (sqlite3.Error, OSError) as error:
            self.trouble = f"The scan has stopped: {error}."
        except Exception:
            _log.exception("the scan failed")
            self.trouble = "The scan has stopped: something broke on our side."
        finally:
            self.is_looking = self.is_running = False


def show_scan(scanner: Scanner, n_shown: int, again: Callable[[], None], show_new: Callable[[], None]) -> None:
    """How far the scan is, with a button that stops it, and one that shows what is new.

    Parameters
    ----------
    scanner : Scanner
    n_shown : int
        Files that the page shows now.
    again : function
        Starts a new scan.
    show_new : function
        Takes over what the scan has found.
    """
    if scanner.is_running:
        st.fragment(_follow, run_every=_EVERY)(scanner, n_shown, show_new)
        return
    if not scanner.is_shown:  # whoever sees first that it has ended
        show_new()
        st.rerun()
    st.caption(text_only(visible(_said(scanner))), width="content")
    is_cut_off = scanner.trouble or scanner.n_done < scanner.n_new
    title, icon = ("Scan on", "play_arrow") if is_cut_off else ("Scan again", "refresh")
    st.button(title, icon=f":material/{icon}:", type="tertiary", on_click=again)


def _follow(scanner: Scanner, n_shown: int, show_new: Callable[[], None]) -> None:
    """Drawn again every second; it takes over what is new whenever that has doubled what is shown."""
    if not scanner.is_running:
        st.rerun()
    if scanner.n_done > 2 * n_shown + 50:
        show_new()
        st.rerun()
    if scanner.is_looking:
        st.progress(0.0, "Looking for new sounds")
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.progress(min(scanner.n_done / max(scanner.n_new, 1), 1.0), _said_so_far(scanner))
    row.button("Stop", icon=":material/stop:", on_click=scanner.stop)
    if scanner.n_done > n_shown:
        row.button("Show what is there", on_click=show_new)


def say_time(seconds: float) -> str:
    """'40 s', '3 min'."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _said_so_far(scanner: Scanner) -> str:
    said = f"Listening: {scanner.n_done:,} of {scanner.n_new:,}"
    if not scanner.n_done:  # nobody knows how long it takes
        return said
    left = (scanner.n_new - scanner.n_done) / scanner.rate
    return f"{said} · {scanner.rate:.0f} per second · {say_time(left)} left"


def _said(scanner: Scanner) -> str:
    if scanner.trouble:
        return scanner.trouble
    names = {
        "heard": "new",
        "recognised": "known already",
        "moved": "moved",
        "vanished": "gone",
        "refused": "not readable",
    }
    done = [f"{scanner.done[what]:,} {name}" for what, name in names.items() if scanner.done[what]]
    said = [", ".join(done) or "Nothing is new"]
    if scanner.n_done < scanner.n_new:
        said.append(f"stopped, {counted(scanner.n_new - scanner.n_done, 'file')} left")
    if scanner.missing:
        said.append(f"not there: {', '.join(text_only(visible(str(folder))) for folder in scanner.missing)}")
    if scanner.skipped:
        said.append(f"skipped (not sounds): {say_skipped(scanner.skipped)}")
    return " · ".join(said)
