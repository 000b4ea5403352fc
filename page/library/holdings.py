"""What the page holds for its one user: the catalogue, the search in it, and the scan that goes on beside it."""

from contextlib import closing

import streamlit as st

from drumclf import Classifier
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.search import Search
from page.library.scanning import Scanner
from page.library.started import Started
from page.pack.current import the_current


class Holdings:
    """A library as the page uses it; shared by all of the user's tabs.

    Parameters
    ----------
    started : Started
    classifier : Classifier

    Attributes
    ----------
    catalogue : Catalogue
    search : Search
    scanner : Scanner
    notice : str
        What the user must know about the index; usually empty.
    """

    def __init__(self, started: Started, classifier: Classifier):
        self._folders, self._classifier = started.folders, classifier
        self.notice = ""
        self.catalogue, self.search = self._read()
        self.scanner = Scanner(self._folders, classifier)

    def show_new(self) -> None:
        """Take over what the scan has found so far."""
        before = self.catalogue
        self.catalogue, self.search = self._read()
        self.catalogue.take_over(before)

    def scan_again(self) -> None:
        """Look for what is new."""
        self.scanner = Scanner(self._folders, self._classifier)

    def _read(self) -> tuple[Catalogue, Search]:
        with closing(open_index()) as index:
            self.notice = index.notice or self.notice
            catalogue = Catalogue(index, self._classifier, self._folders)
        return catalogue, Search(catalogue)


@st.cache_resource(show_spinner="Opening your library")
def the_holdings(started: Started, _classifier: Classifier) -> Holdings:
    """The library, opened once; raises `drumclf.library.index.LibraryError`."""
    return Holdings(started, _classifier)


def follow_current(catalogue: Catalogue) -> None:
    """Keep looking at the same file when a new catalogue takes the place of the one before."""
    state = st.session_state
    seen = state.get("catalogue")
    if seen is not None and seen is not catalogue and the_current() is not None:
        state.current = catalogue.place_of(seen.paths[the_current()])
    state.catalogue = catalogue
