"""One number has one place in a queue that is to be called back, however often it is ordered."""

import asyncio
from collections.abc import Sequence
from itertools import chain, repeat

import msgspec

from call_records.why import why
from routing.events import CallbackDue, CallbackMissed, CalledBack, CallEnded, QueueLeft
from routing.model import Company, Destination, Menu
from tests.routing.queue.test_calling_back import MOBILE, house, order, outcomes, waits_to_be_called
from tests.routing.queue.test_waiting import join, wait
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now

OTHER = "+4520202020"


def called(world: World) -> list[str]:
    """Outside numbers that were called, in order."""
    return [who for _, who in world.rung if who.startswith("+")]


def left(world: World) -> list[tuple[str, str, str]]:
    """How each place ended, and the place that counts instead."""
    return [(each.call, each.outcome, each.instead) for each in world.events if isinstance(each, QueueLeft)]


def told(world: World, call: str) -> Sequence[str]:
    """What `lampfield why` says of a call."""
    return [line.text for line in why(event for event in world.events if event.call == call)]  # type: ignore[misc]


def with_support() -> Company:
    """Two queues of anna, each with the key to be called back."""
    sales = house().queues["sales"]
    support = msgspec.structs.replace(sales, name="support")
    return msgspec.structs.replace(
        house(), queues={"sales": sales, "support": support}, queue_extensions={"300": "sales", "301": "support"}
    )


async def calls_again(world: World, number: str = MOBILE) -> FakeCaller:
    """The caller waits in line by a second call."""
    caller = join(world, "call-2", FakeCaller("call-2", number))
    await asyncio.sleep(1)
    return caller


# Ordered twice


def test_who_orders_it_twice_keeps_the_first_place_and_is_called_once() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        join(world, "between", FakeCaller("between", OTHER))
        again = await order(world, "1", call="call-2")
        assert again.sounds[-1] == "callback/ordered"
        assert again.hung_up_by == "system"
        assert [each.call for each in world.queues["sales"].state.in_line()] == ["call-1", "between"]
        world.activity.member_free("anna", now())
        await asyncio.sleep(1000)
        assert not world.queues["sales"].state.callers

    world = wait(scenario, lambda: World(house()))
    assert called(world) == [MOBILE]
    assert left(world)[0] == ("call-2", "already-ordered", "call-1")
    assert sorted(outcomes(world)) == ["already-ordered", "answered", "called-back"]
    ended = {event.call: event.cause for event in world.events if isinstance(event, CallEnded)}
    assert (ended["call-1"], ended["call-2"]) == ("callback", "callback")
    assert told(world, "call-2")[-2:] == [
        "leaves sales after 13 s: the number is to be called back already, for the place of call-1",
        "the server ends it: callback",
    ]


def test_a_menu_that_leads_to_being_called_back_makes_no_second_place() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        caller = FakeCaller("call-2", MOBILE)
        world.call(caller, "400", "phone")
        await asyncio.sleep(1)
        caller.press("1")
        await asyncio.sleep(2)
        caller.press("1")
        await asyncio.sleep(10)
        assert waits_to_be_called(world) == [MOBILE]

    assert left(wait(scenario, lambda: World(house()))) == [("call-2", "already-ordered", "call-1")]


def test_a_number_that_is_typed_is_the_same_as_the_number_that_calls() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        await order(world, *"40404040", "#", "1", call="call-2", number="anonymous")
        assert waits_to_be_called(world) == [MOBILE]

    assert left(wait(scenario, lambda: World(house()))) == [("call-2", "already-ordered", "call-1")]


def test_another_number_is_called_as_well() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        await order(world, "1", call="call-2", number=OTHER)
        world.activity.member_free("anna", now())
        await asyncio.sleep(1000)

    world = wait(scenario, lambda: World(house()))
    assert called(world) == [MOBILE, OTHER]
    assert outcomes(world) == ["called-back", "called-back"]


def test_another_queue_calls_as_well() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        caller = FakeCaller("call-2", MOBILE)
        world.call(caller, "301", "phone")
        await asyncio.sleep(10)
        caller.press("5")
        await asyncio.sleep(1)
        caller.press("1")
        await asyncio.sleep(20)
        world.activity.member_free("anna", now())
        await asyncio.sleep(1000)

    world = wait(scenario, lambda: World(with_support()))
    assert called(world) == [MOBILE, MOBILE]
    assert outcomes(world) == ["called-back", "called-back"]


def test_who_was_served_and_orders_it_anew_is_called_anew() -> None:
    async def scenario(world: World) -> None:
        for call in ("call-1", "call-2"):
            await order(world, "1", call=call)
            world.activity.member_free("anna", now())
            await asyncio.sleep(200)

    world = wait(scenario, lambda: World(house()))
    assert called(world) == [MOBILE, MOBILE]
    assert outcomes(world) == ["called-back", "called-back"]


def test_the_next_attempt_of_the_older_place_is_made_when_it_was_to_be() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        await order(world, "1", call="call-2")
        world.activity.member_free("anna", now())
        await asyncio.sleep(100)
        assert world.called_back[1].sounds[-1] == "talks with anna"

    world = wait(scenario, lambda: World(house(), {MOBILE: chain([Phone("busy")], repeat(Phone()))}))
    (missed,) = (event for event in world.events if isinstance(event, CallbackMissed))
    assert [(event.at, event.attempt) for event in world.events if isinstance(event, CallbackDue)] == [
        (missed.at, 1),
        (missed.at + 60, 2),
    ]
    assert left(world) == [("call-2", "already-ordered", "call-1"), ("call-1", "called-back", "")]


def test_a_place_that_is_further_on_by_its_priority_is_kept_instead() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        caller = FakeCaller("call-2", MOBILE)
        world.call(caller, "400", "phone")
        await asyncio.sleep(1)
        caller.press("1")
        await asyncio.sleep(2)
        caller.press("1")
        await asyncio.sleep(10)
        assert [each.call for each in world.queues["sales"].state.in_line()] == ["call-2"]
        world.activity.member_free("anna", now())
        await asyncio.sleep(200)

    keys = {"1": Destination("callback", "sales")}
    hurried = msgspec.structs.replace(house(), menus={"main": Menu("main", "menu", keys, priorities={"1": 5})})
    world = wait(scenario, lambda: World(hurried))
    assert called(world) == [MOBILE]
    assert left(world) == [("call-1", "already-ordered", "call-2"), ("call-2", "called-back", "")]


# Called at this moment


def test_whose_phone_is_engaged_by_waiting_in_the_same_line_has_not_been_missed() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        again = await calls_again(world)
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        again.hang_up_now()
        await asyncio.sleep(1)
        assert waits_to_be_called(world) == [MOBILE]
        await asyncio.sleep(100)

    engaged_once = chain([Phone("busy")], repeat(Phone()))
    world = wait(scenario, lambda: World(house(callback_attempts=1), {MOBILE: engaged_once}))
    assert left(world) == [("call-2", "abandoned", ""), ("call-1", "called-back", "")]
    (missed,) = (event for event in world.events if isinstance(event, CallbackMissed))
    assert [(event.at, event.attempt) for event in world.events if isinstance(event, CallbackDue)] == [
        (missed.at, 1),
        (missed.at + 60, 1),
    ]
    assert "attempt 1 to call back: busy, by the own call in line, and does not count; to be tried again" in told(
        world, "call-1"
    )


def test_who_orders_it_again_while_being_called_is_called_anew_at_once_and_that_counts_as_no_attempt() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        again = join(world, "call-2", FakeCaller("call-2", MOBILE))
        await asyncio.sleep(1)
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        again.press("5")
        await asyncio.sleep(1)
        again.press("1")
        await asyncio.sleep(20)
        assert world.called_back[1].sounds[-1] == "talks with anna"
        await asyncio.sleep(1000)
        assert not world.queues["sales"].state.callers

    rings_once = chain([Phone("ring")], repeat(Phone()))
    world = wait(scenario, lambda: World(house(callback_attempts=1), {MOBILE: rings_once}))
    assert [event.attempt for event in world.events if isinstance(event, CalledBack)] == [1, 1]
    assert left(world) == [("call-2", "already-ordered", "call-1"), ("call-1", "called-back", "")]
    ended = [event.cause for event in world.events if isinstance(event, CallEnded) and event.call == "back-1"]
    assert ended == ["abandoned"]


def test_who_was_called_back_and_is_in_line_may_order_it_anew() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(6)
        world.called_back[0].press("5")
        await asyncio.sleep(1)
        world.called_back[0].press("1")
        await asyncio.sleep(3)
        assert waits_to_be_called(world) == [MOBILE]
        await asyncio.sleep(200)

    world = wait(scenario, lambda: World(house(), {"anna": chain([Phone("ring")], repeat(Phone()))}))
    assert called(world) == [MOBILE, MOBILE]
    assert left(world) == [("call-1", "called-back", "")]


def test_who_was_reached_and_orders_it_anew_has_all_attempts_again() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(70)
        world.called_back[1].press("5")
        await asyncio.sleep(1)
        world.called_back[1].press("1")
        await asyncio.sleep(300)

    mobile = chain([Phone("busy"), Phone(), Phone("busy")], repeat(Phone()))
    anna = chain([Phone("ring")], repeat(Phone()))
    world = wait(scenario, lambda: World(house(callback_attempts=2), {MOBILE: mobile, "anna": anna}))
    assert [event.attempt for event in world.events if isinstance(event, CalledBack)] == [1, 2, 1, 2]
    assert left(world) == [("call-1", "called-back", "")]


# Answered meanwhile


def test_who_calls_again_and_is_answered_is_not_called_any_more() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        again = await calls_again(world)
        await asyncio.sleep(5)
        assert again.sounds[-1] == "talks with anna"
        assert not world.queues["sales"].state.callers
        await asyncio.sleep(1000)

    world = wait(scenario, lambda: World(house(), {MOBILE: Phone("busy")}))
    assert called(world) == [MOBILE], "before"
    assert left(world) == [("call-2", "answered", ""), ("call-1", "answered-meanwhile", "call-2")]
    not_called = "is not called back for the place in sales, 35 s after joining"
    assert told(world, "call-1")[-1] == f"{not_called}: the caller was answered there in the call call-2"


def test_the_phone_of_who_is_answered_stops_ringing_for_the_older_place() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        again = await calls_again(world)
        world.activity.member_free("anna", now())
        world.activity.member_free("bo", now())
        await asyncio.sleep(5)
        assert again.sounds[-1].startswith("talks with")
        assert not world.queues["sales"].state.callers
        assert [event.cause for event in world.events if isinstance(event, CallEnded)] == ["callback", "abandoned"]
        again.hang_up_now()
        await asyncio.sleep(1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    two = house(members=("anna", "bo"))
    world = wait(scenario, lambda: _both_busy(World(two, {MOBILE: Phone("ring")})))
    assert left(world) == [("call-2", "answered", ""), ("call-1", "answered-meanwhile", "call-2")]


def _both_busy(world: World) -> World:
    world.activity.member_busy("bo")
    return world


def test_who_calls_from_another_number_and_is_answered_is_somebody_else() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        await calls_again(world, OTHER)
        await asyncio.sleep(5)
        assert waits_to_be_called(world) == [MOBILE]

    wait(scenario, lambda: World(house(), {MOBILE: Phone("busy")}))


def test_who_is_answered_in_another_queue_is_called_all_the_same() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        world.call(FakeCaller("call-2", MOBILE), "301", "phone")
        await asyncio.sleep(5)
        assert world.talking == {"anna": "call-2"}
        assert waits_to_be_called(world) == [MOBILE]

    wait(scenario, lambda: World(with_support(), {MOBILE: Phone("busy")}))


def test_who_calls_again_and_hangs_up_in_line_is_called_back_all_the_same() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        again = await calls_again(world)
        again.hang_up_now()
        await asyncio.sleep(1)
        assert waits_to_be_called(world) == [MOBILE]

    assert left(wait(scenario, lambda: World(house()))) == [("call-2", "abandoned", "")]


def test_an_order_of_who_is_on_the_line_for_the_older_place_ends_when_that_is_answered() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(6)
        again = join(world, "call-2", FakeCaller("call-2", MOBILE))
        await asyncio.sleep(10)
        again.press("5")
        await asyncio.sleep(1)
        again.press("1")
        await asyncio.sleep(3)
        assert waits_to_be_called(world) == [MOBILE]
        await asyncio.sleep(1000)

    rings_long = chain([Phone("ring")], repeat(Phone()))
    world = wait(scenario, lambda: World(house(ring_seconds=20.0), {"anna": rings_long}))
    assert called(world) == [MOBILE]
    assert left(world) == [("call-1", "called-back", ""), ("call-2", "answered-meanwhile", "call-1")]
