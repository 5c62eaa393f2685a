"""SIP over UDP: a bound socket, drained and filled in batches."""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final

from sipcore.flow import Address, Flow
from sipcore.io import _batch
from sipcore.io.counters import Counters

logger = logging.getLogger(__name__)

FLOWS_KEPT: Final = 65536
"""Flows remembered for a socket, so that a phone's flow is made once."""
QUEUE_LIMIT: Final = 50_000
"""Datagrams that wait for a full socket; the oldest are dropped beyond, the transactions send them again."""

_MEMORY: Final = struct.Struct("@II")
"""The first two of a socket's memory figures: bytes received and not read, and the most that these may be."""
_SO_MEMINFO: Final = 55
"""Linux' option for them (socket(7) leaves it out; include/uapi/asm-generic/socket.h)."""

Receiver = Callable[[list[tuple[bytes, Flow]]], None]


class UdpSocket:
    """One bound UDP socket. `receiver` gets each batch; `failed` the flows that the kernel refused to send on."""

    def __init__(
        self,
        bound: socket.socket,
        local: Address,
        receiver: Receiver,
        failed: Callable[[Flow], None],
        counters: Counters,
    ) -> None:
        self.local = local
        self._socket = bound
        self._receiver = receiver
        self._failed = failed
        self._counters = counters
        self._flows: dict[Address, Flow] = {}
        self._waiting: list[tuple[bytes, Address]] = []
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound.fileno(), self._readable)

    def close(self) -> None:
        """Close the socket; what waits to be sent is tried once more."""
        if self._socket.fileno() < 0:
            return
        self._writable()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()

    def queued(self) -> float:
        """The part of the receive buffer that waits to be read, 0 to 1."""
        figures = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMORY.size)
        used, most = _MEMORY.unpack(figures)
        return float(used) / float(most)

    def send(self, datagrams: list[tuple[bytes, Address]]) -> None:
        """Send in order; what the socket does not take now is sent when it is writable."""
        if self._waiting:
            self._queue(datagrams)
            return
        done = self._send(datagrams)
        if done < len(datagrams):
            self._queue(datagrams[done:])
            self._loop.add_writer(self._socket.fileno(), self._writable)

    def _readable(self) -> None:
        """Take one batch; what is left wakes the loop again, after whatever else is due (timers, other sockets)."""
        flows = self._flows
        try:
            received = _batch.recv_batch(self._socket.fileno(), _batch.BATCH)
        except OSError as error:
            logger.warning("udp %s: receiving failed: %s", self.local, error)
            return
        self._counters.datagrams_received += len(received)
        batch = []
        for data, address in received:
            flow = flows.get(address)
            if flow is None:
                flow = self._remember(address)
            batch.append((data, flow))
        self._receiver(batch)

    def _remember(self, address: Address) -> Flow:
        if len(self._flows) >= FLOWS_KEPT:
            self._flows.clear()
        flow = self._flows[address] = Flow("udp", self.local, address)
        return flow

    def _send(self, datagrams: list[tuple[bytes, Address]]) -> int:
        done, failures = _batch.send_batch(self._socket.fileno(), datagrams)
        self._counters.datagrams_sent += done - len(failures)
        if failures:
            self._report(datagrams, failures)
        return done

    def _report(self, datagrams: Sequence[tuple[bytes, Address]], failures: list[tuple[int, int]]) -> None:
        for index, error in failures:
            remote = datagrams[index][1]
            self._counters.send_failures += 1
            logger.info("udp %s -> %s: not sent: %s", self.local, remote, os.strerror(error))
            self._failed(Flow("udp", self.local, remote))

    def _queue(self, datagrams: list[tuple[bytes, Address]]) -> None:
        self._waiting += datagrams
        excess = len(self._waiting) - QUEUE_LIMIT
        if excess > 0:
            del self._waiting[:excess]
            self._counters.datagrams_dropped += excess

    def _writable(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._waiting = waiting[self._send(waiting) :]
        if not self._waiting:
            self._loop.remove_writer(self._socket.fileno())
