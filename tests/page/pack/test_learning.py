"""What follows from the visitor's labels, on the page of a pack."""

import numpy as np
import pytest
from conftest import EXAMPLES, encode, zip_of
from page_steps import RATE, open_page, press

from page.pack.learning import LEAST


def hats(n):
    """Hits that sound alike and are no copies: bright noise, each another one."""
    t = np.arange(RATE // 4) / RATE
    envelope = np.exp(-t / 0.03)
    noises = [np.diff(np.random.default_rng(i).normal(0, 1, len(t) + 2), 2) for i in range(n)]
    return {f"untitled {i}.wav": encode(0.1 * noise * envelope) for i, noise in enumerate(noises)}


@pytest.fixture(scope="module")
def files():
    kick = (EXAMPLES / "kick_analogue.wav").read_bytes()
    return hats(LEAST + 3) | {"z kick.wav": kick}


@pytest.fixture
def page(files):
    page = open_page()
    page.file_uploader[0].set_value([("pack.zip", zip_of(files), "application/zip")]).run()
    assert not page.exception
    return page


def label(page, rows, name):
    tick(page, page.dataframe[0].key, rows)
    page.button_group(key="label ticked").select(name).run()
    assert not page.exception


def tick(page, key, rows):
    page.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    page.run()


def labels(page):
    table = page.dataframe[0].value
    return dict(zip(table["file"], table["label"], strict=True))


def offer(page):
    return next((text.value for text in page.markdown if "would change" in text.value), None)


def test_nothing_is_proposed_before_five_labels(page):
    label(page, list(range(LEAST - 1)), "percussion")
    assert offer(page) is None


def test_what_follows_is_shown_before_it_changes_and_undone_as_one_step(page):
    before = labels(page)
    label(page, list(range(LEAST)), "percussion")
    given = labels(page)
    assert offer(page).startswith("**3 other sounds would change**")
    press(page, "Look at them")
    changes = page.dataframe[1].value
    assert set(changes["file"]) == {f"untitled {i}.wav" for i in range(LEAST, LEAST + 3)}
    assert (set(changes["after"]), set(changes["before"])) == ({"Percussion"}, {"Closed hat"})
    assert labels(page) == given
    press(page, "Change 3 sounds")
    assert {labels(page)[name] for name in changes["file"]} == {"Percussion ≈"}
    assert labels(page)["z kick.wav"] == before["z kick.wav"]
    assert any("3 followed from yours" in text.value for text in page.markdown)
    assert offer(page) is None
    press(page, "Undo")
    assert labels(page) == given
    press(page, "Undo")
    assert labels(page) == before


def test_what_is_ticked_stays_as_it_is(page):
    label(page, list(range(LEAST)), "percussion")
    press(page, "Look at them")
    stays = page.dataframe[1].value["file"][0]
    tick(page, page.dataframe[1].key, [0])
    press(page, "Change 2 sounds")
    assert labels(page)[stays] == "Closed hat"
    assert sorted(labels(page).values()).count("Percussion ≈") == 2
    assert offer(page) is None  # it is not proposed again
    press(page, "Undo")
    assert offer(page).startswith("**2 other sounds would change**")


def test_not_now_is_asked_again_after_the_next_label(page):
    label(page, list(range(LEAST)), "percussion")
    press(page, "Look at them")
    press(page, "Not now")
    assert offer(page) is None
    label(page, [LEAST], "percussion")
    assert offer(page).startswith("**2 other sounds would change**")


def test_no_change_is_made_that_was_not_shown(page, monkeypatch):
    monkeypatch.setattr("page.pack.learning._MOST_SHOWN", 2)
    label(page, list(range(LEAST)), "percussion")
    assert offer(page).startswith("**3 other sounds would change**")
    press(page, "Look at them")
    assert "The 2 clearest; the others are shown after these." in [caption.value for caption in page.caption]
    press(page, "Change 2 sounds")
    assert sorted(labels(page).values()).count("Percussion ≈") == 2
    assert offer(page).startswith("**1 other sound would change**")
