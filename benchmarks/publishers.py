"""People who publish their states (RFC 3903) and those who watch them: a load for any presence server.

Each state has a number, which the server must keep in what it tells: in the note of a PIDF, in the dialog's id of a
dialog-info. So it is known which watcher has seen which state, whatever is told twice or merged.
"""

import itertools
import time
from collections.abc import Sequence

from benchmarks.results import cpu_seconds
from benchmarks.watched_server import DOMAIN, Watchers
from sipcore.flow import Address

WINDOW_NOTIFIES = 100
"""NOTIFYs that several changes may have on their way: answers that a server's socket cannot hold cost half a second."""
MOST_PUBLISHING = 20
"""People who may publish at the same time."""
_STATE = b"state-"
_PIDF = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{entity}">'
    '<tuple id="phone"><status><basic>open</basic></status><note>state-{number}-</note></tuple></presence>\r\n'
)
_DIALOG_INFO = (
    '<?xml version="1.0"?>\r\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{number}" state="full" '
    'entity="{entity}"><dialog id="state-{number}-" call-id="state-{number}-" local-tag="here" remote-tag="there" '
    'direction="recipient"><state>{phase}</state><remote><identity>sip:+4533221100@trunk.example</identity></remote>'
    "</dialog></dialog-info>\r\n"
)


class Publishers(Watchers):
    """Some people `p<number>` who publish for one event package, and their watchers, all on one socket."""

    def __init__(self, server: Address, people: Sequence[int], event: str) -> None:
        super().__init__(server)
        self._people = people
        self._event = event
        self._numbers = itertools.count(1)
        self._requests = itertools.count(1)
        self._etags: dict[int, str] = {}
        self._current: dict[int, int] = {}
        """The number of each person's last state."""
        self._published_at: dict[int, float] = {}
        self._seen: dict[int, int] = {}
        """The number of the last state that each watcher has seen."""
        self._watchers_each = 0
        self._to_see = 0
        self._to_answer = 0
        self.latencies: list[float] = []
        """Seconds from a state's PUBLISH to each watcher who saw it."""

    def watch(self, watchers: int) -> None:
        """So many watchers for each of the people, who have published a state before."""
        self._watchers_each = 0
        self.publish_all(1)
        self.subscribe(watchers * len(self._people), len(self._people), self._event, first=self._people[0])
        self._watchers_each = watchers

    def publish_all(self, rounds: int) -> None:
        """Let all publish so often; each goes on when all watchers have seen the state. Raises RuntimeError if not."""
        at_once = max(1, min(MOST_PUBLISHING, WINDOW_NOTIFIES // max(1, self._watchers_each)))
        for _ in range(rounds):
            for begin in range(0, len(self._people), at_once):
                for person in self._people[begin : begin + at_once]:
                    self.publish(person)
                while self._to_see or self._to_answer:
                    if not any(self.receive(self._notified)):
                        raise RuntimeError(f"{self._to_see} states and {self._to_answer} responses did not come")

    def publish_steadily(self, per_second: float, seconds: float) -> None:
        """Let one after the other publish at that rate, whatever comes back; fills `latencies`."""
        self.latencies.clear()
        begin = time.perf_counter()
        for change in range(int(per_second * seconds)):
            due = begin + change / per_second
            while (now := time.perf_counter()) < due:
                self.receive(self._notified, due - now)
            self.publish(self._people[change % len(self._people)])
        while any(self.receive(self._notified, 1.0)):
            pass
        if self._to_see or self._to_answer:
            raise RuntimeError(f"{self._to_see} states and {self._to_answer} responses did not come")

    def publish(self, person: int) -> None:
        """Publish the person's next state."""
        number = next(self._numbers)
        host, port = self.address
        entity = f"sip:p{person}@{DOMAIN}"
        if self._event == "presence":
            content_type, body = "application/pidf+xml", _PIDF.format(entity=entity, number=number)
        else:
            phase = "confirmed" if number % 2 else "early"
            content_type = "application/dialog-info+xml"
            body = _DIALOG_INFO.format(entity=entity, number=number, phase=phase)
        etag = self._etags.get(person)
        lines = [
            f"PUBLISH {entity} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKp{number};rport",
            "Max-Forwards: 70",
            f"From: <{entity}>;tag=p{number}",
            f"To: <{entity}>",
            f"Call-ID: publish-{person}-{port}@{host}",
            f"CSeq: {number} PUBLISH",
            f"Event: {self._event}",
            "Expires: 3600",
            *([f"SIP-If-Match: {etag}"] if etag else []),
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
        ]
        self._current[person] = number
        self._published_at[number] = time.perf_counter()
        self._to_see += self._watchers_each
        self._to_answer += 1
        self.send(["\r\n".join([*lines, "", body]).encode()])

    def answered(self, response: bytes) -> None:
        """Learn the entity tag, with which the next PUBLISH takes the last one's place."""
        call = response.partition(b"Call-ID: publish-")[2]
        if not call:
            return
        person = int(call.partition(b"-")[0])
        if not response.startswith(b"SIP/2.0 200"):
            raise RuntimeError(f"PUBLISH was refused: {response.decode()}")
        self._etags[person] = response.partition(b"SIP-ETag: ")[2].partition(b"\r\n")[0].decode()
        self._to_answer -= 1

    def _notified(self, notify: bytes) -> None:
        digits = notify.partition(_STATE)[2].partition(b"-")[0]
        if not digits:
            return
        watcher, number = int(notify.partition(b"sip:w")[2].partition(b"@")[0]), int(digits)
        person = self._people[watcher % len(self._people)]
        if number == self._current[person] and self._seen.get(watcher) != number:
            self._seen[watcher] = number
            self._to_see -= 1
            self.latencies.append(time.perf_counter() - self._published_at[number])


def fan_out(server: Address, pid: int, people: Sequence[int], event: str, watchers: int, rounds: int) -> float:
    """CPU seconds of a server for 1,000 NOTIFYs with their responses and the PUBLISHes that cause them."""
    watched = Publishers(server, people, event)
    watched.watch(watchers)
    watched.publish_all(2)
    before = cpu_seconds([pid])
    watched.publish_all(rounds)
    cost = (cpu_seconds([pid]) - before) / (len(people) * watchers * rounds) * 1000
    watched.close()
    return cost
