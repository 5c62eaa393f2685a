"""Where SIP is listened for: binding, with errors that name the address."""

import errno
import ipaddress
import socket
from typing import Literal

import msgspec

RECEIVE_BUFFER = 4 << 20
"""Bytes asked of the kernel for what waits on a UDP socket (it may grant less): some thousand messages."""
SEND_BUFFER = 1 << 20
BACKLOG = 1024
"""Connections that may wait to be accepted."""


class Listener(msgspec.Struct, frozen=True):
    """A transport and an IP address to listen on; port 0 takes a free one.

    `fd` is a socket that is bound already, for example by a supervisor that outlives this process.
    """

    transport: Literal["udp", "tcp"]
    host: str
    port: int
    fd: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"


class ListenError(Exception):
    """An address that cannot be listened on; the text names it and says why."""


def bind(listener: Listener) -> socket.socket:
    """The non-blocking socket of `listener`, bound and, for TCP, listening. Raises ListenError."""
    _check(listener)
    kind = socket.SOCK_DGRAM if listener.transport == "udp" else socket.SOCK_STREAM
    if listener.fd is not None:
        bound = socket.socket(fileno=listener.fd)
        bound.setblocking(False)
        return bound
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    try:
        bound = socket.socket(family, kind)
    except OSError as error:
        raise ListenError(f"cannot listen on {listener}: {_explain(error)}") from error
    try:
        bound.setblocking(False)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if listener.transport == "udp":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        else:
            # Only connections in TIME_WAIT are passed over; a port that another program listens on stays refused.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((listener.host, listener.port))
        if listener.transport == "tcp":
            bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise ListenError(f"cannot listen on {listener}: {_explain(error)}") from error
    return bound


def _check(listener: Listener) -> None:
    try:
        ipaddress.ip_address(listener.host)
    except ValueError:
        raise ListenError(f"cannot listen on {listener}: {listener.host!r} is not an IP address") from None
    if not 0 <= listener.port <= 65535:
        raise ListenError(f"cannot listen on {listener}: {listener.port} is not a port (0 to 65535)")


def _explain(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program uses this port"
        case errno.EADDRNOTAVAIL:
            return "this machine does not have the address"
        case errno.EACCES:
            return "not allowed (ports below 1024 need a privilege)"
        case _:
            return error.strerror or str(error)
