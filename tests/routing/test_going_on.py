"""Calls go on after a restart: callers with places in queues, and callers who talk."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
import pytest

from routing.call_flow import CallFlow
from routing.events import (
    CallbackDue,
    CallbackRequested,
    CallEnded,
    CallTakenUp,
    OfferEnded,
    OfferMade,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)
from routing.house import Arrival
from routing.model import Destination, Queue, read_destination
from routing.queue.events import MemberRecalled, Recollection
from routing.queue.view import view
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeAnswered, FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run

HOUSE = company(
    queues={
        "sales": queue(members=("anna",), wrap_up_seconds=10.0),
        "support": queue(name="support", members=("bo",), wrap_up_seconds=0.0),
    }
)
ARRIVAL = Arrival("phone", "300", "dora")


def joined(call: str, at: float, queue: str = "sales") -> QueueJoined:
    return QueueJoined(call=call, at=START + at, queue=queue, position=1)


def talk(call: str, at: float) -> list[Recollection]:
    return [
        OfferMade(call=call, at=START + at, queue="sales", member="anna", offer=7),
        OfferEnded(call=call, at=START + at, queue="sales", member="anna", offer=7, outcome="answered"),
        QueueLeft(call=call, at=START + at, queue="sales", outcome="answered", waited=1.0),
    ]


def after(
    scenario: Callable[[World], Awaitable[None]],
    *history: Recollection,
    talks: frozenset[str] = frozenset(),
    queues: Mapping[str, Queue] = MappingProxyType({}),
) -> World:
    """A world in which the queues have a history, and anna and bo answer after three seconds and talk for a minute."""

    def keeping(settings: Queue) -> dict[str, Any]:
        return {"history": [event for event in history if event.queue == settings.name], "talks": talks}

    async def main() -> World:
        world = World(msgspec.structs.replace(HOUSE, queues=HOUSE.queues | dict(queues)), keeping=keeping)
        await scenario(world)
        return world

    return run(main())


def taken_up(
    world: World,
    call: str,
    places: Mapping[str, str],
    *,
    away: bool = False,
    arrival: Arrival = ARRIVAL,
    ago: float = 100.0,
    priority: int = 0,
) -> FakeCaller:
    caller = FakeCaller(call)
    caller.answered = True
    flow = CallFlow(world._house(), caller, world, arrival, priority=priority)
    asyncio.get_running_loop().create_task(flow.resume(places, START - ago, away=away))
    return caller


def begins_anew(world: World, at: str, *, menus: Sequence[str] = (), priority: int = 0) -> FakeCaller:
    caller = FakeCaller("a")
    caller.answered = True
    flow = CallFlow(world._house(), caller, world, Arrival("trunk", "+4533221100"), priority=priority)
    destination = read_destination(at) if at else None
    treatment = flow.begin_anew(destination, START - 100, menus=menus, parked_by="")
    asyncio.get_running_loop().create_task(treatment)
    return caller


def waited(world: World) -> list[tuple[str, str, float]]:
    return [(left.call, left.outcome, left.waited) for left in world.events if isinstance(left, QueueLeft)]


def test_who_waited_hears_music_and_is_told_nothing_twice() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = taken_up(world, "a", {"sales": "a"})
        await asyncio.sleep(15)
        assert caller.heard == [(0, "music default"), (10, "position/1")]
        world.activity.member_free("anna", now())
        await asyncio.sleep(30)
        caller.hang_up_now()

    world = after(scenario, joined("a", -20))
    assert waited(world) == [("a", "answered", 38.0)]
    began = next(event for event in world.events if isinstance(event, CallTakenUp))
    assert (began.call, began.queue, began.talks_to, began.arrived) == ("a", "sales", "", START - 100)
    assert began.place == "", "the call's own"


def test_who_had_stepped_out_is_back_in_the_same_place_and_told_it() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        first = taken_up(world, "a", {"sales": "a"}, away=True)
        second = taken_up(world, "b", {"sales": "b"})
        await asyncio.sleep(5)
        assert first.sounds[:2] == ["position/1", "music default"]
        assert second.sounds == ["music default"]
        for caller in (second, first):
            caller.hang_up_now()

    after(scenario, joined("a", -20), joined("b", -10))


def test_who_waited_in_vain_waits_in_the_next_queue_with_the_priority_that_the_call_had_come_to() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        world.activity.member_busy("bo")
        callers = taken_up(world, "b", {"support": "b"}), taken_up(world, "a", {"sales": "a"}, priority=5)
        await asyncio.sleep(60)
        assert [each.call for each in world.queues["support"].state.in_line()] == ["a", "b"]
        for caller in callers:
            caller.hang_up_now()

    sales = queue(members=("anna",), max_wait_seconds=30.0, on_timeout=Destination("queue", "support"))
    after(scenario, joined("a", -20), joined("b", -10, "support"), queues={"sales": sales})


def test_the_place_of_a_caller_in_another_queue_is_there_to_come_back_to() -> None:
    async def scenario(world: World) -> None:
        caller = taken_up(world, "a", {"sales": "a", "support": "a"})
        await asyncio.sleep(1)
        assert world.queues["sales"].position("a") == 1
        assert [who for _, who in world.rung] == ["bo"], "held in sales, offered in support"
        await asyncio.sleep(5)
        assert world.queues["sales"].position("a") is None, "who talks to somebody waits for nobody else"
        caller.hang_up_now()

    after(scenario, joined("a", -20), joined("a", -10, "support"))


def test_who_was_called_back_keeps_the_place_under_the_call_that_ordered_it() -> None:
    async def scenario(world: World) -> None:
        caller = taken_up(world, "back-1", {"sales": "a"})
        await asyncio.sleep(10)
        caller.hang_up_now()
        await asyncio.sleep(1)

    ordered = CallbackRequested(call="a", at=START - 15, queue="sales", number="201", earliest=START - 15)
    world = after(scenario, joined("a", -20), ordered, PlaceResumed(call="a", at=START - 5, queue="sales"))
    assert waited(world) == [("a", "called-back", 23.0)]
    began = next(event for event in world.events if isinstance(event, CallTakenUp))
    assert (began.call, began.queue, began.place) == ("back-1", "sales", "a")


def test_who_was_called_back_and_is_lost_is_called_again() -> None:
    async def scenario(world: World) -> None:
        assert world.queues["sales"].without_caller() == ["a"]
        world.queues["sales"].lose("a")
        await asyncio.sleep(1)
        assert [due.number for due in world.events if isinstance(due, CallbackDue)] == ["201"]

    ordered = CallbackRequested(call="a", at=START - 15, queue="sales", number="201", earliest=START - 15)
    after(scenario, joined("a", -20), ordered, PlaceResumed(call="a", at=START - 5, queue="sales"))


@pytest.mark.parametrize(("ago", "main_number"), [(100.0, "+4533221100"), (4 * 3600.0, "")])
def test_who_orders_a_call_back_after_it_is_called_by_the_hours_of_when_the_call_came(
    ago: float, main_number: str
) -> None:
    async def scenario(world: World) -> None:
        caller = taken_up(world, "a", {"sales": "a"}, arrival=Arrival("trunk", "+4533221100"), ago=ago)
        await asyncio.sleep(1)
        caller.press("5", "1")
        await asyncio.sleep(10)
        (ordered,) = (event for event in world.events if isinstance(event, CallbackRequested))
        assert ordered.main_number == main_number

    sales = queue(members=("anna",), callback_key="5")
    after(scenario, joined("a", -ago), queues={"sales": sales})


def test_a_conversation_goes_on_and_notes_begin_when_it_ends() -> None:
    async def scenario(world: World) -> None:
        caller = FakeCaller("a")
        caller.answered = True
        answered = FakeAnswered("a-b1", "201", "anna", Phone(talks=40.0))
        flow = CallFlow(world._house(), caller, world, ARRIVAL)
        task = asyncio.create_task(flow.talk_on(answered, "anna", START - 100, "sales", "a"))
        await asyncio.sleep(39)
        assert view(world.queues["sales"].state, now()).members[0].state == "talking"
        await task
        member = view(world.queues["sales"].state, now()).members[0]
        assert (member.state, member.until) == ("wrap-up", START + 50)

    world = after(scenario, joined("a", -20), *talk("a", -10), talks=frozenset("a"))
    ends = [(event.cause, event.by) for event in world.events if isinstance(event, CallEnded)]
    assert ends == [("answered", "callee")]
    (began,) = (event for event in world.events if isinstance(event, CallTakenUp))
    assert (began.queue, began.talks_to) == ("", "anna")


def test_who_was_in_a_menu_hears_it_from_the_beginning_and_is_where_its_keys_lead() -> None:
    async def scenario(world: World) -> None:
        caller = begins_anew(world, "menu:main", priority=3)
        await asyncio.sleep(1)
        assert caller.sounds == ["music off", "menu"], "what played is over, and the greeting was heard"
        caller.press("1")
        await asyncio.sleep(1)
        (joining,) = (event for event in world.events if isinstance(event, QueueJoined))
        assert (joining.queue, joining.priority) == ("sales", 3)
        caller.hang_up_now()

    world = after(scenario)
    (began,) = (event for event in world.events if isinstance(event, CallTakenUp))
    assert (began.destination, began.arrived, began.queue) == ("menu:main", START - 100, "")
    assert world.told()[-1] == "CallEnded"


def test_a_conversation_that_goes_on_counts_once_among_those_answered() -> None:
    recalled = MemberRecalled(
        queue="sales", member="anna", at=START, idle_since=0.0, turn=7, misses=0, answers=(int(START) - 60, int(START))
    )

    async def scenario(world: World) -> None:
        assert list(world.queues["sales"].state.members["anna"].answers) == [START - 60, START]

    by_count = msgspec.structs.replace(HOUSE.queues["sales"], strategy="fewest_calls")
    after(scenario, joined("a", -5), *talk("a", 0), recalled, talks=frozenset({"a"}), queues={"sales": by_count})


def test_who_goes_back_comes_to_the_menu_from_which_they_had_come() -> None:
    async def scenario(world: World) -> None:
        below = msgspec.structs.replace(world.company.menus["main"], name="below", prompt="below")
        below = msgspec.structs.replace(below, keys={"9": read_destination("back")})
        menus = world.company.menus | {"below": below}
        world.company = msgspec.structs.replace(world.company, menus=menus)
        caller = begins_anew(world, "menu:below", menus=["main", "below"])
        caller.press("9")
        await asyncio.sleep(1)
        assert caller.sounds[-1] == "menu"
        caller.hang_up_now()

    after(scenario)


def test_whose_phone_rang_rings_again_and_who_was_greeted_is_greeted_again() -> None:
    async def scenario(world: World) -> None:
        world.phones["bo"] = Phone(talks=5.0)
        begins_anew(world, "person:bo")
        await asyncio.sleep(1)
        assert world.rung == [(0, "bo")]
        await asyncio.sleep(10)
        caller = begins_anew(world, "")
        await asyncio.sleep(5)
        assert caller.sounds[1:3] == ["greeting", "menu"]
        caller.hang_up_now()

    after(scenario)
