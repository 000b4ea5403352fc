"""With which folders the page was started, and that nobody else sees it.

The folders come from the command line and from nowhere else: no field, link or message of a visitor names a path.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from streamlit import runtime

_OF_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Started:
    """What ``drumclf library`` was given.

    Attributes
    ----------
    folders : tuple of Path
        Absolute.
    sort_to : Path
        Where the page sorts sounds to; absolute.
    """

    folders: tuple[Path, ...]
    sort_to: Path


def the_start() -> Started:
    """What the page was started with; it ends with a sentence if it was started in another way, or is seen by others.

    A page on the loopback address can still be reached under the name of a foreign site, if that gives its name this
    computer's address (DNS rebinding): so the name that the browser used counts, too.
    """
    parser = argparse.ArgumentParser(exit_on_error=False, add_help=False)
    parser.add_argument("--sort-to", type=Path)
    parser.add_argument("folders", nargs="+", type=Path)
    try:
        options = parser.parse_args(sys.argv[1:])
    except (argparse.ArgumentError, SystemExit):
        options = None
    if options is None or not all(folder.is_absolute() for folder in (*options.folders, options.sort_to or Path("/"))):
        _refuse("Start this page with `drumclf library FOLDER`.")
    if st.get_option("server.address") not in _OF_THIS_COMPUTER or not _is_asked_for_here():
        _refuse("This page shows the sounds of the computer that it runs on, and only to that computer.")
    first = options.folders[0]
    beside = first.with_name(f"{first.name} sorted") if first.name else first / "sorted"  # nothing is beside a drive
    return Started(tuple(options.folders), options.sort_to or beside)


def _is_asked_for_here() -> bool:
    headers = st.context.headers.to_dict()
    if not headers:  # of a test; or the browser has gone since, and what is shown now could reach the next one
        return type(runtime.get_instance()) is not runtime.Runtime
    try:
        return urlsplit(f"//{headers.get('Host', '')}").hostname in _OF_THIS_COMPUTER
    except ValueError:
        return False


def _refuse(sentence: str) -> None:
    st.error(sentence)
    st.stop()
