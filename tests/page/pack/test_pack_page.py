"""Whole packs on the page, driven without a browser."""

import pytest
from conftest import EXAMPLES, drawn, encode, make_hit, zip_of
from page_steps import open_page

KICK, SNARE, HAT = (
    (EXAMPLES / name).read_bytes() for name in ("kick_analogue.wav", "snare_acoustic.wav", "closed_hat_analogue.wav")
)


page = pytest.fixture(open_page)


def drop(page, files):
    """Upload several files."""
    page.file_uploader[0].set_value([(name, data, "audio/wav") for name, data in files.items()]).run()
    assert not page.exception
    return page


def table(page):
    return page.dataframe[0].value


def refused(page):
    """What is wrong, in a word -> names of the files."""
    reasons = [markdown.value for markdown in page.markdown if markdown.value.startswith("**This")]
    words = [next(word for word in ("damaged", "empty") if word in reason) for reason in reasons]
    return dict(zip(words, [text.value.split("\n") for text in page.text], strict=True))


def tick(page, rows):
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return page.run()


def group(page, label):
    return next(group for group in page.button_group if group.label == label)


def test_several_files_are_a_table(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE, "bad.wav": b"no sound"})
    cells = table(page)
    assert list(cells["file"]) == ["a.wav", "b.wav"]
    assert list(cells["label"]) == ["Kick", "Snare"]
    assert cells["probability"][0] > 50
    assert not {"note", "folder"} & set(cells)  # they would be empty
    assert page.header[0].value == "2 sounds"
    assert "1 not read" in page.markdown[0].value


def test_refused_files_are_below_the_sentence_that_says_why(page):
    drop(page, {"a.wav": KICK, "bad.wav": b"no sound", "worse.wav": b"none either", "empty.wav": b""})
    page.button_group(key="filter").select("not read").run()
    damaged, empty = refused(page).items()
    assert damaged == ("damaged", ["bad.wav", "worse.wav"])
    assert empty == ("empty", ["empty.wav"])


def test_if_all_files_are_refused_they_are_shown(page):
    drop(page, {"bad.wav": b"no sound", "worse.wav": b""})
    assert refused(page) == {"damaged": ["bad.wav"], "empty": ["worse.wav"]}
    assert page.header[0].value == "0 sounds"
    assert page.markdown[0].value == "2 not read"


def test_a_long_name_keeps_its_beginning_and_end(page):
    drop(page, {f"{'Ultimate Collection of Vinyl ' * 3}{k}.wav": data for k, data in enumerate((KICK, SNARE))})
    names = list(table(page)["file"])
    assert all(name.startswith("Ultimate") and len(name) == 34 for name in names)
    assert [name[-5:] for name in names] == ["0.wav", "1.wav"]


def test_folders_are_shown_if_there_are_several(page):
    drop(page, {"pack.zip": zip_of({"Kicks/a.wav": KICK, "Snares/b.wav": SNARE})})
    assert list(table(page)["folder"]) == ["Kicks", "Snares"]


def test_a_zip_is_a_table_and_other_files_are_named(page):
    files = {"kit/kick.wav": KICK, "kit/sub/hat.wav": HAT, "kit/readme.txt": b"hello", ".DS_Store": b"x"}
    drop(page, {"pack.zip": zip_of(files)})
    assert list(table(page)["file"]) == ["kick.wav", "hat.wav"]
    assert page.expander[0].label == "Skipped (not sounds): 1 text file, 1 system file"
    assert page.expander[0].text[0].value == "kit/readme.txt"


def test_a_folder_is_sorted_out_by_content_as_a_zip_is(page):
    sounds = {"Crash": HAT, "kick.wav": KICK, "bad.wav": b"x"}
    drop(page, sounds | {"kick.wav.asd": b"\xab\x1eVx", "cover.jpg": b"\xff\xd8\xff\xe0"})
    assert list(table(page)["file"]) == ["Crash", "kick.wav"]
    assert "1 not read" in page.markdown[0].value
    assert page.expander[0].label == "Skipped (not sounds): 1 companion file, 1 picture"
    assert page.expander[0].text[0].value == "kick.wav.asd\ncover.jpg"


def test_a_zip_in_a_folder_is_opened_but_not_its_companion(page):
    files = {"kick.wav": KICK, "more.zip": zip_of({"b.wav": SNARE, "inner.zip": zip_of({"c.wav": HAT})})}
    drop(page, files | {"._more.zip": b"\0\5\x16\7\0\2\0\0", "old.rar": b"Rar!\x1a\7"})
    assert list(table(page)["file"]) == ["kick.wav", "b.wav"]
    assert "not read" not in page.markdown[0].value
    assert page.expander[0].label == (
        "Skipped (not sounds): 2 archives (unpack them to include their sounds), 1 system file"
    )
    assert page.expander[0].text[0].value == "inner.zip\nold.rar"


def test_a_bad_zip_is_one_row(page):
    drop(page, {"pack.zip": zip_of({"kick.wav": KICK})[:-30], "b.wav": SNARE})
    assert list(table(page)["label"]) == ["Snare"]
    page.button_group(key="filter").select("not read").run()
    assert refused(page) == {"damaged": ["pack.zip"]}


def test_a_sound_named_like_a_zip_is_a_sound(page):
    drop(page, {"kick.zip": KICK})
    assert page.title[0].value.startswith("Kick")


def test_copies_are_marked(page):
    drop(page, {"a.wav": KICK, "again.wav": KICK, "b.wav": SNARE})
    assert table(page)["note"][1] == "Same recording as a.wav"
    assert "1 copy" in page.markdown[0].value


def test_filters_and_not_sure_first(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE, "noise.wav": encode(make_hit(frequency=300)), "bad.wav": b"no sound"})
    page.button_group(key="filter").select("snare").run()
    assert list(table(page)["label"]) == ["Snare"] * len(table(page))
    page.button_group(key="filter").select("not read").run()
    assert list(refused(page)) == ["damaged"]
    page.button_group(key="filter").select("all").run()
    page.toggle(key="unsure first").set_value(True).run()
    assert table(page)["file"][0] == "noise.wav"


def test_one_and_many_labels_can_be_corrected_and_stay(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE, "c.wav": HAT})
    tick(page, [0, 2])
    group(page, "Label the 2 ticked sounds as").select("clap").run()
    assert list(table(page)["label"]) == ["Clap ✎", "Snare", "Clap ✎"]
    assert table(page)["note"][0].startswith("The model said Kick")
    tick(page, [1])
    group(page, "Label the ticked sound as").select("tom").run()
    page.run()
    assert list(table(page)["label"]) == ["Clap ✎", "Tom ✎", "Clap ✎"]
    assert "3 labelled by you" in page.markdown[0].value


def test_many_labels_are_made_more_precise_in_a_second_step(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE, "c.wav": HAT})
    tick(page, [0, 2])
    group(page, "Label the 2 ticked sounds as").select("percussion").run()
    assert list(table(page)["label"]) == ["Percussion ✎", "Snare", "Percussion ✎"]
    group(page, "2 sounds labelled as percussion. More precisely:").select("cowbell").run()
    assert list(table(page)["label"]) == ["Percussion (cowbell) ✎", "Snare", "Percussion (cowbell) ✎"]
    assert not [g for g in page.button_group if g.label.endswith("More precisely:")]
    tick(page, [1])
    group(page, "Label the ticked sound as").select("tom").run()  # a class without kinds asks for nothing more
    assert not [g for g in page.button_group if g.label.endswith("More precisely:")]


def test_an_example_does_not_take_the_pack_away(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE})
    tick(page, [1])
    group(page, "Label the ticked sound as").select("tom").run()
    page.button_group(key="example").select("cowbell_analogue.wav").run()
    assert page.title[0].value.startswith("Percussion")
    next(button for button in page.button if button.label == "Back to your pack").click().run()
    assert list(table(page)["label"]) == ["Kick", "Tom ✎"]


def test_the_names_in_the_zip_are_shown_before_it_is_made(page):
    drop(page, {"a.wav": KICK, "b.wav": SNARE, "again.wav": KICK})
    page.button_group(key="view").select("Export").run()
    assert page.code[0].value.splitlines()[:2] == ["kick/a.wav", "snare/b.wav"]
    page.toggle(key="rename").set_value(True).run()
    assert page.code[0].value.splitlines()[0] == "kick/kick_001.wav"
    page.toggle(key="skip copies").set_value(True).run()
    assert len(page.code[0].value.splitlines()) == 2
    page.text_input(key="pattern").set_value("{oops}").run()
    assert "{oops}" in page.error[0].value
    assert not page.exception


@pytest.mark.parametrize("name", ["**b** [x](javascript:alert(1)) $y$.wav", "<img src=x onerror=alert(1)>.wav"])
def test_names_are_text(page, name):
    drop(page, {name: KICK, "b.wav": SNARE, "c.wav": HAT})
    page.session_state.current = 1  # the others are its look-alikes
    page.run()
    labels = [button.label for button in page.button]
    assert not any(name in label for label in labels)  # unescaped, Streamlit would format it
    page.session_state.current = 0
    page.run()
    assert name in [element.value for element in page.text]
    assert not any(name in element.value for element in page.markdown)


def test_a_sound_that_is_played_is_on_the_stage(page, classifier):
    drop(page, {"a.wav": KICK, "b.wav": SNARE})
    assert not drawn(page, "stage")
    page.session_state.current = 1
    page.run()
    (stage,) = drawn(page, "stage")
    assert stage["label"] == "snare"
    assert {row["name"]: row["probability"] for row in stage["classes"]} == classifier.classify(SNARE).probabilities
    assert stage["autoplay"]


@pytest.mark.parametrize("files", [{}, {"notes.txt": b"hello"}, {"a.wav": b"no sound", "b.wav": b""}])
@pytest.mark.parametrize("view", ["Table", "Map", "Export"])
def test_a_pack_without_sounds_causes_no_error(page, files, view):
    drop(page, {"pack.zip": zip_of(files)})
    page.button_group(key="view").select(view).run()
    assert not page.exception
    assert page.header[0].value == "0 sounds"


def test_ticks_do_not_pass_on_to_other_sounds(page):
    drop(page, {f"{i}.wav": data for i, data in enumerate((KICK, SNARE, HAT))})
    tick(page, [1])
    page.session_state["current"] = 0
    page.run()
    group(page, "It is a").select("snare").run()  # changes what the filter of the next line shows
    page.button_group(key="filter").select("snare").run()
    assert len(table(page)) == 2
    tick(page, [0])
    assert [group for group in page.button_group if group.label.startswith("Label the ticked")]
    group(page, "It is a").select("kick").run()  # the ticked row has gone; the other moves up
    assert len(table(page)) == 1
    assert not [group for group in page.button_group if group.label.startswith("Label the ticked")]
