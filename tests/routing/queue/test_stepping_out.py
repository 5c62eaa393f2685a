"""Keys of a waiting caller: where they lead, and that the place is kept meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from routing.events import CallRouted, OfferMade, PlaceHeld, PlaceResumed, QueueJoined, QueueLeft
from routing.model import Company, Destination, Menu, VoicemailBox
from routing.queue.events import Served
from tests.routing.nordlys import company, queue
from tests.routing.queue.test_waiting import join, wait
from tests.routing.voicemail.boxes import FakePostbox, service
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now


def house(**changes: Any) -> Company:
    """A sales queue of anna alone in which 1 tells a message, 2 leads to a menu and 3 rings carl."""
    keys = {
        "1": Destination("message", "closed"),
        "2": Destination("menu", "info"),
        "3": Destination("person", "carl"),
        "4": Destination("voicemail", "sales"),
    }
    info = Menu("info", "menu", {"9": Destination("back"), "8": Destination("message", "goodbye")}, attempts=1)
    sales = queue(**{"members": ("anna",), "keys": keys, "position_every_seconds": 0.0, **changes})
    return company(queues={"sales": sales}, menus={"info": info}, boxes={"sales": VoicemailBox("sales")})


async def waiting(world: World, call: str = "call-1") -> FakeCaller:
    """A caller who hears music."""
    world.activity.member_busy("anna")
    caller = join(world, call)
    await asyncio.sleep(5)
    return caller


def outcomes(world: World) -> list[str]:
    return [event.outcome for event in world.events if isinstance(event, QueueLeft)]


def test_who_hears_a_message_is_back_at_the_same_place_with_the_waiting_time_intact() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        join(world, "later")
        await asyncio.sleep(5)
        caller.press("1")
        await asyncio.sleep(1)
        assert world.queues["sales"].position("call-1") == 1
        await asyncio.sleep(9)
        world.activity.member_free("anna", now())
        await asyncio.sleep(5)
        assert caller.sounds == [
            "answered",
            "please-wait",
            "music default",
            "music off",
            "closed",
            "position/1",
            "music default",
            "music off",
            "talks with anna",
        ]

    world = wait(scenario, lambda: World(house()))
    assert [type(event) for event in world.events if isinstance(event, PlaceHeld | PlaceResumed)] == [
        PlaceHeld,
        PlaceResumed,
    ]
    left = next(event for event in world.events if isinstance(event, QueueLeft))
    assert (left.outcome, left.waited) == ("answered", 23)


def test_a_key_leads_where_it_led_when_the_call_came_though_an_import_has_changed_it_meanwhile() -> None:
    async def scenario(world: World) -> None:
        sales = world.company.queues["sales"]
        caller = await waiting(world)
        keys = {"1": Destination("menu", "new"), "5": Destination("menu", "new")}
        world.queues["sales"].reconfigure(msgspec.structs.replace(sales, keys=keys))
        caller.press("5", "1")
        await asyncio.sleep(10)
        assert caller.sounds[3:] == ["music off", "closed", "position/1", "music default"]

    wait(scenario, lambda: World(house()))


def test_who_is_back_is_told_no_longer_wait_than_before() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller, served = join(world), world.queues["sales"].state.served
        served.extend(Served(now(), 1, 120.0) for _ in range(3))
        await asyncio.sleep(40)
        served.extend(Served(now(), 1, 360.0) for _ in range(6))
        caller.press("1")
        await asyncio.sleep(10)
        told = [what for what in caller.sounds if what.partition("/")[0] in ("position", "wait", "number")]
        assert told == ["position/1", "wait/about", "number/2", "wait/minutes", "position/1"]

    wait(scenario, lambda: World(house(tell_expected_wait=True, position_every_seconds=30.0)))


def test_who_is_away_is_passed_over_and_is_first_again_once_back() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        join(world, "later")
        caller.press("2")
        await asyncio.sleep(1)
        world.activity.member_free("anna", now())
        await asyncio.sleep(1)
        assert [event.call for event in world.events if isinstance(event, OfferMade)] == ["later"]
        caller.press("9")
        await asyncio.sleep(1)
        assert world.queues["sales"].position("call-1") == 1
        routed = [event.destination for event in world.events if isinstance(event, CallRouted)]
        assert routed[-2:] == ["menu:info", "queue:sales"]

    world = wait(scenario, lambda: World(house()))
    assert len([event for event in world.events if isinstance(event, QueueJoined)]) == 2, "nobody joined twice"


def test_a_menu_that_ends_in_a_message_leads_back_as_well() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.press("2")
        await asyncio.sleep(1)
        caller.press("8")
        await asyncio.sleep(5)
        assert caller.sounds[-2:] == ["position/1", "music default"]

    wait(scenario, lambda: World(house()))


def test_hanging_up_while_away_gives_the_place_up() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.press("2")
        await asyncio.sleep(1)
        caller.hang_up_now()
        await asyncio.sleep(1)
        assert not world.queues["sales"].state.callers

    assert outcomes(wait(scenario, lambda: World(house()))) == ["abandoned"]


def test_who_is_answered_elsewhere_gives_the_place_up() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.press("3")
        await asyncio.sleep(5)
        assert caller.sounds[-1] == "talks with carl"
        assert not world.queues["sales"].state.callers

    wait(scenario, lambda: World(house()))


def test_who_reaches_nobody_elsewhere_is_back_in_line() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.press("3")
        await asyncio.sleep(8)
        assert caller.sounds[-3:] == ["busy", "position/1", "music default"]

    wait(scenario, lambda: World(house(), {"carl": Phone("busy")}))


def test_who_leaves_a_message_is_told_no_goodbye_and_is_back_in_line(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.speaks_seconds = 5.0
        caller.press("4")
        await asyncio.sleep(30)
        assert caller.sounds[-3:] == ["voicemail/sent", "position/1", "music default"]

    wait(scenario, lambda: World(house(), house=service(FakePostbox(house(), tmp_path))))


def test_a_round_that_stepping_out_cut_short_does_not_count() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(3)
        caller.press("1")
        await asyncio.sleep(10)
        assert [who for _, who in world.rung] == ["anna", "anna"]
        await asyncio.sleep(20)
        assert outcomes(world) == ["unanswered"]

    wait(scenario, lambda: World(house(rounds=1), {"anna": Phone("ring")}))


def test_who_is_back_where_nobody_may_wait_goes_on_when_nobody_is_free() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(3)
        caller.press("1")
        await asyncio.sleep(1)
        world.activity.member_busy("anna")
        await asyncio.sleep(10)
        assert outcomes(world) == ["busy"]
        assert caller.sounds[-1] == "busy"

    wait(scenario, lambda: World(house(waiting=False), {"anna": Phone("ring")}))


@pytest.mark.parametrize("turns", range(12))
def test_a_member_who_answers_as_the_caller_steps_out_loses_nobody(turns: int) -> None:
    """The key comes some turns of the event loop before or after the answer."""

    async def scenario(world: World) -> None:
        caller = await waiting(world)
        world.activity.member_free("anna", now())
        await asyncio.sleep(3)
        for _ in range(turns):
            await asyncio.sleep(0)
        caller.press("1")
        await asyncio.sleep(30)
        assert "talks with anna" in caller.sounds
        caller.hang_up_now()
        await asyncio.sleep(1)
        assert world.ringing == {} == world.talking
        assert asyncio.all_tasks() == {asyncio.current_task()}

    world = wait(scenario, lambda: World(house()))
    assert outcomes(world) == ["answered"]


def test_keys_that_mean_nothing_are_passed_over() -> None:
    async def scenario(world: World) -> None:
        caller = await waiting(world)
        caller.press("7", "#")
        await asyncio.sleep(5)
        assert caller.sounds == ["answered", "please-wait", "music default"]

    wait(scenario, lambda: World(house()))
