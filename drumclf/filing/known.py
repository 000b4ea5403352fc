"""Sounds whose labels are known -> a plan for some of them; no file is read."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from drumclf.batch.rows import Row
from drumclf.batch.skipped import is_called_sound
from drumclf.batch.sounds import Sounds
from drumclf.filing.companions import with_companions
from drumclf.filing.plan import A_LINK, Earlier, Order, Plan, make_steps

_GONE = "No longer there."


def plan_known(sounds: Sounds, indices: Iterable[int], earlier: Earlier, order: Order) -> Plan:
    """What to do with some of many sounds, by their present labels.

    Parameters
    ----------
    sounds : Sounds
        Their sources are paths, absolute.
    indices : iterable of int
        Those that are to be sorted, as far as they are new.
    earlier : Earlier
    order : Order
        Of duplicates, the first one of these sounds is kept, unless one was filed before.

    Returns
    -------
    Plan
        In it, ``n_filed`` counts these sounds alone.

    Raises
    ------
    PatternError
        If the pattern is invalid.
    """
    paths = {i: sounds.files[i][1] for i in indices}
    originals = _filed(sounds, earlier) if order.skip_duplicates else {}
    chosen: list[int] = []
    refused: list[Row] = []
    duplicates: list[tuple[str, str]] = []
    n_filed = 0
    for i, path in paths.items():
        if sounds.label(i) is None:
            refused.append(Row(str(path), sounds.rows[i].error))
        elif not earlier.is_new(path):
            n_filed += not earlier.is_unfinished(path)
        elif not os.path.lexists(path):
            refused.append(Row(str(path), _GONE))
        elif order.action == "move" and path.is_symlink():
            refused.append(Row(str(path), A_LINK))
        elif order.skip_duplicates and (original := originals.setdefault(sounds.first(i), str(path))) != str(path):
            duplicates.append((str(path), original))
        elif not (order.skip_duplicates and earlier.was_left_out(path)):
            chosen.append(i)
    described = ((str(paths[i]), sounds.label(i), sounds.is_sure(i), sounds.kind(i)) for i in chosen)
    steps = make_steps(earlier, order, described)
    if order.action == "move":
        steps = with_companions(steps, *_beside({paths[i].parent for i in chosen}, sounds), earlier)
    return earlier.plan(steps, refused, duplicates, n_filed)


def _filed(sounds: Sounds, earlier: Earlier) -> dict[int, str]:
    """Where sounds are that were filed before, by the first sound that is the same recording."""
    places = {source: str(place) for place, source in earlier.sounds().items()}
    return {
        sounds.first(i): places[str(path)] for i, (_, path) in enumerate(sounds.files) if places and str(path) in places
    }


def _beside(folders: Iterable[Path], sounds: Sounds) -> tuple[list[Path], list[Path]]:
    """All sounds in folders, and the other files there; nothing of a folder that cannot be listed."""
    known = {str(path) for _, path in sounds.files}
    found: tuple[list[Path], list[Path]] = [], []
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as listing:
            for entry in listing:
                is_sound = is_called_sound(entry.name) or entry.path in known
                found[not is_sound].append(Path(entry.path))
    return found
