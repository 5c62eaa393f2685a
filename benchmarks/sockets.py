"""What the sockets alone cost: datagrams echoed through SipEndpoint, per second of this process's CPU.

    python -m benchmarks.sockets [--pairs 100000] [--size 500] [--keep]

A second process sends and receives with the same batch calls. The echo stands in for the stack.
"""

import asyncio
import multiprocessing
import select
import socket
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event

from benchmarks.results import Result
from benchmarks.script import command_line, tell
from sipcore import events
from sipcore.flow import Address, Datagram, Flow
from sipcore.io import _batch
from sipcore.io.clock import WallClock
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener

ROWS = ("sockets-echo",)
WINDOW = 256
"""Datagrams in flight."""


class Echo:
    """A core that sends back whatever comes."""

    def __init__(self) -> None:
        self.echoed = 0
        self._out: list[Datagram] = []

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        self.echoed += 1
        self._out.append(Datagram(data, flow))

    def take_datagrams(self) -> list[Datagram]:
        out, self._out = self._out, []
        return out

    def take_events(self) -> list[events.Event]:
        return []

    def transport_failed(self, flow: Flow, now: float) -> None:
        raise AssertionError(flow)

    def advance(self, now: float) -> None:
        raise AssertionError(now)

    def next_timeout(self) -> float | None:
        return None


def load(to: Address, pairs: int, size: int, ready: Event) -> None:
    """Keep WINDOW datagrams in flight until `pairs` have come back; a lost one is sent again after 100 ms."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        data = b"x" * size
        back = 0
        ready.set()
        _batch.send_batch(sock.fileno(), [(data, to)] * WINDOW)
        while back < pairs:
            if not select.select([sock], [], [], 0.1)[0]:
                _batch.send_batch(sock.fileno(), [(data, to)] * WINDOW)
                continue
            received = len(_batch.recv_batch(sock.fileno(), 64))
            back += received
            _batch.send_batch(sock.fileno(), [(data, to)] * received)


async def measure(pairs: int, size: int) -> float:
    """Pairs echoed in a CPU second of this process."""
    echo = Echo()
    endpoint = SipEndpoint(echo, None, WallClock(), lambda events: None)
    await endpoint.listen([Listener("udp", "127.0.0.1", 0)])
    listener = endpoint.listening[0]
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=load, args=((listener.host, listener.port), pairs, size, ready))
    process.start()
    await asyncio.to_thread(ready.wait)
    cpu = time.process_time()
    await asyncio.to_thread(process.join)
    rate = echo.echoed / (time.process_time() - cpu)
    await endpoint.close()
    return rate


def results(pairs: int, size: int) -> Iterator[Result]:
    """The rows of this script."""
    rate = max(asyncio.run(measure(pairs, size)) for _ in range(3))
    yield Result("sockets-echo", rate, "pairs a CPU-second", f"{size} bytes")


def main() -> None:
    parser = command_line(__doc__, ROWS)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=500, help="bytes a datagram")
    arguments = parser.parse_args()
    tell(results(arguments.pairs, arguments.size), arguments)


if __name__ == "__main__":
    main()
