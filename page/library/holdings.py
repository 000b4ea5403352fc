"""What the page holds for its one user: the catalogue, the search in it, and the scan that goes on beside it."""

import sqlite3
import threading
from contextlib import closing, suppress
from functools import partial

import streamlit as st

from drumclf import Classifier
from drumclf.library.catalogue import Catalogue
from drumclf.library.index import LibraryError
from drumclf.library.opening import INDEX, LABELS, open_index
from drumclf.library.places import cache_folder, data_folder
from drumclf.library.search import Search
from page.library.scanning import Scanner
from page.library.started import Started
from page.pack.current import the_current

_FIRST = 1.0  # seconds in which a known library is drawn


class Holdings:
    """A library as the page uses it; shared by all of the user's tabs, each a thread of its own.

    Parameters
    ----------
    started : Started
    classifier : Classifier

    Attributes
    ----------
    search : Search
        Of the catalogue that is shown now. Take both from here once in a run: another tab may replace them.
    scanner : Scanner
    notice : str
        What the user must know about the index; usually empty.
    """

    def __init__(self, started: Started, classifier: Classifier):
        self._folders, self._classifier = started.folders, classifier
        self._open = partial(open_index, cache_folder(), data_folder())  # the same for all of its threads
        self._replacing = threading.Lock()
        self.notice = ""
        self.search = Search(self._read(None))
        self.scanner = Scanner(self._folders, classifier, self._open, _FIRST if len(self.search.catalogue) else 0)

    def show_new(self) -> None:
        """Take over what the scan has found so far; if that cannot be read, the notice says why.

        If nothing is new, ticks, the place in the table and the layout of the map stay.
        """
        with self._replacing:
            self.scanner.is_shown = not self.scanner.is_running
            if _written() == self._read_when:
                return
            before = self.search.catalogue
            try:
                catalogue = self._read(before)
            except LibraryError as error:
                self.notice = str(error)
                return
            if catalogue is not before:
                self.search = Search(catalogue)

    def scan_again(self) -> None:
        """Look for what is new, unless another click has begun to."""
        with self._replacing:
            if not self.scanner.is_running:
                self.scanner = Scanner(self._folders, self._classifier, self._open)

    def _read(self, before: Catalogue | None) -> Catalogue:
        when = _written()
        try:
            with closing(self._open()) as index:
                self.notice = index.notice or self.notice
                if before is None:
                    catalogue = Catalogue(index, self._classifier, self._folders, self._open)
                else:
                    catalogue = before.renewed(index, self._classifier)
        except sqlite3.Error as error:
            raise LibraryError(
                f"the library cannot be read ({error}); remove {cache_folder() / INDEX} and start again"
            ) from error
        self._read_when = when
        return catalogue


def _written() -> list[tuple[int, int]]:
    """Sizes and times of the library's files: others as soon as anything was written."""
    stamps = []
    for path in (cache_folder() / INDEX, cache_folder() / f"{INDEX}-wal", data_folder() / LABELS):
        with suppress(FileNotFoundError):
            stat = path.stat()
            stamps += [(stat.st_size, stat.st_mtime_ns)] if stat.st_size else []  # reading leaves an empty journal
    return stamps


# Streamlit's own key for a path fails with a name that is not UTF-8.
@st.cache_resource(show_spinner="Opening your library", hash_funcs={Started: repr})
def the_holdings(started: Started, _classifier: Classifier) -> Holdings:
    """The library, opened once; raises `drumclf.library.index.LibraryError`."""
    return Holdings(started, _classifier)


def follow_current(catalogue: Catalogue) -> None:
    """Keep looking at the same file when a new catalogue takes the place of the one before, with other indices."""
    state = st.session_state
    seen = state.get("catalogue")
    if seen is not None and seen is not catalogue:
        state["just labelled"] = None
        state["ticked"] = {catalogue.place_of(seen.paths[i]) for i in state.get("ticked", ())} - {None}
        if the_current() is not None:
            state.current = catalogue.place_of(seen.paths[the_current()])
    state.catalogue = catalogue
