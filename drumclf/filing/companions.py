"""What programs keep beside a sound goes along when it is moved."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from drumclf.filing.journal import Step
from drumclf.filing.plan import Earlier, is_companion


def with_companions(steps: list[Step], sounds: Iterable[Path], others: Iterable[Path], earlier: Earlier) -> list[Step]:
    """The same steps, each followed by those that take the sound's companions along, under its new name.

    A companion has the sound's name with another suffix after its own, or in place of it if that could mean no other
    sound: ``kick.wav.asd``, ``kick.xmp``. It stays where it is if another file has the new name: under a third one, no
    program would know whose it is.

    Parameters
    ----------
    steps : list of Step
    sounds : iterable of Path
        All sounds in the folders, also those that stay.
    others : iterable of Path
        What else is there.
    earlier : Earlier
        What the destination holds already.
    """
    given = {_same(step.destination) for step in steps}
    beside: dict[str, list[Path]] = {}
    for companion in filter(is_companion, others):
        beside.setdefault(str(companion.with_suffix("")), []).append(companion)
    stems = Counter(str(sound.with_suffix("")) for sound in sounds)
    taken_along = []
    for step in steps:
        source, destination = Path(step.source), Path(step.destination)
        taken_along.append(step)
        stem = str(source.with_suffix(""))
        named = {step.source: destination.name} | ({stem: destination.stem} if stems[stem] == 1 else {})
        for before, name in named.items():
            for companion in beside.get(before, ()):
                place = str(destination.with_name(name + companion.suffix))
                if _same(place) in given or earlier.holds(place):
                    continue
                given.add(_same(place))
                goes_with = {"source": str(companion), "destination": place, "sound": step.destination}
                taken_along.append(replace(step, **goes_with))
    return taken_along


def _same(path: str) -> str:
    """What is the same for two paths that are one on a disk that ignores case."""
    return unicodedata.normalize("NFC", path).casefold()
