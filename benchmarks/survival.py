"""Lamps that outlive their server: many subscriptions through kill -9 of signalling, and many held by refreshes.

    python -m benchmarks.survival [--watchers 10000] [--held 20000] [--keep] [ROW ...]

The server is the whole one with its disk. People come and go all the time, and every watcher's CSeq and version are
judged; a watcher that is not told the truth, or whose subscription ends, is an error.
"""

import argparse
import itertools
import os
import signal
import time
from collections.abc import Iterator

from benchmarks.phones import company
from benchmarks.results import Result, cpu_seconds, memory_kb
from benchmarks.script import command_line, tell, wanted
from benchmarks.whole_server import whole_server
from tests.support.children import child
from tests.support.lamp_wall import LampWall
from tests.support.server import DOMAIN, Server

PEOPLE = [f"p{index}" for index in range(100)]
RESTART = "restart-lamps"
HELD = ("held-refresh", "held-memory", "held-growth")
ROWS = (RESTART, *HELD)
SIGNALLING = "lampfield.signalling"
CHANGES_PER_SECOND = 50
HELD_SECONDS, HELD_EXPIRES = 90, 60
"""How long subscriptions are held, and for how long they are asked: each is refreshed after half of that."""


def bustle(wall: LampWall, seconds: float) -> None:
    """Let people come and go, one after the other."""
    people = itertools.cycle(wall.people)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wall.come_or_go(next(people))
        wall.pump(1.0 / CHANGES_PER_SECOND)


def restarting(server: Server, watchers: int) -> Iterator[Result]:
    """Seconds from kill -9 of signalling until every watcher shows the truth."""
    with LampWall(server.socket_address, PEOPLE, DOMAIN) as wall:
        wall.subscribe(watchers)
        bustle(wall, 2.0)
        killed = time.monotonic()
        os.kill(child(server, SIGNALLING), signal.SIGKILL)
        bustle(wall, 0.2)
        wall.until(lambda: wall.told_since(killed) and wall.shows_truth(), "every watcher shows the truth", 60.0)
        last = max(lamp.told_at for lamp in wall.lamps)
        bustle(wall, 2.0)
        wall.until(wall.shows_truth, "every watcher shows the truth")
        yield Result(RESTART, last - killed, "s", f"whole server with its disk; {watchers} subscriptions")


def holding(server: Server, watchers: int) -> Iterator[Result]:
    """What it costs to hold so many subscriptions that are refreshed all the time."""
    before = memory_kb([server.pid])
    with LampWall(server.socket_address, PEOPLE, DOMAIN) as wall:
        wall.subscribe(watchers, expires=HELD_EXPIRES)
        note = (
            f"whole server with its disk; {watchers} subscriptions of {HELD_EXPIRES} s for {HELD_SECONDS} s, none lost"
        )
        turns = itertools.cycle(range(watchers))
        a_second = watchers // (HELD_EXPIRES // 2)
        begun, cpu, memory, refreshed = time.monotonic(), cpu_seconds([server.pid]), 0, 0
        while (passed := time.monotonic() - begun) < HELD_SECONDS:
            due = int(passed * a_second) - refreshed
            wall.refresh(itertools.islice(turns, due), expires=HELD_EXPIRES)
            refreshed += due
            if not memory and passed > HELD_SECONDS / 2:
                memory = memory_kb([server.pid])
            wall.pump(0.05)
        cost = (cpu_seconds([server.pid]) - cpu) / refreshed * 1000
        now = memory_kb([server.pid])
        changed = time.monotonic()
        for person in wall.people:
            wall.come_or_go(person)
            wall.pump(0.01)
        wall.until(lambda: wall.shows_truth() and wall.told_since(changed), "every watcher is told of a change")
        yield Result("held-refresh", cost, "CPU-s per 1,000", f"{note}, {refreshed} refreshes")
        yield Result("held-memory", (now - before) / watchers, "kB", note)
        yield Result("held-growth", now - memory, "kB", f"{note}; in the second half of that time")


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    people = company("p", len(PEOPLE))
    settings = {"subscriptions": {"min_seconds": HELD_EXPIRES}}
    if wanted(arguments, RESTART):
        with whole_server(settings, people) as server:
            yield from restarting(server, arguments.watchers)
    if wanted(arguments, *HELD):
        with whole_server(settings, people) as server:
            yield from holding(server, arguments.held)


def main() -> None:
    parser = command_line(__doc__, ROWS)
    parser.add_argument("--watchers", type=int, default=10_000, help="through a restart")
    parser.add_argument("--held", type=int, default=20_000, help="by refreshes")
    arguments = parser.parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
