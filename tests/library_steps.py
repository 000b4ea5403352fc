"""A small library, in memory and on its page; generators are to be made fixtures."""

import shutil
import sys
from functools import partial

import streamlit as st
from command_steps import KICK, SNARE, keep_library_in
from conftest import EXAMPLES, ROOT
from streamlit import config
from streamlit.testing.v1 import AppTest

from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work


def some_sounds(folder):
    """Three drums, a copy and a file that cannot be read."""
    (folder / "kit").mkdir(parents=True)
    shutil.copy(KICK, folder / "a.wav")
    shutil.copy(KICK, folder / "kit" / "copy.wav")
    shutil.copy(SNARE, folder / "kit" / "b.wav")
    shutil.copy(EXAMPLES / "clap_hands.wav", folder / "kit" / "c.wav")
    (folder / "bad.wav").write_bytes(b"no sound")
    return folder


def catalogue_of(folder, classifier, place):
    """The sounds of a folder, once they are heard; the index lies at a place."""
    open_here = partial(open_index, place / "cache", place / "data")
    index = open_here()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    return Catalogue(index, classifier, [folder], open_here)


def examples_folder(tmp_path, monkeypatch):
    """The examples, a copy and a file that cannot be read; the index lies beside them."""
    keep_library_in(monkeypatch, tmp_path)
    shutil.copytree(EXAMPLES, tmp_path / "in" / "kit", ignore=shutil.ignore_patterns("loops", "*.md", "*.csv"))
    shutil.copy(EXAMPLES / "kick_analogue.wav", tmp_path / "in" / "copy.wav")
    (tmp_path / "in" / "bad.wav").write_bytes(b"no sound")
    return tmp_path / "in"


def scan(folder, classifier):
    """As ``drumclf library FOLDER --scan-only``; returns the index."""
    index = open_index()
    list(do_work(index, classifier, look_for_work(index, classifier, [folder])))
    return index


def scanned_folder(folder, classifier):
    """What is in the folder, once it is heard."""
    return Catalogue(scan(folder, classifier), classifier, [folder])


def page_opener(monkeypatch):
    """Open the page as ``drumclf library`` does."""
    before = config.get_option("server.address")

    def open_page(*arguments, address="localhost"):
        config.set_option("server.address", address)
        monkeypatch.setattr(sys, "argv", ["library.py", *map(str, arguments)])
        return AppTest.from_file(str(ROOT / "library.py"), default_timeout=60).run()

    yield open_page
    config.set_option("server.address", before)
    st.cache_resource.clear()


def files(page):
    """Names in the table."""
    return list(page.dataframe[0].value["file"])


def said(page):
    """What is written on the page."""
    return [element.value for element in [*page.markdown, *page.caption]]


def cell(page, file, column):
    """One cell of the table."""
    table = page.dataframe[0].value
    return table[column][list(table["file"]).index(file)]
