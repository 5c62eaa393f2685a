"""Trunks against a provider made of our own parts, over loopback sockets and in virtual time."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Literal

import pytest

from lampfield.call_control.identity import ANONYMOUS, Identity
from lampfield.config_sections import Trunk
from lampfield.trunk_line import TrunkRoute
from lampfield.trunks import Trunks
from sipcore.answering import response_to
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.digest import Ha1
from sipcore.events import Event, RequestReceived, ResponseReceived, TransportFailed
from sipcore.flow import Address, Flow
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener
from sipcore.locate import Target
from sipcore.message import Request, Response
from sipcore.nonce import NonceBook
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig
from sipcore.uri import SipUri
from tests.support import virtual_time

REALM = "provider.example"
AOR = f"sip:lamp@{REALM}"
LISTEN = [Listener("udp", "127.0.0.1", 0), Listener("tcp", "127.0.0.1", 0)]


def tokens(prefix: str) -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"{prefix}{next(numbers):08d}"


class Peer:
    """A SIP server on loopback: our stack and endpoint with `answer` for requests outside calls."""

    def __init__(self, name: str) -> None:
        self.requests: list[Request] = []
        self.silent = False
        self.stack = Stack(StackConfig(), tokens(name))
        self.endpoint = SipEndpoint(self.stack, None, virtual_time.now, self._on_events)

    def answer(self, request: Request, flow: Flow) -> Response:
        return response_to(request, 200)

    def other_event(self, event: Event) -> None:
        """What is no request."""

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived):
                self.requests.append(event.request)
                if not self.silent:
                    answer = self.answer(event.request, event.flow)
                    self.stack.respond(event.transaction, answer, virtual_time.now())
            else:
                self.other_event(event)


class Provider(Peer):
    """Registers `lamp` by digest."""

    def __init__(self, name: str = "provider") -> None:
        super().__init__(name)
        self.registrar = Registrar()
        self.flows: list[Flow] = []
        self.service_route: list[str] = []
        secret = Ha1.of("lamp", REALM, "hemmelig")
        book = NonceBook(b"key", virtual_time.now())
        self._authenticator = Authenticator(lambda name, realm: secret if name == "lamp" else None, book)

    def answer(self, request: Request, flow: Flow) -> Response:
        if request.method != "REGISTER":
            return response_to(request, 200)
        outcome = self._authenticator.check(request, REALM, virtual_time.now())
        if not isinstance(outcome, Authenticated):
            return outcome.response(request)
        self.flows.append(flow)
        response = self.registrar.register(request, flow, request.to.uri.aor, virtual_time.now())
        for route in self.service_route:
            response.add("Service-Route", route)
        return response


class Us(Peer):
    """Lampfield's side, with its trunks."""

    def __init__(self, trunks: Sequence[Trunk], targets: Callable[[SipUri], list[Target]]) -> None:
        super().__init__("us")
        self.trunks = Trunks(
            {trunk.name: trunk for trunk in trunks},
            self.stack,
            self.endpoint,
            virtual_time.now,
            tokens("t"),
            locator=Names(targets),
        )

    def other_event(self, event: Event) -> None:
        if isinstance(event, ResponseReceived):
            self.trunks.response_received(event.transaction, event.response)
        elif isinstance(event, TransportFailed):
            self.trunks.flow_failed(event.flow)


class Names:
    """The DNS of these tests."""

    def __init__(self, targets: Callable[[SipUri], list[Target]]) -> None:
        self._targets = targets

    async def locate(
        self, uri: SipUri, *, transports: Sequence[str] = (), families: Sequence[Literal[4, 6]] = ()
    ) -> list[Target]:
        return [target for target in self._targets(uri) if target.transport in transports]


def account(**changes: object) -> Trunk:
    values: dict[str, object] = {"name": "main", "kind": "register", "host": REALM, "username": "lamp"}
    return Trunk(**{**values, "password": "hemmelig", "numbers": ("+4533221100",), **changes})  # type: ignore[arg-type]


def target(peer: Peer, transport: str = "udp") -> Target:
    return Target(transport, *(peer.endpoint.local(transport) or ("", 0)))


async def until(condition: Callable[[], bool], seconds: float = 100.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  the time is virtual, and what is waited for tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_account_is_registered_by_digest_refreshed_and_taken_away_at_the_end(transport: str) -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(provider, transport)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "registered")
        (binding,) = provider.registrar.bindings(AOR)
        host, port = us.endpoint.local(transport) or ("", 0)
        assert binding.contact.partition("@")[2].startswith(f"{host}:{port}")
        assert binding.flow.transport == transport
        await asyncio.sleep(3000)
        provider.registrar.advance(virtual_time.now())
        assert len(provider.registrar.bindings(AOR)) == 1
        assert 5 <= len(provider.flows) <= 8
        await us.trunks.stop()
        assert provider.registrar.bindings(AOR) == ()
        await us.endpoint.close()
        await provider.endpoint.close()

    virtual_time.run(scenario())


def test_a_wrong_password_is_told_and_not_tried_again_at_once() -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account(password="wrong")], lambda uri: [target(provider)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "failed")
        assert us.trunks.health()[0].reason == "401 Unauthorized"
        sent = len(provider.requests)
        await asyncio.sleep(290)
        assert len(provider.requests) == sent
        await us.trunks.stop()
        await us.endpoint.close()
        await provider.endpoint.close()

    virtual_time.run(scenario())


def test_calls_go_out_by_another_trunk_while_a_provider_refuses_our_registration() -> None:
    async def scenario() -> None:
        refusing, other = Provider("refusing"), Peer("other")
        await refusing.endpoint.listen(LISTEN)
        await other.endpoint.listen(LISTEN)
        trunks = [account(password="wrong", numbers=()), Trunk("second", "address", "peer.example")]
        us = Us(trunks, lambda uri: [target(refusing if uri.host == REALM else other)])
        await us.endpoint.listen(LISTEN)
        assert [route.line.config.name async for route in us.trunks.routes("+4599")] == ["main", "second"]
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "failed")
        assert [route.line.config.name async for route in us.trunks.routes("+4599")] == ["second", "main"]
        await us.trunks.stop()
        for peer in (us, refusing, other):
            await peer.endpoint.close()

    virtual_time.run(scenario())


def test_a_provider_that_falls_silent_is_left_for_its_second_server() -> None:
    async def scenario() -> None:
        one, two = Provider("one"), Provider("two")
        await one.endpoint.listen(LISTEN)
        await two.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(one), target(two)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "registered")
        assert len(one.registrar.bindings(AOR)) == 1
        one.silent = True
        await until(lambda: len(two.registrar.bindings(AOR)) == 1, 700)
        assert us.trunks.health()[0].state == "registered"
        await us.trunks.stop()
        for peer in (us, one, two):
            await peer.endpoint.close()

    virtual_time.run(scenario())


def test_a_lost_connection_to_the_provider_is_made_again() -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(provider, "tcp")])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "registered")
        port = provider.endpoint.local("tcp")
        await provider.endpoint.close()
        restarted = Provider("again")
        await restarted.endpoint.listen([Listener("tcp", *(port or ("", 0)))])
        await until(lambda: len(restarted.registrar.bindings(AOR)) == 1)
        await us.trunks.stop()
        await us.endpoint.close()
        await restarted.endpoint.close()

    virtual_time.run(scenario())


def test_the_way_through_nat_is_kept_open() -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(provider)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await asyncio.sleep(101)
        assert provider.endpoint.counters.keepalives == 4
        await us.trunks.stop()
        await us.endpoint.close()
        await provider.endpoint.close()

    virtual_time.run(scenario())


def test_targets_of_a_peer_that_do_not_answer_are_tried_last() -> None:
    async def scenario() -> None:
        dead, alive = Peer("dead"), Peer("alive")
        dead.silent = True
        await dead.endpoint.listen(LISTEN)
        await alive.endpoint.listen(LISTEN)
        trunk = Trunk("peer", "address", "peer.example")
        us = Us([trunk], lambda uri: [target(dead), target(alive)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        before = [route.flow.remote async for route in us.trunks.routes("+4599")]
        assert before == [dead.endpoint.local("udp"), alive.endpoint.local("udp")]
        await asyncio.sleep(40)
        assert [request.method for request in alive.requests] == ["OPTIONS"]
        remotes = [route.flow.remote async for route in us.trunks.routes("+4599")]
        assert remotes == [alive.endpoint.local("udp"), dead.endpoint.local("udp")]
        assert us.trunks.health()[0].state == "up"
        alive.silent = True
        await asyncio.sleep(100)
        assert us.trunks.health()[0].state == "down"
        dead.silent = alive.silent = False
        await asyncio.sleep(100)
        assert us.trunks.health()[0].state == "up"
        await us.trunks.stop()
        for peer in (us, dead, alive):
            await peer.endpoint.close()

    virtual_time.run(scenario())


def invite(uri: str, to: str = "<sip:+4533221100@provider.example>", **fields: str) -> Request:
    request = Request(
        "INVITE",
        uri,
        [("From", "<sip:+4520304050@provider.example>;tag=1"), ("To", to), ("Call-ID", "1"), ("CSeq", "1 INVITE")],
    )
    for name, value in fields.items():
        request.add(name.replace("_", "-"), value)
    return request


def from_host(host: str) -> Flow:
    return Flow("udp", ("127.0.0.1", 5060), (host, 5060))


def incoming(trunks: Sequence[Trunk], request: Request, flow: Flow) -> tuple[str, str] | None:
    async def scenario() -> tuple[str, str] | None:
        us = Us(trunks, lambda uri: [])
        found = us.trunks.incoming(request, flow)
        return (found.trunk, found.dialled) if found else None

    return virtual_time.run(scenario())


def test_a_call_from_the_peers_address_or_networks_is_the_trunks() -> None:
    trunk = Trunk("peer", "address", "192.0.2.9", sources=("198.51.100.0/24", "2001:db8::/32"))
    request = invite("sip:+4533221100@10.0.0.1")
    for host in ("192.0.2.9", "198.51.100.77", "2001:db8::5"):
        assert incoming([trunk], request, from_host(host)) == ("peer", "+4533221100")
    assert incoming([trunk], request, from_host("203.0.113.1")) is None


def test_an_ipv6_peer_is_known_however_its_address_is_written() -> None:
    request = invite("sip:+4533221100@[2001:db8::1]")
    for written in ("2001:DB8::9", "[2001:db8:0:0::9]"):
        assert incoming([Trunk("peer", "address", written)], request, from_host("2001:db8::9")) is not None

    async def located() -> bool:
        us = Us([Trunk("peer", "address", "peer.example")], lambda uri: [Target("udp", "2001:DB8:0::9", 5060)])
        await us.endpoint.listen([Listener("udp", "::1", 0)])
        [route async for route in us.trunks.routes("+4599887766")]
        found = us.trunks.incoming(request, from_host("2001:db8::9"))
        await us.endpoint.close()
        return found is not None

    assert virtual_time.run(located())


@pytest.mark.parametrize(
    ("uri", "dialled"),
    [
        ("sip:33221100@10.0.0.1;user=phone", "33221100"),
        ("sip:%2B4533221100;phone-context=x@10.0.0.1", "+4533221100"),
        ("tel:+45-33-22-11-00", "+4533221100"),
    ],
)
def test_the_dialled_number_is_the_request_uris(uri: str, dialled: str) -> None:
    assert incoming([Trunk("peer", "address", "192.0.2.9")], invite(uri), from_host("192.0.2.9")) == ("peer", dialled)


def test_of_two_accounts_at_one_provider_the_number_tells_which() -> None:
    trunks = [
        Trunk("one", "address", "192.0.2.9", numbers=("+4533221100",)),
        Trunk("two", "address", "192.0.2.9", numbers=("+4544556677",)),
    ]
    assert incoming(trunks, invite("sip:004544556677@10.0.0.1"), from_host("192.0.2.9")) == ("two", "004544556677")
    assert incoming(trunks, invite("sip:112@10.0.0.1"), from_host("192.0.2.9")) == ("one", "112")


def test_a_call_to_our_registered_contact_is_the_trunks_wherever_it_comes_from() -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(provider)])
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: len(provider.registrar) == 1)
        contact = provider.registrar.bindings(AOR)[0].contact
        elsewhere = from_host("203.0.113.1")
        for request, dialled in (
            (invite(contact), "+4533221100"),
            (invite(contact, "<sip:lamp@provider.example>"), "+4533221100"),
            (invite(contact, P_Called_Party_ID="<sip:+4533221199@provider.example>"), "+4533221199"),
        ):
            found = us.trunks.incoming(request, elsewhere)
            assert found is not None
            assert found.dialled == dialled
        assert us.trunks.incoming(invite("sip:lamp@127.0.0.1"), elsewhere) is None
        await us.trunks.stop()
        await us.endpoint.close()
        await provider.endpoint.close()

    virtual_time.run(scenario())


def first_route(trunk: Trunk, number: str = "+4599887766") -> TrunkRoute:
    async def scenario() -> TrunkRoute:
        us = Us([trunk], lambda uri: [Target("udp", "192.0.2.9", 5060)])
        await us.endpoint.listen(LISTEN)
        routes = [route async for route in us.trunks.routes(number)]
        await us.endpoint.close()
        return routes[0]

    return virtual_time.run(scenario())


def test_a_call_goes_out_to_the_number_at_the_provider_with_the_caller_asserted() -> None:
    route = first_route(account())
    invitation = route.invitation(Identity("+4533221100", "Nordlys"), b"v=0")
    assert invitation.uri == "sip:+4599887766@provider.example;user=phone"
    assert invitation.flow.remote == ("192.0.2.9", 5060)
    assert str(invitation.local) == '"Nordlys" <sip:+4533221100@provider.example;user=phone>'
    assert invitation.fields == (("P-Asserted-Identity", "<sip:+4533221100@provider.example;user=phone>"),)
    assert invitation.credentials is not None
    assert invitation.credentials.username == "lamp"


def test_a_caller_who_withholds_the_number_is_asserted_and_not_shown() -> None:
    invitation = first_route(account()).invitation(ANONYMOUS, None)
    assert str(invitation.local) == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    assert ("Privacy", "id") in invitation.fields
    assert ("P-Asserted-Identity", "<sip:+4533221100@provider.example;user=phone>") in invitation.fields


def test_a_phone_that_withholds_its_number_is_asserted_by_it_and_not_shown() -> None:
    invitation = first_route(account()).invitation(Identity("+4533221109", "Nordlys", withheld=True), None)
    assert str(invitation.local) == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    assert ("Privacy", "id") in invitation.fields
    assert ("P-Asserted-Identity", "<sip:+4533221109@provider.example;user=phone>") in invitation.fields


def test_names_and_ipv6_peers_make_sound_uris() -> None:
    route = first_route(Trunk("peer", "address", "2001:db8::9"), "front desk@x")
    invitation = route.invitation(Identity("anna"), None)
    assert invitation.uri == "sip:front%20desk%40x@[2001:db8::9]"
    assert invitation.credentials is None


def test_trunks_that_have_the_callers_number_come_first_and_those_of_others_not_at_all() -> None:
    async def scenario() -> None:
        trunks = [
            Trunk("all", "address", "192.0.2.1"),
            Trunk("other", "address", "192.0.2.2", numbers=("+4511111111",)),
            Trunk("own", "address", "192.0.2.3", numbers=("+4533221100",)),
        ]
        us = Us(trunks, lambda uri: [Target("udp", uri.host, 5060)])
        await us.endpoint.listen(LISTEN)
        names = [route.line.config.name async for route in us.trunks.routes("+4599")]
        assert names == ["all", "other", "own"]
        own = [route.line.config.name async for route in us.trunks.routes("+4599", "+4533221100")]
        assert own == ["own", "all"]
        await us.endpoint.close()

    virtual_time.run(scenario())


async def ways_out(us: Us) -> list[tuple[Address, tuple[str, ...]]]:
    """Where calls go and by which Routes, in order of trial."""
    routes = [route async for route in us.trunks.routes("+4599887766")]
    return [(route.flow.remote, route.invitation(Identity("+4533221100"), None).routes) for route in routes]


def test_calls_go_by_the_service_route_that_the_registrar_told_last() -> None:
    async def scenario() -> None:
        provider, edge = Provider(), Peer("edge")
        await provider.endpoint.listen(LISTEN)
        await edge.endpoint.listen(LISTEN)
        registrar, hop = provider.endpoint.local("udp") or ("", 0), edge.endpoint.local("udp") or ("", 0)
        us = Us([account()], lambda uri: {REALM: [target(provider)], "edge.example": [target(edge)]}.get(uri.host, []))
        await us.endpoint.listen(LISTEN)
        assert await ways_out(us) == [(registrar, ())]
        provider.service_route = ["<sip:edge.example;lr>", "<sip:core.example;lr>"]
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "registered")
        by = tuple(provider.service_route)
        # Who registers us is asked to pass on what the first hop itself does not take.
        assert await ways_out(us) == [(hop, by), (registrar, by)]
        provider.service_route = ["<sip:unknown.example;lr>"]
        await asyncio.sleep(600)
        assert await ways_out(us) == [(registrar, ("<sip:unknown.example;lr>",))]
        provider.service_route = []
        await asyncio.sleep(600)
        assert await ways_out(us) == [(registrar, ())]
        await us.trunks.stop()
        for peer in (us, provider, edge):
            await peer.endpoint.close()

    virtual_time.run(scenario())


def test_calls_go_first_to_the_server_that_we_are_registered_at() -> None:
    async def scenario() -> None:
        one, two = Provider("one"), Provider("two")
        await one.endpoint.listen(LISTEN)
        await two.endpoint.listen(LISTEN)
        # Of one weight: the DNS tells them in an order of its own each time.
        servers = [target(one), target(two)]
        us = Us([account()], lambda uri: list(servers))
        await us.endpoint.listen(LISTEN)
        await us.trunks.start()
        await until(lambda: len(one.registrar.bindings(AOR)) == 1)
        servers.reverse()
        await asyncio.sleep(600)
        assert len(two.registrar) == 0
        ways = [remote for remote, _ in await ways_out(us)]
        assert ways == [one.endpoint.local("udp"), two.endpoint.local("udp")]
        await us.trunks.stop()
        for peer in (us, one, two):
            await peer.endpoint.close()

    virtual_time.run(scenario())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_trunk_is_reached_from_the_address_that_the_route_to_it_leaves_from(transport: str) -> None:
    async def scenario() -> None:
        provider = Provider()
        await provider.endpoint.listen(LISTEN)
        us = Us([account()], lambda uri: [target(provider, transport)])
        # To a host on loopback the kernel's routes leave from 127.0.0.1.
        listen = [Listener(each.transport, host, 0) for host in ("127.0.0.2", "127.0.0.1") for each in LISTEN]
        await us.endpoint.listen(listen)
        await us.trunks.start()
        await until(lambda: us.trunks.health()[0].state == "registered")
        (local,) = [
            (listener.host, listener.port)
            for listener in us.endpoint.listening
            if (listener.transport, listener.host) == (transport, "127.0.0.1")
        ]
        told = provider.requests[-1]
        assert (told.via.host, told.via.port) == local
        assert f"@{local[0]}:{local[1]}" in str(told.contacts[0].uri)
        assert provider.flows[-1].remote[0] == local[0]
        (route, *_) = [route async for route in us.trunks.routes("+4599887766")]
        assert route.flow.local == local
        await us.trunks.stop()
        await us.endpoint.close()
        await provider.endpoint.close()

    virtual_time.run(scenario())
