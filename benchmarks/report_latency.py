"""How long it takes from a report to a phone's lamp and to a client of the API, at 1,000 changes a second.

    python -m benchmarks.report_latency [--keep] [ROW ...]

`status-` rows go the whole way: a signed request to the process of the adapters, its line to signalling, and from there
a NOTIFY, or the process of the API and its server-sent events. `report-to-lamp-p99` begins at the line. The server
has its disk; all the load comes from this one process.
"""

import argparse
import itertools
import select
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.phones import People, company
from benchmarks.reports import Line
from benchmarks.results import Result
from benchmarks.script import command_line, tell, wanted
from benchmarks.statuses import report
from benchmarks.watched_server import DOMAIN
from benchmarks.whole_server import whole_server
from presence_pidf.status_report import Activity
from status_adapters.signature import HEADER, header_of
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import Server

ROWS = ("report-to-lamp-p99", "status-to-lamp-p99", "status-to-client-p99")
PEOPLE = 500
CHANGES_PER_SECOND = 1000
AT_ONCE = 10
"""Changes in one request, as operators send them when much happens."""
SECONDS = 5.0
SECRET = "known to both sides"  # noqa: S105  of a server that exists for the measurement alone
CONNECTIONS = 16
"""From the operator, each with one request at a time."""

Change = tuple[int, Activity]
"""A person by number, and what they do now."""


class Mouth(Protocol):
    """Where changes are said."""

    def say(self, changes: Sequence[Change]) -> None: ...


class Ear(Protocol):
    """Where changes are heard: `heard` is told of whom, by number; False where nothing came in time."""

    def listen(self, heard: Callable[[int], None], timeout: float) -> bool: ...


class LineMouth:
    """Says changes on the line to signalling, one by one."""

    def __init__(self, server: Server) -> None:
        self._line = Line(server)

    def say(self, changes: Sequence[Change]) -> None:
        now = time.time()
        self._line.send([report(person, "mobile:bench", activity, now) for person, activity in changes])
        self._line.pass_over()

    def close(self) -> None:
        self._line.close()


class HookMouth:
    """Says changes by signed requests, as an operator's server does."""

    def __init__(self, port: int) -> None:
        self._free = [socket.create_connection((LOOPBACK, port)) for _ in range(CONNECTIONS)]
        self._busy: dict[socket.socket, bytes] = {}
        """What has come of each answer."""

    def say(self, changes: Sequence[Change]) -> None:
        now = time.time()
        facts = [{"person": f"p{person}@{DOMAIN}", "activity": activity, "at": now} for person, activity in changes]
        body = msgspec.json.encode(facts)
        head = (
            f"POST /hooks/bench HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n"
            f"{HEADER}: {header_of(SECRET, int(now), body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._answered(0.0)
        while not self._free:
            self._answered(5.0)
        connection = self._free.pop()
        connection.sendall(head.encode() + body)
        self._busy[connection] = b""

    def _answered(self, timeout: float) -> None:
        ready = select.select(self._busy, [], [], timeout)[0]
        if timeout and not ready:
            raise RuntimeError("requests are not answered")
        for connection in ready:
            answer = self._busy[connection] = self._busy[connection] + connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"a request was answered {answer[:200]!r}")
            if answer.endswith(b"}"):
                del self._busy[connection]
                self._free.append(connection)

    def close(self) -> None:
        for connection in (*self._free, *self._busy):
            connection.close()


class LampEar:
    """Phones, one for each person's lamp."""

    def __init__(self, server: Server) -> None:
        self._phones = People(server, range(PEOPLE))
        self._phones.watch("dialog", 1)

    def listen(self, heard: Callable[[int], None], timeout: float) -> bool:
        def told(data: bytes) -> None:
            heard(int(data.partition(b"sip:w")[2].partition(b"@")[0]) % PEOPLE)

        return any(self._phones.receive(told, timeout))

    def close(self) -> None:
        self._phones.close()


class ClientEar:
    """One client that follows everybody's states by server-sent events."""

    def __init__(self, server: Server, port: int) -> None:
        token = server.command("token", "add", "nordlys", "bench", "--scope", "states").split()[0]
        self._socket = socket.create_connection((LOOPBACK, port))
        self._rest = b""
        asked = f"GET /api/v1/state-events HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._socket.sendall(asked.encode())
        known: set[int] = set()
        while len(known) < PEOPLE:
            if not self.listen(known.add, 5.0):
                raise RuntimeError(f"only {len(known)} people were told: {self._rest[:200]!r}")

    def listen(self, heard: Callable[[int], None], timeout: float) -> bool:
        if not select.select([self._socket], [], [], timeout)[0]:
            return False
        *events, self._rest = (self._rest + self._socket.recv(1 << 20)).split(b"event: ")
        for event in events:
            _, named, person = event.partition(b'"person":"p')
            if named and (number := person.partition(b'"')[0]).isdigit():
                heard(int(number))
        # An event is whole when its last line is: what follows is at most the end of a chunk.
        if b"\n\n" in self._rest and (person := self._rest.partition(b'"person":"p')[2]):
            heard(int(person.partition(b'"')[0]))
            self._rest = b""
        return True

    def close(self) -> None:
        self._socket.close()


def p99(mouth: Mouth, ear: Ear, at_once: int) -> float:
    """99th percentile of the time from a change's being said to its being heard, milliseconds."""
    said: dict[int, float] = {}
    times: list[float] = []

    def heard(person: int) -> None:
        if person in said:
            times.append(time.perf_counter() - said.pop(person))

    numbers = itertools.count()
    begin, changes = time.perf_counter(), int(CHANGES_PER_SECOND * SECONDS)
    for first in range(0, changes, at_once):
        due = begin + first / CHANGES_PER_SECOND
        while (now := time.perf_counter()) < due:
            ear.listen(heard, due - now)
        some = [_change(number) for number in itertools.islice(numbers, at_once)]
        said.update(dict.fromkeys((person for person, _ in some), time.perf_counter()))
        mouth.say(some)
    while ear.listen(heard, 0.5):
        pass
    if len(times) < changes * 0.99:
        raise RuntimeError(f"only {len(times)} of {changes} changes were heard")
    return statistics.quantiles(times, n=100)[98] * 1000


def _change(number: int) -> Change:
    return number % PEOPLE, "available" if number // PEOPLE % 2 else "on-the-phone"


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    note = f"whole server; {CHANGES_PER_SECOND} changes a second"
    if wanted(arguments, ROWS[0]):
        # Without adapters of its own, which would want the line for themselves.
        with (
            whole_server(company=company("p", PEOPLE)) as server,
            closing(LampEar(server)) as lamps,
            closing(LineMouth(server)) as line,
        ):
            yield Result(ROWS[0], p99(line, lamps, 1), "ms", f"{note}, from the line to the NOTIFY")
    if wanted(arguments, *ROWS[1:]):
        yield from whole_way(arguments, f"{note} in requests of {AT_ONCE}")


def whole_way(arguments: argparse.Namespace, note: str) -> Iterator[Result]:
    """The rows that begin with a request from outside."""
    hooks, api = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret"
        secret.write_text(SECRET, encoding="utf-8")
        settings = {
            "web": {"listen": f"tcp:{LOOPBACK}:{api}"},
            "webhooks": {"listen": f"tcp:{LOOPBACK}:{hooks}", "requests_per_second": 10 * CHANGES_PER_SECOND},
            "secrets": {"bench": {"file": str(secret)}},
            "adapters": {"bench": {"kind": "webhook", "secret_name": "bench", "source": "mobile"}},
        }
        with whole_server(settings, company("p", PEOPLE)) as server:
            if wanted(arguments, ROWS[1]):
                with closing(LampEar(server)) as lamps, closing(HookMouth(hooks)) as hook:
                    yield Result(ROWS[1], p99(hook, lamps, AT_ONCE), "ms", f"{note}, from the request to the NOTIFY")
            if wanted(arguments, ROWS[2]):
                with closing(ClientEar(server, api)) as client, closing(HookMouth(hooks)) as hook:
                    yield Result(ROWS[2], p99(hook, client, AT_ONCE), "ms", f"{note}, from the request to the event")


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
