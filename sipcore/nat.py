"""Phones behind NAT: telling them apart, finding the way back, keeping it open."""

import ipaddress
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from sipcore.binding import Binding
from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.uri import SipUri
from sipcore.via_path import DEFAULT_PORT, host_port

PING_INTERVAL: Final = 25.0
"""Seconds between keep-alives: common NATs forget a UDP mapping after 30 s (RFC 4787 §4.3 asks for 120)."""


@lru_cache(maxsize=4096)
def _same_address(host: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")) == ipaddress.ip_address(address)
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """True for an IP address, False for a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def behind_nat(contact: SipUri, source: Flow) -> bool:
    """True unless `contact` names the very address that the request came from."""
    return not _same_address(contact.host, source.remote[0])


def contact_flow(contact: SipUri, source: Flow) -> Flow:
    """The flow to a contact that was registered from `source`.

    A connection is used as long as it stands, and a phone behind NAT is only reached where it was heard. Without NAT
    the contact's own port and transport count (RFC 3261 §16.6 step 7).
    """
    if source.reliable or behind_nat(contact, source):
        return source
    return direct_flow(contact, source)


def direct_flow(contact: SipUri, source: Flow) -> Flow:
    """The flow to the address in `contact` itself."""
    transport = (contact.params.get("transport") or source.transport).lower()
    if transport not in ("udp", "tcp"):
        transport = source.transport
    return Flow(transport, source.local, (contact.address, contact.port or DEFAULT_PORT))


def due_pings(bindings: Iterable[Binding], since: float, now: float, interval: float = PING_INTERVAL) -> list[Binding]:
    """The bindings over UDP and behind NAT whose turn came after `since` and until `now`.

    Each has its own phase within `interval` seconds, so that the pings of thousands spread evenly; nothing is kept.
    """
    due = []
    for binding in bindings:
        if binding.behind_nat and not binding.flow.reliable:
            phase = zlib.crc32(binding.key.encode("utf-8", "surrogateescape")) % 1000 * interval / 1000
            if (since - phase) // interval != (now - phase) // interval:
                due.append(binding)
    return due


def ping(binding: Binding, token: Callable[[], str], advertised_host: str | None = None) -> Request:
    """The OPTIONS that keeps the way to a phone open; send it on `binding.flow`. Any answer will do."""
    host, port = binding.flow.local
    us = f"sip:{host_port(advertised_host or host, port)}"
    request = Request(
        "OPTIONS",
        binding.contact,
        [
            ("From", f"<{us}>;tag={token()}"),
            ("To", f"<{binding.aor}>"),
            ("Call-ID", token()),
            ("CSeq", "1 OPTIONS"),
            ("Contact", f"<{us}>"),
            ("Max-Forwards", "70"),
        ],
    )
    for route in binding.path:
        request.add("Route", route)
    return request
