"""The Via header (RFC 3261 §20.42, with `rport` of RFC 3581)."""

import re
from typing import Final

import msgspec

from sipcore.errors import ProtocolViolation
from sipcore.header import Params, format_params, parse_params
from sipcore.memo import ADDRESS, remembered
from sipcore.structs import Value

_HOP: Final = re.compile(
    r"""SIP[ \t]*/[ \t]*[0-9]\.[0-9][ \t]*/[ \t]*([A-Za-z0-9\-.!%*_+`'~]++)   # sent-protocol
        [ \t]++(\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._-]++)               # host
        (?:[ \t]*:[ \t]*([0-9]{1,5}))?                               # port
        [ \t]*""",
    re.VERBOSE | re.IGNORECASE,
)

MAGIC_COOKIE: Final = "z9hG4bK"
"""What a branch of RFC 3261 begins with (§8.1.1.7); one without it comes from an RFC 2543 element."""


class Via(Value, frozen=True):
    """One hop. `transport` in upper case as on the wire; `host` keeps IPv6 brackets; `port` is None if not told."""

    transport: str
    host: str
    port: int | None
    params: Params = msgspec.field(default_factory=dict)

    @property
    def branch(self) -> str | None:
        return self.params.get("branch")

    @property
    def received(self) -> str | None:
        """The source address that the next hop saw, without IPv6 brackets."""
        received = self.params.get("received")
        return received.strip("[]") if received else None

    @property
    def rport(self) -> int | None:
        """The source port that the next hop saw; None when it is not filled in (ask `wants_rport`)."""
        rport = self.params.get("rport")
        return int(rport) if rport and rport.isdecimal() and len(rport) < 6 else None

    @property
    def wants_rport(self) -> bool:
        """True if the sender asks to be answered at its source port (RFC 3581 §3)."""
        return "rport" in self.params

    def with_params(self, **params: str | None) -> "Via":
        """The same hop with these parameters set."""
        return Via(self.transport, self.host, self.port, {**self.params, **params})

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_params(self.params)}"


def parse_via(text: str) -> Via:
    """Parse one Via value. Raises ProtocolViolation."""
    hop, semicolon, params = text.partition(";")
    transport, host, port = _hop(hop)
    return Via(transport, host, port, parse_params(semicolon + params))


@remembered(*ADDRESS)
def _hop(text: str) -> tuple[str, str, int | None]:
    match = _HOP.fullmatch(text)
    if match is None:
        raise ProtocolViolation("Malformed Via")
    transport, host, port = match.groups()
    if port is not None and int(port) > 65535:
        raise ProtocolViolation("Port above 65535 in Via")
    return transport.upper(), host, None if port is None else int(port)
