"""The page of your own library, started by ``drumclf library FOLDER``; read `main` from top to bottom.

It is a page of its own, so that the public one, app.py, has no way to the disk that it runs on. Like app.py, it is run
anew after every click, and keeps what it knows of its user in the session's state (page/chosen.py).
"""

import gc
from pathlib import Path

import streamlit as st

from page.memory import forget_in_time
from page.words import apologising

HERE = Path(__file__).parent


def main() -> None:
    """One run of the page."""
    st.set_page_config(
        page_title="Your library · drumclf", page_icon=str(HERE / ".streamlit" / "icon.png"), layout="wide"
    )
    st.html(HERE / "page" / "look.css")
    forget_in_time()  # a tab that is closed may hold a catalogue that was replaced
    page = st.container(horizontal_alignment="center").container(width=1400, key="library")
    with page, apologising():
        show_library()


def show_library() -> None:
    """What is in the folders, or a sentence that says why it cannot be shown."""
    from page.library.started import the_start

    started = the_start()
    # Imported here: the brand need not wait for it.
    from drumclf.library.index import LibraryError
    from drumclf.names import visible
    from page.answers import the_classifier
    from page.library.browse import browse, summary
    from page.library.holdings import follow_current, the_holdings
    from page.library.scanning import show_scan
    from page.words import sentence, text_only

    classifier = the_classifier()
    try:
        holdings = the_holdings(started, classifier)
    except LibraryError as error:
        st.error(text_only(sentence(str(error))))
        st.stop()
    search = holdings.search  # for the whole run, though the scan or another tab may replace it meanwhile
    catalogue = search.catalogue
    follow_current(catalogue)
    with st.container(key="library-top", horizontal=True, vertical_alignment="center"):
        st.html(HERE / "page" / "brand.html", width="content")
        st.markdown(summary(catalogue), width="content")
        show_scan(holdings.scanner, len(catalogue), holdings.scan_again, holdings.show_new)
    if holdings.notice:
        st.info(text_only(sentence(holdings.notice)))
    if len(catalogue):
        browse(search, classifier, started.sort_to)
    elif not holdings.scanner.is_running:
        st.info(
            "There is no sound in " + " or ".join(text_only(visible(str(folder))) for folder in started.folders) + "."
        )
    settle()


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Once, when the page has been shown: exempt all that is imported from collection, as in app.py."""
    gc.collect()
    gc.freeze()


main()
