"""Keeps one trunk registered at its provider."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from lampfield.hurry import Hurry
from lampfield.locating import LocalAddresses, Locator
from lampfield.trunk_line import TrunkLine
from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.registration_client import RegistrationAccount, RegistrationClient
from sipcore.via_path import host_port

logger = logging.getLogger(__name__)

LEAVE_SECONDS = 2.0
"""How long the provider is given to take our contact away when we stop."""

Ask = Callable[[Request, Flow, Credentials | None], Awaitable[Response | None]]
"""Sends a request and waits for its final response; None when none comes."""


class TrunkRegistration:
    """The registration of one line: `run` until cancelled, then `leave`."""

    def __init__(
        self,
        line: TrunkLine,
        ask: Ask,
        locator: Locator,
        ours: LocalAddresses,
        clock: Callable[[], float],
        token: Callable[[], str],
        advertised_host: str | None,
    ) -> None:
        self._line = line
        self._ask = ask
        self._locator = locator
        self._ours = ours
        self._clock = clock
        self._advertised_host = advertised_host
        user, domain = (line.config.username or "").partition("@")[::2]
        account = RegistrationAccount(f"sip:{user}@{domain or line.host}", f"sip:{line.host}", line.config.expires)
        self._client = RegistrationClient(account, token, clock())
        self._hurry = Hurry(clock)

    @property
    def state(self) -> str:
        """`trying`, `registered`, `failed` or `stopped`."""
        return self._client.state(self._clock())

    @property
    def reason(self) -> str:
        """Why it is not registered, for people."""
        return self._client.reason

    @property
    def flow(self) -> Flow | None:
        """The target that we are registered at."""
        return self._client.flow if self.state == "registered" else None

    async def run(self) -> None:
        """Register, and refresh for ever."""
        client = self._client
        while True:
            await self._line.locate(self._locator, self._ours)
            client.locate(self._line.flows)
            flow = client.flow
            if flow is None:
                client.unreachable(self._clock())
            else:
                before = self.state
                response = await self._ask(client.request(self._contact(flow)), flow, self._line.credentials)
                self._line.note(flow, up=response is not None)
                client.answered(response, self._clock())
                if self.state != "registered":
                    self._line.lapsed()
                elif not client.reason:
                    await self._line.registered(flow, client.service_route, self._locator, self._ours)
                if self.state != before or client.reason:
                    logger.info("trunk %s: %s %s", self._line.config.name, self.state, client.reason)
            await self._hurry.until(lambda: client.due_at)

    async def leave(self) -> None:
        """Take our contact away from the provider."""
        flow = self.flow
        if flow is not None:
            request = self._client.leave()
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._ask(request, flow, self._line.credentials)
            except TimeoutError:
                logger.info("trunk %s: the provider did not confirm that we leave", self._line.config.name)

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone; if it is ours, register again."""
        if self._client.flow == flow:
            self._client.failed(flow, self._clock())
            self._hurry()

    def _contact(self, flow: Flow) -> str:
        host, port = flow.local
        transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
        return f"sip:{self._line.contact_user}@{host_port(self._advertised_host or host, port)}{transport}"
