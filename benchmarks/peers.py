"""Lampfield beside Kamailio: the same load on both, one after the other, in one run.

    python -m benchmarks.peers [--keep] [ROW ...]

Lampfield is the whole `lampfield serve`, which keeps registrations and subscriptions on disk meanwhile; Kamailio keeps
nothing there (benchmarks/kamailio.cfg). Neither asks for a password, but Lampfield at registrations. CPU and memory
are those of the whole process trees. States change by PUBLISH, whose own cost is part of the figure. With PRESLOAD a
load client of one's own drives the rows of NOTIFYs (benchmarks/presload.py).
"""

import argparse
import itertools
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from benchmarks import presload
from benchmarks.kamailio import kamailio, version, why_not
from benchmarks.phones import OPEN, PER_1000, PUBLISHING, REFRESHES, REGISTERED, REMEMBERED, company
from benchmarks.phones import registering as registering_with_digest
from benchmarks.publishers import Publishers, fan_out
from benchmarks.register import Phones, exchange
from benchmarks.results import Result, cpu_seconds, memory_kb
from benchmarks.script import command_line, tell, wanted
from benchmarks.watched_server import RECEIVE_BUFFER
from benchmarks.whole_server import whole_server
from sipcore.flow import Address
from tests.support.ports import LOOPBACK
from tests.support.server import merged

OURS, THEIRS = "lampfield", "kamailio"
SUBSCRIPTIONS, WATCHED = 5000, 100
CHANGES_PER_SECOND, LATENCY_WATCHERS, LATENCY_SECONDS = 100.0, 10, 5.0
FAN_OUTS = {
    "notify-pidf-1000x1": ("presence", 1, 1000, 20),
    "notify-pidf-10x100": ("presence", 100, 10, 20),
    "notify-dialog-1000x1": ("dialog", 1, 1000, 20),
    "notify-dialog-10x100": ("dialog", 100, 10, 20),
    "publish-notify-1x1": PUBLISHING,
}
"""Event package, people who publish, watchers of each, and how often all of them publish."""
MEASURED = ("subscribe", "subscription-memory", *FAN_OUTS, "notify-latency-p99", "register")
ROWS = tuple(f"{peer}/{row}" for row in MEASURED for peer in (THEIRS, OURS))
REGISTER = (f"{THEIRS}/register", f"{OURS}/register")
PEOPLE = 2500
"""Enough that each row has its own, and each watcher of a load client its own name."""


class Peer(NamedTuple):
    """A running server."""

    name: str
    address: Address
    pid: int

    def cost(self, units: int, work: Callable[[], object]) -> float:
        """CPU seconds that 1,000 units of the work cost it."""
        before = cpu_seconds([self.pid])
        work()
        return (cpu_seconds([self.pid]) - before) / units * 1000


def registering(peer: Peer) -> float:
    """CPU seconds for 1,000 REGISTER refreshes without digest."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phones_socket:
        phones_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        phones_socket.bind((LOOPBACK, 0))
        phones = Phones(REGISTERED, phones_socket.getsockname(), "MD5")
        exchange(phones_socket, peer.address, phones.first())
        refreshes = list(phones.refreshes(REFRESHES, digest=False))
        answers: list[bytes] = []
        cost = peer.cost(len(refreshes), lambda: answers.extend(exchange(phones_socket, peer.address, refreshes)))
    refused = sum(not data.startswith(b"SIP/2.0 200") for data in answers)
    if refused:
        raise RuntimeError(f"{refused} of {len(answers)} refreshes were refused by {peer.name}")
    return cost


def subscribing(peer: Peer, people: Sequence[int]) -> float:
    """CPU seconds for 1,000 SUBSCRIBEs with their first NOTIFYs."""
    watched = Publishers(peer.address, people, "presence")
    watched.watch(0)
    cost = peer.cost(SUBSCRIPTIONS, lambda: watched.subscribe(SUBSCRIPTIONS, len(people), "presence", first=people[0]))
    watched.close()
    return cost


def latency(peer: Peer, people: Sequence[int]) -> float:
    """99th percentile of the time from a PUBLISH to its NOTIFY at the watcher, milliseconds."""
    watched = Publishers(peer.address, people, "presence")
    watched.watch(LATENCY_WATCHERS)
    watched.publish_steadily(CHANGES_PER_SECOND, 1.0)
    watched.publish_steadily(CHANGES_PER_SECOND, LATENCY_SECONDS)
    watched.close()
    return statistics.quantiles(watched.latencies, n=100)[98] * 1000


def subscriptions(peers: Sequence[Peer], people: Sequence[int], wait: float) -> Iterator[tuple[Peer, float, float]]:
    """What each peer's first subscriptions cost: CPU seconds for 1,000, and kB for each, `wait` seconds later."""
    before = [memory_kb([peer.pid]) for peer in peers]
    costs = [subscribing(peer, people) for peer in peers]
    time.sleep(wait)
    for peer, had, cost in zip(peers, before, costs, strict=True):
        yield peer, cost, (memory_kb([peer.pid]) - had) / SUBSCRIPTIONS


def beside(peers: Sequence[Peer], arguments: argparse.Namespace) -> Iterator[Result]:
    """Each row on each, with people of its own, whom the watchers of the others do not hear of."""
    numbers = itertools.count()

    def some(number: int) -> list[int]:
        return list(itertools.islice(numbers, number))

    def asked(row: str) -> bool:
        return wanted(arguments, *(f"{peer.name}/{row}" for peer in peers))

    program = os.environ.get("PRESLOAD", "")
    notes = {THEIRS: f"{version()}, nothing on disk", OURS: "whole server with its disk"}
    # First, for later ones find room that others have left behind.
    if asked("subscribe") or asked("subscription-memory"):
        wait = REMEMBERED if asked("subscription-memory") else 0.0
        for peer, cost, kilobytes in subscriptions(peers, some(WATCHED), wait):
            yield Result(f"{peer.name}/subscribe", cost, PER_1000, notes[peer.name])
            yield Result(f"{peer.name}/subscription-memory", kilobytes, "kB", notes[peer.name])
    for row, (event, number, watchers, rounds) in FAN_OUTS.items():
        people = some(number)
        if asked(row):
            for peer in peers:
                if program:
                    cost = presload.fan_out(program, peer.address, peer.pid, event, people, watchers)
                else:
                    cost = fan_out(peer.address, peer.pid, people, event, watchers, rounds)
                yield Result(f"{peer.name}/{row}", cost, PER_1000, notes[peer.name])
    if asked("notify-latency-p99"):
        people = some(WATCHED)
        for peer in peers:
            load = people, LATENCY_WATCHERS, CHANGES_PER_SECOND
            p99 = presload.latency_ms(program, peer.address, peer.pid, *load) if program else latency(peer, people)
            yield Result(f"{peer.name}/notify-latency-p99", p99, "ms", notes[peer.name])


def registers(kamailio_peer: Peer) -> Iterator[Result]:
    """The row in which we ask for a password, for nobody lets phones register without one."""
    yield Result(f"{THEIRS}/register", registering(kamailio_peer), PER_1000, f"{version()}, without digest")
    with whole_server({"sip": {"authentication": True}}, company("u", REGISTERED)) as server:
        yield Result(f"{OURS}/register", registering_with_digest(server), PER_1000, "whole server, with digest (MD5)")


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    with kamailio() as (port, pid):
        theirs = Peer(THEIRS, (LOOPBACK, port), pid)
        if wanted(arguments, *(row for row in ROWS if row not in REGISTER)):
            with whole_server(company=merged(company("p", PEOPLE), OPEN)) as server:
                yield from beside((theirs, Peer(OURS, server.socket_address, server.pid)), arguments)
        if wanted(arguments, *REGISTER):
            yield from registers(theirs)


def main() -> None:
    parser = command_line(__doc__, ROWS)
    arguments = parser.parse_args()
    reason = why_not()
    if reason:
        parser.error(reason)
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
