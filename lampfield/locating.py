"""Where another server is reached, from which of our own addresses (RFC 3263)."""

from collections.abc import Sequence
from typing import Literal, Protocol

from sipcore.flow import Address, Flow
from sipcore.locate import Target
from sipcore.uri import SipUri


class Locator(Protocol):
    """RFC 3263 with its DNS, as `sipcore.io.resolver.DnsResolver`."""

    async def locate(
        self, uri: SipUri, *, transports: Sequence[str] = ..., families: Sequence[Literal[4, 6]] = ...
    ) -> list[Target]: ...


class LocalAddresses(Protocol):
    """What we listen on, and what is told of where others listen, as by `SipEndpoint`."""

    def local(self, transport: str, family: int | None = None) -> Address | None: ...
    def local_towards(self, transport: str, host: str) -> Address | None: ...
    def listens(self, flow: Flow) -> None: ...


async def flows_to(uri: SipUri, locator: Locator, ours: LocalAddresses) -> tuple[Flow, ...]:
    """The flows to a server, best first; none when the DNS is silent. Where they lead it listens."""
    transports = [transport for transport in ("udp", "tcp") if ours.local(transport)]
    families: list[Literal[4, 6]] = [
        family for family in (4, 6) if any(ours.local(transport, family) for transport in transports)
    ]
    if not transports:
        return ()
    flows = []
    for target in await locator.locate(uri, transports=transports, families=families):
        local = ours.local_towards(target.transport, target.host)
        if local is not None:
            flows.append(Flow(target.transport, local, (target.host, target.port)))
    for flow in flows:
        ours.listens(flow)
    return tuple(flows)
