"""Where a SIP URI leads: transports, addresses and ports in order of trial (RFC 3263, RFC 2782)."""

import ipaddress
from collections.abc import Callable, Generator, Sequence
from typing import Final, Literal, NamedTuple

from sipcore.uri import SipUri

RecordType = Literal["NAPTR", "SRV", "A", "AAAA"]

DEFAULT_PORTS: Final = {"udp": 5060, "tcp": 5060, "tls": 5061}
_SERVICES: Final = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
"""NAPTR services (RFC 3263 §4.1)."""
_SRV_NAMES: Final = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}


class Query(NamedTuple):
    """What has to be asked of the DNS before the location can go on."""

    name: str
    type: RecordType


class Naptr(NamedTuple):
    """A NAPTR record (RFC 3403 §4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    """An SRV record (RFC 2782); target `.` says that there is no such service."""

    priority: int
    weight: int
    port: int
    target: str


Records = Sequence[Naptr | Srv | str]
"""An answer: Naptr or Srv records, or addresses as text; empty when there is none."""


class Target(NamedTuple):
    """One place to try: transport, IP address, port."""

    transport: str
    host: str
    port: int


Location = Generator[Query, Records, list[Target]]
"""Yields queries, is sent their records, returns the targets. `locate` makes one; it asks no DNS by itself."""


def locate(
    uri: SipUri,
    *,
    transports: Sequence[str] = ("udp", "tcp"),
    families: Sequence[Literal[4, 6]] = (4, 6),
    dice: Callable[[], float],
) -> Location:
    """The targets of `uri` in the order they are to be tried; none when it leads nowhere that we can reach.

    `transports` are those we have, the preferred first; `families` the IP versions, likewise. `dice` gives numbers from
    0 up to 1 and shares the load between records of one priority.
    """
    finder = _Finder(transports, families, dice)
    host = (uri.params.get("maddr") or uri.host).strip("[]")
    secure = uri.scheme == "sips"
    asked = uri.params.get("transport")
    transport = asked.lower() if asked else None
    if secure:
        transport = "tls"
    if transport is not None and transport not in transports:
        return []
    if _version(host) is not None or uri.port is not None:
        # A number or a port tell that no records are wanted (RFC 3263 §4.1, §4.2).
        transport = transport or ("udp" if "udp" in transports else transports[0])
        return (yield from finder.addresses(host, transport, uri.port or DEFAULT_PORTS[transport]))
    if transport is not None:
        return (yield from finder.service(f"{_SRV_NAMES[transport]}.{host}", host, transport))
    return (yield from finder.any_transport(host))


def order_srv(records: Sequence[Srv], dice: Callable[[], float]) -> list[Srv]:
    """Lowest priority first, within a priority by weighted chance (RFC 2782, "Weight")."""
    ordered = []
    for priority in sorted({record.priority for record in records}):
        # Weight 0 comes first, so that it has its small chance too.
        left = sorted((record for record in records if record.priority == priority), key=lambda record: record.weight)
        while left:
            mark = dice() * (sum(record.weight for record in left) + 1)
            running = 0
            for record in left:
                running += record.weight
                if running >= int(mark):
                    break
            ordered.append(record)
            left.remove(record)
    return ordered


class _Finder:
    def __init__(self, transports: Sequence[str], families: Sequence[int], dice: Callable[[], float]) -> None:
        self._transports = transports
        self._families = families
        self._dice = dice

    def any_transport(self, host: str) -> Location:
        """By NAPTR, else by the SRV records of our transports, else by address over our first (RFC 3263 §4.1)."""
        services = [record for record in (yield Query(host, "NAPTR")) if isinstance(record, Naptr)]
        usable = [
            record
            for record in services
            if record.flags.lower() == "s" and _SERVICES.get(record.service.upper()) in self._transports
        ]
        targets: list[Target] = []
        for record in sorted(usable, key=lambda record: (record.order, record.preference)):
            transport = _SERVICES[record.service.upper()]
            targets += yield from self._by_srv(record.replacement, transport)
        if targets or usable:
            return targets
        found = False
        for transport in self._transports:
            answer = yield from self._srv_records(f"{_SRV_NAMES[transport]}.{host}")
            found = found or bool(answer)
            targets += yield from self._of_srv(answer, transport)
        if found:
            return targets
        transport = "udp" if "udp" in self._transports else self._transports[0]
        return (yield from self.addresses(host, transport, DEFAULT_PORTS[transport]))

    def service(self, name: str, host: str, transport: str) -> Location:
        """By the SRV records `name`, else by the address of `host` (RFC 3263 §4.2)."""
        records = yield from self._srv_records(name)
        if records:
            return (yield from self._of_srv(records, transport))
        return (yield from self.addresses(host, transport, DEFAULT_PORTS[transport]))

    def addresses(self, host: str, transport: str, port: int) -> Location:
        """The addresses of `host`."""
        version = _version(host)
        if version is not None:
            return [Target(transport, host, port)] if version in self._families else []
        targets = []
        for family in self._families:
            answer = yield Query(host, "A" if family == 4 else "AAAA")
            targets += [Target(transport, address, port) for address in answer if isinstance(address, str)]
        return targets

    def _by_srv(self, name: str, transport: str) -> Location:
        records = yield from self._srv_records(name)
        return (yield from self._of_srv(records, transport))

    def _srv_records(self, name: str) -> Generator[Query, Records, list[Srv]]:
        return [record for record in (yield Query(name, "SRV")) if isinstance(record, Srv)]

    def _of_srv(self, records: Sequence[Srv], transport: str) -> Location:
        targets: list[Target] = []
        for record in order_srv(records, self._dice):
            if record.target not in ("", "."):
                targets += yield from self.addresses(record.target, transport, record.port)
        return targets


def _version(host: str) -> int | None:
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return None
