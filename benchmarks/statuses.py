"""Status reports taken in and merged, people in memory, and PUBLISH to NOTIFY without sockets.

    python -m benchmarks.statuses [--keep] [ROW ...]

Reports are those of mobile networks, calendars and computers for 100,000 people, of which one in ten says something
new. Publications go through stack, right to publish, compositor, lamps, notifier and journal, as in the server.
"""

import gc
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.results import Result
from benchmarks.script import best, command_line, tell, wanted
from benchmarks.watched_server import DOMAIN, answer, company_of, make_lamps, subscribe_bytes
from lampfield.door import Door
from lampfield.journal import Journal
from lampfield.presence.lamps import Lamps
from lampfield.presence.publications import Publications
from lampfield.presence.publish_lane import PublishLane
from lampfield.presence.publish_packages import PUBLISH_PACKAGES
from lampfield.presence.right_to_publish import RightToPublish
from presence_pidf.status_report import Activity, StatusReport
from provisioning.directory import directory_of
from sipcore.events import RequestReceived
from sipcore.flow import Flow
from sipcore.message import Request, parse_message
from sipcore.publication import EventStateCompositor
from sipcore.stack import Stack, StackConfig

PEOPLE = 100_000
SOURCES = ("mobile:operator", "calendar", "computer:graph", "manual")
ACTIVITIES: tuple[Activity, ...] = ("available", "on-the-phone", "meeting", "away")
FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 9999))
PER_1000 = "CPU-s per 1,000"
BEGIN = 1_700_000_000.0
AT_ONCE = 8
"""PUBLISHes that come together, as in a server with some load."""


def report(person: int, source: str, activity: Activity, at: float) -> StatusReport:
    """One report as an adapter makes it: with an end, if the source falls silent."""
    return StatusReport(
        presentity=f"sip:p{person}@{DOMAIN}", source=source, activity=activity, at=at, expires_at=at + 3600.0
    )


def told_everything(people: int) -> Lamps:
    """Lamps of so many people, of each of whom every source has told."""
    lamps = make_lamps(people)
    for number, source in enumerate(SOURCES):
        for person in range(people):
            lamps.reported(report(person, source, ACTIVITIES[(person + number) % 4], BEGIN), BEGIN)
    return lamps


def reports_a_second(changed_of_ten: int, number: int = 100_000) -> float:
    """Reports taken in for each CPU-second, of which so many of ten say something new."""
    lamps = told_everything(PEOPLE)
    gc.collect()
    gc.freeze()

    def once(turn: int) -> float:
        at = BEGIN + turn
        reports = []
        for each in range(number):
            person = each * 7919 % PEOPLE
            shift = turn if each % 10 < changed_of_ten else 0
            reports.append(report(person, SOURCES[0], ACTIVITIES[(person + shift) % 4], at))
        begin = time.process_time()
        for each_report in reports:
            lamps.reported(each_report, at)
        return number / (time.process_time() - begin)

    turns = count(1)
    return max(once(next(turns)) for _ in range(3))


def person_memory(people: int = 10_000) -> float:
    """kB of a person of whom four sources have told, as tracemalloc counts them; without the company's own data."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    lamps = told_everything(people)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(lamps.people(DOMAIN)) == people
    return used / people / 1000


def publish_bytes(person: int, number: int, tag: str | None) -> bytes:
    """A softphone's PUBLISH, with another note each time."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" '
        'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" '
        f'entity="sip:p{person}@{DOMAIN}">\n<tuple id="t{person}"><status><basic>open</basic></status>'
        f"<note>note {number}</note></tuple>\n"
        "<dm:person><rpid:activities><rpid:busy/></rpid:activities></dm:person>\n</presence>\n"
    )
    match = f"SIP-If-Match: {tag}\r\n" if tag else ""
    return (
        f"PUBLISH sip:p{person}@{DOMAIN} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:9998;branch=z9hG4bKp{number}.{person}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:p{person}@{DOMAIN}>;tag=p{person}\r\nTo: <sip:p{person}@{DOMAIN}>\r\n"
        f"Call-ID: publish-{person}\r\nCSeq: {number} PUBLISH\r\nEvent: presence\r\n{match}Expires: 3600\r\n"
        f"Content-Type: application/pidf+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class PublishedServer:
    """What a PUBLISH passes through in the server, but for the sockets; each person has one watcher."""

    def __init__(self, people: int, folder: Path) -> None:
        self.lamps = make_lamps(people)
        self.people = people
        self.now = BEGIN
        numbers = count(1)
        self.stack = Stack(StackConfig(), lambda: f"s{next(numbers):015x}")
        self.journal = Journal(folder / "journal")
        self.journal.open()
        door = Door(directory_of([company_of(people)], []), lambda: self.now, ask=False, algorithms=["MD5"])
        compositor = EventStateCompositor(lambda: f"e{next(numbers):015x}", PUBLISH_PACKAGES)
        right = RightToPublish(door, ())
        self.publications = Publications(compositor, self.lamps, right, self.journal, lambda: self.now)
        self.lane = PublishLane(self.publications, door.authenticator)
        for person in range(people):
            message = parse_message(subscribe_bytes(person, person, "presence", FLOW.remote))
            assert isinstance(message, Request)
            self.lamps.subscribe(message, FLOW, self.now, watcher_domain=DOMAIN)
        self.deliver()

    def deliver(self) -> None:
        """Answer the NOTIFYs."""
        notifier = self.lamps.notifier
        for datagram in notifier.take_datagrams():
            notifier.receive_response(answer(datagram.data), self.now)

    def receive(self, data: bytes) -> None:
        """Take a PUBLISH; what it changes is told when publications are settled."""
        if self.lane.receive(data, FLOW, self.now):
            return
        self.stack.receive(data, FLOW, self.now)
        for event in self.stack.take_events():
            assert isinstance(event, RequestReceived)
            response = self.publications.answer(event.request, event.flow)
            self.stack.respond(event.transaction, response, self.now)
        self.stack.take_datagrams()


def publishing(people: int = 100, rounds: int = 40) -> float:
    """CPU seconds for 1,000 PUBLISHes with a NOTIFY each; what the watchers do is left out."""
    with tempfile.TemporaryDirectory() as folder:
        server = PublishedServer(people, Path(folder))
        for person in range(people):
            server.receive(publish_bytes(person, 1, None))
        server.deliver()
        tags = {record.resource: record.entity_tag for record in server.publications.records()}
        rounds_done = count(2)

        def once() -> float:
            spent = 0.0
            for _ in range(rounds):
                number = next(rounds_done)
                messages = []
                for person in range(people):
                    aor = f"sip:p{person}@{DOMAIN}"
                    messages.append(publish_bytes(person, number, tags[aor]))
                    tags[aor] = f"{tags[aor].partition('.')[0]}.{number}"
                begin = time.process_time()
                for batch in range(0, people, AT_ONCE):
                    for data in messages[batch : batch + AT_ONCE]:
                        server.receive(data)
                    server.publications.settle()
                    server.lane.take_datagrams()
                datagrams = server.lamps.notifier.take_datagrams()
                spent += time.process_time() - begin
                answers = [answer(datagram.data) for datagram in datagrams]
                begin = time.process_time()
                for data in answers:
                    server.lamps.notifier.receive_response(data, server.now)
                server.lamps.notifier.take_changes()
                server.now += 0.1
                server.stack.advance(server.now)
                spent += time.process_time() - begin
                assert len(datagrams) == people
            return spent / (people * rounds) * 1000

        value = best(once, 3)
        server.journal.close()
        return value


PEOPLE_NOTE = "100,000 people with four sources each, in memory, one core"
ROWS: dict[str, tuple[str, Callable[[], float], str]] = {
    "reports": ("a CPU-second", lambda: reports_a_second(1), f"{PEOPLE_NOTE}; one in ten says something new"),
    "reports-unchanged": ("a CPU-second", lambda: reports_a_second(0), PEOPLE_NOTE),
    "reports-changed": ("a CPU-second", lambda: reports_a_second(10), PEOPLE_NOTE),
    "person-memory": ("kB", person_memory, "four sources each, as tracemalloc counts"),
    "in-memory-publish-notify-1x1": (
        PER_1000,
        publishing,
        "without sockets, with journal; another note each time, eight at a time",
    ),
}


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    measured = (
        Result(row, measure(), unit, note) for row, (unit, measure, note) in ROWS.items() if wanted(arguments, row)
    )
    tell(measured, arguments)


if __name__ == "__main__":
    main()
