"""What phones cost a whole server: REGISTER, SUBSCRIBE, NOTIFY, and the memory of a subscription.

    python -m benchmarks.phones [--keep] [ROW ...]

CPU and memory are those of the whole process tree of `lampfield serve`, which keeps registrations and subscriptions on
disk meanwhile. People change their states by registering and leaving; what that costs by itself is measured with nobody
watching, and taken off.
"""

import argparse
import itertools
import socket
import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.publishers import fan_out as publishing_fan_out
from benchmarks.register import Phones, exchange
from benchmarks.results import Result, cpu_seconds, memory_kb
from benchmarks.script import command_line, tell, wanted
from benchmarks.watched_server import DOMAIN, RECEIVE_BUFFER, Watchers
from benchmarks.whole_server import until_idle, whole_server
from tests.support.ports import LOOPBACK
from tests.support.server import Server, merged

PER_1000 = "CPU-s per 1,000"
ON_DISK = "whole server with its disk"
FAN_OUTS = {
    "notify-pidf-1000x1": ("presence", 1, 1000, 20),
    "notify-pidf-10x100": ("presence", 100, 10, 20),
    "notify-dialog-1000x1": ("dialog", 1, 1000, 20),
    "notify-dialog-10x100": ("dialog", 100, 10, 20),
}
"""Event package, people who change, watchers of each, and how often all of them change."""
PUBLISHING = ("presence", 100, 1, 50)
"""The same where they publish, one watcher each."""
OPEN = {"company": {"privacy": {"company": ["state", "callers", "notes"]}}}
"""Everybody is told all, also the notes that publications are known again by."""
ROWS = ("register", "subscribe", "subscription-memory", *FAN_OUTS, "publish-notify-1x1", "notify-latency-p99")
REGISTERED = 200
REFRESHES = 50
SUBSCRIPTIONS = 5000
CHANGES_PER_SECOND, LATENCY_WATCHERS = 100, 10
REMEMBERED = 33.0
"""Seconds after which the server has forgotten a transaction (RFC 3261 §17.2.2, Timer J: 32 s)."""


class People(Watchers):
    """Phones of people who register and leave, and those who watch them."""

    def __init__(self, server: Server, people: range) -> None:
        super().__init__((LOOPBACK, server.port))
        self._pid = server.pid
        self._people = people
        self._numbers = itertools.count(1)
        self._here: set[int] = set()

    def watch(self, event: str, watchers: int) -> None:
        """So many watchers for each of them."""
        self.subscribe(watchers * len(self._people), len(self._people), event, first=self._people.start)

    def change(self, person: int) -> None:
        """Register a person who is away, or let them leave."""
        host, port = self.address
        number = next(self._numbers)
        self._here ^= {person}
        aor = f"<sip:p{person}@{DOMAIN}>"
        register = (
            f"REGISTER sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKc{number};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {aor};tag=c{number}\r\nTo: {aor}\r\n"
            f"Call-ID: p{person}-{port}@{host}\r\nCSeq: {number} REGISTER\r\n"
            f"Contact: <sip:p{person}@{host}:{port}>\r\nExpires: {3600 if person in self._here else 0}\r\n"
            "User-Agent: Bench phone 1.0\r\nContent-Length: 0\r\n\r\n"
        )
        self.send([register.encode()])

    def change_all(self, watchers: int, rounds: int) -> float:
        """Let all of them change so often, and take all NOTIFYs; the server's CPU seconds."""
        people = len(self._people)
        before = cpu_seconds([self._pid])
        for _ in range(rounds):
            for person in self._people:
                self.change(person)
            told = answered = 0
            while told < people * watchers or answered < people:
                notifies, responses = self.receive(lambda data: None)
                told += notifies
                answered += responses
                if not notifies and not responses:
                    raise RuntimeError(f"{told} of {people * watchers} NOTIFYs, {answered} of {people} responses came")
        return cpu_seconds([self._pid]) - before


def registering(server: Server) -> float:
    """CPU seconds for 1,000 REGISTER refreshes with digest."""
    to = (LOOPBACK, server.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phones_socket:
        phones_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        phones_socket.bind((LOOPBACK, 0))
        phones = Phones(REGISTERED, phones_socket.getsockname(), "MD5")
        for data in exchange(phones_socket, to, phones.first()):
            phones.challenged(data)
        exchange(phones_socket, to, list(phones.refreshes(1)))
        requests = list(phones.refreshes(REFRESHES, 2))
        until_idle(server)
        before = cpu_seconds([server.pid])
        answers = exchange(phones_socket, to, requests)
        used = cpu_seconds([server.pid]) - before
    refused = sum(not data.startswith(b"SIP/2.0 200") for data in answers)
    if refused:
        raise RuntimeError(f"{refused} of {len(answers)} refreshes were refused")
    return used / len(requests) * 1000


def subscribing(server: Server, people: range) -> float:
    """CPU seconds for 1,000 SUBSCRIBEs with their first NOTIFYs."""
    watched = People(server, people)
    before = cpu_seconds([server.pid])
    watched.watch("dialog", SUBSCRIPTIONS // len(people))
    used = cpu_seconds([server.pid]) - before
    watched.close()
    return used / SUBSCRIPTIONS * 1000


def fan_out(server: Server, people: range, event: str, watchers: int, rounds: int) -> float:
    """CPU seconds for 1,000 NOTIFYs and their responses, less what the changes cost by themselves."""
    watched = People(server, people)
    watched.change_all(0, 2)
    unwatched = watched.change_all(0, rounds)
    watched.watch(event, watchers)
    watched.change_all(watchers, 2)
    used = watched.change_all(watchers, rounds)
    watched.close()
    return (used - unwatched) / (len(people) * watchers * rounds) * 1000


def latency(server: Server, people: range, seconds: float = 5.0) -> float:
    """99th percentile of the time from a person's REGISTER to its NOTIFY at the watcher, milliseconds."""
    watched = People(server, people)
    watched.watch("dialog", LATENCY_WATCHERS)
    started = dict.fromkeys(people, 0.0)
    times: list[float] = []

    def told(data: bytes) -> None:
        watcher = int(data.partition(b"sip:w")[2].partition(b"@")[0])
        times.append(time.perf_counter() - started[people[watcher % len(people)]])

    begin = time.perf_counter()
    for change in range(int(CHANGES_PER_SECOND * seconds)):
        due = begin + change / CHANGES_PER_SECOND
        while (now := time.perf_counter()) < due:
            watched.receive(told, due - now)
        person = people[change % len(people)]
        started[person] = time.perf_counter()
        watched.change(person)
    while any(watched.receive(told, 0.2)):
        pass
    watched.close()
    return statistics.quantiles(times, n=100)[98] * 1000


def company(prefix: str, people: int) -> dict[str, Any]:
    """People named by number."""
    return {"people": {f"{prefix}{i}": {"name": f"Person {i}", "extension": f"{4000 + i}"} for i in range(people)}}


def watched_rows(server: Server, arguments: argparse.Namespace) -> Iterator[Result]:
    """Each row has people of its own, whom the watchers of the others do not hear of."""
    subscribed, first, before = 0, 0, memory_kb([server.pid])
    if wanted(arguments, "subscribe", "subscription-memory"):
        yield Result("subscribe", subscribing(server, range(first, first + 100)), PER_1000, ON_DISK)
        subscribed, first = SUBSCRIPTIONS, 100
    for row, (event, people, watchers, rounds) in FAN_OUTS.items():
        if wanted(arguments, row):
            note = f"{ON_DISK}; states change by REGISTER, whose own cost is taken off"
            cost = fan_out(server, range(first, first + people), event, watchers, rounds)
            yield Result(row, cost, PER_1000, note)
            subscribed, first = subscribed + people * watchers, first + people
    if wanted(arguments, "publish-notify-1x1"):
        event, people, watchers, rounds = PUBLISHING
        publishing = range(first, first + people)
        cost = publishing_fan_out((LOOPBACK, server.port), server.pid, publishing, event, watchers, rounds)
        yield Result("publish-notify-1x1", cost, PER_1000, ON_DISK)
        subscribed, first = subscribed + people * watchers, first + people
    if wanted(arguments, "notify-latency-p99"):
        note = f"{ON_DISK}; from the REGISTER that changes the state to the NOTIFY"
        yield Result("notify-latency-p99", latency(server, range(first, first + 100)), "ms", note)
        subscribed += 100 * LATENCY_WATCHERS
    if wanted(arguments, "subscription-memory"):
        # The rows before it were requests too, and the last of them has just been answered.
        time.sleep(REMEMBERED)
        grown = memory_kb([server.pid]) - before
        yield Result("subscription-memory", grown / subscribed, "kB", f"{ON_DISK}; {subscribed} subscriptions")


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    if wanted(arguments, "register"):
        with whole_server({"sip": {"authentication": True}}, company("u", REGISTERED)) as server:
            note = f"{ON_DISK}; MD5, {REGISTERED} phones"
            yield Result("register", registering(server), PER_1000, note)
    if wanted(arguments, *ROWS[1:]):
        with whole_server(company=merged(company("p", 600), OPEN)) as server:
            yield from watched_rows(server, arguments)


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
