import contextlib
import errno
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from filing_steps import take_back

from drumclf.filing.carrying_out import DiskError, carry_out, is_done, part_of, settle
from drumclf.filing.journal import ACTIONS, JOURNAL, ChangedError, Journal, Step, mount_of, read_journal
from drumclf.filing.taking_back import undo

NAMES = ("a.wav", "deep/b.wav", os.fsdecode(b"caf\xe9.wav"), "c\nd.wav")


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.fsencode(name))
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture(params=["one disk", "two disks", "no links"])
def disk(request, monkeypatch):
    """Disks the destination may be on: another one, or one without hard links, such as a USB stick."""
    link = os.link

    def refuse(source, destination, **kwargs):
        if request.param == "no links" or Path(source).parent != Path(destination).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, destination, **kwargs)

    if request.param != "one disk":
        monkeypatch.setattr(os, "link", refuse)


def plan(action, source, out):
    """Steps into two folders, recorded as `sort` records them."""
    places = [f"{'kick' if i % 2 else 'kick/not sure'}/{i}.wav" for i in range(len(NAMES))]
    root, mount = str(source), mount_of(source)
    steps = [
        Step(action, str(source / name), str(out / place), root, mount)
        for name, place in zip(NAMES, places, strict=True)
    ]
    journal = Journal(out)
    journal.steps = {step.destination: step for step in steps}
    journal.write()
    return steps


def file(steps, out):
    """As `sort` does with what is not done yet; returns the errors."""
    journal = read_journal(out)
    settle(journal)
    return errors(carry_out(journal, [step for step in steps if step.destination not in journal.filed]))


def tree(folder):
    """Everything below a folder: a path's content or link target, or None for a folder."""
    return {p: p.readlink() if p.is_symlink() else None if p.is_dir() else p.read_bytes() for p in folder.rglob("*")}


def errors(outcomes):
    return [error for _, error in outcomes if error]


def filed(action, source, out):
    """Whether everything is where it should be, and nothing else is there."""
    names = {os.fsencode(name) for name in NAMES}
    there = {p for p in out.rglob("*") if not p.is_dir() and p.name != JOURNAL}
    return (
        {p.read_bytes() for p in there} == names
        and len(there) == len(names)
        and all(p.is_symlink() == (action == "link") for p in there)
        and {p.read_bytes() for p in source.rglob("*") if p.is_file()} == (set() if action == "move" else names)
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_filed_gone_on_with_and_undone(action, source, out, disk):
    before = tree(source)
    steps = plan(action, source, out)
    assert list(read_journal(out).steps.values()) == steps
    for n in range(len(steps) + 1):  # stopped after each file
        for _ in zip(range(n), carry_out(read_journal(out), steps), strict=False):
            pass
        assert [is_done(step) for step in steps][:n] == [True] * n
    assert file(steps, out) == []
    assert filed(action, source, out)
    assert take_back(out) == []
    assert tree(source) == before
    assert not out.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_all_folders_that_a_pattern_made_go_with_the_files(action, source, out):
    step = Step(action, str(source / "a.wav"), str(out / "kick" / "not sure" / "808" / "deep" / "a.wav"))
    journal = Journal(out)
    journal.steps = {step.destination: step}
    journal.write()
    (out / "kick" / "mine").mkdir(parents=True)
    assert file([step], out) == []
    assert take_back(out) == []
    assert {path.relative_to(out).as_posix() for path in out.rglob("*")} == {"kick", "kick/mine"}


@pytest.mark.parametrize("action", ["copy", "move"])
@pytest.mark.parametrize(
    "name",
    ["鼓" * 83 + ".wav", "k" * 251 + ".wav", os.fsdecode(b"\xe9" * 251) + ".wav"],
    ids=["wide", "ascii", "bytes"],
)
def test_names_as_long_as_a_disk_takes(name, action, source, out, monkeypatch):
    try:
        (source / name).write_bytes(b"long")
    except OSError:
        pytest.skip("this disk takes no such name")
    monkeypatch.setattr(os, "link", lambda *_, **__: Path("/nowhere").stat())  # so that it is copied
    step = Step(action, str(source / name), str(out / "kick" / name))
    journal = Journal(out)
    journal.steps = {step.destination: step}
    journal.write()
    assert len(os.fsencode(part_of(Path(step.destination)).name)) <= 240
    assert file([step], out) == []
    assert (out / "kick" / name).read_bytes() == b"long"
    assert take_back(out) == []
    assert (source / name).read_bytes() == b"long"


@pytest.mark.parametrize("action", ["copy", "move"])
@pytest.mark.parametrize("goes_on", [True, False], ids=["goes on", "is undone"])
@pytest.mark.parametrize("call", ["copy2", "fsync", "link", "unlink"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_cut_off_within_a_file(action, goes_on, call, when, source, out, disk, monkeypatch):
    before, steps = tree(source), plan(action, source, out)
    owner = {"copy2": shutil, "unlink": Path}.get(call, os)
    whole = getattr(owner, call)

    def cut(*args, **kwargs):
        if when == "after":
            whole(*args, **kwargs)
        elif call == "copy2":
            Path(args[1]).write_bytes(b"ha")  # half a file
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, call, cut)
        with contextlib.suppress(KeyboardInterrupt):
            file(steps, out)
    if goes_on:
        assert file(steps, out) == []
        assert filed(action, source, out)
    assert take_back(out) == []
    assert tree(source) == before
    assert not out.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_file_that_appeared_since_the_plan_is_not_overwritten(action, source, out, disk):
    steps = plan(action, source, out)
    places = [Path(step.destination) for step in steps]
    places[0].parent.mkdir(parents=True)
    places[0].write_bytes(b"somebody's")
    places[1].symlink_to("nowhere")
    said = errors(carry_out(read_journal(out), steps))
    assert [error.partition(" stays")[0] for error in said] == [step.source for step in steps[:2]]
    assert all(error.endswith(".") for error in said)
    before = places[0].read_bytes(), places[1].readlink()
    assert before == (b"somebody's", Path("nowhere"))
    assert Path(steps[0].source).read_bytes() == b"a.wav"
    assert take_back(out) == []  # it was never sort's
    assert (places[0].read_bytes(), places[1].readlink()) == before
    assert tree(source) == {source / "deep": None} | {source / name: os.fsencode(name) for name in NAMES}


def test_what_was_changed_or_is_the_only_copy_is_not_taken_back(source, out):
    steps = plan("copy", source, out)
    file(steps, out)
    originals, copies = [Path(step.source) for step in steps], [Path(step.destination) for step in steps]
    stat = copies[0].stat()
    copies[0].write_bytes(b"A.wav")  # of the same size and age
    os.utime(copies[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    originals[1].unlink()
    originals[2].unlink()
    originals[2].symlink_to(copies[2])  # somebody saved space
    assert len(take_back(out)) == 3
    assert [copy.exists() for copy in copies] == [True, True, True, False]
    assert originals[2].read_bytes() == os.fsencode(NAMES[2])


def test_the_only_copy_is_not_taken_back_through_a_folder_that_is_a_link(source, out):
    steps = plan("copy", source, out)
    file(steps, out)
    copy = Path(steps[1].destination)
    shutil.rmtree(source / "deep")
    (source / "deep").symlink_to(copy.parent)
    copy.rename(copy.with_name("b.wav"))
    journal = read_journal(out)
    step = Step("copy", str(source / "deep" / "b.wav"), str(copy.with_name("b.wav")))
    journal.filed = {step.destination: journal.filed[str(copy)]}
    journal.steps = {step.destination: step}
    assert [left for _, left in undo(journal)] != [None]
    assert copy.with_name("b.wav").read_bytes() == b"deep/b.wav"


def test_a_moved_file_goes_back_only_where_nothing_took_its_place(source, out):
    steps = plan("move", source, out)
    file(steps, out)
    Path(steps[0].source).write_bytes(b"new")
    Path(steps[1].destination).unlink()
    first, second = take_back(out)[::-1]
    assert "another file" in first
    assert "moved, renamed or deleted" in second
    assert Path(steps[0].source).read_bytes() == b"new"
    assert Path(steps[0].destination).read_bytes() == b"a.wav"


def test_a_file_that_cannot_leave_its_folder_is_not_in_two(source, out, monkeypatch):
    steps = plan("move", source, out)

    def refuse(path, **kwargs):
        if path.is_relative_to(source):
            raise PermissionError(errno.EACCES, "Permission denied")
        os.unlink(path)  # noqa: PTH108

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        assert len(file(steps, out)) == len(steps)
    assert not list(out.rglob("*.wav"))
    assert {path.read_bytes() for path in source.rglob("*.wav")} == {os.fsencode(name) for name in NAMES}


def test_a_link_is_not_moved_to_where_it_leads_nowhere(source, out):
    link = source / "link.wav"
    link.symlink_to("a.wav")
    plan("move", source, out)  # there is a journal
    (error,) = file([Step("move", str(link), str(out / "kick" / "link.wav"))], out)
    assert "link" in error
    assert link.read_bytes() == b"a.wav"
    assert file([Step("copy", str(link), str(out / "kick" / "link.wav"))], out) == []
    assert (out / "kick" / "link.wav").read_bytes() == b"a.wav"


def test_no_half_file_stays_where_the_disk_is_full(source, out, monkeypatch):
    def fill(_, part):
        part.write_bytes(b"ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", fill)
    with pytest.raises(DiskError, match="full"):
        file(plan("copy", source, out), out)
    assert [path.name for path in out.rglob("*")] == [JOURNAL]  # nor an empty folder


def test_the_journal_is_whole_or_refused(source, out):
    assert read_journal(out).steps == {}
    steps = plan("copy", source, out)
    journal = out / JOURNAL
    text = journal.read_bytes()
    journal.write_bytes(text[:-5])
    assert list(read_journal(out).steps.values()) == steps[:-1]
    strange = [
        b"nonsense\n", b"[]\n", b"\xff\n", b'{"action": "copy"}\n',
        text.replace(b'"copy"', b'"burn"'),
        json.dumps({"action": "copy", "source": "/a", "destination": str(out / ".." / "b")}).encode() + b"\n",
    ]  # fmt: skip
    for damaged in strange:
        journal.write_bytes(damaged)
        with pytest.raises(ValueError, match=JOURNAL):
            read_journal(out)
    journal.unlink()
    journal.mkdir()
    with pytest.raises(ValueError, match="cannot be read"):
        read_journal(out)


def test_the_journal_of_a_folder_that_was_moved_is_kept(source, out):
    file(plan("move", source, out), out)
    elsewhere = out.rename(out.with_name("elsewhere"))
    with pytest.raises(ValueError, match="another folder"):
        read_journal(elsewhere)


def test_a_journal_that_another_run_has_written_since_is_not_replaced(source, out):
    steps = plan("copy", source, out)
    early, other = read_journal(out), read_journal(out)
    assert errors(carry_out(other, steps)) == []
    now = (out / JOURNAL).read_bytes()
    with pytest.raises(ChangedError, match="another run"):
        early.write()
    assert (out / JOURNAL).read_bytes() == now
    assert take_back(out) == []
    with pytest.raises(ChangedError):  # it is gone
        other.write()
    assert not out.exists()
    new = read_journal(out)
    plan("copy", source, out)
    with pytest.raises(ChangedError):
        new.write()


def test_a_line_that_a_full_disk_took_half_of_is_cut_off(source, out, monkeypatch):
    steps = plan("move", source, out)
    file(steps, out)
    journal, whole, n_opened = read_journal(out), Path.open, 0

    class HalfWritten(io.BytesIO):
        def write(self, line):
            (out / JOURNAL).write_bytes((out / JOURNAL).read_bytes() + line[:7])
            raise OSError(errno.ENOSPC, "No space left on device")

    def full_once(path, mode="r", *args, **kwargs):
        nonlocal n_opened
        n_opened += mode == "ab"
        return HalfWritten() if mode == "ab" and n_opened == 1 else whole(path, mode, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full_once)
        assert [left for _, left in undo(journal) if left] == []
    assert n_opened == len(steps)
    assert len(read_journal(out).steps) == 1  # of which the line was lost; whoever undoes again finds it done
    journal.write()
    assert not out.exists()
