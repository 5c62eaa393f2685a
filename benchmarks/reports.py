"""Status reports from an adapter's mouth: through the outlet, over the line, into a whole server.

    python -m benchmarks.reports [--keep] [ROW ...]

The server has its disk, and no adapters of its own: this script is at the other end of their line.
"""

import argparse
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from benchmarks.phones import company
from benchmarks.results import Result, cpu_seconds
from benchmarks.script import best, command_line, tell, wanted
from benchmarks.statuses import ACTIVITIES, report
from benchmarks.whole_server import whole_server
from lampfield.adapters.desk import JournalShelf
from lampfield.adapters.wire import REPORTS_IN_BATCH, Batch, Hello, Taken, from_signalling, packed
from lampfield.journal import Journal
from lampfield.supervisor import reports_path
from presence_pidf.status_report import StatusReport
from status_adapters.outlet import Outlet
from tests.support.server import Server

ROWS = ("reports-outlet", "reports-line")
PEOPLE = 500
SOURCE = "mobile:bench"


class Line:
    """The adapters' end of the line."""

    def __init__(self, server: Server) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(reports_path(server.state)))
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._socket.sendall(packed(Hello(False)))

    def send(self, reports: Sequence[StatusReport]) -> None:
        self._number += 1
        self._socket.sendall(packed(Batch(self._number, list(reports))))

    def pass_over(self) -> None:
        """Take what came without looking at it."""
        with suppress(BlockingIOError):
            self._socket.recv(1 << 20, socket.MSG_DONTWAIT)

    def until_taken(self) -> None:
        """Wait until the last batch is merged."""
        while True:
            length = int.from_bytes(self._file.read(4), "big")
            message = from_signalling.decode(self._file.read(length))
            if isinstance(message, Taken) and message.number == self._number:
                return

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def through_outlet(number: int = 100_000) -> float:
    """Reports taken by the outlet for each CPU-second, of which one in ten says something new, with its journal."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal")
        journal.open()
        outlet = Outlet(JournalShelf(journal), time.time, lambda: None)
        lane = outlet.lane("bench")
        turns = iter(range(1000))

        def once() -> float:
            turn = next(turns)
            at = time.time() + turn / 1000
            reports = [_report(each, turn if each % 10 == 0 else 0, at) for each in range(number)]
            begin = time.process_time()
            for index, each in enumerate(reports):
                lane.put(each)
                if index % REPORTS_IN_BATCH == 0:
                    packed(Batch(index, [report for _, report in outlet.take(REPORTS_IN_BATCH)]))
            return (time.process_time() - begin) / number

        once()
        value = 1 / best(once, 3)
        journal.close()
        return value


def _report(person: int, shift: int, at: float) -> StatusReport:
    made = report(person, SOURCE, ACTIVITIES[(person + shift) % len(ACTIVITIES)], at)
    return msgspec.structs.replace(made, expires_at=None, received=at)


def over_line(server: Server, number: int = 100_000) -> float:
    """Reports merged for each CPU-second of the whole server, of which one in ten says something new."""
    line = Line(server)
    begin = time.time()
    first = [_report(person, 0, begin) for person in range(PEOPLE)]
    line.send(first)
    line.until_taken()
    before = cpu_seconds([server.pid])
    for turn in range(1, number // PEOPLE + 1):
        at = begin + turn / 1000
        line.send([_report(person, turn if person % 10 == 0 else 0, at) for person in range(PEOPLE)])
        line.until_taken()
    used = cpu_seconds([server.pid]) - before
    line.close()
    return number / used


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    if wanted(arguments, "reports-outlet"):
        yield Result("reports-outlet", through_outlet(), "a CPU-second", "with journal; one in ten says something new")
    if wanted(arguments, "reports-line"):
        with whole_server(company=company("p", PEOPLE)) as server:
            note = "merged by a whole server, one in ten says something new; nobody watches"
            yield Result("reports-line", over_line(server), "a CPU-second", note)


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
