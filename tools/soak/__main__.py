"""Load and soak test of the page: ``python -m tools.soak``. Exit status 1 if an answer is wrong or missing."""

import argparse
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import psutil

from drumclf import load_classifier
from tools.server import serve
from tools.soak import phases, sounds
from tools.soak.privacy import LEFT_IN_BUFFERS, shares_in_memory
from tools.soak.sounds import Sent
from tools.soak.watch import Every, ask_health, listener

SEED = 7
HEALTH_INTERVAL = 0.2
SESSION_TTL = 10  # seconds for which the server of PRIVACY keeps a session: its `server.disconnectedSessionTTL`


def main() -> int:
    """Run all phases and print their table."""
    arguments = parse_arguments()
    print("Finding out what is right ...", flush=True)
    plan = make_plan(arguments)
    for sent, duration in plan.bombs:
        print(f"bomb: {sent.name}, {len(sent.data):,} bytes, {duration:.2f} s of the library's time")
    print(phases.HEADER, flush=True)
    if arguments.address:
        tallies = run_phases(plan, arguments.address, listener(arguments.address))
    else:
        with serve() as (address, server):
            tallies = run_phases(plan, address, psutil.Process(server.pid))
        tallies.append(privacy())
    for tally in tallies:
        for complaint in (tally.wrong + tally.unanswered)[:10]:
            print(f"{tally.name}: {complaint}"[:400])
    return 0 if all(tally.is_good for tally in tallies) else 1


def parse_arguments() -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    parser.add_argument("--address", help="address of a page served on this machine; by default one is started")
    parser.add_argument("--alone", type=int, default=30, help="files from the visitor who is alone")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--each", type=int, default=5, help="files from each visitor in the crowd")
    parser.add_argument("--files", type=int, default=1_000, help="files in sequence")
    return parser.parse_args()


@dataclass(frozen=True)
class Plan:
    """What is sent in each phase; worked out beforehand, so that it takes no time from the server."""

    alone: list[Sent]
    crowd: list[list[Sent]]
    bombs: list[tuple[Sent, float]]
    beside_bombs: list[Sent]
    sequence: list[Sent]


def make_plan(arguments: argparse.Namespace) -> Plan:
    """Choose the files."""
    classifier, odd = load_classifier(), sounds.odd_files(SEED)
    mixed = expected(classifier, mix(SEED, odd))
    good = expected(classifier, sounds.good_files(SEED + 1))
    return Plan(
        alone=take(good, arguments.alone + 1),
        crowd=[take(mixed, arguments.each) for _ in range(arguments.visitors)],
        bombs=sounds.bombs(classifier, odd),
        beside_bombs=take(good, arguments.alone),
        sequence=take(mixed, arguments.files),
    )


def run_phases(plan: Plan, address: str, process: psutil.Process) -> list[phases.Tally]:
    """All phases on one server; prints each line as soon as it is known."""
    tallies = []
    steps = (
        lambda: phases.warm(address, plan.alone[0]),
        lambda: phases.alone(address, plan.alone[1:]),
        lambda: phases.crowd(address, plan.crowd),
        lambda: phases.bomb(address, plan.beside_bombs, [sent for sent, _ in plan.bombs], tallies[1].quantile(0.5)),
        lambda: phases.sequence(address, plan.sequence, process),
    )
    for step in steps:
        with Every(HEALTH_INTERVAL, lambda: ask_health(address)) as health:
            tallies.append(step())
        tallies[-1].take_health(health.values)
        print(tallies[-1].line(), flush=True)
    return tallies


def take(files: Iterator, n: int) -> list:
    """The next n files."""
    return list(itertools.islice(files, n))


def mix(seed: int, odd: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Two good files, then an odd one, and so on; no name appears twice."""
    rng, good = np.random.default_rng(seed), sounds.good_files(seed)
    for number in itertools.count():
        yield from itertools.islice(good, 2)
        name, data = odd[rng.integers(len(odd))]
        yield f"odd {number} {''.join(filter(str.isalnum, name))}.wav", data


def expected(classifier, files: Iterator[tuple[str, bytes]]) -> Iterator[Sent]:
    """Each file with the answer the page must give, worked out when requested."""
    return (sounds.expect(classifier, name, data) for name, data in files)


def privacy() -> phases.Tally:
    """How much of an upload is in the server's memory, before and after its visitor leaves."""
    tally = phases.Tally("PRIVACY", durations=[0.0])
    try:
        while_visited, afterwards = shares_in_memory(SESSION_TTL)
    except OSError as error:
        print(f"{tally.name:10}  not seen: {error}")
        return tally
    print(f"{tally.name:10}  of an upload in memory: {while_visited:.0%} while visited, {afterwards:.0%} afterwards")
    if while_visited < 1 or afterwards > LEFT_IN_BUFFERS:
        tally.wrong.append("The upload stays.")
    return tally


if __name__ == "__main__":
    sys.exit(main())
