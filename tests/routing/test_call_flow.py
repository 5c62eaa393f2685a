"""One call from its arrival to its end."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from routing.events import CallAnswered, CallArrived, CallBridged, CallEnded, CallRouted, QueueLeft
from routing.model import Destination, MainNumber
from routing.ports import Answered, Caller, Ended, RingResult
from tests.routing.nordlys import company, menu, queue
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run

SALES = Destination("queue", "sales")
SUNDAY = START + 4 * 86_400


def played(
    world: Callable[[], World],
    dialled: str,
    *,
    origin: Literal["trunk", "phone"] = "phone",
    hang_up_after: float | None = None,
    keys: tuple[tuple[float, str], ...] = (),
    start: float = START,
) -> tuple[World, FakeCaller]:
    """Make one call and return the world and the caller after it."""

    async def scenario() -> tuple[World, FakeCaller]:
        made, caller = world(), FakeCaller()
        call = made.call(caller, dialled, origin)
        for after, key in keys:
            asyncio.get_running_loop().call_later(after, caller.press, key)
        if hang_up_after is not None:
            asyncio.get_running_loop().call_later(hang_up_after, caller.hang_up_now)
        await call
        assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left running"
        assert [event for event in made.events if isinstance(event, CallEnded)] == made.events[-1:]
        return made, caller

    return run(scenario(), start=start)


def ended(world: World) -> tuple[str, str, int]:
    last = world.events[-1]
    assert isinstance(last, CallEnded)
    return last.cause, last.by, last.status


def people_with(name: str, **changes: Any) -> Any:
    """Nordlys's people, one of them changed."""
    people = dict(company().people)
    people[name] = msgspec.structs.replace(people[name], **changes)
    return people


# The main job


def test_the_main_job_greeting_menu_queue_colleague() -> None:
    async def scenario() -> tuple[World, FakeCaller]:
        world, caller = World(company(), {"anna": Phone(after=4.0, talks=60)}), FakeCaller()
        for member in ("anna", "bo", "carl"):
            world.activity.member_busy(member)
        call = world.call(caller, "33221100")
        await asyncio.sleep(3)
        caller.press("1")
        await asyncio.sleep(58)
        world.activity.member_free("anna", now())
        await call
        return world, caller

    world, caller = run(scenario())
    assert caller.heard == [
        (0.0, "answered"),
        (0.0, "greeting"),
        (2.0, "menu"),
        (3.0, "menu cut"),
        (3.0, "please-wait"),
        (5.0, "music default"),
        (33.0, "position/1"),
        (63.0, "position/1"),
        (65.0, "music off"),
        (65.0, "talks with anna"),
    ]
    assert [name for name in world.told() if name not in ("PromptPlayed", "PositionAnnounced")] == [
        "CallArrived",
        "CallRouted",
        "CallAnswered",
        "MenuEntered",
        "KeyPressed",
        "CallRouted",
        "QueueJoined",
        "OfferMade",
        "OfferEnded",
        "QueueLeft",
        "CallBridged",
        "CallEnded",
    ]
    assert world.events[-1] == CallEnded(call="call-1", at=START + 125, cause="answered", by="callee")


# Phone to phone


def test_a_colleague_is_rung_and_connected_without_answering_the_caller_first() -> None:
    world, caller = played(lambda: World(company(), {"anna": Phone(after=3, talks=10)}), "201")
    assert caller.heard == [(3, "talks with anna")]
    assert world.events == [
        CallArrived(
            call="call-1", at=START, company="nordlys", origin="phone", caller_number="+4540404040", dialled="201"
        ),
        CallRouted(call="call-1", at=START, destination="person:anna", why="201 dialled"),
        CallAnswered(call="call-1", at=START + 3),
        CallBridged(call="call-1", at=START + 3, leg="leg-1", person="anna", number="anna"),
        CallEnded(call="call-1", at=START + 13, cause="answered", by="callee"),
    ]


@pytest.mark.parametrize(
    ("does", "cause", "by", "status"),
    [
        ("busy", "busy", "callee", 486),
        ("reject", "rejected", "callee", 603),
        ("ring", "no-answer", "system", 480),
        ("unreachable", "unreachable", "system", 480),
    ],
)
def test_an_unanswered_caller_gets_the_true_status(does: Any, cause: str, by: str, status: int) -> None:
    world, caller = played(lambda: World(company(), {"anna": Phone(does)}), "201")
    assert caller.final_status == status
    assert not caller.answered
    assert ended(world) == (cause, by, status)


def test_a_phone_rings_for_as_long_as_its_person_wants() -> None:
    house = company(people=people_with("anna", ring_seconds=12.0))
    world, _ = played(lambda: World(house, {"anna": Phone("ring")}), "201")
    assert world.events[-1].at == START + 12


def test_a_result_without_a_status_gets_the_usual_one() -> None:
    class Silent(World):
        async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
            return RingResult("busy")

    _, caller = played(lambda: Silent(company()), "201")
    assert caller.final_status == 486


def test_an_unknown_number_is_404() -> None:
    world, caller = played(lambda: World(company()), "299")
    assert caller.final_status == 404
    assert ended(world) == ("failed", "system", 404)


@pytest.mark.parametrize("does", ["busy", "reject"])
def test_who_is_busy_or_rejects_has_a_destination_for_it(does: Any) -> None:
    house = company(people=people_with("anna", on_busy=Destination("person", "bo")))
    world, caller = played(lambda: World(house, {"anna": Phone(does)}), "201")
    assert caller.sounds == ["talks with bo"]
    routed = [(event.destination, event.why) for event in world.events if isinstance(event, CallRouted)]
    outcome = "busy" if does == "busy" else "rejected"
    assert routed == [("person:anna", "201 dialled"), ("person:bo", f"anna: {outcome}")]


@pytest.mark.parametrize("does", ["ring", "unreachable"])
def test_who_does_not_answer_or_has_no_phone_has_a_destination_for_it(does: Any) -> None:
    house = company(people=people_with("anna", on_no_answer=Destination("person", "bo")))
    _, caller = played(lambda: World(house, {"anna": Phone(does)}), "201")
    assert caller.sounds == ["talks with bo"]


def test_destinations_in_a_circle_end_with_loop_detected() -> None:
    people = people_with("anna", on_busy=Destination("person", "bo"))
    people["bo"] = msgspec.structs.replace(people["bo"], on_busy=Destination("person", "anna"))
    world, caller = played(lambda: World(company(people=people), {"anna": Phone("busy"), "bo": Phone("busy")}), "201")
    assert caller.final_status == 482
    assert ended(world) == ("unreachable", "system", 482)


# Main numbers


def test_outside_the_hours_the_closed_destination_is_taken() -> None:
    world, caller = played(lambda: World(company()), "33221100", origin="trunk", start=SUNDAY)
    assert caller.sounds == ["answered", "closed"]
    assert ended(world) == ("completed-message", "system", 200)
    assert caller.hung_up_by == "system"


def test_a_main_number_without_hours_is_always_open() -> None:
    number = MainNumber("+4533221100", Destination("person", "anna"), Destination("message", "closed"))
    house = company(main_numbers={number.number: number})
    _, caller = played(lambda: World(house), "33221100", origin="trunk", start=SUNDAY)
    assert caller.sounds == ["talks with anna"]


def test_a_greeting_is_heard_before_the_phone_rings_and_then_that_it_rings() -> None:
    number = MainNumber("+4533221100", Destination("person", "anna"), Destination("hangup"), None, "greeting")
    house = company(main_numbers={number.number: number})
    _, caller = played(lambda: World(house), "33221100", origin="trunk")
    assert caller.heard == [
        (0, "answered"),
        (0, "greeting"),
        (2, "music ringback"),
        (5, "music off"),
        (5, "talks with anna"),
    ]


# Out of a menu


@pytest.mark.parametrize(
    ("does", "prompt", "cause"),
    [("busy", "busy", "busy"), ("reject", "busy", "rejected"), ("unreachable", "unavailable", "unreachable")],
)
def test_an_answered_caller_is_told_by_a_prompt(does: Any, prompt: str, cause: str) -> None:
    world, caller = played(
        lambda: World(company(), {"anna": Phone(does)}), "33221100", origin="trunk", keys=((4, "2"),)
    )
    assert caller.sounds[-2:] == ["music off", prompt]
    assert ended(world)[0] == cause
    assert caller.final_status is None


def test_a_menu_without_a_choice_hangs_up_politely() -> None:
    world, caller = played(lambda: World(company(menus={"main": menu(attempts=1)})), "400", hang_up_after=None)
    assert caller.sounds == ["answered", "menu"]
    assert ended(world) == ("completed-message", "system", 480)


def test_going_round_in_menus_by_keys_is_no_loop() -> None:
    menus = {"main": menu(keys={"9": Destination("menu", "main")})}
    keys = tuple((second, "9") for second in range(1, 30))
    world, _ = played(lambda: World(company(menus=menus)), "400", keys=keys, hang_up_after=40)
    assert len([event for event in world.events if isinstance(event, CallRouted)]) == 30
    assert ended(world)[0] == "abandoned"


# Queues


def test_a_queue_that_is_full_sends_the_caller_on_unanswered() -> None:
    def everybody_talks() -> World:
        world = World(company(queues={"sales": queue(max_waiting=0, on_full=Destination("hangup"))}))
        for member in ("anna", "bo", "carl"):
            world.activity.member_busy(member)
        return world

    world, caller = played(everybody_talks, "300")
    assert caller.final_status == 480
    assert ended(world) == ("rejected", "system", 480)


def test_a_queue_where_nobody_is_sends_the_caller_on() -> None:
    house = company(queues={"sales": queue(on_no_members=Destination("person", "dora"))})
    gone = {name: Phone("unreachable") for name in ("anna", "bo", "carl")}
    world, caller = played(lambda: World(house, {**gone}), "300")
    assert caller.sounds == ["talks with dora"]
    assert [event.outcome for event in world.events if isinstance(event, QueueLeft)] == ["no-members"]


def test_who_waits_too_long_goes_on() -> None:
    house = company(queues={"sales": queue(max_wait_seconds=45.0)})
    deaf = {name: Phone("ring") for name in ("anna", "bo", "carl")}
    world, caller = played(lambda: World(house, {**deaf}), "300")
    assert caller.heard[-2:] == [(45, "music off"), (45, "goodbye")]
    assert ended(world) == ("completed-message", "system", 200)


def test_keys_pressed_while_waiting_are_not_taken_for_a_later_menus() -> None:
    house = company(queues={"sales": queue(max_wait_seconds=45.0, on_timeout=Destination("menu", "main"))})
    deaf = {name: Phone("ring") for name in ("anna", "bo", "carl")}
    world, _ = played(lambda: World(house, {**deaf}), "300", keys=((20, "2"),), hang_up_after=50)
    assert "KeyPressed" not in world.told()


def test_keys_pressed_while_a_phone_rings_are_not_taken_for_a_later_menus() -> None:
    house = company(people=people_with("anna", on_no_answer=Destination("menu", "main")))
    world, _ = played(
        lambda: World(house, {"anna": Phone("ring")}), "400", keys=((1, "2"), (10, "0")), hang_up_after=33
    )
    assert world.told().count("KeyPressed") == 1


# Outside numbers


def test_a_phone_calls_an_outside_number() -> None:
    world, caller = played(lambda: World(company()), "40404040")
    assert caller.sounds == ["talks with +4540404040"]
    assert ended(world) == ("answered", "callee", 200)


def test_an_outside_number_that_fails_gives_its_status() -> None:
    _, caller = played(lambda: World(company(), {"+4540404040": Phone("busy")}), "40404040")
    assert caller.final_status == 486


# Hanging up


def test_a_caller_who_gives_up_stops_the_ringing() -> None:
    world, caller = played(lambda: World(company(), {"anna": Phone("ring")}), "201", hang_up_after=5)
    assert ended(world) == ("abandoned", "caller", 487)
    assert world.ringing == {}
    assert caller.hung_up_by == "caller"


def test_an_answer_that_crosses_the_callers_hanging_up_is_hung_up() -> None:
    world, _ = played(lambda: World(company(), {"anna": Phone("cross")}), "201", hang_up_after=5)
    assert world.dropped == ["anna"]
    assert world.talking == {}
    assert ended(world) == ("abandoned", "caller", 487)


def test_an_answer_in_the_instant_of_hanging_up_leaves_nobody_talking() -> None:
    world, _ = played(lambda: World(company(), {"anna": Phone(after=5)}), "201", hang_up_after=5)
    assert world.talking == {}


def test_who_hangs_up_a_conversation_is_on_record() -> None:
    world, _ = played(lambda: World(company(), {"anna": Phone(after=1, talks=60)}), "201", hang_up_after=30)
    assert ended(world) == ("answered", "caller", 200)


@pytest.mark.parametrize("after", [1, 3, 8])
def test_a_caller_may_leave_at_any_time_in_the_greeting_and_the_menu(after: float) -> None:
    world, _ = played(lambda: World(company()), "33221100", origin="trunk", hang_up_after=after)
    assert ended(world) == ("abandoned", "caller", 487)
    assert world.events[-1].at == START + after


def test_a_message_that_is_not_heard_to_its_end_is_abandoned() -> None:
    world, _ = played(lambda: World(company()), "33221100", origin="trunk", hang_up_after=1, start=SUNDAY)
    assert ended(world) == ("abandoned", "caller", 487)


# Faults and stopping


def test_a_greeting_that_cannot_be_played_is_passed_over_and_the_menu_told() -> None:
    class Ungreeted(FakeCaller):
        async def play(
            self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False
        ) -> None:
            if "greeting" in prompts:
                raise OSError("greeting.ogg is unreadable")
            await super().play(prompts, until_key=until_key, unhurried=unhurried)

    async def scenario() -> FakeCaller:
        world, caller = World(company()), Ungreeted()
        call = world.call(caller, "33221100")
        await asyncio.sleep(4)
        caller.press("2")
        await call
        return caller

    assert run(scenario()).heard[:2] == [(0, "answered"), (0, "menu")]


@pytest.mark.parametrize("after", [1.0, 4.0])
def test_a_caller_who_is_lost_is_not_said_to_have_hung_up(after: float) -> None:
    class Vanishing(FakeCaller):
        async def gone(self) -> Ended | None:
            await super().gone()
            return Ended("lost", "system", 200)

    async def scenario() -> World:
        world, caller = World(company()), Vanishing()
        call = world.call(caller, "33221100")
        await asyncio.sleep(after)
        caller.hang_up_now()
        await call
        return world

    assert ended(run(scenario())) == ("lost", "system", 200)


def test_a_conversation_whose_audio_is_lost_is_on_record_as_lost() -> None:
    class Deaf(World):
        async def connect(self, caller: Caller, answered: Answered) -> Literal["caller", "callee"] | Ended:
            await super().connect(caller, answered)
            return Ended("lost", "system", 200)

    world, _ = played(lambda: Deaf(company()), "201")
    assert ended(world) == ("lost", "system", 200)


def test_a_fault_of_ours_ends_the_call_with_500_and_on_record() -> None:
    class Broken(World):
        async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
            raise RuntimeError("bug")

    world, caller = played(lambda: Broken(company()), "201")
    assert caller.final_status == 500
    assert ended(world) == ("failed", "system", 500)


def _cancelled(scenario: Callable[[World, FakeCaller, "asyncio.Task[None]"], Coroutine[Any, Any, None]]) -> World:
    async def main() -> World:
        world, caller = World(company(), {"anna": Phone(after=2, talks=500)}), FakeCaller()
        call = world.call(caller, "201", "phone")
        await scenario(world, caller, call)
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        return world

    return run(main())


def test_stopping_refuses_who_rings_with_503() -> None:
    async def while_ringing(_world: World, _caller: FakeCaller, _call: "asyncio.Task[None]") -> None:
        await asyncio.sleep(1)

    world = _cancelled(while_ringing)
    assert ended(world) == ("shutdown", "system", 503)
    assert world.ringing == {}


def test_stopping_ends_conversations() -> None:
    async def while_talking(world: World, _caller: FakeCaller, _call: "asyncio.Task[None]") -> None:
        await asyncio.sleep(10)
        assert world.talking == {"anna": "call-1"}

    world = _cancelled(while_talking)
    assert world.talking == {}
    assert ended(world) == ("shutdown", "system", 503)
