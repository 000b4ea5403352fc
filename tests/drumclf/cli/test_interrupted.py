"""Ctrl-C at any moment: one line, exit status 130, and no claim of what was not done."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import EXAMPLES, ROOT

from drumclf.cli.stopping import INTERRUPTED
from drumclf.filing.journal import read_journal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are sent")
ROUNDS = 6  # of a command, each stopped a little later
FIRST = 0.1  # seconds; before that, Python itself starts, and no program can catch anything


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    for i in range(6):
        for sound in EXAMPLES.glob("*.wav"):
            shutil.copy(sound, folder / f"{i:02} {sound.name}")
    return folder


def start(*arguments):
    """A command with its own process group, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "drumclf", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stop(process, n=1):
    """Press Ctrl-C, which reaches all processes of the group; exit status and what was said."""
    for _ in range(n):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.01)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def moments(*arguments, out=None):
    """Run a command again and again, each time stopped a little later; yields what it said, unless it was quicker.

    Before each run, the folder `out` is removed.
    """
    began = time.monotonic()
    start(*arguments).communicate(timeout=120)
    whole = time.monotonic() - began
    for i in range(ROUNDS):
        if out:
            shutil.rmtree(out, ignore_errors=True)
        process = start(*arguments)
        time.sleep(FIRST + (whole - FIRST) * i / ROUNDS)
        status, said = stop(process)
        if i == 0 and status != INTERRUPTED and f"{os.sep}drumclf{os.sep}" not in said:
            continue  # on a busy machine, Python itself was starting
        if out:
            out.mkdir(exist_ok=True)
        if status in (0, 1) and "stopped" not in said:
            assert "Traceback" not in said
            continue
        assert (status, said.count("\n"), said.startswith("drumclf: stopped")) == (INTERRUPTED, 1, True), said
        yield said


@pytest.mark.parametrize("command", ["hits", "classify"])
def test_one_line_at_any_moment(command):
    assert set(moments(command, EXAMPLES / "kick_analogue.wav")) == {"drumclf: stopped\n"}


def test_no_file_counts_as_damaged_because_of_it(source, tmp_path):
    answers = tmp_path / "answers.csv"
    for said in moments("classify", source, "--format", "csv", "--out", answers):
        if "--resume continues" in said:
            with answers.open(encoding="utf-8-sig", newline="") as file:
                assert not [row["error"] for row in csv.DictReader(file) if row["error"]]


def test_sort_claims_no_more_than_it_did(source, tmp_path):
    out = tmp_path / "out"
    for said in moments("sort", source, out, out=out):
        n_there = len(list(out.rglob("*.wav")))
        n_said = int(said.split()[2].replace(",", "")) if "sorted; the same" in said else 0
        assert n_said in (n_there, n_there - 1), said  # one may be in its place and not yet in the journal
        assert len(read_journal(out).filed) == n_said


def test_ctrl_c_twice_is_one_line(source, tmp_path):
    for seconds in (0.5, 1.5, 2.5):
        process = start("sort", source, tmp_path / "out")
        time.sleep(seconds)
        status, said = stop(process, 3)
        if status != 0:
            assert (status, said.count("\n")) == (INTERRUPTED, 1), said
