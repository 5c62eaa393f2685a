"""Lampfield as a watcher: what other servers tell of their extensions shows on the lamps of people here."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from lampfield.asking import Asking
from lampfield.locating import Locator
from lampfield.peer_sections import WatchedServer
from lampfield.presence.lamps import Lamps
from lampfield.presence.watched_server import WatchedPresentity
from routing.ports import Clock
from sipcore.answering import response_to
from sipcore.flow import Flow
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.resolver import DnsResolver
from sipcore.message import Request, Response
from sipcore.stack import Stack
from sipcore.structs import Value

_log = logging.getLogger(__name__)

STARTS_A_SECOND: Final = 50.0
"""Subscriptions begun a second, so that the other server is not swamped."""


class WatchHealth(Value, frozen=True):
    """How one subscription of ours stands, for people."""

    server: str
    presentity: str
    person: str
    state: str


class Watching:
    """All subscriptions of ours. `start` begins them, `stop` ends them."""

    def __init__(
        self,
        servers: Iterable[WatchedServer],
        lamps: Lamps,
        stack: Stack,
        endpoint: SipEndpoint,
        clock: Clock,
        token: Callable[[], str],
        *,
        advertised_host: str | None = None,
        locator: Locator | None = None,
    ) -> None:
        self._lamps = lamps
        self._clock = clock
        self._asking = Asking(stack, endpoint, clock)
        locator = locator or DnsResolver()
        self._watched = [
            WatchedPresentity(server, remote, person, self._asking, locator, endpoint, clock, token, advertised_host)
            for server in servers
            for remote, person in server.presentities.items()
        ]
        self._by_call_id: dict[str, WatchedPresentity] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Subscribe from now on; does not wait for the first result."""
        for number, watched in enumerate(self._watched):
            work = self._begin(watched, number / STARTS_A_SECOND)
            self._tasks.append(asyncio.create_task(work, name=watched.key))

    async def stop(self) -> None:
        """End all subscriptions; takes two seconds at most."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        await asyncio.gather(*(watched.leave() for watched in self._watched))

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a NOTIFY outside calls: 481 for one that belongs to no subscription of ours."""
        watched = self._of(request.call_id)
        if watched is None:
            return response_to(request, 481)
        before = watched.published
        status = watched.notified(request, flow)
        if watched.published is not None and watched.published is not before:
            self._lamps.published(watched.person, watched.key, watched.published, self._clock())
        return response_to(request, status)

    def response_received(self, transaction: str, response: Response | None) -> None:
        """The end of a request of ours; those of others are left alone."""
        self._asking.response_received(transaction, response)

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone."""
        if flow.reliable:
            for watched in self._watched:
                watched.flow_failed(flow)

    def advance(self) -> None:
        """Forget what other servers have not confirmed for too long."""
        for watched in self._watched:
            if watched.is_over():
                _log.info("%s: nothing is known any more", watched.key)
                self._lamps.unpublished(watched.person, watched.key, self._clock())

    def health(self) -> list[WatchHealth]:
        """How each subscription stands."""
        return [
            WatchHealth(watched.source, watched.resource, watched.person, watched.state) for watched in self._watched
        ]

    def _of(self, call_id: str) -> WatchedPresentity | None:
        watched = self._by_call_id.get(call_id)
        if watched is None or watched.call_id != call_id:
            # Each subscription that is begun anew has another.
            self._by_call_id = {each.call_id: each for each in self._watched}
            watched = self._by_call_id.get(call_id)
        return watched

    @staticmethod
    async def _begin(watched: WatchedPresentity, delay: float) -> None:
        await asyncio.sleep(delay)
        await watched.run()
