"""A client is told once when somebody is free, over restarts, or never if it is too late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from provisioning.standing_requests import StandingRequest, WhenFree
from tests.support.virtual_time import now, run
from tests.web.told import told
from web.backend import DatabaseAway
from web.state_board import Free
from web.state_boards import StateBoards
from web.told_state import Everybody, States
from web.when_free import KEPT_SECONDS, FreeDesk


class Office:
    """Anna, whom somebody waits for."""

    def __init__(self, kept: dict[str, StandingRequest] | None = None) -> None:
        self.boards = StateBoards(now)
        self.kept = {} if kept is None else kept
        self.away = False
        self.desk = FreeDesk(self.boards, self, now)
        for request in self.kept.values():
            assert isinstance(request, WhenFree)
            self.desk.restore(request)
        self.show("talking")

    async def keep(self, request: StandingRequest) -> None:
        if self.away:
            raise DatabaseAway
        self.kept[request.id] = request

    async def drop(self, id: str) -> None:
        del self.kept[id]

    def show(self, condition: str) -> None:
        self.boards.take(States("nordlys", (told("anna", condition),)))
        self.boards.take(Everybody({"nordlys": ("anna",)}))

    def told(self) -> list[Free]:
        return [
            each.free for each in self.boards.of("nordlys").after(self.boards.of("nordlys").oldest, 100) if each.free
        ]


@asynccontextmanager
async def running(office: Office) -> AsyncIterator[Office]:
    task = asyncio.ensure_future(office.desk.run())
    try:
        yield office
    finally:
        task.cancel()


def wish(seconds: float = 3600) -> WhenFree:
    return WhenFree(id="1", company="nordlys", client="crm", person="anna", made_at=now(), expires_at=now() + seconds)


def test_it_is_told_once() -> None:
    async def scenario() -> None:
        async with running(Office()) as office:
            assert (await office.desk.add(wish())).free_at is None
            office.show("hold")
            await asyncio.sleep(10)
            assert office.told() == []
            office.show("idle")
            since = now()
            await asyncio.sleep(1)
            assert office.told() == [Free("1", "crm", "anna", since)]
            office.show("talking")
            office.show("idle")
            await asyncio.sleep(1)
            assert len(office.told()) == 1

    run(scenario())


def test_who_is_free_already_is_told_of_at_once() -> None:
    async def scenario() -> None:
        async with running(Office()) as office:
            office.show("idle")
            assert (await office.desk.add(wish())).free_at == now()
            await asyncio.sleep(1)
            assert len(office.told()) == 1

    run(scenario())


def test_what_is_too_late_is_not_told_and_forgotten_a_day_later() -> None:
    async def scenario() -> None:
        async with running(Office()) as office:
            await office.desk.add(wish(60))
            await asyncio.sleep(61)
            office.show("idle")
            await asyncio.sleep(60)
            assert office.told() == []
            assert office.desk.of("nordlys", "crm") != []
            await asyncio.sleep(KEPT_SECONDS)
            assert office.desk.of("nordlys", "crm") == []
            assert office.kept == {}

    run(scenario())


def test_it_outlives_restarts_and_is_told_again_where_it_may_have_been_missed() -> None:
    async def scenario() -> None:
        first = Office()
        await first.desk.add(wish())
        async with running(Office(first.kept)) as second:
            second.show("idle")
            await asyncio.sleep(1)
            assert len(second.told()) == 1
        third = Office(first.kept)
        assert len(third.told()) == 1

    run(scenario())


def test_a_database_that_is_away_delays_it() -> None:
    async def scenario() -> None:
        async with running(Office()) as office:
            await office.desk.add(wish())
            office.away = True
            office.show("idle")
            await asyncio.sleep(60)
            assert office.told() == []
            office.away = False
            await asyncio.sleep(60)
            assert len(office.told()) == 1

    run(scenario())


def test_who_waits_no_more_is_told_nothing() -> None:
    async def scenario() -> None:
        async with running(Office()) as office:
            await office.desk.remove(await office.desk.add(wish()))
            office.show("idle")
            await asyncio.sleep(60)
            assert office.told() == []

    run(scenario())
