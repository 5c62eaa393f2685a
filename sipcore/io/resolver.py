"""Asks the DNS what `locate` wants to know."""

import logging
import random
import socket
from asyncio import get_running_loop
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from sipcore.flow import Address
from sipcore.locate import Naptr, Query, Records, Srv, Target, locate
from sipcore.uri import SipUri

logger = logging.getLogger(__name__)

Version = tuple[int, int, int, int]
"""Of a file, as `_version_of` tells it."""

CACHED = 1000
"""Answers kept, each for its TTL."""
SYSTEM_FILE = Path("/etc/resolv.conf")
NAME_SERVER_PORT = 53
LOOK_SECONDS = 5.0
"""So often at most is it seen whether the system has other name servers."""
SILENT_SECONDS = 30.0
"""For so long a DNS that did not answer is not waited for again where it is known what it said (RFC 8767 §5)."""


class DnsResolver:
    """Locates SIP URIs by the system's name servers, or by `server`. A query takes `timeout` seconds at most."""

    def __init__(
        self,
        server: Address | None = None,
        *,
        timeout: float = 4.0,
        system_file: Path = SYSTEM_FILE,
        port: int = NAME_SERVER_PORT,
    ) -> None:
        self._timeout = timeout
        self._port = port
        self._system_file = system_file if server is None else None
        """None where the machine's own list of hosts is not asked either: it belongs to the system's names."""
        self._read_from: Version | None = None
        self._look_at = 0.0
        """When to see again whether the system has other name servers, by the loop's clock."""
        self._resolver = self._unconfigured()
        if server is not None:
            self._resolver.nameservers = [server[0]]
            self._resolver.port = server[1]
        self._last: OrderedDict[Query, Records] = OrderedDict()
        """What was answered last, for when a server fails to answer."""
        self._silent_until = 0.0
        """By the loop's clock."""

    async def locate(
        self, uri: SipUri, *, transports: Sequence[str] = ("udp", "tcp"), families: Sequence[Literal[4, 6]] = (4, 6)
    ) -> list[Target]:
        """The targets of `uri` in the order they are to be tried (RFC 3263); empty when there are none."""
        location = locate(uri, transports=transports, families=families, dice=random.random)
        try:
            query = next(location)
            while True:
                query = location.send(await self._records(query))
        except StopIteration as found:
            targets: list[Target] = found.value
            return targets

    async def _records(self, query: Query) -> Records:
        """The records. Where the DNS does not answer, those that it told last, though their time is over (RFC 8767).

        So a peer does not move because one of several answers is lost. None where it never answered: another kind of
        record may still be there.
        """
        self._look_at_system_file()
        last = self._last.get(query)
        if last is not None and get_running_loop().time() < self._silent_until:
            return last
        try:
            answer = await self._resolver.resolve(query.name, query.type, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return self._remember(query, await self._from_hosts(query))
        except dns.exception.DNSException as error:
            logger.info("%s %s: %s", query.type, query.name, error)
            if isinstance(error, dns.exception.Timeout):
                self._silent_until = get_running_loop().time() + SILENT_SECONDS
            return last if last is not None else await self._from_hosts(query)
        return self._remember(query, [record for data in answer if (record := _read(data)) is not None])

    def _unconfigured(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.cache = dns.resolver.LRUCache(CACHED)
        resolver.lifetime = self._timeout
        return resolver

    def _look_at_system_file(self) -> None:
        """Take up the system's name servers where they are others: of a new lease, or of a VPN that came up.

        What their predecessors told is asked anew, as the same names may lead elsewhere; it counts on while they are
        silent. A file that is gone or names nobody changes nothing, as it may be about to be written.
        """
        now = get_running_loop().time()
        if self._system_file is None or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        version = _version_of(self._system_file)
        if version is None or version == self._read_from:
            return
        resolver = self._unconfigured()
        try:
            resolver.read_resolv_conf(str(self._system_file))
        except (dns.exception.DNSException, OSError, ValueError):
            return
        if self._read_from is not None:
            logger.info("name servers from now on: %s", ", ".join(map(str, resolver.nameservers)))
        resolver.port, resolver.lifetime = self._port, self._timeout
        self._resolver, self._read_from, self._silent_until = resolver, version, 0.0

    def _remember(self, query: Query, records: Records) -> Records:
        self._last[query] = records
        self._last.move_to_end(query)
        if len(self._last) > CACHED:
            self._last.popitem(last=False)
        return records

    async def _from_hosts(self, query: Query) -> Records:
        """What the system itself knows of a host, as `/etc/hosts` does."""
        if self._system_file is None or query.type not in ("A", "AAAA"):
            return []
        family = socket.AF_INET if query.type == "A" else socket.AF_INET6
        try:
            found = await get_running_loop().getaddrinfo(query.name, None, family=family, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):  # UnicodeError: no host can have such a name
            return []
        return [str(address[0]) for *_, address in found]


def _version_of(file: Path) -> Version | None:
    """What changes with the file: another in its place, or another text in it; None where it cannot be read."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _read(data: object) -> Naptr | Srv | str | None:
    match data:
        case NAPTR():
            return Naptr(
                data.order,
                data.preference,
                data.flags.decode("ascii", "replace"),
                data.service.decode("ascii", "replace"),
                data.replacement.to_text(omit_final_dot=True),
            )
        case SRV():
            return Srv(data.priority, data.weight, data.port, data.target.to_text(omit_final_dot=True))
        case A() | AAAA():
            return str(data.address)
        case _:
            return None
