"""The ways to the telephone network: which calls come from them, and how calls go out through them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress

import msgspec

from lampfield.asking import Asking
from lampfield.config_sections import Trunk
from lampfield.locating import Locator
from lampfield.trunk_line import TrunkLine, TrunkRoute
from lampfield.trunk_registration import TrunkRegistration
from sipcore.digest import Credentials
from sipcore.flow import Datagram, Flow
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.resolver import DnsResolver
from sipcore.message import Request, Response
from sipcore.stack import Stack
from sipcore.via_path import host_port

logger = logging.getLogger(__name__)

PROBE_SECONDS = 60.0
"""Between two OPTIONS to each target of a trunk that is known by its address."""
KEEP_ALIVE_SECONDS = 25.0
"""Between two CRLFs to a provider, that keep the way back through NAT open (RFC 5626 §4.4)."""
PING = b"\r\n\r\n"
SILENT_SECONDS = 30.0
"""Without any word for so long, a connection is left on which a request was not answered (Timer F, 32 s)."""


class Incoming(msgspec.Struct, frozen=True):
    """A call from a trunk, and the number that it dialled."""

    trunk: str
    dialled: str
    credentials: Credentials | None = None
    """For challenges to our requests within the call."""


class TrunkHealth(msgspec.Struct, frozen=True):
    """How a trunk stands, for people. `state`: `up`, `down`, or that of its registration."""

    name: str
    kind: str
    state: str
    reason: str
    targets: tuple[str, ...]


class Trunks:
    """All trunks of the configuration. `start` begins to register and probe, `stop` takes our contacts away."""

    def __init__(
        self,
        trunks: Mapping[str, Trunk],
        stack: Stack,
        endpoint: SipEndpoint,
        clock: Callable[[], float],
        token: Callable[[], str],
        *,
        advertised_host: str | None = None,
        locator: Locator | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._advertised_host = advertised_host
        self._locator = locator or DnsResolver()
        self._asking = Asking(stack, endpoint, clock)
        self._lines = [TrunkLine(trunk) for trunk in trunks.values()]
        self._registrations = {
            line.config.name: TrunkRegistration(
                line, self._ask_registrar, self._locator, endpoint, clock, token, advertised_host
            )
            for line in self._lines
            if line.config.kind == "register"
        }
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Register and probe from now on; does not wait for the first result."""
        for line in self._lines:
            registration = self._registrations.get(line.config.name)
            work = self._probe(line) if registration is None else registration.run()
            self._tasks.append(asyncio.create_task(work, name=f"trunk {line.config.name}"))
        if self._registrations:
            self._tasks.append(asyncio.create_task(self._keep_alive(), name="trunk keep-alive"))

    async def stop(self) -> None:
        """End registrations and probes; takes two seconds at most."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        await asyncio.gather(*(registration.leave() for registration in self._registrations.values()))

    # -- calls

    def incoming(self, request: Request, flow: Flow) -> Incoming | None:
        """The trunk that sent an INVITE; None for anybody else's, who has to prove who it is."""
        user = getattr(request.request_uri, "user", None)
        for line in self._lines:
            if line.contact_user is not None and user == line.contact_user:
                return Incoming(line.config.name, line.dialled(request), line.credentials)
        from_there = [line for line in self._lines if line.sends_from(flow.remote[0])]
        if not from_there:
            return None
        # Two accounts at one provider: the number tells which is meant.
        line = from_there[0]
        if len(from_there) > 1:
            line = next((line for line in from_there if line.has_number(line.dialled(request))), line)
        return Incoming(line.config.name, line.dialled(request), line.credentials)

    def credentials(self, trunk: str) -> Credentials | None:
        """What challenges of a trunk, by its name, are answered with; None where it has no account, or is gone."""
        return next((line.credentials for line in self._lines if line.config.name == trunk), None)

    async def routes(self, number: str, caller: str = "") -> AsyncIterator[TrunkRoute]:
        """The ways out for `number` in order of trial: trunks that have `caller`'s number first.

        Those that are down, or where our registration has failed, come last.
        """
        usable = [line for line in self._lines if not caller or line.serves(caller)]
        for line in sorted(usable, key=lambda line: (not self._stands(line), not (caller and line.has_number(caller)))):
            if not line.flows:
                await line.locate(self._locator, self._endpoint)
            for route in line.routes(number):
                yield route

    def _stands(self, line: TrunkLine) -> bool:
        """False where calls through it are likely in vain."""
        registration = self._registrations.get(line.config.name)
        return line.up and (registration is None or registration.state != "failed")

    # -- what the stack tells

    def response_received(self, transaction: str, response: Response | None) -> None:
        """The end of a request of ours; those of others are left alone."""
        self._asking.response_received(transaction, response)

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone; who is registered through it registers again."""
        for registration in self._registrations.values():
            registration.flow_failed(flow)

    def health(self) -> list[TrunkHealth]:
        """How each trunk stands."""
        return [self._health(line) for line in self._lines]

    def _health(self, line: TrunkLine) -> TrunkHealth:
        registration = self._registrations.get(line.config.name)
        targets = tuple(f"{flow.transport}:{host_port(*flow.remote)}" for flow in line.flows)
        if registration is not None:
            return TrunkHealth(line.config.name, "register", registration.state, registration.reason, targets)
        return TrunkHealth(line.config.name, "address", "up" if line.up else "down", "", targets)

    # -- what runs beside

    async def _ask_registrar(self, request: Request, flow: Flow, credentials: Credentials | None) -> Response | None:
        response = await self._asking.ask(request, flow, credentials)
        if response is None:
            self._endpoint.give_up(flow, SILENT_SECONDS)
        return response

    async def _probe(self, line: TrunkLine) -> None:
        """See which targets of a peer answer, again and again. Any answer will do."""
        answering: set[Flow] = set()
        while True:
            await line.locate(self._locator, self._endpoint)
            answers = await asyncio.gather(
                *(self._asking.ask(self._options(line, flow), flow, None) for flow in line.flows)
            )
            for flow, answer in zip(line.flows, answers, strict=True):
                line.note(flow, up=answer is not None)
                if answer is not None:
                    answering.add(flow)
                elif flow in answering:
                    # It knows OPTIONS, unlike others that never answer one.
                    answering.discard(flow)
                    self._endpoint.give_up(flow, SILENT_SECONDS)
            await asyncio.sleep(PROBE_SECONDS)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            flows = [registration.flow for registration in self._registrations.values()]
            self._endpoint.send([Datagram(PING, flow) for flow in flows if flow is not None])

    def _options(self, line: TrunkLine, flow: Flow) -> Request:
        us = f"sip:{host_port(self._advertised_host or flow.local[0], flow.local[1])}"
        return Request(
            "OPTIONS",
            str(line.uri),
            [
                ("From", f"<{us}>;tag={self._token()}"),
                ("To", f"<{line.uri}>"),
                ("Call-ID", self._token()),
                ("CSeq", "1 OPTIONS"),
                ("Max-Forwards", "70"),
            ],
        )
