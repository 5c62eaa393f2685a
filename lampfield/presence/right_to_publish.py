"""Who may publish: everybody of themselves, and trusted servers of the people of their companies."""

import ipaddress
import logging
from collections.abc import Iterable
from typing import Final

from lampfield.door import Door, Refused
from lampfield.peer_sections import Publisher
from sipcore.authenticator import Authenticated
from sipcore.digest import Ha1
from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.structs import Value

_log = logging.getLogger(__name__)

MOST_REMEMBERED: Final = 10_000
"""Addresses of which it is remembered whether they are a trusted server's."""


def server_accounts(publishers: Iterable[Publisher]) -> dict[tuple[str, str], Ha1]:
    """The accounts of trusted servers by user name and realm, for the door."""
    return {
        (publisher.username, domain): Ha1.of(publisher.username, domain, publisher.password)
        for publisher in publishers
        if publisher.username is not None
        for domain in publisher.domains
    }


class Right(Value, frozen=True):
    """Somebody may publish of a person."""

    source: str
    """What they publish comes from: `pbx:NAME`, or `phone:ADDRESS` for a phone of the person's own."""
    proved: Authenticated | None
    """How it was proved who they are; None where they were not asked for a password."""


class RightToPublish:
    """Judges PUBLISH requests."""

    def __init__(self, door: Door, publishers: Iterable[Publisher]) -> None:
        self._door = door
        self._publishers = tuple(publishers)
        self._by_address: dict[str, Publisher | None] = {}

    def judge(self, request: Request, flow: Flow, person: str, domain: str) -> Right:
        """Who publishes of a person. Raises door.Refused: 401 with challenges, or 403 for who may not."""
        address = flow.remote[0]
        server, proved = self._server_at(address), None
        if server is None:
            visitor = self._door.person_or_server(request, flow, domain)
            if not isinstance(visitor, str):
                if visitor.person.id == person and visitor.company.domain.lower() == domain:
                    return Right(f"phone:{address}", visitor.authenticated)
                _log.info("%s may not publish for %s@%s", visitor.person.id, person, domain)
                raise Refused(403)
            server = next(each for each in self._publishers if each.username == visitor)
            proved = Authenticated(visitor, domain)
        if domain not in server.domains:
            _log.info("%s may not publish for people of %s", server.name, domain)
            raise Refused(403)
        return Right(f"pbx:{server.name}", proved)

    def _server_at(self, address: str) -> Publisher | None:
        """The trusted server that is believed by its address."""
        if not self._publishers:
            return None
        if address not in self._by_address:
            if len(self._by_address) >= MOST_REMEMBERED:
                self._by_address.clear()
            self._by_address[address] = next(filter(_Sends(address), self._publishers), None)
        return self._by_address[address]


class _Sends:
    """Whether a publisher is believed from an address."""

    def __init__(self, address: str) -> None:
        self._address = ipaddress.ip_address(address.partition("%")[0])

    def __call__(self, publisher: Publisher) -> bool:
        return any(self._address in ipaddress.ip_network(source) for source in publisher.sources)
