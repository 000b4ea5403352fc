"""Companions of sounds that get one name: one of them has it, and none is lost."""

from pathlib import Path

import pytest
from filing_steps import take_back

from drumclf.filing.carrying_out import carry_out
from drumclf.filing.companions import with_companions
from drumclf.filing.journal import JOURNAL, ChangedError, Step, read_journal
from drumclf.filing.plan import Earlier, Order, Plan, make_steps, record


@pytest.fixture
def pack(tmp_path):
    return tmp_path / "pack"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def put(pack, folder, sound, tags, companion=None):
    """A sound with a companion."""
    (pack / folder).mkdir(parents=True)
    sound = pack / folder / sound
    sound.write_text(f"sound of {folder}", "utf-8")
    (companion := pack / folder / (companion or f"{sound.stem}.xmp")).write_text(tags, "utf-8")
    return sound, companion


def move(pack, files, out, pattern="{name}"):
    """As `sort --move` does with sounds, all of them kicks."""
    journal, order = read_journal(out), Order("move", pattern)
    earlier = Earlier(journal, [pack], ["kick"])
    sounds, companions = zip(*files, strict=True)
    steps = make_steps(earlier, order, [(str(sound), "kick", True, None) for sound in sounds])
    plan = earlier.plan(with_companions(steps, sounds, companions, earlier), [], [], 0)
    record(journal, plan)
    assert [error for _, error in carry_out(journal, plan.steps) if error] == []


def tree(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != JOURNAL)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


@pytest.mark.parametrize("tags", ["different", "same"])
@pytest.mark.parametrize("name", ["kick", "KICK"], ids=["one name", "one name but for its case"])
def test_of_two_with_one_name_the_second_stays(tags, name, pack, out):
    first, second = ("tags", "tags") if tags == "same" else ("tags of A", "tags of B")
    files = [put(pack, "A", "kick.aif", first), put(pack, "B", f"{name}.wav", second)]
    before = tree(pack)
    move(pack, files, out)
    assert tree(out) == {
        "kick/kick.aif": "sound of A", "kick/kick.xmp": first, f"kick/{name}.wav": "sound of B"
    }  # fmt: skip
    assert tree(pack) == {f"B/{name}.xmp": second}
    assert take_back(out) == []
    assert tree(pack) == before
    assert not out.exists()


def test_a_later_run_leaves_the_companion_of_an_earlier_one_its_place(pack, out):
    before = {}
    for folder, sound in (("A", "kick.aif"), ("B", "kick.wav")):
        files = [put(pack, folder, sound, f"tags of {folder}")]
        before |= tree(pack)
        move(pack, files, out, "{class}_{n:03}")
    assert tree(pack) == {"B/kick.xmp": "tags of B"}
    (pack / "B" / "kick.xmp").unlink()  # a person tidies up
    assert take_back(out) == []
    del before["B/kick.xmp"]
    assert tree(pack) == before


def test_a_file_that_is_there_already_keeps_its_name(pack, out):
    files = [put(pack, "A", "kick.wav", "tags of A")]
    (out / "kick").mkdir(parents=True)
    (out / "kick" / "kick.xmp").write_text("somebody's", "utf-8")
    move(pack, files, out)
    assert tree(out) == {"kick/kick.wav": "sound of A", "kick/kick.xmp": "somebody's"}
    assert tree(pack) == {"A/kick.xmp": "tags of A"}


def test_a_place_that_is_recorded_for_another_file_is_not_given_away(pack, out):
    move(pack, [put(pack, "A", "kick.wav", "tags of A")], out)
    journal = read_journal(out)
    steps, text = dict(journal.steps), (out / JOURNAL).read_bytes()
    other = Step("move", str(pack / "B" / "kick.wav"), str(out / "kick" / "kick.wav"))
    with pytest.raises(ChangedError, match="is the place of"):
        record(journal, Plan([other], [], [], 0))
    assert journal.steps == steps
    assert (out / JOURNAL).read_bytes() == text
    assert Path(other.destination).read_text("utf-8") == "sound of A"
