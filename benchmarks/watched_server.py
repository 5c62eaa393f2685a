"""A server process with lamps and nothing else, driven over a pipe; and watchers on one socket."""

import asyncio
import gc
import multiprocessing
import select
import socket
import time
from collections.abc import Callable, Iterable
from itertools import count
from multiprocessing.connection import Connection

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from routing.model import Company, Person
from sipcore.events import Event, RequestReceived
from sipcore.flow import Address
from sipcore.io import _batch
from sipcore.io.clock import WallClock
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener
from sipcore.notifier import NotifierConfig
from sipcore.stack import Stack, StackConfig

DOMAIN = "nordlys.example"
STORM_TICK = 0.002
"""Seconds between two gusts."""
RECEIVE_BUFFER = 8 << 20
"""The watchers' socket stands for a thousand phones, each of which would have its own buffer."""


def company_of(people: int) -> Company:
    """A company whose people are p0, p1, ..."""
    return Company(
        id="nordlys",
        name="Nordlys",
        domain=DOMAIN,
        country="DK",
        time_zone="Europe/Copenhagen",
        language="da",
        people={f"p{i}": Person(f"p{i}", f"Person {i}", "") for i in range(people)},
        main_numbers={},
        hours={},
        menus={},
        queues={},
    )


def make_lamps(people: int) -> Lamps:
    """Lamps of one company whose people are p0, p1, ..."""
    numbers = count(1)
    config = NotifierConfig(most_in_flight=1_000_000)
    return Lamps(lambda: f"{next(numbers):016x}", [company_of(people)], config, WallClock())


def ring(lamps: Lamps, person: int, call: int, now: float) -> None:
    """Let a person be called by yet another caller, so that the document is another."""
    dialog = DialogState(
        id="leg",
        direction="recipient",
        phase="early",
        call_id=f"call-{call}-",
        local_tag="localtag",
        remote_tag="remotetag",
        remote_identity="sip:+4533221100@trunk.example",
        remote_display="Bo Hansen",
        started=now,
    )
    lamps.dialog_changed(f"sip:p{person}@{DOMAIN}", dialog, now)


def subscribe_bytes(watcher: int, person: int, event: str, address: Address) -> bytes:
    """The SUBSCRIBE of one watcher for one person."""
    host, port = address
    return (
        f"SUBSCRIBE sip:p{person}@{DOMAIN} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKs{watcher};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:p{watcher % 100}@{DOMAIN}>;tag=w{watcher}\r\n"
        f"To: <sip:p{person}@{DOMAIN}>\r\n"
        f"Call-ID: {watcher}-{port}@{host}\r\n"
        "CSeq: 1 SUBSCRIBE\r\n"
        f"Contact: <sip:w{watcher}@{host}:{port}>\r\n"
        f"Event: {event}\r\n"
        "User-Agent: Bench phone 1.0\r\n"
        "Expires: 3600\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


_COPIED = (b"Via:", b"From:", b"To:", b"Call-ID:", b"CSeq:")


def answer(notify: bytes) -> bytes:
    """The 200 of a phone."""
    head = notify.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [line for line in head if line.startswith(_COPIED)]
    return b"\r\n".join((b"SIP/2.0 200 OK", *kept, b"Content-Length: 0\r\n\r\n"))


class _Server:
    """Answers SUBSCRIBEs and does what the pipe says: `ring` some people, or tell the CPU time used so far."""

    def __init__(self, people: int, pipe: Connection) -> None:
        self._lamps = make_lamps(people)
        numbers = count(1)
        self._clock = WallClock()
        self._stack = Stack(StackConfig(), lambda: f"s{next(numbers):015x}")
        self._endpoint = SipEndpoint(self._stack, self._lamps.notifier, self._clock, self._on_events)
        self._pipe = pipe
        self._people = people
        self._calls = count()
        self._called: dict[int, int] = {}
        self._storm_ends = 0.0
        self._storm_per_second = 0.0
        self._storm_due = 0.0
        """When the next change of the storm is to happen."""
        self._stormed = 0
        """Changes in storms so far."""
        self._over = asyncio.Event()

    async def run(self) -> None:
        await self._endpoint.listen([Listener("udp", "127.0.0.1", 0)])
        listener = self._endpoint.listening[0]
        self._pipe.send((listener.host, listener.port))
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._command)
        gc.collect()
        gc.freeze()
        await self._over.wait()
        await self._endpoint.close()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived):
                response = self._lamps.subscribe(event.request, event.flow, self._clock(), watcher_domain=DOMAIN)
                self._stack.respond(event.transaction, response, self._clock())
        # What the journal would take.
        self._lamps.notifier.take_changes()

    def _ring(self, people: Iterable[int]) -> None:
        for person in people:
            self._called[person] = next(self._calls)
            ring(self._lamps, person, self._called[person], self._clock())
        self._endpoint.flush()

    def _storm(self) -> None:
        """Change one person's state after the other at the rate of the storm, whatever of it can be told."""
        now = self._clock()
        if now < self._storm_ends:
            changes = int((now - self._storm_due) * self._storm_per_second)
            self._storm_due += changes / self._storm_per_second
            first = self._stormed
            self._stormed += changes
            self._ring(number % self._people for number in range(first, self._stormed))
            asyncio.get_running_loop().call_later(STORM_TICK, self._storm)

    def _command(self) -> None:
        match self._pipe.recv():
            case ("ring", people):
                self._ring(people)
            case "settle":
                gc.collect()
                gc.freeze()
                self._pipe.send(None)
            case "cpu":
                self._pipe.send(time.process_time())
            case ("storm", seconds, changes_per_second):
                self._storm_due = self._clock()
                self._storm_ends = self._storm_due + seconds
                self._storm_per_second = changes_per_second
                self._storm()
            case "calls":
                self._pipe.send(self._called)
            case _:
                self._over.set()


def _serve(people: int, pipe: Connection) -> None:
    async def run() -> None:
        await _Server(people, pipe).run()

    asyncio.run(run())


class Watchers:
    """Phones on one socket that watch a server's people and answer what they are told."""

    def __init__(self, server: Address) -> None:
        self.server = server
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, messages: Iterable[bytes]) -> None:
        _batch.send_batch(self._socket.fileno(), [(data, self.server) for data in messages])

    def receive(self, on_notify: Callable[[bytes], None], timeout: float = 2.0) -> tuple[int, int]:
        """Take what has come and answer it: how many NOTIFYs and how many responses there were."""
        if not select.select([self._socket], [], [], timeout)[0]:
            return 0, 0
        notifies, responses = [], 0
        for data, _ in _batch.recv_batch(self._socket.fileno(), 64):
            if data.startswith(b"NOTIFY"):
                on_notify(data)
                notifies.append(answer(data))
            else:
                self.answered(data)
                responses += 1
        self.send(notifies)
        return len(notifies), responses

    def answered(self, response: bytes) -> None:
        """A response has come; for those who want to know more than how many."""

    def subscribe(self, watchers: int, people: int, event: str, *, first: int = 0, window: int = 50) -> None:
        """Let all watchers subscribe to people from the `first` on, in turn, and take their first NOTIFYs."""
        waiting = [subscribe_bytes(i, first + i % people, event, self.address) for i in range(watchers)]
        waiting.reverse()
        told = answered = sent = 0
        while told < watchers or answered < watchers:
            room = window - (sent - min(told, answered))
            batch = [waiting.pop() for _ in range(min(room, len(waiting)))]
            sent += len(batch)
            self.send(batch)
            notifies, responses = self.receive(lambda data: None)
            told += notifies
            answered += responses
            if not notifies and not responses and not waiting:
                raise RuntimeError(f"{watchers - told} NOTIFYs and {watchers - answered} responses did not come")


class Watched(Watchers):
    """The server process, and all watchers in this one."""

    def __init__(self, people: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(people, child))
        self._process.start()
        super().__init__(self._pipe.recv())

    def close(self) -> None:
        """End the server process."""
        self._pipe.send("end")
        self._process.join()
        super().close()

    def cpu(self) -> float:
        """CPU seconds that the server has used."""
        self._pipe.send("cpu")
        return float(self._pipe.recv())

    def settle(self) -> None:
        """Let the server count what it has as its standing stock."""
        self._pipe.send("settle")
        self._pipe.recv()

    def ring(self, people: Iterable[int]) -> None:
        """Change the state of people."""
        self._pipe.send(("ring", list(people)))

    def storm(self, seconds: float, changes_per_second: float) -> None:
        """Change people's states in turn for so long."""
        self._pipe.send(("storm", seconds, changes_per_second))

    def calls(self) -> dict[int, int]:
        """The number of each person's last call."""
        self._pipe.send("calls")
        called = self._pipe.recv()
        assert isinstance(called, dict)
        return called

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process.pid is not None
        return self._process.pid
