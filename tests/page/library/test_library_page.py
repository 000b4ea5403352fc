"""The page of a library, driven without a browser."""

import os
import shutil
import threading

import pytest
import streamlit as st
from conftest import EXAMPLES, encode, make_hit, mix
from library_steps import cell, examples_folder, files, page_opener, said, scan, scanned_folder
from page_steps import LOOP, press
from streamlit import config
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from page.library.keys import PAGE
from page.library.started import _is_asked_for_here

folder = pytest.fixture(examples_folder)
scanned = pytest.fixture(scanned_folder)
start = pytest.fixture(page_opener)


@pytest.fixture
def page(start, folder, scanned):
    page = start(folder)
    assert not page.exception
    return page


def test_it_shows_what_is_in_the_folders(page, scanned):
    assert sorted(files(page)) == sorted(name.rpartition("/")[2] for name in scanned.names if name != "bad.wav")
    assert f"**{len(files(page))} sounds** · " in next(text for text in said(page) if "sounds" in text)
    assert any("1 copy · 1 not readable" in text for text in said(page))


def test_filters_narrow_it_down(page):
    everything = files(page)
    page.button_group(key="class").select("kick").run()
    kicks = files(page)
    assert kicks and all("kick" in name or name == "copy.wav" for name in kicks)
    page.text_input(key="words").set_value("-copy").run()
    assert set(files(page)) == set(kicks) - {"copy.wav"}
    page.text_input(key="words").set_value("nothing at all").run()
    assert not page.dataframe
    assert "No sound passes these filters." in said(page)
    page.text_input(key="words").set_value("").run()
    page.button_group(key="class").select("any").run()
    assert files(page) == everything
    page.toggle(key="without copies").set_value(True).run()
    assert len(files(page)) == len(everything) - 1
    page.selectbox(key="which").set_value("not read").run()
    assert [text.value for text in page.text] == ["bad.wav"]


def test_going_through_it_labelling_and_undo(page):
    press(page, "Next")
    assert page.text[0].value == "copy.wav"
    press(page, "Next")
    second = page.text[0].value
    press(page, "Previous")
    assert page.text[0].value == "copy.wav"
    page.button(key="label key tom").click().run()
    assert cell(page, "copy.wav", "label") == cell(page, "kick_analogue.wav", "label") == "Tom ✎"  # the same content
    press(page, "Undo")
    assert [toast.value for toast in page.toast] == ["Labels of 2 sounds undone"]
    assert cell(page, "copy.wav", "label") == "Kick"
    assert "Undo" not in [button.label for button in page.button]
    assert second != "copy.wav"


def test_labels_are_there_the_next_time(page, start, folder):
    press(page, "Next")
    page.button(key="label key tom").click().run()
    st.cache_resource.clear()
    again = start(folder)
    assert cell(again, "copy.wav", "label") == "Tom ✎"
    assert any("2 labelled by you" in text for text in said(again))


def test_what_is_labelled_out_of_the_list_leaves_its_place_to_the_next_one(page):
    page.button_group(key="class").select("kick").run()
    before = files(page)
    for _ in range(2):
        press(page, "Next")
    assert page.text[0].value.endswith(before[1])
    page.button(key="label key tom").click().run()
    press(page, "Next")
    assert page.text[0].value.endswith(before[2])


def test_what_is_labelled_leaves_the_least_sure_to_the_next_one(page):
    page.selectbox(key="order").set_value("least sure").run()
    before = files(page)
    press(page, "Next")
    page.button(key="label key clap").click().run()
    assert files(page)[0] == before[1]  # it is among the sure ones now
    press(page, "Undo")
    press(page, "Next")
    assert page.text[0].value.endswith(before[1])
    press(page, "Previous")
    page.button(key="label key clap").click().run()
    press(page, "Next")
    assert page.text[0].value.endswith(before[1])


def test_other_filters_begin_at_the_first_sound(page, monkeypatch):
    monkeypatch.setattr("page.library.browse.PAGE", 3)
    monkeypatch.setattr("page.library.keys.PAGE", 3)
    for _ in range(4):
        press(page, "Next")
    page.run()
    assert any("4 to 6 of" in text for text in said(page))
    page.selectbox(key="order").set_value("longest").run()
    assert any("1 to 3 of" in text for text in said(page))
    press(page, "Next")
    assert page.text[0].value.endswith(files(page)[0])
    page.text_input(key="words").set_value("snare").run()
    press(page, "Next")
    assert page.text[0].value.endswith(files(page)[0])
    press(page, "Like this")
    press(page, "Next")
    assert page.text[0].value.endswith(files(page)[0])


def test_ticked_sounds_are_labelled_together(page):
    for _ in range(2):
        press(page, "Next")
        press(page, "Tick")
    assert len(page.dataframe[0].value) > 2
    page.button(key="label key clap").click().run()
    assert [label for label in page.dataframe[0].value["label"] if label == "Clap ✎"] != []
    assert any("3 labelled by you" in text for text in said(page))  # one of them has a copy
    page.button(key="label key tom").click().run()  # nothing is ticked any more
    assert [label for label in page.dataframe[0].value["label"] if "✎" in label].count("Tom ✎") == 1
    press(page, "Undo")
    press(page, "Undo")
    assert not any("labelled by you" in text for text in said(page))


def test_only_what_is_in_the_table_is_ticked_by_key(page, monkeypatch):
    monkeypatch.setattr("page.library.browse.PAGE", 5)
    monkeypatch.setattr("page.library.keys.PAGE", 5)
    press(page, "Next")
    assert not page.button(key="tick").disabled
    page.button(key="page after").click().run()
    assert page.button(key="tick").disabled  # the sound is on the page before
    press(page, "Next")
    assert not page.button(key="tick").disabled
    page.button_group(key="view").select("Map").run()
    assert page.button(key="tick").disabled


def test_kinds_are_asked_for_until_the_label_is_undone(page):
    press(page, "Next")
    press(page, "Tick")
    page.button(key="label key percussion").click().run()
    assert "kind labelled" in [group.key for group in page.button_group]
    press(page, "Undo")
    assert "kind labelled" not in [group.key for group in page.button_group]


def test_all_that_cannot_be_read_is_listed(start, folder, classifier, monkeypatch):
    monkeypatch.setattr("page.library.browse.PAGE", 5)
    for i in range(6):
        (folder / f"bad {i}.wav").write_bytes(b"no sound" + bytes(i))
    scan(folder, classifier)
    page = start(folder)
    page.selectbox(key="which").set_value("not read").run()
    first = page.text[0].value.splitlines()
    page.button(key="page after").click().run()
    assert sorted([*first, *page.text[0].value.splitlines()]) == [*(f"bad {i}.wav" for i in range(6)), "bad.wav"]


def test_a_kind_is_given_after_the_label_of_ticked_sounds(page):
    press(page, "Next")
    press(page, "Tick")
    page.button(key="label key cymbal").click().run()
    page.button_group(key="kind labelled").select("ride").run()
    assert "Cymbal (ride) ✎" in list(page.dataframe[0].value["label"])


def test_keys_are_shown_beside_what_they_label(page):
    def with_keys():
        return [group.label for group in page.button_group if any(":gray[1]" in name for name in group.options)]

    press(page, "Next")
    assert with_keys() == ["It is a"]
    press(page, "Tick")
    assert with_keys() == ["Label the ticked sound as"]


def test_the_heading_is_the_users_label(page):
    press(page, "Next")
    assert page.subheader[0].value.startswith("Kick")
    page.button(key="label key tom").click().run()
    assert page.subheader[0].value == "Tom"
    assert any(text.startswith("Your label. :gray[The model said Kick, ") for text in said(page))


def test_what_is_ticked_is_exported_and_sorted_alone(page):
    everything = len(files(page))
    press(page, "Next")
    press(page, "Tick")
    page.button_group(key="view").select("Export").run()
    assert any(text.startswith("1 sound, by the paths") for text in said(page))
    page.button_group(key="view").select("Sort").run()
    assert "Sort 1 sound" in [button.label for button in page.button]
    page.toggle(key="only ticked").set_value(False).run()
    assert f"Sort {everything} sounds" in [button.label for button in page.button]
    page.button_group(key="view").select("Table").run()
    assert "Label the ticked sound as" in [group.label for group in page.button_group]
    press(page, "Tick")
    page.button_group(key="view").select("Export").run()
    assert not any(toggle.key == "only ticked" for toggle in page.toggle)
    assert any(text.startswith(f"{everything} sounds, by the paths") for text in said(page))


def test_ticks_stay_over_pages_of_the_table_and_filters(page, monkeypatch):
    monkeypatch.setattr("page.library.browse.PAGE", 3)
    monkeypatch.setattr("page.library.keys.PAGE", 3)
    for _ in range(3):
        press(page, "Next")
    press(page, "Tick")
    press(page, "Next")
    page.run()
    press(page, "Tick")
    assert "Label the ticked sound as" in [group.label for group in page.button_group]  # of those that one sees
    assert any("2 are ticked in all" in text for text in said(page))
    page.button_group(key="view").select("Export").run()
    assert any(text.startswith("2 sounds, by the paths") for text in said(page))
    page.button_group(key="class").select("snare").run()
    page.button_group(key="view").select("Sort").run()
    assert "Only the 2 ticked sounds, of which 0 pass the filters" in [toggle.label for toggle in page.toggle]
    assert not any(button.label.startswith("Sort ") for button in page.button)
    press(page, "Untick")
    assert "Sort 2 sounds" in [button.label for button in page.button]


def test_after_a_search_it_goes_on_where_it_was(page):
    for _ in range(4):
        press(page, "Next")
    here, place = page.text[0].value.rpartition("/")[2], 3
    press(page, "Like this")
    press(page, "Back to all")
    press(page, "Next")
    assert files(page)[place] == here
    assert page.text[0].value.endswith(files(page)[place + 1])


def test_what_cannot_be_read_is_neither_ticked_nor_searched_with(page):
    page.selectbox(key="which").set_value("not read").run()
    press(page, "Next")
    assert page.text[-1].value == "bad.wav"
    assert page.button(key="tick").disabled and page.button(key="more").disabled


def test_keys_can_be_turned_off(page):
    press(page, "Next")
    assert page.button(key="again").proto.shortcut
    page.toggle(key="keys").set_value(False).run()
    assert not page.button(key="again").proto.shortcut
    assert "label key tom" not in [button.key for button in page.button]


def test_more_like_one_of_the_library(page, scanned):
    press(page, "Next")
    press(page, "Like this")
    assert page.session_state.like.embedding.base is None  # a view would keep those of all sounds
    assert any("most like **copy" in text for text in said(page))
    assert "kick" in files(page)[0] and "kick_analogue.wav" not in files(page)  # that is the same content
    nearness = [float(text.strip("<>%")) for text in page.dataframe[0].value["near"]]
    assert nearness == sorted(nearness, reverse=True)
    page.button_group(key="class").select("snare").run()
    assert {label.partition(" ")[0] for label in page.dataframe[0].value["label"]} == {"Snare"}
    press(page, "Back to all")
    assert "near" not in page.dataframe[0].value


def test_like_one_that_is_dropped(page):
    page.file_uploader[0].set_value(("mine.wav", (EXAMPLES / "snare_acoustic.wav").read_bytes(), "audio/wav")).run()
    press(page, next(button.label for button in page.button if button.label.startswith("Find what is like mine")))
    assert files(page)[0] == "snare_acoustic.wav"
    assert page.dataframe[0].value["near"][0] == ">99%"


def test_like_a_hit_of_a_loop(page):
    page.file_uploader[0].set_value(("loop.wav", encode(mix(LOOP, 2.3)), "audio/wav")).run()
    hits = next(group for group in page.button_group if group.label == "Which hit?")
    assert len(hits.options) == len(LOOP)
    hits.select(3).run()
    press(page, next(button.label for button in page.button if button.label.startswith("Find what is like hit 4")))
    assert files(page)[0] == f"{LOOP[3][0]}.wav"


def test_like_a_hit_of_a_loop_of_the_library(start, folder, classifier):
    (folder / "a loop.wav").write_bytes(encode(mix(LOOP, 2.3)))
    scan(folder, classifier)
    page = start(folder)
    press(page, "Next")
    assert page.text[0].value == "a loop.wav"
    page.toggle(key="hits of 0").set_value(True).run()
    hits = next(group for group in page.button_group if group.label == "Which hit?")
    hits.select(1).run()
    press(page, next(button.label for button in page.button if button.label.startswith("Find what is like hit 2")))
    assert files(page)[0] == f"{LOOP[1][0]}.wav"
    press(page, "Next")
    assert not any(toggle.key.startswith("hits of") for toggle in page.toggle)  # a drum has no other hits
    press(page, "Back to all")
    for _ in range(len(files(page))):
        press(page, "Previous") if page.text[0].value != "a loop.wav" else None
    page.toggle(key="hits of 0").set_value(True).run()
    page.file_uploader[0].set_value(("a loop.wav", encode(mix(LOOP, 2.3)), "audio/wav")).run()
    for group in [group for group in page.button_group if group.label == "Which hit?"]:
        page.button_group(key=group.key).select(1).run()
    assert not page.exception
    assert not page.error
    assert len([button for button in page.button if button.label.startswith("Find what is like hit 2")]) == 2


def test_what_was_damaged_since_the_scan_is_said_once(page, folder):
    (folder / "copy.wav").write_bytes(b"no sound")
    press(page, "Next")
    assert page.text[0].value == "copy.wav"
    assert len(page.error) == 1


def test_what_cannot_be_read_is_refused_where_it_was_dropped(page):
    page.file_uploader[0].set_value(("mine.wav", b"no sound", "audio/wav")).run()
    assert len(page.error) == 1 and "damaged" in page.error[0].value
    assert files(page)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.0.7", "", None])
def test_it_is_shown_to_this_computer_only(start, folder, scanned, address):
    page = start(folder, address=address)
    assert [error.value for error in page.error] == [
        "This page shows the sounds of the computer that it runs on, and only to that computer."
    ]
    assert not page.dataframe


@pytest.mark.parametrize("arguments", [(), ("relative",), ("--unknown", "/tmp"), ("--sort-to", "x", "/tmp")])
def test_it_is_started_by_the_command_only(start, arguments):
    page = start(*arguments)
    assert [error.value for error in page.error] == ["Start this page with `drumclf library FOLDER`."]


def test_folders_without_sounds_are_named(start, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    page = start(tmp_path / "empty")
    for thread in [thread for thread in threading.enumerate() if thread.name == "scan"]:
        thread.join()
    page.run()
    assert str(tmp_path / "empty") in page.info[0].value.replace("\\", "")
    assert "**0 sounds**" in said(page)


def test_no_link_opens_another_folder(start, folder, scanned, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(EXAMPLES / "loops", other)
    config.set_option("server.address", "localhost")
    page = start(folder)
    for name in ("folder", "folders", "path", "sort-to", "current", "like", "view"):
        page.query_params[name] = str(other)
    page.run()
    assert not page.exception
    assert not any("beat" in name for name in files(page))


def test_a_file_that_has_gone_is_a_sentence(page, folder):
    (folder / "copy.wav").unlink()
    press(page, "Next")
    assert [error.value for error in page.error] == ["This file is no longer there. Scan again to find where it went."]
    assert files(page)


def test_a_large_file_of_ones_own_is_played(start, folder, classifier):
    data = (EXAMPLES / "kick_analogue.wav").read_bytes()
    (folder / "a long one.wav").write_bytes(data + bytes(12_000_000))
    scan(folder, classifier)
    page = start(folder)
    press(page, "Next")
    assert page.text[0].value == "a long one.wav"
    assert not page.error
    assert "Kick" in page.subheader[0].value


def test_the_table_is_sent_a_page_at_a_time(start, folder, classifier):
    shutil.rmtree(folder / "kit")
    for i in range(PAGE + 30):
        (folder / f"{i:03}.wav").write_bytes(encode(make_hit(duration=0.03, seed=i)))
    scan(folder, classifier)
    page = start(folder)
    first = files(page)
    assert len(first) == PAGE
    page.button(key="page after").click().run()
    rest = files(page)
    assert (len(rest), set(first) & set(rest)) == (31, set())  # with copy.wav
    assert page.button(key="page after").disabled
    page.session_state["current"] = PAGE - 1
    page.run()
    press(page, "Next")  # turns to the page of the sound that it shows
    assert page.text[0].value == rest[0]
    press(page, "Previous")
    assert (page.text[0].value, files(page)) == (first[-1], first)


def test_names_that_are_not_utf8(start, folder, classifier):
    strange = folder.with_name(os.fsdecode(b"in \xe9"))
    try:
        folder.rename(strange)
    except OSError:
        pytest.skip("this file system has no such names")
    data = (EXAMPLES / "kick_analogue.wav").read_bytes()
    (strange / os.fsdecode(b"a long one \xe9.wav")).write_bytes(data + bytes(12_000_000))
    scan(strange, classifier)
    page = start(strange)
    press(page, "Next")
    assert page.text[0].value == "a long one \N{REPLACEMENT CHARACTER}.wav"
    assert not page.error
    assert "Kick" in page.subheader[0].value


@pytest.mark.parametrize(("folder", "sort_to"), [("/", "/sorted"), ("/a/b", "/a/b sorted")])
def test_where_it_sorts_to(folder, sort_to, monkeypatch):
    def script():
        import streamlit as st

        from page.library.started import the_start

        st.text(the_start().sort_to)

    before = config.get_option("server.address")
    config.set_option("server.address", "localhost")
    monkeypatch.setattr("sys.argv", ["library.py", folder])
    try:
        assert AppTest.from_function(script).run().text[0].value == sort_to
    finally:
        config.set_option("server.address", before)


def test_a_page_whose_browser_has_gone_is_not_drawn_for_the_next_one(monkeypatch):
    files, uploads = MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload")
    monkeypatch.setattr(Runtime, "_instance", None)
    Runtime(RuntimeConfig("library.py", None, files, uploads))  # a server, as `streamlit run` has it
    assert not _is_asked_for_here()
