"""The feed tells everybody's state and then what changes, once for each person however often it did."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from lampfield.control_socket import Outbox
from lampfield.status_feed import PAUSE_SECONDS, StatusFeed
from presence_pidf.status_report import Forwarding, Roaming, StatusReport
from tests.routing.nordlys import company
from tests.support.virtual_time import now, run
from tests.support.watched_house import WatchedHouse
from web.told_state import Everybody, States, Told, ToldForwarding, ToldRoaming, ToldState

NORDLYS = company()


class Line:
    """A feed of Nordlys, and what has come of it."""

    def __init__(self) -> None:
        self.house = WatchedHouse(NORDLYS)
        self.feed = StatusFeed(self.house.lamps, now)
        self.feed.configure([NORDLYS])
        self.outbox = Outbox()

    async def read(self) -> list[Told]:
        """All that waits, as the process of the API reads it."""
        await asyncio.sleep(2 * PAUSE_SECONDS)
        return [msgspec.json.decode(line, type=Told) for line in self.outbox.rest().splitlines()]

    async def states(self) -> dict[str, ToldState]:
        """The states told since the last look, of each person at most one."""
        found = [state for told in await self.read() if isinstance(told, States) for state in told.states]
        assert len(found) == len({state.person for state in found})
        return {state.person: state for state in found}

    def report(self, **facts: object) -> None:
        report = StatusReport(presentity=self.house.aor("anna"), source="mobile", activity="unknown", at=now())
        self.house.lamps.reported(msgspec.structs.replace(report, **facts), now())


@asynccontextmanager
async def followed() -> AsyncIterator[Line]:
    line = Line()
    following = asyncio.ensure_future(line.feed.verb({}, line.outbox))
    try:
        yield line
    finally:
        following.cancel()


def test_everybody_is_told_at_first_and_then_that_these_are_all() -> None:
    async def scenario() -> None:
        async with followed() as line:
            states, everybody = await line.read()
            assert isinstance(states, States)
            assert states.company == "nordlys"
            people = tuple(state.person for state in states.states)
            assert everybody == Everybody({"nordlys": people})
            assert people == ("anna", "bo", "carl", "dora")

    run(scenario())


def test_however_often_somebody_changes_they_are_told_once_and_last() -> None:
    async def scenario() -> None:
        async with followed() as line:
            await line.read()
            for turn in range(20_000):
                line.report(note=f"turn {turn}", at=now() + turn / 1e6)
            told = await line.states()
            assert {person: state.note for person, state in told.items()} == {"anna": "turn 19999"}

    run(scenario())


def test_nothing_is_told_to_who_does_not_read_until_they_do() -> None:
    async def scenario() -> None:
        async with followed() as line:
            await line.read()
            line.report(note="first")
            await asyncio.sleep(1)
            for turn in range(1000):
                line.report(note=f"turn {turn}", at=now() + turn / 1e6)
            await asyncio.sleep(60)
            assert [state.note for state in (await line.states()).values()] == ["first"]
            assert [state.note for state in (await line.states()).values()] == ["turn 999"]

    run(scenario())


def test_what_no_lamp_shows_is_told_as_well() -> None:
    async def scenario() -> None:
        async with followed() as line:
            await line.read()
            line.report(
                roaming=Roaming(True, "SE", "24007"),
                private_number=True,
                data_attached=False,
                forwarding=Forwarding("busy", "+4533221100"),
            )
            told = (await line.states())["anna"]
            assert told.roaming == ToldRoaming(True, "SE", "24007")
            assert told.forwarding == ToldForwarding("busy", "+4533221100")
            assert (told.private_number, told.data_attached) == (True, False)

    run(scenario())


def test_a_phone_is_busy_with_calls_anywhere() -> None:
    async def scenario() -> None:
        async with followed() as line:
            await line.read()
            line.report(activity="on-the-phone")
            assert (await line.states())["anna"].phone == "busy"
            line.report(activity="available", at=now() + 1)
            assert (await line.states())["anna"].phone == "available"
            line.report(activity="unknown", reachable=False, at=now() + 2)
            assert (await line.states())["anna"].phone == "unreachable"

    run(scenario())


def test_who_comes_and_goes_with_the_company_file_is_told() -> None:
    async def scenario() -> None:
        async with followed() as line:
            await line.read()
            people = {name: person for name, person in NORDLYS.people.items() if name != "carl"}
            smaller = msgspec.structs.replace(NORDLYS, people=people)
            line.house.configure(smaller)
            line.feed.configure([smaller])
            assert (await line.read())[-1] == Everybody({"nordlys": ("anna", "bo", "dora")})

    run(scenario())
