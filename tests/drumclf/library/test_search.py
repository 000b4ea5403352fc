"""Searching by sound."""

import shutil

import numpy as np
import pytest
from conftest import EXAMPLES

from drumclf.library.catalogue import Catalogue
from drumclf.library.opening import open_index
from drumclf.library.scan import content_of, do_work, look_for_work
from drumclf.library.search import Search

KICK = EXAMPLES / "kick_analogue.wav"


@pytest.fixture(scope="module")
def library(tmp_path_factory, classifier):
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(EXAMPLES, folder / "in")
    shutil.copy(KICK, folder / "in" / "copy of kick.wav")
    index = open_index(folder / "cache", folder / "data")
    list(do_work(index, classifier, look_for_work(index, classifier, [folder / "in"])))
    return index, folder / "in"


def search_in(index, classifier, *folders):
    return Search(Catalogue(index, classifier, folders or None))


def paths(search, matches):
    return [search.catalogue.paths[match.index] for match in matches]


def test_the_order_is_that_of_the_embeddings(library, classifier):
    index, folder = library
    query = classifier.classify(KICK).embedding
    search = search_in(index, classifier)
    matches = search.nearest(query, 100)
    exact = {path: classifier.classify(path).embedding @ query for path in paths(search, matches)}
    assert len({content_of(path) for path in folder.rglob("*.[wf]*")}) == len(matches)  # one file for each content
    assert [match.cosine for match in matches] == pytest.approx(list(exact.values()), abs=2e-3)
    assert [match.cosine for match in matches] == sorted((match.cosine for match in matches), reverse=True)
    nearness = [match.nearness for match in matches]
    assert nearness == sorted(nearness, reverse=True)
    assert 0 <= nearness[-1] < nearness[0] <= 1


def test_the_sound_itself_is_left_out(library, classifier):
    index, _ = library
    query = classifier.classify(KICK).embedding
    search = search_in(index, classifier)
    first, second = search.nearest(query, 2)
    assert first.cosine == pytest.approx(1, abs=1e-3)
    assert search.nearest(query, 1, without=content_of(KICK)) == [second]


def test_nearness_is_the_share_of_sounds_whose_nearest_one_is_less_alike(library, classifier):
    index, _ = library
    search = search_in(index, classifier)
    everything = search.nearest(classifier.classify(KICK).embedding, len(search))
    vectors = np.stack([classifier.classify(path).embedding for path in paths(search, everything)])
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest = cosines.max(axis=1)
    for match in everything:  # all are drawn, since they are few; 16-bit embeddings may tip some
        assert np.mean(nearest < match.cosine - 2e-3) <= match.nearness <= np.mean(nearest < match.cosine + 2e-3)
    assert 0 < everything[1].nearness < 1


def test_what_has_nothing_like_it_is_not_near(library, classifier):
    index, _ = library
    search = search_in(index, classifier)
    kick = classifier.classify(KICK).embedding
    (match,) = search.nearest(-kick, 1)
    assert (match.nearness, match.said) == (0, "<1%")
    (match,) = search.nearest(kick, 1)
    assert (match.nearness, match.said) == (1, ">99%")


def test_in_a_library_of_one_sound_only_that_is_near(tmp_path, classifier):
    shutil.copy(KICK, tmp_path / "only.wav")
    index = open_index(tmp_path / "cache", tmp_path / "data")
    list(do_work(index, classifier, look_for_work(index, classifier, [tmp_path])))
    search = search_in(index, classifier)
    kick, snare = (
        classifier.classify(EXAMPLES / f"{name}.wav").embedding for name in ("kick_analogue", "snare_acoustic")
    )
    assert [match.nearness for match in search.nearest(kick, 1)] == [1]
    assert [match.nearness for match in search.nearest(snare, 1)] == [0]


def test_within_a_class_the_users_label_wins(library, classifier):
    index, folder = library
    content = content_of(folder / "snare_acoustic.wav")
    query = classifier.classify(KICK).embedding
    index.keep_labels({content: ("tom", None, None)})
    search = search_in(index, classifier)
    index.keep_labels({content: (None, None, None)})
    catalogue = search.catalogue
    toms = search.nearest(query, 100, catalogue.labelled("tom"))
    assert {catalogue.label(match.index) for match in toms} == {"tom"}
    (given,) = (match.index for match in toms if match.index in catalogue.corrections)
    assert catalogue.paths[given] == str(folder / "snare_acoustic.wav")
    assert catalogue.is_sure(given)


def test_of_copies_the_one_that_may_be_found_is(library, classifier):
    index, _ = library
    search = search_in(index, classifier)
    copies = [i for i, content in enumerate(search.catalogue.contents) if content == content_of(KICK)]
    assert len(copies) == 2
    query = classifier.classify(KICK).embedding
    for i in copies:
        assert [match.index for match in search.nearest(query, 5, np.array([i]))] == [i]


def test_within_a_folder_and_in_an_empty_one(library, classifier):
    index, folder = library
    query = classifier.classify(KICK).embedding
    search = search_in(index, classifier, folder / "loops")
    loops = search.nearest(query, 100)
    assert loops
    assert set(paths(search, loops)) == {str(path) for path in (folder / "loops").iterdir()}
    assert search_in(index, classifier, folder / "none").nearest(query, 5) == []


def test_answers_of_another_model_are_not_compared(library, classifier, monkeypatch):
    index, _ = library
    monkeypatch.setitem(classifier.metadata, "checksum", "of another model")
    search = search_in(index, classifier)
    assert (len(search), search.catalogue.n_other > 10) == (0, True)
