"""Kinds of value that only the server's configuration holds: addresses and ports."""

import ipaddress
import re
from typing import NamedTuple

from provisioning.kinds import Kind, Unexpected


class ListenAddress(NamedTuple):
    """A transport and the IP literal and port it listens at."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"

    @property
    def wildcard(self) -> bool:
        return ipaddress.ip_address(self.host).is_unspecified

    @property
    def loopback(self) -> bool:
        return ipaddress.ip_address(self.host).is_loopback


class PortRange(NamedTuple):
    """UDP ports, both ends included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


_LISTEN = re.compile(r"(udp|tcp):(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})")


def listen_address() -> Kind[ListenAddress]:
    def read(value: object) -> ListenAddress:
        match = _LISTEN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise Unexpected
        transport, host6, host4, port = match.groups()
        try:
            host = str(ipaddress.IPv6Address(host6) if host6 else ipaddress.IPv4Address(host4))
        except ValueError:
            raise Unexpected(f"an IP address after {transport}:") from None
        if int(port) > 65535:
            raise Unexpected("a port between 1 and 65535, or 0 for any that is free")
        return ListenAddress(transport, host, int(port))

    expected = "transport:address:port, such as udp:192.0.2.1:5060 or tcp:[2001:db8::1]:5060"
    return Kind(expected, read, ListenAddress("udp", "127.0.0.1", 5060))


def port_range() -> Kind[PortRange]:
    def read(value: object) -> PortRange:
        match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value) if isinstance(value, str) else None
        if match is None:
            raise Unexpected
        first, last = int(match[1]), int(match[2])
        # RTP takes the even port and RTCP the odd one after it (RFC 3550 §11).
        if not 1024 <= first < last <= 65535 or first % 2 or not last % 2:
            raise Unexpected
        return PortRange(first, last)

    return Kind(
        "two ports first-last within 1024-65535, the first even and the last odd", read, PortRange(20000, 29999)
    )


def ip_address() -> Kind[str]:
    def read(value: object) -> str:
        try:
            return str(ipaddress.ip_address(value if isinstance(value, str) else ""))
        except ValueError:
            raise Unexpected from None

    return Kind("an IPv4 or IPv6 address", read, "127.0.0.1")


def ip_network() -> Kind[str]:
    def read(value: object) -> str:
        try:
            return str(ipaddress.ip_network(value if isinstance(value, str) else ""))
        except ValueError:
            raise Unexpected from None

    return Kind("an IP address or a network such as 198.51.100.0/24", read, "127.0.0.1/32")
