"""One trunk: where its peer is, whether a call is from it, how a call goes out through it."""

import hashlib
import ipaddress
import logging
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from lampfield.call_control.identity import ANONYMOUS, Identity
from lampfield.config_sections import Trunk
from lampfield.locating import LocalAddresses, Locator, flows_to
from sipcore.address import NameAddr, parse_name_addr
from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.invitation import MAX_FORWARDS, Invitation
from sipcore.message import Request
from sipcore.uri import SipUri, Uri, dialled_of, parse_uri

logger = logging.getLogger(__name__)

_BARE = "+-_.!~*'()"
MOST_ADDRESSES = 1024
"""Of which is remembered whether they are the peer's."""
SAME_DIGITS = 7
"""Digits at the end by which a number of any form is known as one of the trunk's."""


class TrunkRoute(NamedTuple):
    """One way out for one number: a trunk and one of its targets."""

    line: "TrunkLine"
    flow: Flow
    number: str
    service_route: tuple[str, ...] = ()
    """Route values that the provider wants its calls to go by (RFC 3608)."""

    @property
    def caller_id(self) -> str | None:
        """The number that every call through the trunk shows, None for the caller's own."""
        return self.line.config.caller_id

    def uri_of(self, number: str) -> Uri:
        """A telephone number at the peer."""
        return self.line.number_uri(number)

    @property
    def target(self) -> Uri:
        """Who is called."""
        return self.line.number_uri(self.number)

    def invitation(
        self,
        shown: Identity,
        offer: bytes | None,
        diverted: tuple[tuple[str, str], ...] = (),
        max_forwards: int = MAX_FORWARDS,
    ) -> Invitation:
        """The INVITE to `number`, with `shown` as caller: in From, and asserted for the peer to trust (RFC 3325 §5)."""
        line = self.line
        callee = line.number_uri(self.number)
        is_known = shown.number != ANONYMOUS.number
        asserted = line.number_uri(shown.number if is_known else line.own_number)
        local, fields = NameAddr(shown.name, asserted), [("P-Asserted-Identity", f"<{asserted}>")]
        if shown.withheld or not is_known:
            local = NameAddr(ANONYMOUS.name, parse_uri("sip:anonymous@anonymous.invalid"))
            fields.append(("Privacy", "id"))
        return Invitation(
            uri=str(callee),
            flow=self.flow,
            local=local,
            remote=NameAddr("", callee),
            offer=offer,
            max_forwards=max_forwards,
            routes=self.service_route,
            fields=(*fields, *diverted),
            credentials=line.credentials,
        )


class TrunkLine:
    """A trunk as it stands: its targets in order of trial, and which of them answer."""

    def __init__(self, config: Trunk) -> None:
        self.config = config
        self.contact_user = _secret_user(config) if config.kind == "register" else None
        """The user part of the contact that we register: only the provider's registrar knows it."""
        self.credentials = Credentials(config.username, config.password) if config.username else None
        self.flows: tuple[Flow, ...] = ()
        self._first: tuple[Flow, ...] = ()
        """While we are registered: where calls go before any other target, by `_service_route`."""
        self._service_route: tuple[str, ...] = ()
        self._down: set[Flow] = set()
        self._sources = [ipaddress.ip_network(source) for source in config.sources]
        self._is_source = lru_cache(MOST_ADDRESSES)(self._in_networks)
        self._hosts: set[str] = set()
        literal = _address(config.host.strip("[]"))
        if literal is not None:
            self._hosts.add(literal)

    # -- the peer

    @property
    def host(self) -> str:
        """The peer's host as URIs write it."""
        bare = self.config.host.strip("[]")
        return f"[{bare}]" if ":" in bare else bare

    @property
    def uri(self) -> SipUri:
        """The peer itself."""
        transport = self.config.transport
        params: dict[str, str | None] = {"transport": transport} if transport else {}
        return SipUri("sip", None, None, self.host, self.config.port, params, {})

    @property
    def own_number(self) -> str:
        """A number of ours on this trunk, or the account's name."""
        return self.config.caller_id or next(iter(self.config.numbers), self.config.username or "anonymous")

    def number_uri(self, number: str) -> Uri:
        """A telephone number, or a name, at the peer (RFC 3261 §19.1.6)."""
        telephone = ";user=phone" if number.removeprefix("+").isdigit() else ""
        return parse_uri(f"sip:{quote(number, safe=_BARE)}@{self.host}{telephone}")

    async def locate(self, locator: Locator, ours: LocalAddresses) -> None:
        """Find the peer's targets anew. Those there were stay when the DNS is silent."""
        flows = await flows_to(self.uri, locator, ours)
        if flows:
            self.flows = flows
            self._hosts = {_address(flow.remote[0]) or flow.remote[0] for flow in flows}
            self._down.intersection_update((*flows, *self._first))
        elif not self.flows and (ours.local("udp") or ours.local("tcp")):
            logger.warning("trunk %s: no address found for %s", self.config.name, self.config.host)

    async def registered(
        self, flow: Flow, service_route: tuple[str, ...], locator: Locator, ours: LocalAddresses
    ) -> None:
        """We are registered at a target: calls go to the first hop of its Service-Route, else to the target itself.

        Where the hop is unknown to the DNS or does not answer, the target passes them on to it (RFC 3261 §8.1.2).
        """
        hops: tuple[Flow, ...] = ()
        if service_route:
            uri = parse_name_addr(service_route[0]).uri
            hops = await flows_to(uri, locator, ours) if isinstance(uri, SipUri) else ()
        rest = tuple(hop for hop in hops if hop != flow)
        self._first = (flow, *rest) if flow in hops else (*rest, flow)
        self._service_route = service_route

    def lapsed(self) -> None:
        """We are not registered any more."""
        self._first, self._service_route = (), ()

    def note(self, flow: Flow, *, up: bool) -> None:
        """A target answers, or does not."""
        if up == (flow in self._down):
            logger.info("trunk %s: %s:%d %s", self.config.name, *flow.remote, "answers" if up else "does not answer")
        (self._down.discard if up else self._down.add)(flow)

    @property
    def up(self) -> bool:
        """True while at least one target is not known to be down."""
        return any(flow not in self._down for flow in self.flows)

    def routes(self, number: str) -> list[TrunkRoute]:
        """The ways out for `number`: where we are registered first, targets that do not answer last."""
        flows = sorted(dict.fromkeys((*self._first, *self.flows)), key=self._down.__contains__)
        return [TrunkRoute(self, flow, number, self._service_route if flow in self._first else ()) for flow in flows]

    # -- calls that come in

    def sends_from(self, address: str) -> bool:
        """True if `address` is the peer's."""
        return address in self._hosts or (bool(self._sources) and self._is_source(address))

    def _in_networks(self, address: str) -> bool:
        source = ipaddress.ip_address(address.partition("%")[0])
        return any(source in network for network in self._sources)

    def has_number(self, number: str) -> bool:
        """True if `number`, written in any way, is one of the trunk's."""
        digits = _digits(number)
        return any(_same_number(digits, _digits(own)) for own in self.config.numbers)

    def serves(self, number: str) -> bool:
        """True if `number` is one of the trunk's, or it takes every number."""
        return not self.config.numbers or self.has_number(number)

    def dialled(self, request: Request) -> str:
        """The number that was called: in the Request-URI or, where that is our contact, in what the provider adds."""
        user = dialled_of(request.request_uri)
        if self.contact_user is None or user != self.contact_user:
            return user
        called = request.header("P-Called-Party-ID")  # RFC 7315 §4.2
        if called is not None:
            user = dialled_of(parse_uri(called.partition("<")[2].partition(">")[0] or called.partition(";")[0].strip()))
        else:
            user = dialled_of(request.to.uri)
        # A provider that names the account means its number.
        return self.own_number if user == self.config.username else user


def _secret_user(config: Trunk) -> str:
    """Stays the same across restarts, so that an old registration is refreshed and not doubled; nobody can guess it."""
    key = hashlib.sha256(config.password.encode()).digest()
    return "t" + hashlib.blake2s(f"{config.name}\n{config.username}".encode(), key=key, digest_size=10).hexdigest()


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdecimal())


def _same_number(one: str, other: str) -> bool:
    shared = min(len(one), len(other), SAME_DIGITS)
    return shared >= 3 and one[-shared:] == other[-shared:] and (len(one) >= SAME_DIGITS or one == other)


def _address(host: str) -> str | None:
    """An IP address as sockets tell it, None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
