"""Nobody is called back while the main number is closed by which they came; the place is kept until it opens."""

import asyncio
from itertools import chain, repeat
from typing import Any

import msgspec

from call_records.why import why
from routing.events import CallbackDue, CallbackMissed
from routing.hours import Changes, Position
from routing.model import Company, Destination, MainNumber, OpeningHours
from routing.queue.machine import QueueMachine
from routing.queue.state import fold
from tests.routing.queue.table import Table
from tests.routing.queue.test_calling_back import MOBILE, house, outcomes, waits_to_be_called
from tests.routing.queue.test_waiting import wait
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import DAY, START, now

MAIN, ANY_TIME = "+4533221100", "+4533221101"
SALES = Destination("queue", "sales")
OPENS = START - 3 * 3600
"""It is Wednesday, 11:00 in Copenhagen; the office is open from 8 to 16."""
CLOSES = START + 5 * 3600
NEXT_MORNING = OPENS + DAY


def office(**changes: Any) -> Company:
    """A main number with hours and one without lead to the sales queue of anna; so does the former when closed."""
    numbers = {MAIN: MainNumber(MAIN, SALES, SALES, "office"), ANY_TIME: MainNumber(ANY_TIME, SALES, SALES)}
    return msgspec.structs.replace(house(**changes), main_numbers=numbers)


async def until(at: float) -> None:
    await asyncio.sleep(at - now())


async def orders(world: World, dialled: str = MAIN, call: str = "call-1") -> FakeCaller:
    """Somebody from outside waits for anna, who is busy, and orders a call back."""
    world.activity.member_busy("anna")
    caller = FakeCaller(call, MOBILE)
    world.call(caller, dialled)
    await asyncio.sleep(10)
    caller.press("5", "1")
    await asyncio.sleep(20)
    assert waits_to_be_called(world) == [MOBILE]
    return caller


def free(world: World) -> None:
    world.activity.member_free("anna", now())


def called_at(world: World) -> list[float]:
    """When the caller was called back, UTC epoch seconds."""
    return [START + at for at, who in world.rung if who == MOBILE]


def due(world: World) -> int:
    """How often a member was claimed for it."""
    return sum(isinstance(event, CallbackDue) for event in world.events)


def test_who_orders_it_just_before_closing_is_called_when_it_opens() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES - 120)
        await orders(world)
        await until(CLOSES + 5 * 3600)
        free(world)  # who logs in at night
        await until(NEXT_MORNING - 1)
        assert waits_to_be_called(world) == [MOBILE]
        await until(NEXT_MORNING + 60)

    world = wait(scenario, lambda: World(office()))
    assert called_at(world) == [NEXT_MORNING]
    assert (due(world), outcomes(world)) == (1, ["called-back"])


def test_a_member_who_is_free_at_the_very_moment_of_closing_calls_nobody() -> None:
    async def scenario(world: World) -> None:
        await orders(world)
        await until(CLOSES - 10)
        join = FakeCaller("call-2", "+4520202020")
        world.call(join, "300", "phone")
        await until(CLOSES)
        free(world)
        await asyncio.sleep(10)
        assert world.talking == {"anna": "call-2"}, "who waits on the line is served"

    assert called_at(wait(scenario, lambda: World(office()))) == []


def test_who_is_rung_or_in_line_when_it_closes_is_served() -> None:
    async def scenario(world: World) -> None:
        await orders(world)
        await until(CLOSES - 1)
        free(world)
        await asyncio.sleep(30)
        assert world.called_back[0].sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(office()))


def test_a_second_attempt_that_would_be_made_after_closing_is_made_when_it_opens() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES - 120)
        await orders(world)
        free(world)
        await until(NEXT_MORNING + 60)

    world = wait(scenario, lambda: World(office(callback_retry_seconds=300.0), {MOBILE: busy_once()}))
    assert called_at(world) == [CLOSES - 90, NEXT_MORNING]
    assert [event.attempt for event in world.events if isinstance(event, CallbackMissed)] == [1]


def test_who_is_cut_off_when_called_back_or_called_by_another_run_keeps_to_the_hours() -> None:
    table = Table("anna", members=("anna",))
    table.busy("anna")
    table.join("a")
    table.machine.call_back("a", MOBILE, table.now, table.now, main_number=MAIN)
    table.free("anna")
    table.machine.resume("a", table.now)
    table.misses("anna")
    table.machine.call_back("a", MOBILE, table.now, table.now)
    again = QueueMachine(table.queue, fold(table.queue, table.log + table.events()))
    again.restore((), table.now)
    again.shut({MAIN})
    again.clear("anna", "gone", table.now)
    again.advance(table.now + 10)
    assert [event for event in again.take_events() if isinstance(event, CallbackDue)] == []
    assert again.next_timeout() == 1020, "the next look"
    again.shut(set())
    again.advance(1020)
    assert [event.number for event in again.take_events() if isinstance(event, CallbackDue)] == [MOBILE]


def test_who_came_by_a_number_without_hours_or_from_within_is_called_whenever_somebody_is_free() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES + 3600)
        await orders(world, ANY_TIME)
        free(world)
        await asyncio.sleep(20)
        assert world.called_back[-1].sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(office()))


def test_who_came_while_it_was_closed_is_called_while_it_is_closed() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES + 3600)
        await orders(world)
        free(world)
        await asyncio.sleep(20)
        assert world.called_back[-1].sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(office()))


def test_who_orders_it_anew_is_called_by_the_hours_of_the_number_called_last() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES - 120)
        await orders(world)
        await until(CLOSES + 60)
        await orders(world, ANY_TIME, "call-2")
        free(world)
        await asyncio.sleep(60)
        assert world.called_back[-1].sounds[-1] == "talks with anna"

    world = wait(scenario, lambda: World(office()))
    assert outcomes(world) == ["already-ordered", "called-back"]


def test_who_orders_it_anew_by_a_number_with_hours_is_called_when_that_is_open_with_the_attempts_left() -> None:
    async def scenario(world: World) -> None:
        await until(CLOSES - 120)
        await orders(world, ANY_TIME)
        free(world)
        await asyncio.sleep(1)
        await orders(world, MAIN, "call-2")
        free(world)
        await until(NEXT_MORNING + 60)

    world = wait(scenario, lambda: World(office(callback_retry_seconds=300.0), {MOBILE: busy_once()}))
    assert called_at(world) == [CLOSES - 90, NEXT_MORNING]
    assert [event.attempt for event in world.events if isinstance(event, CallbackDue)] == [1, 2]
    told = [line.text for line in why(event for event in world.events if event.call == "call-1")]  # type: ignore[misc]
    assert f"keeps the place in sales, to be called at {MOBILE}, while {MAIN} is open" in told


def test_the_order_that_counts_is_that_of_another_run_as_well() -> None:
    table = Table("anna", members=("anna",))
    table.busy("anna")
    for call, main_number in (("a", MAIN), ("b", "")):
        table.join(call)
        table.machine.call_back(call, MOBILE, table.now, table.now, main_number=main_number)
    (place,) = fold(table.queue, table.log + table.events()).callers.values()
    assert (place.call, place.main_number) == ("a", "")


def test_a_switch_that_is_turned_counts_within_a_minute() -> None:
    position: list[Position] = ["calendar"]

    def changes(_: OpeningHours) -> Changes:
        return Changes(position[0])

    async def scenario(world: World) -> None:
        await orders(world)
        position[0] = "closed"
        free(world)
        await asyncio.sleep(3600)
        assert called_at(world) == []
        position[0] = "calendar"
        await asyncio.sleep(60)
        assert len(called_at(world)) == 1

    wait(scenario, lambda: World(office(), house={"changes": changes}))


def busy_once() -> Any:
    return chain([Phone("busy")], repeat(Phone()))
