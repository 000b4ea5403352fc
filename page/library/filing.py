"""What the sorting room does: make a plan, carry out the one that was shown, take it back."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import streamlit as st

from drumclf.filing.carrying_out import DiskError, carry_out, settle
from drumclf.filing.journal import JOURNAL, ChangedError, Journal, read_journal
from drumclf.filing.known import plan_known
from drumclf.filing.lock import InUseError, alone_in
from drumclf.filing.plan import Earlier, Order, Plan, record
from drumclf.filing.taking_back import undo
from drumclf.library.catalogue import Catalogue
from page.progress import progress
from page.words import counted

_DONE = {"copy": "copied", "move": "moved", "link": "linked"}
_PATIENCE = 5.0  # seconds to wait for a run of this page that a click has just stopped
_SAFE = "Any click on this page stops it, at no risk: the same button goes on."
_ANOTHER = "another tab of this page is at it; wait until it is done"


@dataclass(frozen=True)
class Outcome:
    """What came of the last click: one sentence, and a line for each file that was left."""

    said: str
    left: list[str] = field(default_factory=list)
    is_trouble: bool = False


def read_there(destination: Path) -> Journal:
    """The journal of a destination; raises ValueError if nothing can be sorted into it."""
    if destination.exists() and not destination.is_dir():
        raise ValueError(f"{destination} is not a folder.")
    return read_journal(destination)


def make_plan(journal: Journal, catalogue: Catalogue, indices: np.ndarray, order: Order) -> Plan:
    """What to do with the chosen sounds; raises PatternError, a ValueError, if the pattern is invalid."""
    earlier = Earlier(journal, catalogue.folders, catalogue.classes)
    return plan_known(catalogue, indices.tolist(), earlier, order)


def carry_out_shown(
    wanted: Plan, catalogue: Catalogue, indices: np.ndarray, order: Order, destination: Path
) -> Outcome:
    """Carry out the plan that was on the page, unless it would be another one by now."""
    try:
        with _alone(), alone_in(destination, make=True):
            return _sort(wanted, catalogue, indices, order, destination)
    except InUseError as error:
        return Outcome(f"Nothing was sorted: {error}.", is_trouble=True)


def take_back(destination: Path) -> Outcome:
    """Undo all that was sorted into the folder, as far as it still is as it was put."""
    try:
        with _alone(), alone_in(destination):
            journal = read_there(destination)
            settle(journal)
            return _take_back(journal)
    except ValueError as error:
        return Outcome(f"Nothing was taken back: {str(error).rstrip('.')}.", is_trouble=True)


def _sort(wanted: Plan, catalogue: Catalogue, indices: np.ndarray, order: Order, destination: Path) -> Outcome:
    try:
        with st.spinner("Looking at the files again"):
            journal = read_there(destination)
            plan = make_plan(journal, catalogue, indices, order)
        if (plan.steps, plan.duplicates) != (wanted.steps, wanted.duplicates):
            return Outcome("Nothing was sorted: the plan is another one by now. Look at it again.", [], True)
        record(journal, plan)
    except ValueError as error:
        return Outcome(f"Nothing was sorted: {str(error).rstrip('.')}.", is_trouble=True)
    except OSError as error:
        return Outcome(f"Nothing was sorted: {destination} cannot be written ({error.strerror}).", [], True)
    return _carry_out(journal, plan, order)


def _carry_out(journal: Journal, plan: Plan, order: Order) -> Outcome:
    errors = []

    def n_done() -> str:
        return counted(sum(step.destination in journal.filed for step in plan.steps), "file")

    try:
        with progress(len(plan.steps), note=_SAFE) as report:
            for n, (_, error) in enumerate(carry_out(journal, plan.steps), 1):
                errors += [error] if error else []
                report(n)
    except DiskError as error:
        said = f"{n_done()} of {len(plan.steps):,} sorted: {error}. Make room, and sort again: it resumes."
        return Outcome(said, errors, is_trouble=True)
    return Outcome(f"{n_done()} {_DONE[order.action]}.", errors, is_trouble=bool(errors))


def _take_back(journal: Journal) -> Outcome:
    total, left, n_undone = len(journal.filed), [], 0
    try:
        with progress(len(journal.steps), note=_SAFE) as report:
            for n, (_, why) in enumerate(undo(journal), 1):
                left += [why.why] if why else []
                n_undone += why is None
                report(n)
        journal.duplicates.clear()
        with contextlib.suppress(ChangedError):
            journal.write()
    except DiskError as error:
        said = f"{n_undone:,} of {counted(total, 'file')} taken back: {error}. Make room, and undo the rest."
        return Outcome(said, left, is_trouble=True)
    except OSError as error:
        return Outcome(f"{JOURNAL} cannot be written: {error.strerror}.", left, is_trouble=True)
    return Outcome(f"{n_undone:,} of {counted(max(total, n_undone), 'file')} taken back.", left, bool(left))


@st.cache_resource(show_spinner=False)
def _lock() -> threading.Lock:
    return threading.Lock()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Only one tab of the browser sorts at a time; raises InUseError if another one is at it."""
    lock = _lock()
    if not lock.acquire(timeout=_PATIENCE):
        raise InUseError(_ANOTHER)
    try:
        yield
    finally:
        lock.release()
