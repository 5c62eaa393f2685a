"""Lampfield watches another server, over loopback sockets and in virtual time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from lampfield.peer_sections import WatchedServer
from lampfield.presence.lamps import Lamps
from lampfield.presence.watching import Watching
from presence_pidf.dialog_state import DialogPhase, DialogState
from presence_pidf.person_state import PersonState
from sipcore.answering import response_to
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.digest import Ha1
from sipcore.events import Event, RequestReceived, ResponseReceived, TransportFailed
from sipcore.flow import Flow
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener
from sipcore.locate import Target
from sipcore.message import Request, Response
from sipcore.nonce import NonceBook
from sipcore.notifier import NotifierConfig
from sipcore.stack import Stack, StackConfig
from sipcore.uri import SipUri
from tests.lampfield.presence.test_lamps import ANNA, company
from tests.support import virtual_time

LISTEN = [Listener("udp", "127.0.0.1", 0), Listener("tcp", "127.0.0.1", 0)]
THEIRS = "sip:11@pbx.example"


def tokens(prefix: str) -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"{prefix}{next(numbers):08d}"


class Pbx:
    """Another server: lamps of its own, digest, and packages that it may not know."""

    def __init__(self) -> None:
        self.knows = {"dialog", "presence"}
        self.silent = False
        self.asked: list[Request] = []
        self.stack = Stack(StackConfig(), tokens("pbx"))
        self.restart()
        secret = Ha1.of("lampfield", "pbx.example", "hemmelig")
        book = NonceBook(b"key", virtual_time.now())
        self._authenticator = Authenticator(lambda name, realm: secret if name == "lampfield" else None, book)

    def restart(self) -> None:
        """Begin with nothing on disk."""
        self.lamps = Lamps(tokens("n"), [company("pbx.example")], NotifierConfig(), virtual_time.now)
        self.lamps.bindings_changed(THEIRS, 1, virtual_time.now())
        self.endpoint = SipEndpoint(self.stack, self.lamps.notifier, virtual_time.now, self._on_events)

    def call(self, phase: DialogPhase, id: str = "leg") -> None:
        dialog = DialogState(id, "recipient", phase, f"call-{id}", remote_identity="sip:bo@x", remote_display="Bo")
        self.lamps.dialog_changed(THEIRS, dialog, virtual_time.now())
        self.endpoint.flush()

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived) and not self.silent:
                self.asked.append(event.request)
                self.stack.respond(event.transaction, self._answer(event.request, event.flow), virtual_time.now())

    def _answer(self, request: Request, flow: Flow) -> Response:
        outcome = self._authenticator.check(request, "pbx.example", virtual_time.now())
        if not isinstance(outcome, Authenticated):
            return outcome.response(request)
        if request.event is None or request.event.package not in self.knows:
            return response_to(request, 489)
        return self.lamps.subscribe(request, flow, virtual_time.now(), watcher_domain="pbx.example")


class Ours:
    """Our side: lamps of Anna, and what watches for them."""

    def __init__(self, **settings: object) -> None:
        self.transport: str | None = "udp"
        self.targets: list[Target] = []
        self.stack = Stack(StackConfig(), tokens("o"))
        self.lamps = Lamps(tokens("l"), [company()], NotifierConfig(), virtual_time.now)
        self.endpoint = SipEndpoint(self.stack, self.lamps.notifier, virtual_time.now, self._on_events)
        given = {"password": "hemmelig", "expires": 600, **settings}
        server = WatchedServer("other", "pbx.example", ("11=anna@nordlys.example",), **given)  # type: ignore[arg-type]
        self.watching = Watching(
            [server], self.lamps, self.stack, self.endpoint, virtual_time.now, tokens("w"), locator=self
        )

    async def locate(
        self, uri: SipUri, *, transports: Sequence[str] = (), families: Sequence[Literal[4, 6]] = ()
    ) -> list[Target]:
        assert uri.host == "pbx.example"
        return self.targets

    @property
    def anna(self) -> PersonState:
        state = self.lamps.state(ANNA)
        assert state is not None
        return state

    @property
    def health(self) -> str:
        (one,) = self.watching.health()
        return one.state

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case RequestReceived(transaction=transaction, request=request, flow=flow):
                    self.stack.respond(transaction, self.watching.answer(request, flow), virtual_time.now())
                case ResponseReceived(transaction=transaction, response=response):
                    self.watching.response_received(transaction, response)
                case TransportFailed(flow=flow):
                    self.watching.flow_failed(flow)


@asynccontextmanager
async def world(transport: str = "udp", **settings: object) -> AsyncIterator[tuple[Ours, Pbx]]:
    ours, pbx = Ours(**settings), Pbx()
    await pbx.endpoint.listen(LISTEN)
    await ours.endpoint.listen(LISTEN)
    local = pbx.endpoint.local(transport)
    assert local is not None
    ours.targets = [Target(transport, *local)]
    await ours.watching.start()
    try:
        yield ours, pbx
    finally:
        await ours.watching.stop()
        await ours.endpoint.close()
        await pbx.endpoint.close()


async def until(what: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110  virtual time: nobody waits
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_calls_at_another_server_show_here_until_they_end(transport: str) -> None:
    async def story() -> None:
        async with world(transport) as (ours, pbx):
            assert ours.anna.condition == "unregistered"
            await until(lambda: ours.anna.condition == "idle")
            assert ours.anna.sources[0].name == "pbx:other"
            pbx.call("early")
            await until(lambda: ours.anna.condition == "ringing")
            assert ours.anna.dialogs[0].remote_display == "Bo"
            pbx.call("confirmed", "second")
            pbx.call("terminated")
            await until(lambda: [dialog.id for dialog in ours.anna.dialogs] == ["second"])
            pbx.call("terminated", "second")
            await until(lambda: ours.anna.condition == "idle")
            assert ours.health == "active"

    virtual_time.run(story())


def test_a_server_without_the_dialog_package_is_watched_by_presence() -> None:
    async def story() -> None:
        async with world() as (ours, pbx):
            pbx.knows = {"presence"}
            await until(lambda: ours.health == "active")
            pbx.call("confirmed")
            await until(lambda: ours.anna.condition == "talking")
            assert ours.anna.dialogs == ()
            pbx.call("terminated")
            await until(lambda: ours.anna.condition == "idle")

    virtual_time.run(story())


def test_a_subscription_is_refreshed_as_long_as_we_run_and_ended_when_we_stop() -> None:
    async def story() -> None:
        async with world() as (ours, pbx):
            await until(lambda: ours.health == "active")
            first = pbx.asked[-1]
            await asyncio.sleep(3000)
            assert ours.health == "active"
            assert {request.call_id for request in pbx.asked} == {first.call_id}
            assert pbx.lamps.notifier.count == 1
        assert pbx.lamps.notifier.count == 0

    virtual_time.run(story())


def test_a_server_that_was_away_is_found_again_and_what_it_said_fades_meanwhile() -> None:
    async def story() -> None:
        async with world() as (ours, pbx):
            await until(lambda: ours.health == "active")
            pbx.call("confirmed")
            await until(lambda: ours.anna.condition == "talking")
            pbx.silent = True
            await until(lambda: ours.health.startswith("failed"), 1200)
            await asyncio.sleep(120)
            ours.watching.advance()
            assert ours.anna.condition == "unregistered"
            pbx.silent = False
            await until(lambda: ours.anna.condition == "talking", 1800)

    virtual_time.run(story())


def test_a_wrong_password_is_told_and_not_tried_again_at_once() -> None:
    async def story() -> None:
        async with world(password="wrong") as (ours, pbx):
            await until(lambda: ours.health.startswith("failed: 401"))
            asked = len(pbx.asked)
            await asyncio.sleep(200)
            assert len(pbx.asked) == asked

    virtual_time.run(story())


def test_a_notify_of_nobodys_subscription_is_answered_481() -> None:
    async def story() -> None:
        async with world() as (ours, _):
            await until(lambda: ours.health == "active")
            request = Request(
                "NOTIFY",
                "sip:lampfield@192.0.2.1",
                [
                    ("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1"),
                    ("From", "<sip:x@y>;tag=1"),
                    ("To", "<sip:x@z>;tag=2"),
                    ("Call-ID", "stranger"),
                    ("CSeq", "1 NOTIFY"),
                ],
            )
            flow = Flow("udp", ("127.0.0.1", 5060), ("192.0.2.9", 5060))
            assert ours.watching.answer(request, flow).status == 481

    virtual_time.run(story())
