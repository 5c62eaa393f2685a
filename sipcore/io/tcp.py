"""SIP over TCP: listening sockets, and the connections that are reused for everything to the same peer."""

import asyncio
import errno
import logging
import socket
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from sipcore.flow import Address, Flow
from sipcore.framing import PING
from sipcore.io.connection import Connection
from sipcore.io.counters import Counters
from sipcore.io.held import HeldBytes

logger = logging.getLogger(__name__)

ACCEPTS_A_WAKE = 64
PONG = b"\r\n"
"""Answers a keep-alive ping (RFC 5626 §3.5.1)."""
SWEEP_SECONDS = 5.0
ACCEPT_PAUSE_SECONDS = 1.0
"""How long nothing is accepted when the process has no file descriptor left."""
GONE_KEPT = 10_000
"""Closed connections of peers that are remembered, so that nobody is called back on a phone's ephemeral port."""
LISTENING_KEPT = 10_000
"""Peers that are known to listen where they are."""

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class TcpLimits(msgspec.Struct, frozen=True):
    """Bounds that keep one peer, or many, from taking the memory; times in seconds, sizes in bytes."""

    connections: int = 20_000
    connections_per_host: int = 2_000
    message: int = 256 * 1024
    queue: int = 1024 * 1024
    held: int = 128 * 1024 * 1024
    """Of all connections together: what came of messages that are not whole, and what peers have not read."""
    connect_timeout: float = 10.0
    message_timeout: float = 30.0
    """For the first message of an accepted connection, and for a message that has begun to come whole."""
    idle_timeout: float = 7500.0
    """Above two registration intervals of 3600 s: a phone without keep-alive stays reachable."""


class TcpTransport:
    """All TCP connections of one endpoint.

    `receiver` gets whole messages with their flow; `failed` each flow that is gone, once; `turned` is called when the
    first connection has fallen behind (`is_behind`), and when the last one has caught up again.
    """

    def __init__(
        self,
        receiver: Callable[[list[tuple[bytes, Flow]]], None],
        failed: Callable[[Flow], None],
        turned: Callable[[], None],
        counters: Counters,
        limits: TcpLimits,
    ) -> None:
        self._receiver = receiver
        self._failed = failed
        self._turned = turned
        self._counters = counters
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._connections: dict[Flow, Connection] = {}
        self._accepted: set[Flow] = set()
        self._behind: set[Flow] = set()
        self._hosts: Counter[str] = Counter()
        self._held: HeldBytes[Connection] = HeldBytes(limits.held)
        self._gone: OrderedDict[Flow, None] = OrderedDict()
        self._listening: OrderedDict[Flow, None] = OrderedDict()
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    @property
    def connections(self) -> int:
        """Connections open or opening."""
        return len(self._connections)

    @property
    def is_behind(self) -> bool:
        """True while what comes on a connection has to wait before it is read, and not only for a moment."""
        return bool(self._behind)

    def listen(self, bound: socket.socket, local: Address) -> None:
        """Accept connections on a listening socket; `local` is the address their flows carry."""
        self._listeners.append(bound)
        self._loop.add_reader(bound.fileno(), self._acceptable, bound, local)

    def send(self, messages: Sequence[bytes], flow: Flow) -> None:
        """Send on the flow's connection; where there is none, open one and send when it stands."""
        connection = self._connections.get(flow)
        if connection is None:
            connection = self._open(flow)
            if connection is None:
                return
        connection.message_at = self._loop.time()
        self._counters.messages_sent += len(messages)
        connection.send(b"".join(messages))

    def listens(self, flow: Flow) -> None:
        """The peer listens there: it is connected to where there is no connection, whoever has closed the last one."""
        self._gone.pop(flow, None)
        self._listening[flow] = None
        self._listening.move_to_end(flow)
        if len(self._listening) > LISTENING_KEPT:
            self._listening.popitem(last=False)

    def give_up(self, flow: Flow, silent: float) -> None:
        """Close the flow's connection, unless its peer has said something within `silent` seconds."""
        connection = self._connections.get(flow)
        if connection is not None and self._loop.time() - connection.heard_at >= silent:
            connection.lose("the peer answers nothing")

    def close(self) -> None:
        """Close every socket, silently."""
        self._sweeper.cancel()
        for bound in self._listeners:
            self._loop.remove_reader(bound.fileno())
            bound.close()
        for connection in self._connections.values():
            connection.close()
        self._listeners.clear()
        self._connections.clear()

    # -- what connections tell --------------------------------------------------------------------------------------

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        flow = connection.flow
        requests = []
        for message in messages:
            if message == PING:
                self._counters.keepalives += 1
                connection.send(PONG)
            else:
                requests.append((message, flow))
        if requests:
            self._counters.messages_received += len(requests)
            self._receiver(requests)

    def holds(self, connection: Connection, held: int) -> None:
        for each in self._held.hold(connection, held):
            each.lose("holds the most, and all together hold too much")

    def turned(self, connection: Connection) -> None:
        if connection.is_behind:
            self._behind.add(connection.flow)
            if len(self._behind) == 1:
                self._turned()
        else:
            self._caught_up(connection)

    def opened(self, connection: Connection) -> None:
        self._counters.connections_opened += 1

    def lost(self, connection: Connection, reason: str) -> None:
        flow = connection.flow
        logger.info("tcp %s: connection over: %s", flow.remote, reason)
        if connection.connecting:
            self._counters.connections_failed += 1
        self._forget(connection)
        self._failed(flow)

    # -- connections ------------------------------------------------------------------------------------------------

    def _open(self, flow: Flow) -> Connection | None:
        if flow in self._gone or len(self._connections) >= self._limits.connections:
            self._refuse(flow, "its connection is closed" if flow in self._gone else "too many connections")
            return None
        family = socket.AF_INET6 if ":" in flow.remote[0] else socket.AF_INET
        opening = socket.socket(family, socket.SOCK_STREAM)
        try:
            opening.setblocking(False)
            code = opening.connect_ex(flow.remote)
        except (OSError, OverflowError) as error:
            opening.close()
            self._refuse(flow, str(error))
            return None
        if code not in (0, errno.EINPROGRESS):
            opening.close()
            self._refuse(flow, errno.errorcode.get(code, str(code)))
            return None
        return self._keep(opening, flow, connecting=True)

    def _refuse(self, flow: Flow, reason: str) -> None:
        logger.info("tcp %s: not reachable: %s", flow.remote, reason)
        self._counters.connections_failed += 1
        self._failed(flow)

    def _keep(self, connected: socket.socket, flow: Flow, *, connecting: bool) -> Connection:
        connection = Connection(
            connected,
            flow,
            self,
            message_limit=self._limits.message,
            queue_limit=self._limits.queue,
            connecting=connecting,
        )
        self._connections[flow] = connection
        self._hosts[flow.remote[0]] += 1
        return connection

    def _forget(self, connection: Connection) -> None:
        flow = connection.flow
        del self._connections[flow]
        self._held.let_go(connection)
        self._caught_up(connection)
        host = flow.remote[0]
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
        if flow in self._accepted:
            self._accepted.discard(flow)
            if flow in self._listening:
                return
            self._gone[flow] = None
            if len(self._gone) > GONE_KEPT:
                self._gone.popitem(last=False)

    def _caught_up(self, connection: Connection) -> None:
        if connection.flow in self._behind:
            self._behind.discard(connection.flow)
            if not self._behind:
                self._turned()

    def _acceptable(self, bound: socket.socket, local: Address) -> None:
        for _ in range(ACCEPTS_A_WAKE):
            try:
                accepted, remote = bound.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR:
                    self._pause(bound, local, error)
                    return
                continue  # the connection was gone before it was accepted
            self._accept(accepted, Flow("tcp", local, (remote[0], remote[1])))

    def _accept(self, accepted: socket.socket, flow: Flow) -> None:
        host = flow.remote[0]
        older = self._connections.get(flow)
        if older is not None:
            # One that we opened to the port which the peer connects from, or one whose end was not read yet.
            older.lose("the peer has opened another")
        if len(self._connections) >= self._limits.connections or self._hosts[host] >= self._limits.connections_per_host:
            self._counters.connections_refused += 1
            accepted.close()
            return
        accepted.setblocking(False)
        self._counters.connections_accepted += 1
        self._gone.pop(flow, None)
        self._accepted.add(flow)
        self._keep(accepted, flow, connecting=False)

    def _pause(self, bound: socket.socket, local: Address, error: OSError) -> None:
        logger.error("tcp %s: accepting nothing for %g s: %s", local, ACCEPT_PAUSE_SECONDS, error)
        self._loop.remove_reader(bound.fileno())
        self._loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume, bound, local)

    def _resume(self, bound: socket.socket, local: Address) -> None:
        if bound.fileno() >= 0:
            self._loop.add_reader(bound.fileno(), self._acceptable, bound, local)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._connections.values()):
            reason = self._overdue(connection, now)
            if reason:
                connection.lose(reason)
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _overdue(self, connection: Connection, now: float) -> str | None:
        limits = self._limits
        if connection.connecting:
            return "no connection in time" if now - connection.opened_at > limits.connect_timeout else None
        if connection.partial_since is not None and now - connection.partial_since > limits.message_timeout:
            return "a message that does not end"
        if (
            not connection.heard
            and connection.flow in self._accepted
            and now - connection.opened_at > limits.message_timeout
        ):
            return "nothing said"
        return "idle" if now - connection.message_at > limits.idle_timeout else None
