"""SIP over UDP: a bound socket, drained and filled in batches."""

import asyncio
import fcntl
import logging
import os
import socket
import struct
import termios
import time
from collections.abc import Callable, Sequence
from typing import Final

from sipcore.flow import Address, Flow
from sipcore.io import _batch
from sipcore.io.backlog import Backlog
from sipcore.io.counters import Counters

logger = logging.getLogger(__name__)

FLOWS_KEPT: Final = 65536
"""Flows remembered for a socket, so that a phone's flow is made once."""
QUEUE_LIMIT: Final = 50_000
"""Datagrams that wait for a full socket; the oldest are dropped beyond, the transactions send them again."""

_TIMESPEC: Final = struct.Struct("@ll")
"""Seconds and nanoseconds of the day's clock."""
_SIOCGSTAMPNS: Final = 0x8907
"""Asks Linux when it received the datagram that was read last (socket(7), include/uapi/linux/sockios.h)."""
_MEMORY: Final = struct.Struct("@II")
"""The first two of a socket's memory figures: bytes received and not read, and the most that these may be."""
_SO_MEMINFO: Final = 55
"""Linux' option for them (socket(7) leaves it out; include/uapi/asm-generic/socket.h)."""

Receiver = Callable[[list[tuple[bytes, Flow]]], None]


class UdpSocket:
    """One bound UDP socket. `receiver` gets each batch; `failed` the flows that the kernel refused to send on.

    `turned` is called when the socket has fallen behind (`is_behind`) and when it has caught up again, each time before
    the batch is handed on that showed it.
    """

    def __init__(
        self,
        bound: socket.socket,
        local: Address,
        receiver: Receiver,
        failed: Callable[[Flow], None],
        turned: Callable[[], None],
        counters: Counters,
    ) -> None:
        self.local = local
        self._socket = bound
        self._receiver = receiver
        self._failed = failed
        self._turned = turned
        self._backlog = Backlog()
        self._counters = counters
        self._flows: dict[Address, Flow] = {}
        self._waiting: list[tuple[bytes, Address]] = []
        self._loop = asyncio.get_running_loop()
        # Nothing is read yet; but from the first question on the kernel notes the times.
        self._waited()
        self._loop.add_reader(bound.fileno(), self._readable)

    def close(self) -> None:
        """Close the socket; what waits to be sent is tried once more."""
        if self._socket.fileno() < 0:
            return
        self._writable()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()

    @property
    def is_behind(self) -> bool:
        """True while what comes has to wait in the socket, and not only for a moment."""
        return self._backlog.is_behind

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
        if len(received) == _batch.BATCH and self._has_more():
            self._look(self._waited(), self._filled())
        else:
            # That is all there was: nothing waits behind it, however long it waited itself.
            self._look(0.0, 0.0)
        batch = []
        for data, address in received:
            flow = flows.get(address)
            if flow is None:
                flow = self._remember(address)
            batch.append((data, flow))
        self._receiver(batch)

    def _has_more(self) -> bool:
        return any(fcntl.ioctl(self._socket.fileno(), termios.FIONREAD, bytes(4)))

    def _waited(self) -> float:
        """Seconds that the datagram read last has waited since the kernel received it; 0.0 where that is not known."""
        try:
            stamp = fcntl.ioctl(self._socket.fileno(), _SIOCGSTAMPNS, bytes(_TIMESPEC.size))
        except OSError:
            return 0.0
        seconds, nanoseconds = _TIMESPEC.unpack(stamp)
        return max(0.0, time.time() - float(seconds) - float(nanoseconds) / 1e9)

    def _filled(self) -> float:
        """The part of the receive buffer that waits to be read, 0 to 1; 0.0 where that is not known."""
        try:
            figures = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMORY.size)
        except OSError:
            return 0.0
        used, most = _MEMORY.unpack(figures)
        return float(used) / float(most)

    def _look(self, waited: float, filled: float) -> None:
        was_behind = self._backlog.is_behind
        self._backlog.look(waited, self._loop.time(), filled)
        if self._backlog.is_behind is not was_behind:
            self._turned()

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
