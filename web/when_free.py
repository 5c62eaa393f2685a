"""Clients that want to know when somebody is free: told once, on streams and webhooks, or never if it is too late."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import msgspec

from provisioning.standing_requests import WhenFree
from web.backend import DatabaseAway, StandingRequests
from web.state_board import Free
from web.state_boards import StateBoards
from web.told_state import ToldState

KEPT_SECONDS = 86_400.0
"""For how long a wish can be read when it is over; one that was told is told again to whom may have missed it."""
AGAIN_SECONDS = 5.0
"""Before the next attempt while the database is away."""
LOOK_SECONDS = 10.0
"""Between two looks at what is over."""


def is_free(state: ToldState) -> bool:
    """Whether a call to somebody would ring, and nothing speaks against it."""
    return state.condition == "idle" and state.phone == "available"


class FreeDesk:
    """The wishes of all companies' clients."""

    def __init__(self, boards: StateBoards, kept: StandingRequests, clock: Callable[[], float]) -> None:
        self._boards = boards
        self._kept = kept
        self._clock = clock
        self._wishes: dict[str, WhenFree] = {}
        self._waiting: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        """Ids by company and person."""
        self._to_tell: asyncio.Queue[WhenFree] = asyncio.Queue()
        boards.follow(self._changed)

    def of(self, company: str, client: str) -> list[WhenFree]:
        """Those of a client, latest last."""
        return [wish for wish in self._wishes.values() if (wish.company, wish.client) == (company, client)]

    def restore(self, wish: WhenFree) -> None:
        """Go on with one that is kept."""
        self._wishes[wish.id] = wish
        if wish.free_at is not None:
            self._tell(wish)
        elif not self._is_told(wish):
            self._waiting[wish.company, wish.person].add(wish.id)

    async def add(self, wish: WhenFree) -> WhenFree:
        """Wait for somebody; at once where they are free. Raises DatabaseAway."""
        await self._kept.keep(wish)
        self._wishes[wish.id] = wish
        if not self._is_told(wish):
            self._waiting[wish.company, wish.person].add(wish.id)
        return self._wishes[wish.id]

    async def remove(self, wish: WhenFree) -> None:
        """Wait no more, and forget. Raises DatabaseAway."""
        await self._kept.drop(wish.id)
        self._forget(wish)

    async def run(self) -> None:
        """Tell those whose wish has come true, once that is kept; forget what is over. Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    wish = await self._to_tell.get()
            except TimeoutError:
                await self._tidy()
                continue
            if not await self._done(self._kept.keep, wish):
                self._to_tell.put_nowait(wish)
                await asyncio.sleep(AGAIN_SECONDS)
            elif wish.id in self._wishes:
                self._tell(wish)

    def _changed(self, company: str, states: list[ToldState]) -> None:
        for state in states:
            if (company, state.person) in self._waiting and is_free(state):
                for id in self._waiting.pop((company, state.person)):
                    self._come_true(self._wishes[id])

    def _is_told(self, wish: WhenFree) -> bool:
        entry = self._boards.of(wish.company).find(wish.person)
        if entry is None or entry.state is None or not is_free(entry.state):
            return False
        self._come_true(wish)
        return True

    def _come_true(self, wish: WhenFree) -> None:
        now = self._clock()
        if now < wish.expires_at:
            wish = self._wishes[wish.id] = msgspec.structs.replace(wish, free_at=now)
            self._to_tell.put_nowait(wish)

    def _tell(self, wish: WhenFree) -> None:
        assert wish.free_at is not None
        self._boards.of(wish.company).tell_free(Free(wish.id, wish.client, wish.person, wish.free_at))

    async def _tidy(self) -> None:
        now = self._clock()
        for wish in list(self._wishes.values()):
            over = wish.expires_at if wish.free_at is None else wish.free_at
            if over + KEPT_SECONDS < now and await self._done(self._kept.drop, wish.id):
                self._forget(wish)

    @staticmethod
    async def _done(work: Callable[..., object], what: object) -> bool:
        try:
            await work(what)  # type: ignore[misc]
        except DatabaseAway:
            return False
        return True

    def _forget(self, wish: WhenFree) -> None:
        self._wishes.pop(wish.id, None)
        waiting = self._waiting.get((wish.company, wish.person))
        if waiting is not None:
            waiting.discard(wish.id)
            if not waiting:
                del self._waiting[wish.company, wish.person]
