"""The room that sorts files on this computer: what it shows is what it does, and it can be undone."""

import numpy as np
import pytest
from library_steps import catalogue_of, some_sounds
from page_steps import press
from streamlit.runtime.scriptrunner_utils.exceptions import StopException
from streamlit.testing.v1 import AppTest

from drumclf.__main__ import main
from drumclf.filing.journal import JOURNAL, read_journal
from drumclf.filing.lock import LOCK, alone_in
from page.library import filing

A, BAD, B, C, COPY = range(5)  # a.wav, bad.wav, kit/b.wav, kit/c.wav, kit/copy.wav
ALL = np.arange(5)


@pytest.fixture
def folder(tmp_path):
    return some_sounds(tmp_path / "in")


@pytest.fixture
def catalogue(folder, classifier, tmp_path):
    return catalogue_of(folder, classifier, tmp_path)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "in sorted"


@pytest.fixture
def room(catalogue, classifier, out):
    def script(catalogue, classifier, indices, out):
        import streamlit as st

        from page.library.sorting import show_sorting

        show_sorting(catalogue, classifier, st.session_state.get("these", indices), out)

    return AppTest.from_function(script, default_timeout=60, args=(catalogue, classifier, ALL, out)).run()


def choose(room, *, action=None, these=None):
    if action:
        room.button_group(key="sort action").select(action)
    if these is not None:
        room.session_state["these"] = np.array(these, int)
    assert not room.run().exception
    return room


def tree(folder):
    files = (path for path in folder.rglob("*") if not path.is_dir() and path.name != JOURNAL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def said(room):
    elements = [*room.success, *room.warning, *room.info, *room.error, *room.markdown]
    return "\n".join(element.value for element in elements).replace("\\", "")


def buttons(room):
    return [button.label for button in room.button]


@pytest.mark.parametrize("action", ["copy", "move", "link"])
def test_what_is_shown_is_done_and_undone(action, room, folder, out):
    before = tree(folder)
    choose(room, action=action)
    assert room.dataframe[0].value.values.tolist() == [["clap", 1, 0], ["kick", 2, 0], ["snare", 1, 0]]
    assert [code.value for code in room.code] == [
        str(out), "kick/a.wav\nsnare/b.wav\nclap/c.wav\nkick/copy.wav",
    ]  # fmt: skip
    assert [expander.label.partition(":")[0] for expander in room.expander] == ["1 file left out"]
    assert str(folder / "bad.wav") in room.expander[0].text[0].value
    assert not out.exists()
    press(room, "Sort 4 sounds")
    assert f"4 files {filing._DONE[action]}." in said(room)
    assert sorted(tree(out).values()) == sorted(data for name, data in before.items() if name != "bad.wav")
    assert set(tree(folder)) == ({"bad.wav"} if action == "move" else set(before))
    assert "4 sounds filed before" in said(room)
    press(room, "Undo: take back 4 files")
    assert "4 of 4 files taken back." in said(room)
    assert tree(folder) == before
    assert not out.exists()
    assert buttons(room) == ["Sort 4 sounds"]


def test_only_the_chosen_sounds_are_sorted_by_the_users_labels(room, catalogue, out):
    catalogue.correct([B], "tom")
    choose(room, these=[B])
    press(room, "Sort 1 sound")
    assert set(tree(out)) == {"tom/b.wav"}
    choose(room, these=[])
    assert "There is nothing to sort." in said(room)


def test_a_plan_that_is_no_longer_the_one_shown_is_not_carried_out(room, catalogue, folder, out):
    assert "Sort 4 sounds" in buttons(room)
    (folder / "kit" / "c.wav").unlink()  # nothing on the page tells
    press(room, "Sort 4 sounds")
    assert "Nothing was sorted: the plan is another one by now." in said(room)
    assert not out.exists()
    assert "Sort 3 sounds" in buttons(room)
    catalogue.correct([B], "tom")
    (button,) = [button for button in room.button if button.label.startswith("Sort")]
    button.click().run()  # the label was changed in another tab
    assert "Nothing was sorted" in said(room)
    assert not out.exists()
    press(room, "Sort 3 sounds")
    assert set(tree(out)) == {"kick/a.wav", "tom/b.wav", "kick/copy.wav"}


def test_names_and_copies(room, out):
    room.toggle(key="rename").set_value(True).run()
    room.toggle(key="skip copies").set_value(True).run()
    assert room.code[1].value == "kick/kick_001.wav\nsnare/snare_001.wav\nclap/clap_001.wav"
    assert [expander.label for expander in room.expander][1].startswith("1 file left out: Copies")
    room.text_input(key="pattern").set_value("{nonsense}").run()
    assert "A pattern has no field {nonsense}" in said(room)
    assert buttons(room) == []
    room.text_input(key="pattern").set_value("{n}").run()
    press(room, "Sort 3 sounds")
    assert set(tree(out)) == {"kick/1.wav", "snare/1.wav", "clap/1.wav"}


def test_what_a_click_cut_off_is_gone_on_with(room, folder, out, monkeypatch):
    carry_out = filing.carry_out

    def cut(journal, steps):
        yield from carry_out(journal, steps[:2])
        raise StopException  # as Streamlit does in a run that a click interrupts, or whose tab is closed

    with monkeypatch.context() as patch:
        patch.setattr(filing, "carry_out", cut)
        press(room, "Sort 4 sounds")
    assert len(tree(out)) == 2
    assert not room.run().exception
    assert "2 files left from an earlier run come first." in said(room)
    assert {"Sort 2 sounds", "Undo: take back 2 files"} == set(buttons(room))
    press(room, "Sort 2 sounds")
    assert len(tree(out)) == 4
    press(room, "Undo: take back 4 files")
    assert not out.exists()


def test_errors_are_listed_and_the_rest_is_sorted(room, out, monkeypatch):
    def refuse(step):
        if step.source.endswith("b.wav"):
            raise PermissionError(13, "Permission denied")
        put_file(step)

    put_file = filing.carry_out.__globals__["put_file"]
    monkeypatch.setattr("drumclf.filing.carrying_out.put_file", refuse)
    press(room, "Sort 4 sounds")
    assert "3 files copied." in said(room)
    assert next(box.label for box in room.expander) == "1 file left as it was"
    assert "b.wav stays where it is: Permission denied." in room.expander[0].text[0].value


def test_undo_says_what_it_leaves(room, out):
    press(room, "Sort 4 sounds")
    (out / "kick" / "a.wav").write_bytes(b"mine")
    press(room, "Undo: take back 4 files")
    assert "3 of 4 files taken back." in said(room)
    assert "it was changed since" in room.expander[0].text[0].value
    assert tree(out) == {"kick/a.wav": b"mine"}


def test_the_command_and_the_room_undo_each_other(room, folder, out, capsys):
    before = tree(folder)
    choose(room, action="move")
    press(room, "Sort 4 sounds")
    assert main(["undo", str(out)]) == 0
    assert tree(folder) == before
    capsys.readouterr()
    choose(room)
    press(room, "Sort 4 sounds")
    assert read_journal(out).steps
    choose(room)
    press(room, "Undo: take back 4 files")
    assert tree(folder) == before


def test_a_place_that_cannot_be_sorted_into_is_said(room, out):
    out.mkdir()
    (out / JOURNAL).write_text("nonsense\n")
    choose(room)
    assert f"{JOURNAL} in the destination is damaged" in said(room)
    (out / JOURNAL).unlink()
    out.rmdir()
    out.write_bytes(b"a file")
    room.session_state["these"] = np.array([A])
    choose(room)
    assert "is not a folder" in said(room)
    assert buttons(room) == []


def test_the_command_and_the_room_do_not_sort_at_once(room, folder, out, monkeypatch):
    whole = filing.record

    def other_first(journal, plan):
        assert main(["sort", str(folder / "kit"), str(out), "--yes"]) == 1
        whole(journal, plan)

    with alone_in(out, make=True):
        press(room, "Sort 4 sounds")
        assert f"Nothing was sorted: another drumclf is sorting into {out}" in said(room)
        assert tree(out) == {LOCK: b""}
    with monkeypatch.context() as patch:
        patch.setattr(filing, "record", other_first)
        press(room, "Sort 4 sounds")
    assert len(read_journal(out).filed) == len(tree(out)) == 4
    with alone_in(out):
        press(room, "Undo: take back 4 files")
        assert f"Nothing was taken back: another drumclf is sorting into {out}" in said(room)
    assert len(tree(out)) == 4


def test_two_tabs_do_not_sort_at_once(room, out, monkeypatch):
    monkeypatch.setattr(filing, "_PATIENCE", 0.01)
    with filing._alone():
        press(room, "Sort 4 sounds")
        assert "another tab of this page is at it" in said(room)
        assert not out.exists()
    press(room, "Sort 4 sounds")
    assert len(tree(out)) == 4
