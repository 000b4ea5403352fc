"""A folder of sounds -> a plan for those that are new."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drumclf.audio import Clip, Source
from drumclf.batch.duplicates import find_duplicates
from drumclf.batch.rows import Row, find_sounds
from drumclf.batch.skipped import Skipped
from drumclf.filing.companions import with_companions
from drumclf.filing.journal import JOURNAL
from drumclf.filing.lock import LOCK
from drumclf.filing.plan import A_LINK, Earlier, Order, Plan, make_steps


@dataclass(frozen=True)
class Found:
    """What is in a folder.

    Attributes
    ----------
    sounds : list of Path
        All of them.
    new : list of Path
        Those that are to be sorted.
    links : list of Path
        Those that are not, since links are not moved.
    skipped : list of Skipped
        What else is there.
    """

    sounds: list[Path]
    new: list[Path]
    links: list[Path]
    skipped: list[Skipped]


def look_in(root: Path, earlier: Earlier, order: Order) -> Found:
    """Look for sounds in a folder, with all its subfolders; `root` is absolute."""
    skipped: list[Skipped] = []
    sounds = list(find_sounds([root], skipped.append))
    new = [path for path in sounds if not (order.skip_duplicates and earlier.was_left_out(path))]
    new = [path for path in new if earlier.is_new(path)]
    links = [path for path in new if order.action == "move" and path.is_symlink()]
    others = set(links)
    return Found(
        sounds,
        [path for path in new if path not in others],
        links,
        [each for each in skipped if Path(each.name).name not in (JOURNAL, LOCK)],
    )


def plan_folder(
    found: Found,
    earlier: Earlier,
    order: Order,
    classify: Callable[[list[Path]], list[Row]],
    read: Callable[[Source], Clip],
) -> Plan:
    """What to do with what is new.

    Parameters
    ----------
    found : Found
    earlier : Earlier
    order : Order
    classify : function
        Paths -> their rows, in order; not called if nothing is new.
    read : function
        Reads a sound again, to compare it with another.

    Raises
    ------
    PatternError
        If the pattern is invalid.
    """
    # Sounds that an earlier run sorted are read again only if new ones may be duplicates of them.
    before = list(earlier.sounds()) if order.skip_duplicates and found.new else []
    rows = classify(before + found.new) if found.new else []
    known, new = rows[: len(before)], rows[len(before) :]
    sounds, duplicates = [row for row in new if row.error is None], []
    if order.skip_duplicates:
        sounds, duplicates = _split_duplicates([row for row in known if row.error is None], sounds, read)
    steps = make_steps(earlier, order, ((row.name, row.label, row.is_sure, row.kind) for row in sounds))
    if order.action == "move":
        steps = with_companions(steps, found.sounds, [Path(each.name) for each in found.skipped], earlier)
    refused = [row for row in new if row.error is not None] + [Row(str(path), A_LINK) for path in found.links]
    return earlier.plan(steps, refused, duplicates, earlier.n_filed)


def _split_duplicates(
    known: list[Row], sounds: list[Row], read: Callable[[Source], Clip]
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Sounds that are no duplicate of a known one or of one before them; and the others, each with its original."""
    rows = known + sounds
    first = find_duplicates(rows, lambda i: read(rows[i].name))[len(known) :]
    duplicates = [(row.name, rows[i].name) for row, i in zip(sounds, first, strict=True) if i is not None]
    return [row for row, i in zip(sounds, first, strict=True) if i is None], duplicates
