"""Webhooks at work: each is told what changes, in order, and again until it takes it."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Protocol

import msgspec

from provisioning.standing_requests import Webhook
from provisioning.tokens import Client
from web.backend import Clients, DatabaseAway, StandingRequests
from web.state_board import StateBoard, TooOld
from web.state_boards import StateBoards
from web.state_view import Change, View

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""Changes in one request."""
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
GIVE_UP_SECONDS = 86_400.0
"""A webhook that has taken nothing for a day is told no more."""
LOOK_SECONDS = 60.0
"""Between two looks whether the client is still let in, where nothing changes."""


class NotTaken(Exception):
    """The webhook did not take it; the text says why."""


class Poster(Protocol):
    """Sends to webhooks."""

    async def post(self, url: str, secret: str, body: bytes) -> None:
        """Send a signed request. Raises NotTaken unless it is answered with success."""
        ...


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of one request; `reset`: what was told before is too old, and all follows anew."""

    webhook: str
    sequence: int
    changes: tuple[Change, ...] = ()
    reset: bool = False


class Standing(msgspec.Struct):
    """How a webhook stands, for its client to read."""

    delivered_at: float | None = None
    failing_since: float | None = None
    failures: int = 0
    """One after another."""
    fault: str = ""


class Courier:
    """Serves one webhook until it is ended or cancelled."""

    def __init__(
        self,
        webhook: Webhook,
        boards: StateBoards,
        poster: Poster,
        clients: Clients,
        clock: Callable[[], float],
        since: int,
    ) -> None:
        self.webhook = webhook
        self.standing = Standing()
        self._boards = boards
        self._board: StateBoard = boards.of(webhook.company)
        self._poster = poster
        self._clients = clients
        self._clock = clock
        self._cursor = since

    async def run(self) -> str:
        """Deliver; returns why it is over."""
        while True:
            try:
                client = await self._clients.named(self.webhook.company, self.webhook.client)
            except DatabaseAway:
                await asyncio.sleep(FIRST_RETRY_SECONDS)
                continue
            if client is None or "states" not in client.scopes:
                return "the token is not valid any more"
            delivery = self._next(client)
            if delivery is None:
                await self._changed()
            elif await self._taken(delivery):
                self._cursor = delivery.sequence
            elif self._hopeless():
                return f"nothing was taken for {GIVE_UP_SECONDS / 3600:g} hours: {self.standing.fault}"
            else:
                # Webhooks that failed together shall not come back together.
                await asyncio.sleep(self._delay() * random.uniform(0.8, 1.2))

    def _next(self, client: Client) -> Delivery | None:
        """What is to be told now. What the client may not see, or has not asked for, is passed over."""
        view = View(client.name, client.scopes, self.webhook.people)
        while True:
            try:
                entries = self._board.after(self._cursor, MOST_AT_ONCE)
            except TooOld:
                return Delivery(self.webhook.id, 0, reset=True)
            if not entries:
                self._cursor = max(self._cursor, self._board.sequence)
                return None
            changes = [change for change in map(view.change, entries) if change is not None]
            wanted = tuple([change for change in changes if change.event in self.webhook.events])
            if wanted:
                return Delivery(self.webhook.id, entries[-1].sequence, wanted)
            self._cursor = entries[-1].sequence

    async def _changed(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._board.changed(self._cursor)
        except TimeoutError:
            return

    async def _taken(self, delivery: Delivery) -> bool:
        standing = self.standing
        try:
            await self._poster.post(self.webhook.url, self.webhook.secret, msgspec.json.encode(delivery))
        except NotTaken as fault:
            standing.failing_since = self._clock() if standing.failing_since is None else standing.failing_since
            standing.failures += 1
            standing.fault = str(fault)
            return False
        self.standing = Standing(delivered_at=self._clock())
        return True

    def _hopeless(self) -> bool:
        since = self.standing.failing_since
        return since is not None and self._clock() - since >= GIVE_UP_SECONDS

    def _delay(self) -> float:
        # What is due is made anew for each attempt: the longer it takes, the newer it is.
        return float(min(FIRST_RETRY_SECONDS * 2 ** min(self.standing.failures - 1, 20), LONGEST_RETRY_SECONDS))


class Couriers:
    """One for each webhook of all companies."""

    def __init__(
        self,
        boards: StateBoards,
        poster: Poster,
        clients: Clients,
        kept: StandingRequests,
        clock: Callable[[], float],
    ) -> None:
        self._boards = boards
        self._poster = poster
        self._clients = clients
        self._kept = kept
        self._clock = clock
        self._couriers: dict[str, Courier] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def of(self, company: str, client: str) -> list[Courier]:
        """Those of a client."""
        couriers = self._couriers.values()
        return [each for each in couriers if (each.webhook.company, each.webhook.client) == (company, client)]

    def restore(self, webhook: Webhook) -> None:
        """Go on with one that is kept: all is told anew, for what has changed meanwhile is not known."""
        self._begin(webhook, since=1)

    async def add(self, webhook: Webhook) -> Courier:
        """Tell of what changes from now on. Raises DatabaseAway."""
        since = self._boards.of(webhook.company).sequence
        await self._kept.keep(webhook)
        return self._begin(webhook, since)

    async def remove(self, id: str) -> None:
        """Tell no more, and forget. Raises DatabaseAway."""
        await self._kept.drop(id)
        self._couriers.pop(id, None)
        task = self._tasks.pop(id, None)
        if task is not None:
            task.cancel()

    def close(self) -> None:
        """Leave the rest to the next run."""
        for task in self._tasks.values():
            task.cancel()

    def _begin(self, webhook: Webhook, since: int) -> Courier:
        courier = Courier(webhook, self._boards, self._poster, self._clients, self._clock, since)
        self._couriers[webhook.id] = courier
        if not webhook.ended:
            self._tasks[webhook.id] = asyncio.create_task(self._run(courier), name=f"webhook {webhook.id}")
        return courier

    async def _run(self, courier: Courier) -> None:
        webhook = courier.webhook
        await self._boards.completed.wait()
        why = await courier.run()
        logger.warning("%s: webhook %s of %s is ended: %s", webhook.company, webhook.id, webhook.client, why)
        courier.webhook = msgspec.structs.replace(webhook, ended=why, ended_at=self._clock())
        while True:
            try:
                return await self._kept.keep(courier.webhook)
            except DatabaseAway:
                await asyncio.sleep(LONGEST_RETRY_SECONDS)
