"""Thousands of watching phones on one plain socket, and people who come and go. Shares no code with Lampfield.

Watcher `w<i>` watches one of the people, every other round of them by `dialog` instead of `presence`. Each NOTIFY is
answered and judged: CSeq and version only rise, the subscription never ends by itself.
"""

import re
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from tests.support.ports import LOOPBACK

RECEIVE_BUFFER = 8 << 20
"""Bytes: it stands for thousands of phones, each of which would have a buffer of its own."""
RESEND = 0.5
"""Seconds after which a request that nobody answered is sent again."""
LOOK = 0.05
"""Seconds between two looks at all watchers."""
WINDOW = 100
"""SUBSCRIBEs that may be on their way."""
_NOTIFY = re.compile(
    rb"NOTIFY sip:w(\d+)@.*?\r\nCSeq: (\d+) NOTIFY\r\n.*?Subscription-State: (\w+).*?\r\n\r\n(.*)", re.DOTALL
)
_VERSION = re.compile(rb'<dialog-info [^>]*version="(\d+)"')
_COPIED = (b"Via:", b"From:", b"To:", b"Call-ID:", b"CSeq:")


@dataclass(slots=True)
class Lamp:
    """What one watcher knows."""

    call_id: str
    cseq: int = 0
    """Of our SUBSCRIBEs."""
    tag: str = ""
    target: str = ""
    notify_cseq: int = 0
    version: int = -1
    told_at: float = 0.0
    """When the last NOTIFY came, `time.monotonic`."""
    open: bool = False
    """What the last PIDF said."""


class LampWall:
    """The watchers and the people; use as a context manager. Nothing happens but in its methods."""

    def __init__(self, server: tuple[str, int], people: Sequence[str], domain: str) -> None:
        self._server, self._domain = server, domain
        self.people = people
        self.lamps: list[Lamp] = []
        self.faults: list[str] = []
        self.here = dict.fromkeys(people, False)
        """Who is registered, as the server has confirmed."""
        self._unanswered: dict[str, tuple[bytes, float]] = {}
        """Requests by branch, with the time of the last sending."""
        self._branches = 0
        self._registers = dict.fromkeys(people, 0)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind((LOOPBACK, 0))
        self._socket.setblocking(False)
        self._port = self._socket.getsockname()[1]
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def subscribe(self, number: int, *, expires: int = 3600) -> None:
        """Let so many watchers subscribe, and wait until each is told."""
        self.lamps = [Lamp(f"w{index}-{self._port}") for index in range(number)]
        self._subscribe(range(number), expires)
        self.until(lambda: all(lamp.notify_cseq for lamp in self.lamps), "every watcher is told")

    def refresh(self, watchers: Iterable[int], *, expires: int = 3600) -> None:
        """Let these watchers subscribe again, each in its dialog."""
        self._subscribe(watchers, expires)

    def come_or_go(self, person: str) -> None:
        """Let somebody register who is not here, or leave who is; unless that is still under way."""
        if any(branch.startswith(f"{person}.") for branch in self._unanswered):
            return
        self._registers[person] += 1
        aor = f"<sip:{person}@{self._domain}>"
        expires = 0 if self.here[person] else 3600
        lines = [
            f"From: {aor};tag=r{self._registers[person]}",
            f"To: {aor}",
            f"Call-ID: {person}-{self._port}",
            f"CSeq: {self._registers[person]} REGISTER",
            f"Contact: <sip:{person}@{LOOPBACK}:{self._port}>",
            f"Expires: {expires}",
        ]
        self._request(f"REGISTER sip:{self._domain} SIP/2.0", f"{person}.{expires}", lines)

    def pump(self, seconds: float) -> None:
        """Take what comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._take(min(left, RESEND / 5))

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        """Take what comes until the condition holds. Raises AssertionError naming `what`, or a fault."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}; {self.faults[:3]}"
            self.pump(LOOK)
        assert not self.faults, self.faults[:3]

    def shows_truth(self) -> bool:
        """Whether nobody waits for an answer, and every watcher of presence shows who is here."""
        return not self._unanswered and all(
            lamp.open == self.here[self._watched(index)]
            for index, lamp in enumerate(self.lamps)
            if self._event(index) == "presence"
        )

    def told_since(self, at: float) -> bool:
        """Whether every watcher was told after that time."""
        return all(lamp.told_at > at for lamp in self.lamps)

    def _watched(self, index: int) -> str:
        return self.people[index % len(self.people)]

    def _event(self, index: int) -> str:
        return "dialog" if index // len(self.people) % 2 else "presence"

    def _subscribe(self, watchers: Iterable[int], expires: int) -> None:
        waiting = deque(watchers)
        while waiting:
            for _ in range(min(len(waiting), WINDOW - len(self._unanswered))):
                self._send_subscribe(waiting.popleft(), expires)
            self._take(RESEND)
        self.until(lambda: not self._unanswered, "every SUBSCRIBE is answered")

    def _send_subscribe(self, index: int, expires: int) -> None:
        lamp = self.lamps[index]
        lamp.cseq += 1
        watched = f"sip:{self._watched(index)}@{self._domain}"
        lines = [
            f"From: <sip:{self.people[0]}@{self._domain}>;tag=w{index}",
            f"To: <{watched}>{lamp.tag}",
            f"Call-ID: {lamp.call_id}",
            f"CSeq: {lamp.cseq} SUBSCRIBE",
            f"Contact: <sip:w{index}@{LOOPBACK}:{self._port}>",
            f"Event: {self._event(index)}",
            f"Expires: {expires}",
        ]
        self._request(f"SUBSCRIBE {lamp.target or watched} SIP/2.0", f"{index}.{lamp.cseq}", lines)

    def _request(self, start: str, name: str, lines: Sequence[str]) -> None:
        self._branches += 1
        branch = f"{name}.{self._branches}"
        via = f"Via: SIP/2.0/UDP {LOOPBACK}:{self._port};branch=z9hG4bK.{branch};rport"
        data = "\r\n".join([start, via, "Max-Forwards: 70", *lines, "Content-Length: 0", "", ""]).encode()
        self._unanswered[branch] = data, time.monotonic()
        self._send(data)

    def _send(self, data: bytes) -> None:
        self._socket.sendto(data, self._server)

    def _take(self, timeout: float) -> None:
        """Take what has come, wait for it at most so long; send again what nobody has answered."""
        select.select([self._socket], [], [], timeout)
        now = time.monotonic()
        while True:
            try:
                data = self._socket.recv(65535)
            except BlockingIOError:
                break
            if data.startswith(b"NOTIFY "):
                self._notified(data, now)
            else:
                self._answered(data)
        for branch, (request, sent_at) in list(self._unanswered.items()):
            if now > sent_at + RESEND:
                self._unanswered[branch] = request, now
                self._send(request)

    def _notified(self, data: bytes, now: float) -> None:
        head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
        copied = [line for line in head if line.startswith(_COPIED)]
        self._send(b"\r\n".join((b"SIP/2.0 200 OK", *copied, b"Content-Length: 0\r\n\r\n")))
        found = _NOTIFY.match(data)
        if found is None:
            self.faults.append(f"no NOTIFY of ours: {data[:300]!r}")
            return
        index, cseq, state, body = int(found[1]), int(found[2]), found[3], found[4]
        lamp = self.lamps[index]
        if cseq == lamp.notify_cseq:
            return
        version = _VERSION.search(body)
        if cseq < lamp.notify_cseq:
            self.faults.append(f"w{index}: CSeq went from {lamp.notify_cseq} to {cseq}")
        if state != b"active":
            self.faults.append(f"w{index}: subscription is {state.decode()}")
        if version:
            if int(version[1]) <= lamp.version:
                self.faults.append(f"w{index}: version went from {lamp.version} to {int(version[1])}")
            lamp.version = int(version[1])
        lamp.notify_cseq, lamp.told_at, lamp.open = cseq, now, b"<basic>open</basic>" in body

    def _answered(self, data: bytes) -> None:
        branch = data.partition(b";branch=z9hG4bK.")[2].partition(b";")[0].partition(b"\r\n")[0].decode()
        status = int(data[8:11])
        if branch not in self._unanswered or status < 200:
            return
        del self._unanswered[branch]
        if status != 200:
            self.faults.append(f"{branch}: {data[:300]!r}")
            return
        name, what, _ = branch.split(".")
        if not name.isdecimal():
            self.here[name] = what != "0"
            return
        lamp = self.lamps[int(name)]
        fields = dict(line.split(": ", 1) for line in data.decode().split("\r\n") if ": " in line)
        lamp.tag = fields["To"].partition(">")[2]
        lamp.target = fields["Contact"].partition("<")[2].partition(">")[0]
