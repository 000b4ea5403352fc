"""The measured phases of a soak, each with its line in the table."""

import itertools
import math
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import psutil

from tools.soak.client import NO_ANSWER, Visitor
from tools.soak.sounds import START, Sent, complaints
from tools.soak.watch import Every, memory

MAY_SLOW_DOWN = 2.0  # how many times longer a request may take beside bombs than alone
LATEST_HEALTH = 1.0  # seconds
MAY_KEEP = 100.0  # megabytes the server may gain from a thousand files, once it is warm


@dataclass
class Tally:
    """Results of the requests of one phase; shared by threads.

    Attributes
    ----------
    name : str
    durations : list of float
        Seconds from the drop to the result with its pictures.
    wrong : list of str
        Wrong answers.
    unanswered : list of str
        Requests that ended in a timeout or a broken connection.
    notes : list of str
        Further figures.
    health : str
        95th percentile and longest of the times the server took to report its health.
    """

    name: str
    durations: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    health: str = f"{'-':>8}  {'-':>8}"
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_good(self) -> bool:
        """Whether there were requests and all were answered correctly."""
        return bool(self.durations) and not self.wrong and not self.unanswered

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the requests was answered."""
        return float(np.quantile(self.durations, share)) if self.durations else float("nan")

    def take_health(self, durations: list[float]) -> None:
        """Record how long the server took to report its health throughout the phase; infinite if it did not."""
        missing = sum(math.isinf(duration) for duration in durations)
        self.unanswered += ["no word about the server's health"] * missing
        if durations:
            if max(durations) > LATEST_HEALTH:
                self.wrong.append(f"The server took {max(durations):.2f} s to say that it is well.")
            self.health = f"{np.quantile(durations, 0.95):6.2f} s  {max(durations):6.2f} s"

    def line(self) -> str:
        """One row of the table."""
        times = "  ".join(f"{self.quantile(share):6.2f} s" for share in (0.5, 0.95, 1.0))
        counts = f"{len(self.durations):8,}  {len(self.unanswered):10,}  {len(self.wrong):5,}"
        return f"{self.name:10}  {counts}  {times}  {self.health}  {'; '.join(self.notes)}"


HEADER = (
    f"{'':10}  {'':8}  {'':10}  {'':5}  {'drop to result':>28}  {'health':>18}\n"
    f"{'phase':10}  requests  unanswered  wrong  {'median':>8}  {'p95':>8}  {'longest':>8}  {'p95':>8}  {'longest':>8}"
)


def send(visitor: Visitor, sent: Sent, tally: Tally) -> None:
    """Drop a file, check the page's answer, and remove the file from the uploader."""
    started = time.perf_counter()
    try:
        visitor.upload((sent.name, sent.data))
        duration = time.perf_counter() - started
        found = complaints(sent, visitor.picture)
        visitor.remove_uploads()
    except NO_ANSWER as error:
        with tally.lock:
            tally.unanswered.append(f"{sent.name!r}: {error!r}")
        return
    left = visitor.picture
    if left.titles != [START] or left.drawn("stage") or left.alerts or left.exceptions:
        found.append(f"{sent.name!r} stays on the page after it was taken away")
    with tally.lock:
        tally.durations.append(duration)
        tally.wrong += found


def visit(address: str, files: Iterable[Sent], tally: Tally) -> None:
    """One visitor, who opens the page, drops file after file, and leaves."""
    try:
        with Visitor(address) as visitor:
            for sent in files:
                send(visitor, sent, tally)
    except NO_ANSWER as error:
        with tally.lock:
            tally.unanswered.append(f"The page does not open: {error!r}")


def warm(address: str, sent: Sent) -> Tally:
    """The very first visitor, who waits for the model."""
    tally = Tally("FIRST")
    visit(address, [sent], tally)
    return tally


def alone(address: str, files: list[Sent]) -> Tally:
    """One visitor, one file after another."""
    tally = Tally("ALONE")
    visit(address, files, tally)
    return tally


def crowd(address: str, files_of_each: list[list[Sent]]) -> Tally:
    """All visitors at once, each with their own files; nobody sees another's."""
    tally, gate = Tally("CROWD"), threading.Barrier(len(files_of_each))

    def come(files: list[Sent]) -> None:
        gate.wait()
        visit(address, files, tally)

    with ThreadPoolExecutor(len(files_of_each)) as crowd_of_threads:
        list(crowd_of_threads.map(come, files_of_each))
    tally.notes.append(f"{len(files_of_each)} visitors")
    return tally


def bomb(address: str, files: list[Sent], bombs: list[Sent], median_alone: float) -> Tally:
    """Ordinary requests of one visitor while another sends bombs without end."""
    tally, bombing, is_over = Tally("BOMB"), Tally("the bombs"), threading.Event()
    endless = itertools.takewhile(lambda _: not is_over.is_set(), itertools.cycle(bombs))
    bomber = threading.Thread(target=visit, args=(address, endless, bombing))
    bomber.start()
    visit(address, files, tally)
    is_over.set()
    bomber.join()
    tally.wrong += bombing.wrong
    tally.unanswered += bombing.unanswered
    ratio = tally.quantile(0.5) / median_alone
    tally.notes.append(f"{ratio:.2f} times ALONE's median")
    if ratio > MAY_SLOW_DOWN:
        tally.wrong.append("The bombs slow others down too much.")
    tally.notes.append(f"{len(bombing.durations)} bombs, {bombing.quantile(0.5):.2f} s each")
    return tally


def sequence(address: str, files: list[Sent], process: psutil.Process, n_sessions: int = 4) -> Tally:
    """Many files in sequence, over a few sessions; measures the memory that the server keeps."""
    tally = Tally("SEQUENCE")
    warm = memory(process)
    with Every(0.5, lambda: memory(process)) as weighed:
        for part in np.array_split(np.arange(len(files)), n_sessions):
            visit(address, [files[i] for i in part], tally)
    after = memory(process)
    peak = np.max([warm, after, *weighed.values], axis=0)
    for title, *values in zip(("server", "children"), warm, peak, after, strict=True):
        tally.notes.append(f"{title} {values[0]:.0f} MB warm, {values[1]:.0f} peak, {values[2]:.0f} after")
    if sum(after) - sum(warm) > MAY_KEEP:
        tally.wrong.append(f"The server keeps {sum(after) - sum(warm):.0f} MB more than when it was warm.")
    return tally
