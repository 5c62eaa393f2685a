"""SIP messages as they pass, for `lampfield trace`: a hub in the signalling process, and what followers want."""

from collections.abc import Callable
from typing import Literal

import msgspec

from lampfield.blanking import blanked
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, parse_message

Direction = Literal["in", "out"]


class TracedMessage(msgspec.Struct, frozen=True):
    """One message on the wire. `at` is UTC epoch seconds; `peer` is `transport host:port`."""

    at: float
    direction: Direction
    peer: str
    call_id: str
    start_line: str
    parties: str
    """From and To as user parts, `anna>201`."""
    text: str
    """The whole message, secrets blanked."""


def traced(direction: Direction, data: bytes, flow: Flow, now: float) -> TracedMessage | None:
    """The message for a trace, None where the bytes are none (keep-alives, garbage)."""
    try:
        message = parse_message(data)
        call_id = message.call_id
        parties = f"{_user(message.from_.uri)}>{_user(message.to.uri)}"
    except ProtocolViolation:
        return None
    start = f"{message.method} {message.uri}" if isinstance(message, Request) else f"{message.status} {message.reason}"
    host, port = flow.remote
    peer = f"{flow.transport} {f'[{host}]' if ':' in host else host}:{port}"
    kind = (message.header("Content-Type") or "").partition(";")[0].strip().lower()
    text = blanked(data.decode("utf-8", "replace"), kind)
    return TracedMessage(now, direction, peer, call_id, start, parties, text)


def _user(uri: object) -> str:
    return getattr(uri, "user", None) or str(uri)


Follower = Callable[[TracedMessage], None]


class TraceHub:
    """Hands each message to its followers. `switch` hooks it into the traffic only while there are any."""

    def __init__(self, switch: Callable[["TraceHub | None"], None]) -> None:
        self._switch = switch
        self._followers: list[Follower] = []

    def __call__(self, direction: Direction, data: bytes, flow: Flow, now: float) -> None:
        if (message := traced(direction, data, flow, now)) is not None:
            for follower in self._followers:
                follower(message)

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Add a follower; the function that comes back removes it."""
        self._followers.append(follower)
        self._switch(self)
        return lambda: self._unfollow(follower)

    def _unfollow(self, follower: Follower) -> None:
        self._followers.remove(follower)
        if not self._followers:
            self._switch(None)


class TraceFilter(msgspec.Struct, frozen=True):
    """Which messages a follower wants: all, or those of one phone, by any of its names, or with a part of a Call-ID."""

    phone: frozenset[str] | None = None
    """Numbers, ids, and addresses with or without their port."""
    call: str | None = None

    def wants(self, message: TracedMessage) -> bool:
        if self.call is not None and self.call not in message.call_id:
            return False
        if self.phone is None:
            return True
        address = message.peer.partition(" ")[2]
        return not self.phone.isdisjoint((*message.parties.split(">"), address, address.rpartition(":")[0].strip("[]")))
