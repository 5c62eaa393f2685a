"""Being called back instead of waiting: the order, the turn, the call, and what happens where nobody is reached."""

import asyncio
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import msgspec
import pytest

from routing.events import (
    CallArrived,
    CallbackMissed,
    CallBridged,
    CalledBack,
    CallEnded,
    OfferEnded,
    OfferMade,
    QueueLeft,
)
from routing.model import Company, Destination, Menu
from tests.routing.nordlys import company, queue
from tests.routing.queue.test_waiting import join, wait
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now

MOBILE = "+4540404040"
VOICEMAIL = Phone(after=3, presses="")


def house(**changes: Any) -> Company:
    """A sales queue of anna alone in which 5 orders a call back; the menu has one that does so at once."""
    sales = {"members": ("anna",), "callback_key": "5", "callback_retry_seconds": 60.0, "position_every_seconds": 0.0}
    menu = Menu("main", "menu", {"1": Destination("callback", "sales")})
    return company(queues={"sales": queue(**{**sales, **changes})}, menus={"main": menu})


async def order(world: World, *keys: str, call: str = "call-1", number: str = MOBILE) -> FakeCaller:
    """Somebody waits for anna, who is busy, presses 5 and what else, and hears the goodbye out."""
    world.activity.member_busy("anna")
    caller = join(world, call, FakeCaller(call, number))
    await asyncio.sleep(10)
    caller.press("5")
    for key in keys:
        await asyncio.sleep(1)
        caller.press(key)
    await asyncio.sleep(20)
    return caller


def outcomes(world: World) -> list[str]:
    return [event.outcome for event in world.events if isinstance(event, QueueLeft)]


def waits_to_be_called(world: World) -> list[str]:
    """The numbers to call back, in the line's order."""
    return [each.number for each in world.queues["sales"].state.in_line() if each.standing == "callback"]


# The order


def test_it_is_offered_after_the_welcome_and_with_each_position() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(40)
        offer = ["callback/offer", "word/press", "number/5"]
        assert caller.sounds == ["answered", "please-wait", *offer, "music default", "position/1", *offer]

    wait(scenario, lambda: World(house(position_every_seconds=30.0)))


def test_the_number_is_told_digit_by_digit_and_confirmed_and_the_caller_hung_up() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        caller.press("5")
        await asyncio.sleep(25)
        caller.press("1")
        await asyncio.sleep(5)
        told = caller.sounds[caller.sounds.index("callback/number") :]
        digits = [f"number/{digit}" for digit in "40404040"]
        assert told == ["callback/number", *digits, "callback/confirm", "callback/ordered"]
        assert caller.hung_up_by == "system"
        assert waits_to_be_called(world) == [MOBILE]

    world = wait(scenario, lambda: World(house()))
    assert [event.cause for event in world.events if isinstance(event, CallEnded)] == ["callback"]


def test_another_number_may_be_typed_as_it_is_dialled_in_the_country() -> None:
    async def scenario(world: World) -> None:
        await order(world, "2", *"20202020", "#", "1")
        assert waits_to_be_called(world) == ["+4520202020"]

    wait(scenario, lambda: World(house()))


@pytest.mark.parametrize("number", ["anonymous", "+4590111111", ""])
def test_who_withholds_the_number_or_has_one_that_costs_is_asked_for_another(number: str) -> None:
    async def scenario(world: World) -> None:
        caller = await order(world, *"20202020", "#", "1", number=number)
        assert "callback/enter" in caller.sounds
        assert waits_to_be_called(world) == ["+4520202020"]

    wait(scenario, lambda: World(house()))


@pytest.mark.parametrize("typed", ["004420794600", "0044207946018", "90111111", "33221100", "112", "12"])
def test_a_number_that_a_stranger_shall_not_have_us_call_is_refused(typed: str) -> None:
    async def scenario(world: World) -> None:
        caller = await order(world, "2", *typed, "#")
        assert "callback/not-possible" in caller.sounds
        assert waits_to_be_called(world) == []

    wait(scenario, lambda: World(house()))


def test_a_colleague_is_called_back_at_the_extension() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1", number="202")
        assert waits_to_be_called(world) == ["202"]

    wait(scenario, lambda: World(house()))


@pytest.mark.parametrize("keys", [("*",), ()])
def test_who_changes_their_mind_or_says_nothing_waits_on(keys: Sequence[str]) -> None:
    async def scenario(world: World) -> None:
        caller = await order(world, *keys)
        await asyncio.sleep(160)
        assert waits_to_be_called(world) == []
        world.activity.member_free("anna", now())
        await asyncio.sleep(5)
        assert caller.sounds[-1] == "talks with anna"
        assert caller.sounds.count("music default") == 1, "it has gone on"

    wait(scenario, lambda: World(house()))


def test_who_hangs_up_before_confirming_has_no_place() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        caller.press("5")
        await asyncio.sleep(1)
        caller.hang_up_now()
        await asyncio.sleep(1)
        assert not world.queues["sales"].state.callers

    assert outcomes(wait(scenario, lambda: World(house()))) == ["abandoned"]


def test_who_hangs_up_right_after_confirming_is_called_back() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        caller.press("5", "1")
        await asyncio.sleep(1)
        caller.hang_up_now()
        await asyncio.sleep(1)
        assert waits_to_be_called(world) == [MOBILE]

    wait(scenario, lambda: World(house()))


def test_a_member_who_is_free_meanwhile_is_connected_at_once() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        caller.press("5")
        await asyncio.sleep(1)
        world.activity.member_free("anna", now())
        await asyncio.sleep(4)
        assert caller.sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(house()))


def test_a_menu_may_lead_to_being_called_back() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = FakeCaller()
        world.call(caller, "400", "phone")
        await asyncio.sleep(1)
        caller.press("1")
        await asyncio.sleep(2)
        caller.press("1")
        await asyncio.sleep(10)
        assert "please-wait" not in caller.sounds
        assert waits_to_be_called(world) == [MOBILE]

    wait(scenario, lambda: World(house()))


# The turn


def test_who_chose_a_language_is_called_back_in_it_also_at_the_second_attempt() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = FakeCaller()
        world.call(caller, "400", "phone")
        await asyncio.sleep(1)
        caller.press("1")
        await asyncio.sleep(2)
        caller.press("1")
        await asyncio.sleep(10)
        world.activity.member_free("anna", now())
        await asyncio.sleep(100)
        assert world.called_back[1].sounds[:3] == ["has answered", "from here on sv", "callback/hello"]

    base = house()
    swedish = msgspec.structs.replace(base.menus["main"], language="sv")
    asked = msgspec.structs.replace(base, menus={"main": swedish})
    wait(scenario, lambda: World(asked, {MOBILE: chain([Phone("busy")], repeat(Phone()))}))


def test_a_member_is_claimed_first_then_the_caller_called_then_the_member_rung() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(10)
        (caller,) = world.called_back
        assert caller.sounds == [
            "has answered",
            "callback/hello",
            "callback/hello cut",
            "connecting",
            "music default",
            "music off",
            "talks with anna",
        ]

    world = wait(scenario, lambda: World(house()))
    assert [who for _, who in world.rung] == [MOBILE, "anna"]
    assert outcomes(world) == ["called-back"]
    assert [event.call for event in world.events if isinstance(event, CallBridged)] == ["back-1"]
    (arrived,) = (event for event in world.events if isinstance(event, CallArrived) and event.call == "back-1")
    assert (arrived.origin, arrived.caller_number) == ("callback", MOBILE)
    assert [(event.call, event.place) for event in world.events if isinstance(event, CalledBack)] == [
        ("back-1", "call-1")
    ]


def test_the_place_keeps_its_turn_before_those_who_came_later() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        join(world, "later")
        await asyncio.sleep(5)
        world.activity.member_free("anna", now())
        await asyncio.sleep(10)

    world = wait(scenario, lambda: World(house()))
    assert next(event.call for event in world.events if isinstance(event, OfferMade)) == "call-1"


def test_a_member_who_ordered_it_is_not_claimed_for_the_own_place() -> None:
    async def scenario(world: World) -> None:
        for person in ("anna", "bo"):
            world.activity.member_busy(person)
        caller = FakeCaller("call-1", "202")
        world.call(caller, "300", "phone", "bo")
        await asyncio.sleep(10)
        caller.press("5", "1")
        await asyncio.sleep(20)
        assert waits_to_be_called(world) == ["202"]
        world.activity.member_free("bo", now())
        await asyncio.sleep(60)
        assert world.rung == []
        later = join(world, "later")
        await asyncio.sleep(5)
        assert later.sounds[-1] == "talks with bo", "others may have him"
        world.activity.member_free("anna", now())
        await asyncio.sleep(10)

    world = wait(scenario, lambda: World(house(members=("anna", "bo")), {"bo": Phone(talks=1000)}))
    assert [who for _, who in world.rung] == ["bo", "202", "anna"]


def test_a_voicemail_that_answers_is_not_connected() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(40)
        assert world.called_back[0].hung_up_by == "system"
        assert waits_to_be_called(world) == [MOBILE]

    world = wait(scenario, lambda: World(house(), {MOBILE: VOICEMAIL}))
    assert [event.outcome for event in world.events if isinstance(event, CallbackMissed)] == ["no-answer"]
    assert "anna" not in [who for _, who in world.rung]


@pytest.mark.parametrize(("does", "outcome"), [("busy", "busy"), ("ring", "no-answer"), ("reject", "rejected")])
def test_who_is_not_reached_is_called_again_and_given_up_after_the_last_attempt(does: Any, outcome: str) -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(400)
        assert not world.queues["sales"].state.callers

    world = wait(scenario, lambda: World(house(callback_attempts=2), {MOBILE: Phone(does)}))
    missed = [event for event in world.events if isinstance(event, CallbackMissed)]
    assert [event.outcome for event in missed] == [outcome, outcome]
    assert [at for at, who in world.rung if who == MOBILE][1] == missed[0].at - START + 60
    assert outcomes(world) == ["not-reached"]
    ended = [event for event in world.events if isinstance(event, CallEnded) and event.call.startswith("back")]
    assert [event.cause for event in ended] == [outcome, outcome]


def test_who_is_reached_at_the_second_attempt_is_served() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(100)
        assert world.called_back[1].sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(house(), {MOBILE: chain([Phone("busy")], repeat(Phone()))}))


def test_an_attempt_that_reached_nobody_is_no_round_of_the_members() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(100)
        assert world.called_back[1].sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(house(rounds=1), {MOBILE: chain([Phone("busy")], repeat(Phone()))}))


def test_while_the_caller_is_rung_the_member_is_offered_nobody_else_and_is_free_afterwards() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        later = join(world, "later")
        await asyncio.sleep(20)
        assert [who for _, who in world.rung] == [MOBILE]
        await asyncio.sleep(20)
        assert later.sounds[-1] == "talks with anna"

    wait(scenario, lambda: World(house(), {MOBILE: Phone("ring")}))


def test_where_the_claimed_member_does_not_answer_the_caller_waits_on_as_in_line() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(60)
        (caller,) = world.called_back
        assert caller.sounds[-1] == "talks with anna"
        assert "music default" in caller.sounds

    anna = chain([Phone("ring")], repeat(Phone()))
    world = wait(scenario, lambda: World(house(), {"anna": anna}))
    assert [event.outcome for event in world.events if isinstance(event, OfferEnded)] == ["no-answer", "answered"]


def test_a_place_that_is_given_up_while_the_caller_is_rung_stops_the_ringing() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        world.queues["sales"].leave("call-1")
        await asyncio.sleep(1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    world = wait(scenario, lambda: World(house(), {MOBILE: Phone("ring")}))
    assert [event.cause for event in world.events if isinstance(event, CallEnded)] == ["callback", "abandoned"]


def test_the_caller_who_hangs_up_when_called_back_and_in_line_gives_the_place_up() -> None:
    async def scenario(world: World) -> None:
        await order(world, "1")
        world.activity.member_free("anna", now())
        await asyncio.sleep(5)
        world.called_back[0].hang_up_now()
        await asyncio.sleep(1)
        assert not world.queues["sales"].state.callers
        assert world.ringing == {}

    assert outcomes(wait(scenario, lambda: World(house(), {"anna": Phone("ring")}))) == ["abandoned"]
