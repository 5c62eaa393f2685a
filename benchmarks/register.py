"""What the parts cost that answer a REGISTER refresh with digest, from the datagram to the binding on disk.

    python -m benchmarks.register [--phones 1000] [--rounds 10] [--algorithm MD5] [--keep] [ROW ...]

`component-register` is measured over loopback sockets, as CPU seconds of a process that runs SipEndpoint, RefreshLane,
Stack, Authenticator, Registrar and Journal; `benchmarks.phones` measures the whole server. The rows in memory leave the
sockets and the disk out;
`in-memory-register-first` is the way that a phone's first REGISTER takes, through the stack.
"""

import argparse
import asyncio
import gc
import itertools
import multiprocessing
import select
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from benchmarks.results import Result, cpu_seconds
from benchmarks.script import command_line, tell, wanted
from lampfield.journal import Journal
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.binding import BindingChange
from sipcore.digest import Credentials, Ha1, authorize
from sipcore.events import Event, RequestReceived
from sipcore.flow import Address, Flow
from sipcore.io import _batch
from sipcore.io.clock import WallClock
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener
from sipcore.message import parse_message
from sipcore.nonce import NonceBook
from sipcore.refresh_lane import RefreshLane
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig

ROWS = ("component-register", "in-memory-register", "in-memory-register-first")
REALM = "nordlys.example"
WINDOW = 64
"""Requests in flight."""


class RegistrarServer:
    """Answers REGISTER as the signalling process does."""

    def __init__(self, now: float, phones: int) -> None:
        numbers = itertools.count()
        self.stack = Stack(StackConfig(), lambda: f"{next(numbers):016x}")
        self._registrar = Registrar()
        secrets = {f"u{i}": Ha1.of(f"u{i}", REALM, f"secret-of-u{i}") for i in range(phones)}
        book = NonceBook(b"key", now, lifetime=7200.0)
        self._authenticator = Authenticator(lambda name, realm: secrets.get(name), book)
        self.lane = RefreshLane(self._registrar, self._authenticator, lambda: f"{next(numbers):016x}")

    def on_events(self, events: Sequence[Event], now: float) -> None:
        """Answer what came."""
        for event in events:
            if isinstance(event, RequestReceived):
                request, flow = event.request, event.flow
                outcome = self._authenticator.check(request, REALM, now, source=flow.remote[0])
                if isinstance(outcome, Authenticated):
                    aor = f"sip:{outcome.username}@{REALM}"
                    response = self._registrar.register(request, flow, aor, now)
                    self.lane.learn(request, flow, outcome, aor, now)
                else:
                    response = outcome.response(request)
                self.stack.respond(event.transaction, response, now)

    def take_changes(self) -> list[BindingChange]:
        return self._registrar.take_changes()


class Phones:
    """Makes the REGISTERs of many phones."""

    def __init__(self, number: int, local: Address, algorithm: str) -> None:
        self._number = number
        self._local = f"{local[0]}:{local[1]}"
        self._algorithm = algorithm
        self._challenges = [""] * number
        self._branches = itertools.count()

    def first(self) -> list[bytes]:
        """One REGISTER of each without credentials."""
        return [self._register(phone, 1, None) for phone in range(self._number)]

    def challenged(self, data: bytes) -> None:
        """Note a 401."""
        response = parse_message(data)
        phone = int(str(response.to.uri.aor).partition("@")[0].removeprefix("sip:u"))
        challenges = response.headers("WWW-Authenticate")
        self._challenges[phone] = next(value for value in challenges if f"algorithm={self._algorithm}" in value)

    def refreshes(self, rounds: int, start: int = 1, *, digest: bool = True) -> Iterator[bytes]:
        """`rounds` REGISTERs of each, with credentials unless a server asks for none."""
        for count in range(start, start + rounds):
            for phone in range(self._number):
                yield self._register(phone, count + 1, count if digest else None)

    def _register(self, phone: int, cseq: int, count: int | None) -> bytes:
        branch = next(self._branches)
        authorization = ""
        if count is not None:
            credentials = Credentials(f"u{phone}", f"secret-of-u{phone}")
            value = authorize(self._challenges[phone], credentials, "REGISTER", f"sip:{REALM}", count, f"{branch:08x}")
            authorization = f"Authorization: {value}\r\n"
        return (
            f"REGISTER sip:{REALM} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._local};branch=z9hG4bK{branch:08x};rport\r\n"
            f"From: <sip:u{phone}@{REALM}>;tag={branch:x}\r\nTo: <sip:u{phone}@{REALM}>\r\n"
            f"Call-ID: {phone:08x}@{self._local}\r\nCSeq: {cseq} REGISTER\r\n"
            f'Contact: <sip:u{phone}@{self._local}>;+sip.instance="<urn:uuid:{phone:032x}>"\r\n'
            f"Max-Forwards: 70\r\nUser-Agent: Bench 1.0\r\n{authorization}"
            "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, NOTIFY\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def in_memory(phones: int, rounds: int, algorithm: str, *, lane: bool) -> float:
    """CPU seconds for 1,000 refreshes, without sockets and disk; with `lane` False all through the stack."""
    now = 1_700_000_000.0
    server = RegistrarServer(now, phones)
    remote = ("127.0.0.1", 40000)
    flow = Flow("udp", ("127.0.0.1", 5060), remote)
    clients = Phones(phones, remote, algorithm)

    def serve(batch: Sequence[bytes]) -> list[bytes]:
        for data in batch:
            if not (lane and server.lane.receive(data, flow, now)):
                server.stack.receive(data, flow, now)
        server.on_events(server.stack.take_events(), now)
        for change in server.take_changes():
            msgspec.msgpack.encode(change.binding)
        sent = server.lane.take_datagrams() + server.stack.take_datagrams()
        return [datagram.data for datagram in sent]

    for data in serve(clients.first()):
        clients.challenged(data)
    costs = []
    for turn in range(5):
        requests = list(clients.refreshes(rounds, 1 + turn * rounds))
        gc.collect()
        gc.freeze()
        answers = 0
        started = time.process_time()
        for begin in range(0, len(requests), WINDOW):
            answers += sum(data.startswith(b"SIP/2.0 200") for data in serve(requests[begin : begin + WINDOW]))
        costs.append((time.process_time() - started) / len(requests) * 1000)
        gc.unfreeze()
        assert answers == len(requests)
        now += 60
        server.stack.advance(now)
    return min(costs)


def run_server(ready: Connection, phones: int) -> None:
    """The server process: tells its port, ends when the pipe does."""

    async def serve() -> None:
        clock = WallClock()
        server = RegistrarServer(clock(), phones)
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder) / "journal.sqlite3")
            journal.open()

            def on_events(events: list[Event]) -> None:
                server.on_events(events, clock())

            async def write() -> None:
                while True:
                    for change in server.take_changes():
                        journal.put("binding", change.binding.key, msgspec.msgpack.encode(change.binding))
                    await asyncio.sleep(0.01)

            endpoint = SipEndpoint(server.stack, None, clock, on_events, lanes=[server.lane] if server.lane else [])
            await endpoint.listen([Listener("udp", "127.0.0.1", 0)])
            gc.collect()
            gc.freeze()
            ready.send(endpoint.listening[0].port)
            writing = asyncio.create_task(write())
            stop = asyncio.Event()
            asyncio.get_running_loop().add_reader(ready.fileno(), stop.set)
            await stop.wait()
            writing.cancel()
            await endpoint.close()
            await asyncio.to_thread(journal.close)

    asyncio.run(serve())


def exchange(sock: socket.socket, to: Address, requests: Sequence[bytes], timeout: float = 10.0) -> list[bytes]:
    """Send all with at most WINDOW unanswered; the answers. Nothing is sent again: so little is not lost here."""
    answers: list[bytes] = []
    sent = 0
    while len(answers) < len(requests):
        more = requests[sent : len(answers) + WINDOW]
        if more:
            _batch.send_batch(sock.fileno(), [(data, to) for data in more])
            sent += len(more)
        if not select.select([sock], [], [], timeout)[0]:
            raise TimeoutError(f"{len(answers)} of {len(requests)} answered")
        answers += [data for data, _ in _batch.recv_batch(sock.fileno(), 64)]
    return answers


def over_sockets(phones: int, rounds: int, algorithm: str) -> float:
    """CPU seconds of the server process for 1,000 refreshes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_server, args=(theirs, phones))
    process.start()
    try:
        to = ("127.0.0.1", ours.recv())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind(("127.0.0.1", 0))
            clients = Phones(phones, sock.getsockname(), algorithm)
            for data in exchange(sock, to, clients.first()):
                clients.challenged(data)
            costs = []
            for turn in range(4):
                requests = list(clients.refreshes(rounds, 1 + turn * rounds))
                before = cpu_seconds([process.pid or 0])
                answers = exchange(sock, to, requests)
                costs.append((cpu_seconds([process.pid or 0]) - before) / len(requests) * 1000)
                assert all(data.startswith(b"SIP/2.0 200") for data in answers)
            return min(costs)
    finally:
        ours.close()
        process.join(5)


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    """The rows of this script that are wanted."""
    amount = arguments.phones, arguments.rounds, arguments.algorithm
    note = f"{arguments.algorithm}, {arguments.phones} phones"
    ways: dict[str, Callable[[], float]] = {
        "component-register": lambda: over_sockets(*amount),
        "in-memory-register": lambda: in_memory(*amount, lane=True),
        "in-memory-register-first": lambda: in_memory(*amount, lane=False),
    }
    for row in ROWS:
        if wanted(arguments, row):
            yield Result(row, ways[row](), "CPU-s per 1,000", note)


def main() -> None:
    parser = command_line(__doc__, ROWS)
    parser.add_argument("--phones", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--algorithm", choices=["MD5", "SHA-256"], default="MD5")
    arguments = parser.parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
