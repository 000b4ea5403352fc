"""A small library, in memory."""

import shutil
from functools import partial

from command_steps import KICK, SNARE
from conftest import EXAMPLES

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
