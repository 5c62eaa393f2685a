"""One TCP connection that carries SIP messages."""

import asyncio
import errno
import os
import socket
from collections import deque
from typing import Final, Protocol

from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.framing import StreamFramer
from sipcore.io.backlog import Backlog

READ_SIZE: Final = 32768
"""Bytes taken before the loop may do other work; what is left wakes it again."""


class Owner(Protocol):
    """Whoever keeps the connections; told what happens to one."""

    def received(self, connection: "Connection", messages: list[bytes]) -> None:
        """Whole messages and keep-alive pings came."""

    def holds(self, connection: "Connection", held: int) -> None:
        """It keeps so many bytes of memory now."""

    def turned(self, connection: "Connection") -> None:
        """It has fallen behind, or has caught up again (`is_behind`); told before what has come is handed on."""

    def opened(self, connection: "Connection") -> None:
        """The outgoing connection stands."""

    def lost(self, connection: "Connection", reason: str) -> None:
        """The connection is closed: by the peer, by an error or for its behaviour. `reason` is for the log."""


class Connection:
    """A non-blocking socket, the framing of what it receives and a bounded queue of what it sends.

    `message_at` is when the last whole message came or went; `partial_since` is when a message began that is not whole
    yet; `heard_at` is when the peer said anything last, be it half a message. All are the loop's time.
    """

    def __init__(
        self,
        connected: socket.socket,
        flow: Flow,
        owner: Owner,
        *,
        message_limit: int,
        queue_limit: int,
        connecting: bool = False,
    ) -> None:
        self.flow = flow
        self.closed = False
        self.connecting = connecting
        self._socket = connected
        self._fd = connected.fileno()
        self._owner = owner
        self._framer = StreamFramer(message_limit)
        self._queue: deque[memoryview] = deque()
        self._queued = 0
        self._queue_limit = queue_limit
        self._held = 0
        self._backlog = Backlog()
        self._full_since: float | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.opened_at = self.message_at = self.heard_at = self._loop.time()
        self.heard = False
        self.partial_since: float | None = None
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if connecting:
            self._loop.add_writer(self._fd, self._connected)
        else:
            self._loop.add_reader(self._fd, self._readable)

    @property
    def is_behind(self) -> bool:
        """True while what comes has to wait before it is read, and not only for a moment."""
        return self._backlog.is_behind

    def send(self, data: bytes) -> None:
        """Send, or queue behind what is waiting. A peer that lets more than the limit wait loses its connection."""
        if self.closed:
            return
        if not self._queue and not self.connecting:
            sent = self._try(data)
            if sent == len(data) or self.closed:
                return
            self._loop.add_writer(self._fd, self._writable)
        else:
            sent = 0
        self._queue.append(memoryview(data)[sent:])
        self._queued += len(data) - sent
        if self._queued > self._queue_limit:
            self.lose(f"does not read: {self._queued} bytes wait")
        self._tell_held()

    def close(self) -> None:
        """Close without telling the owner."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._socket.close()
        self._queue.clear()
        if self._rest is not None:
            self._rest.cancel()

    def lose(self, reason: str) -> None:
        """Close, and tell the owner why."""
        if not self.closed:
            self.close()
            self._owner.lost(self, reason)

    def _try(self, data: bytes | memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self.lose(error.strerror or str(error))
            return 0

    def _connected(self) -> None:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error == errno.EINPROGRESS:
            return
        if error:
            self.lose(os.strerror(error))
            return
        self.connecting = False
        self._loop.remove_writer(self._fd)
        self._loop.add_reader(self._fd, self._readable)
        self._owner.opened(self)
        if self._queue:
            self._loop.add_writer(self._fd, self._writable)
            self._writable()

    def _writable(self) -> None:
        while self._queue:
            head = self._queue[0]
            sent = self._try(head)
            if self.closed:
                return
            self._queued -= sent
            if sent < len(head):
                self._queue[0] = head[sent:]
                break
            self._queue.popleft()
        else:
            self._loop.remove_writer(self._fd)
        self._tell_held()

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.lose(error.strerror or str(error))
            return
        if not data:
            self.lose("closed by the peer")
            return
        self._look(full=len(data) == READ_SIZE)
        self._take(data)

    def _look(self, *, full: bool) -> None:
        """Reckon for how long there has been something to read in each turn of the loop, since a read was full.

        Most of it may wait with the peer, whom the window has stopped: neither the kernel's receive stamps nor what one
        read finds would tell.
        """
        now = self._loop.time()
        if full and self._full_since is None:
            self._full_since = now
        if self._full_since is not None:
            if self._rest is not None:
                self._rest.cancel()
            # In the next turn, unless there is something to read again.
            self._rest = self._loop.call_later(0.0, self._rested)
            self._judge(now - self._full_since, now)

    def _rested(self) -> None:
        self._full_since = self._rest = None
        self._judge(0.0, self._loop.time())

    def _judge(self, waited: float, now: float) -> None:
        was_behind = self._backlog.is_behind
        self._backlog.look(waited, now)
        if self._backlog.is_behind is not was_behind:
            self._owner.turned(self)

    def _take(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        try:
            messages = self._framer.feed(data)
        except ProtocolViolation as violation:
            # Where one message ends is no longer known: nothing after it can be trusted (RFC 3261 §18.3).
            self.lose(f"framing lost: {violation.reason}")
            return
        if messages:
            self.heard = True
            self.message_at = self.heard_at
            self.partial_since = None
            self._owner.received(self, messages)
        elif self.partial_since is None and data.strip(b"\r\n"):
            self.partial_since = self.heard_at
        self._tell_held()

    def _tell_held(self) -> None:
        held = self._framer.held + self._queued
        if held != self._held and not self.closed:
            self._held = held
            self._owner.holds(self, held)
