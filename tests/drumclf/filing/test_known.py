"""A plan for sounds of a library, by the labels that are known; and what the commands make of what was done."""

import shutil
from pathlib import Path

import pytest
from command_steps import KICK, load_once
from filing_steps import take_back
from library_steps import catalogue_of, some_sounds

from drumclf.__main__ import main
from drumclf.batch.destinations import PatternError
from drumclf.filing.carrying_out import carry_out
from drumclf.filing.journal import ACTIONS, JOURNAL, Journal, read_journal
from drumclf.filing.known import plan_known
from drumclf.filing.plan import Earlier, Order, make_steps, record

loaded_once = pytest.fixture(load_once, autouse=True)
A, BAD, B, C, COPY = range(5)  # as they are sorted: a.wav, bad.wav, kit/b.wav, kit/c.wav, kit/copy.wav


@pytest.fixture
def folder(tmp_path):
    return some_sounds(tmp_path / "in")


@pytest.fixture
def catalogue(folder, classifier, tmp_path):
    return catalogue_of(folder, classifier, tmp_path)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def plan_now(catalogue, indices, out, **order):
    journal = read_journal(out)
    return journal, plan_known(
        catalogue, indices, Earlier(journal, catalogue.folders, catalogue.classes), Order(**order)
    )


def sort(catalogue, indices, out, n=None, **order):
    """Sort, and stop after so many files."""
    journal, plan = plan_now(catalogue, indices, out, **order)
    record(journal, plan)
    done = [error for _, (_, error) in zip(range(n or len(plan.steps)), carry_out(journal, plan.steps), strict=False)]
    assert set(done) <= {None}
    return plan


def tree(folder):
    files = (path for path in folder.rglob("*") if not path.is_dir() and path.name != JOURNAL)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def places(plan, out):
    return {Path(step.source).name: Path(step.destination).relative_to(out).as_posix() for step in plan.steps}


@pytest.mark.parametrize("action", ACTIONS)
def test_chosen_sounds_go_where_their_present_label_says(action, catalogue, folder, out):
    before = tree(folder)
    catalogue.correct([B], "percussion", "cowbell")
    plan = sort(catalogue, [A, BAD, B], out, action=action)
    assert places(plan, out)["b.wav"] == "percussion/b.wav"  # sure, since the user says so
    assert plan.folders(out) == {Path(place).parent.as_posix(): 1 for place in sorted(places(plan, out).values())}
    assert [(Path(row.name).name, "damaged" in row.error) for row in plan.refused] == [("bad.wav", True)]
    assert sorted(tree(out).values()) == sorted((before["a.wav"], before["kit/b.wav"]))
    assert set(before) - set(tree(folder)) == ({"a.wav", "kit/b.wav"} if action == "move" else set())
    assert take_back(out) == []
    assert tree(folder) == before
    assert not out.exists()


def test_no_file_is_read_for_a_plan(catalogue, out, monkeypatch):
    def read(*_, **__):
        raise AssertionError("a file was read")

    monkeypatch.setattr("drumclf.audio.read_clip", read)
    monkeypatch.setattr(Path, "open", read)
    monkeypatch.setattr(Path, "read_bytes", read)
    plan = plan_known(catalogue, range(5), Earlier(Journal(out), catalogue.folders, catalogue.classes), Order("move"))
    assert len(plan.steps) == 4


def test_names_follow_a_pattern_by_class_and_kind(catalogue, out):
    catalogue.correct([B], "percussion", "cowbell")
    _, plan = plan_now(catalogue, [A, B, COPY], out, pattern="{kind}/{class}_{n:02} {folder}")
    named = places(plan, out)
    assert named["b.wav"] == "percussion/cowbell/percussion_01 kit.wav"
    assert (named["a.wav"], named["copy.wav"]) == ("kick/kick_01 in.wav", "kick/kick_02 kit.wav")
    with pytest.raises(PatternError):
        plan_now(catalogue, [A], out, pattern="{class}")


@pytest.mark.parametrize("is_cut_off", [False, True])
@pytest.mark.parametrize("is_file_first", [False, True])
def test_what_is_a_file_in_one_run_is_no_folder_in_another(is_file_first, is_cut_off, tmp_path, out):
    files = {name: shutil.copy(KICK, tmp_path / name) for name in ("cowbell", "b.wav")}
    runs = [(str(files["cowbell"]), "percussion", True, None), (str(files["b.wav"]), "percussion", True, "cowbell")]
    for sound in runs if is_file_first else runs[::-1]:
        journal = read_journal(out)
        earlier = Earlier(journal, [tmp_path], ["percussion"])
        plan = earlier.plan(make_steps(earlier, Order(pattern="{kind}/{name}"), [sound]), [], [], 0)
        out.mkdir(exist_ok=True)
        record(journal, plan)
        if not (is_cut_off and sound is runs[not is_file_first]):
            assert {error for _, error in carry_out(journal, plan.steps)} == {None}
    expected = {"percussion/cowbell", "percussion/cowbell (2)/b.wav"} if is_file_first else {
        "percussion/cowbell/b.wav", "percussion/cowbell (2)"
    }  # fmt: skip
    assert set(tree(out)) == expected


def test_of_copies_one_is_sorted_whichever_are_chosen(catalogue, out):
    _, plan = plan_now(catalogue, range(5), out, skip_duplicates=True)
    assert plan.duplicates == [(catalogue.paths[COPY], catalogue.paths[A])]
    assert [step.source for step in plan.steps] == [catalogue.paths[i] for i in (A, B, C)]
    _, plan = plan_now(catalogue, [B, COPY], out, skip_duplicates=True)  # the first is not among them
    assert (len(plan.steps), plan.duplicates) == (2, [])
    sort(catalogue, [COPY], out, action="move")  # and a copy of what was filed before stays
    _, plan = plan_now(catalogue, [A, B, COPY], out, skip_duplicates=True)
    assert [step.source for step in plan.steps] == [catalogue.paths[B]]
    assert plan.duplicates == [(catalogue.paths[A], str(out / "kick" / "copy.wav"))]
    assert plan.n_filed == 1


def test_companions_go_along_unless_they_could_belong_to_another_sound(catalogue, folder, out):
    for name in ("kit/b.wav.asd", "kit/c.xmp", "kit/copy.xmp", "a.wav.asd"):
        (folder / name).write_bytes(name.encode())
    shutil.copy(KICK, folder / "kit" / "copy.aif")  # newer than the library
    before = tree(folder)
    plan = sort(catalogue, [B, C, COPY], out, action="move")
    assert (len(plan.steps), plan.n_sounds()) == (5, 3)
    assert set(tree(folder)) == {"a.wav", "a.wav.asd", "bad.wav", "kit/copy.xmp", "kit/copy.aif"}
    assert tree(out)["snare/b.wav.asd"] == b"kit/b.wav.asd"
    assert take_back(out) == []
    assert tree(folder) == before


def test_links_and_files_that_are_gone_stay_with_a_reason(catalogue, folder, out):
    (folder / "a.wav").unlink()
    (folder / "a.wav").symlink_to(KICK)
    (folder / "kit" / "c.wav").unlink()
    _, plan = plan_now(catalogue, [A, B, C], out, action="move")
    assert [(Path(row.name).name, row.error[:9]) for row in plan.refused] == [
        ("a.wav", "This is a"),
        ("c.wav", "No longer"),
    ]
    assert len(plan_now(catalogue, [A, B, C], out)[1].steps) == 2  # a link may be copied


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_cut_off_comes_first_and_what_was_filed_stays(action, catalogue, folder, out):
    before = tree(folder)
    first = sort(catalogue, [A, B, C], out, n=1, action=action)
    _, plan = plan_now(catalogue, [A, B, C, COPY], out, action="copy")
    assert plan.steps[:2] == first.steps[1:]
    assert (plan.n_unfinished, plan.n_filed, len(plan.steps)) == (2, 1, 3)
    sort(catalogue, [A, B, C, COPY], out)
    assert sorted(tree(out).values()) == sorted(before[name] for name in before if name != "bad.wav")
    _, plan = plan_now(catalogue, range(5), out)
    assert (plan.steps, plan.n_filed) == ([], 4)
    (out / "kick" / "a.wav").rename(out / "kick" / "mine.wav")  # by hand
    assert plan_now(catalogue, range(5), out)[1].steps == []


def test_the_commands_and_a_library_share_a_journal(catalogue, folder, out, capsys):
    before = tree(folder)
    catalogue.correct([B], "tom")
    sort(catalogue, [A, B], out, n=1)
    assert main(["sort", str(folder), str(out)]) == 1  # the refused one
    said = capsys.readouterr()
    assert "1 file left from an earlier run: first in the plan" in said.err
    assert tree(out)["tom/b.wav"] == before["kit/b.wav"]  # as the library had planned it
    _, plan = plan_now(catalogue, range(5), out)
    assert (plan.steps, plan.n_filed) == ([], 4)
    assert main(["undo", str(out)]) == 0
    assert not out.exists()
    main(["sort", str(folder), str(out), "--move"])
    assert take_back(out) == []
    assert tree(folder) == before


def test_what_the_command_left_out_stays_out(catalogue, folder, out, capsys):
    main(["sort", str(folder), str(out), "--skip-duplicates"])
    assert set(tree(out)) == {"kick/a.wav", "snare/b.wav", "clap/c.wav"}
    _, plan = plan_now(catalogue, range(5), out, skip_duplicates=True)
    assert (plan.steps, plan.n_filed) == ([], 3)
    assert [step.source for step in plan_now(catalogue, range(5), out)[1].steps] == [catalogue.paths[COPY]]


def test_a_library_sorted_into_itself(catalogue, folder, classifier, tmp_path):
    out = folder / "sorted"
    sort(catalogue, [A, B], out, action="move")
    again = catalogue_of(folder, classifier, tmp_path)
    chosen = [i for i, path in enumerate(again.paths) if path.startswith(str(out))]
    _, plan = plan_now(again, range(len(again)), out)
    assert len(chosen) == plan.n_filed == 2
    assert {Path(step.source).name for step in plan.steps} == {"c.wav", "copy.wav"}


def test_the_folder_of_a_moved_sound_is_made_anew_below_its_root(catalogue, folder, out):
    sort(catalogue, [B, C, COPY], out, action="move")
    (folder / "kit").rmdir()
    assert read_journal(out).steps[str(out / "snare" / "b.wav")].root == str(folder)
    assert take_back(out) == []
    assert (folder / "kit" / "b.wav").exists()


def test_a_sound_moves_without_companions_if_nobody_can_list_its_folder(catalogue, out, monkeypatch):
    def refuse(folder):
        raise PermissionError(folder)

    monkeypatch.setattr("os.scandir", refuse)
    _, plan = plan_now(catalogue, [A], out, action="move")
    assert [step.source for step in plan.steps] == [catalogue.paths[A]]
