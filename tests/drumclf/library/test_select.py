"""Which sounds of a library are shown, and in which order."""

import math
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf.library import select as s
from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.scan import do_work, look_for_work
from drumclf.library.select import Wanted, select


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory, classifier):
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(EXAMPLES, folder / "in" / "Kits")
    shutil.copy(EXAMPLES / "kick_analogue.wav", folder / "in" / "Zwölf ÄPFEL.wav")
    (folder / "in" / "bad.wav").write_bytes(b"no sound")
    for days, path in enumerate(sorted((folder / "in").rglob("*.wav"))):  # a checkout may give all the same time
        os.utime(path, (days * 86_400,) * 2)
    index = open_index(folder / "cache", folder / "data")
    list(do_work(index, classifier, look_for_work(index, classifier, [folder / "in"])))
    return Catalogue(index, classifier, [folder / "in"], lambda: open_index(folder / "cache", folder / "data"))


def names(catalogue, **wanted):
    return [catalogue.names[i] for i in select(catalogue, Wanted(**wanted))[0]]


def test_everything_that_could_be_read_by_folder(catalogue):
    everything = names(catalogue)
    assert everything == sorted(everything)
    assert len(everything) == len(catalogue) - 1
    assert names(catalogue, which=s.NOT_READ) == ["bad.wav"]


def test_a_class_and_how_many_each_would_give(catalogue):
    indices, counts = select(catalogue, Wanted(label="kick", words="kits"))
    assert {catalogue.label(i) for i in indices} == {"kick"}
    assert counts["kick"] == len(indices) == sum("Kits/kick" in name for name in catalogue.names)
    assert sum(counts.values()) == len(names(catalogue, words="kits"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("äpfel", ["Zwölf ÄPFEL.wav"]),
        ("WAV zwölf", ["Zwölf ÄPFEL.wav"]),
        ("zwölf -äpfel", []),
        ("nowhere", []),
    ],
)
def test_words_of_name_and_folder(catalogue, words, found):
    assert names(catalogue, words=words) == found


def test_a_word_that_must_not_be_there(catalogue):
    assert set(names(catalogue, words="-kits -")) == {"Zwölf ÄPFEL.wav"}


def test_lengths(catalogue):
    lengths = {name: catalogue.durations[i] for i, name in enumerate(catalogue.names)}
    middle = float(np.nanmedian(list(lengths.values())))
    short, long = (set(names(catalogue, **limits)) for limits in ({"longest": middle}, {"shortest": middle}))
    assert short == {name for name, length in lengths.items() if length < middle}
    assert long == {name for name, length in lengths.items() if length >= middle}


def test_sure_or_not_and_what_the_user_said(catalogue):
    sure, unsure = (set(names(catalogue, which=which)) for which in (s.SURE, s.NOT_SURE))
    assert sure | unsure == set(names(catalogue))
    assert not sure & unsure
    assert all(catalogue.is_sure(catalogue.names.index(name)) for name in sure)
    first = catalogue.names.index("Kits/clap_hands.wav")
    catalogue.correct([first], "tom")
    assert names(catalogue, which=s.BY_YOU) == ["Kits/clap_hands.wav"]
    assert "Kits/clap_hands.wav" in names(catalogue, label="tom")
    catalogue.undo()
    assert names(catalogue, which=s.BY_YOU) == names(catalogue, which=s.FOLLOWED) == []


def test_copies_can_be_left_out(catalogue):
    assert set(names(catalogue)) - set(names(catalogue, skip_copies=True)) == {"Zwölf ÄPFEL.wav"}
    assert names(catalogue, which=s.COPIES) == ["Zwölf ÄPFEL.wav"]
    assert names(catalogue, which=s.COPIES, skip_copies=True) == []


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (s.SHORTEST, lambda c, i: c.durations[i]),
        (s.LONGEST, lambda c, i: -c.durations[i]),
        (s.LOUDEST, lambda c, i: -c.loudness[i]),
        (s.NEWEST, lambda c, i: -c.times[i]),
        (s.BY_NAME, lambda c, i: c.names[i].rpartition("/")[2].casefold()),
        (s.LEAST_SURE, lambda c, i: (bool(c.is_sure(i)), c.probabilities[i].max())),
    ],
)
def test_orders(catalogue, order, key):
    indices, _ = select(catalogue, Wanted(order=order))
    keys = [key(catalogue, i) for i in indices]
    assert keys == sorted(keys)
    assert len(set(keys)) > 2


def test_a_length_that_is_not_known_comes_last_and_is_within_no_limits(catalogue):
    known = catalogue.durations[5]
    try:
        catalogue.durations[5] = math.nan
        wanted = Wanted(order=s.SHORTEST)
        assert select(catalogue, wanted)[0][-1] == 5
        assert 5 not in select(catalogue, replace(wanted, longest=1e9))[0]
    finally:
        catalogue.durations[5] = known
