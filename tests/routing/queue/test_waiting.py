"""A caller's wait in a queue, and the queue in operation."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from routing.events import (
    CallEnded,
    CallEvent,
    OfferEnded,
    OfferMade,
    PositionAnnounced,
    PromptPlayed,
    QueueJoined,
    QueueLeft,
)
from routing.model import Company, Destination
from routing.ports import Caller, RingResult
from routing.queue.events import QueueEvent
from routing.queue.ringing import RING_GRACE
from routing.queue.runner import QueueRunner
from routing.queue.state import fold
from routing.queue.view import view
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run


def house(**changes: Any) -> Company:
    """Nordlys with a sales queue of anna alone, changed as the test likes."""
    return company(queues={"sales": queue(**{"members": ("anna",), **changes})})


def wait(scenario: Callable[[World], Awaitable[None]], world: Callable[[], World] = lambda: World(house())) -> World:
    """Run a scenario in a world, which is returned after it."""

    async def main() -> World:
        made = world()
        await scenario(made)
        return made

    return run(main())


def join(world: World, call: str = "call-1", caller: FakeCaller | None = None) -> FakeCaller:
    """Somebody calls the sales queue."""
    caller = caller or FakeCaller(call)
    world.call(caller, "300", "phone")
    return caller


# What the caller hears


def test_please_wait_then_music_then_the_position_on_the_beat() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(95)
        assert caller.heard == [
            (0, "answered"),
            (0, "please-wait"),
            (2, "music default"),
            (30, "position/1"),
            (60, "position/1"),
            (90, "position/1"),
        ]
        told = [event.at - START for event in world.events if isinstance(event, PositionAnnounced)]
        assert told == [30, 60, 90]

    wait(scenario)


def test_the_position_counts_those_before_at_the_moment_it_is_told() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        first, second, third = (join(world, call) for call in ("a", "b", "c"))
        await asyncio.sleep(31)
        first.hang_up_now()
        await asyncio.sleep(31)
        positions = [[what for what in caller.sounds if "position" in what] for caller in (first, second, third)]
        assert positions == [["position/1"], ["position/2", "position/1"], ["position/3", "position/2"]]

    wait(scenario)


def test_those_whose_time_has_come_are_told_at_the_same_beat() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        for call in ("a", "b", "c"):
            join(world, call)
            await asyncio.sleep(0.1)
        await asyncio.sleep(65)
        told = {(event.call, event.at - START) for event in world.events if isinstance(event, PositionAnnounced)}
        assert told == {("a", 30), ("b", 30.25), ("c", 30.25), ("a", 60), ("b", 60.25), ("c", 60.25)}
        prompts = {event.prompt for event in world.events if isinstance(event, PromptPlayed)}
        assert prompts == {"please-wait"}, "that the position was told says what was played"

    wait(scenario)


def test_a_long_announcement_does_not_shift_the_beat() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        assert [at for at, what in caller.heard if "position" in what] == [3, 6, 9]

    wait(scenario, lambda: World(house(position_every_seconds=3.0)))


def test_an_announcement_longer_than_the_interval_skips_beats() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(10)
        assert [at for at, what in caller.heard if "position" in what] == [3, 6, 9]

    wait(scenario, lambda: World(house(position_every_seconds=1.5)))


def test_no_position_is_told_where_the_queue_does_not_want_it() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(300)
        assert caller.sounds == ["answered", "music silence"]

    wait(scenario, lambda: World(house(position_every_seconds=0.0, welcome_prompt=None, music="silence")))


def test_beyond_fifty_the_number_is_put_together() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        callers = [join(world, f"call-{number}") for number in range(52)]
        await asyncio.sleep(35)
        assert callers[49].sounds[-1] == "position/50"
        assert callers[50].sounds[-2:] == ["position/number", "number/51"]

    wait(scenario, lambda: World(house(max_waiting=100)))


# The answer


@pytest.mark.parametrize(("answers_at", "prompt"), [(1.0, "please-wait"), (31.0, "position/1")])
def test_an_announcement_is_cut_the_moment_a_member_answers(answers_at: float, prompt: str) -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world)
        await asyncio.sleep(answers_at - 1)
        world.activity.member_free("anna", now())
        await asyncio.sleep(2)
        assert (answers_at, "talks with anna") in caller.heard
        assert (answers_at, f"{prompt} cut") in caller.heard

    wait(scenario, lambda: World(house(), {"anna": Phone(after=1)}))


def test_an_announcement_that_is_slow_to_stop_does_not_hold_up_the_answer() -> None:
    class Slow(FakeCaller):
        async def play(
            self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False
        ) -> None:
            try:
                await super().play(prompts, until_key=until_key, unhurried=unhurried)
            except asyncio.CancelledError:
                await asyncio.sleep(3)
                raise

    async def scenario(world: World) -> None:
        caller = join(world, caller=Slow())
        await asyncio.sleep(10)
        assert (1, "talks with anna") in caller.heard

    wait(scenario, lambda: World(house(), {"anna": Phone(after=1)}))


class Unreadable(FakeCaller):
    """Somebody whose prompts and music are broken files, but for the position."""

    async def play(self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False) -> None:
        if any("position" not in str(prompt) for prompt in prompts):
            raise OSError("please-wait.ogg is unreadable")
        await super().play(prompts, until_key=until_key, unhurried=unhurried)

    async def start_music(self, music: str) -> None:
        raise OSError("music is unreadable")


def test_sound_that_cannot_be_played_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        caller = join(world, caller=Unreadable())
        await asyncio.sleep(40)
        world.activity.member_free("anna", now())
        await asyncio.sleep(5)
        assert caller.sounds == ["answered", "position/1", "music off", "talks with anna"]

    wait(scenario)
    assert "call-1: could not play please-wait" in caplog.text
    assert "call-1: could not play default" in caplog.text


def test_a_member_who_hangs_up_another_call_is_rung_in_that_instant() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        join(world)
        await asyncio.sleep(17)
        world.activity.member_free("anna", now())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.rung == [(17, "anna")]

    wait(scenario)


def test_a_member_whose_phone_registers_is_rung_in_that_instant() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("bo")
        join(world)
        await asyncio.sleep(9)
        world.activity.member_reachable("anna")
        await asyncio.sleep(1)
        assert world.rung == [(9, "anna")]

    phones = {"anna": Phone("unreachable")}
    wait(scenario, lambda: World(house(members=("anna", "bo")), {**phones}))


def test_the_member_idle_longest_is_who_ended_any_call_first() -> None:
    """A call from outside the queue counts as much as one from it."""

    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        await asyncio.sleep(5)
        world.activity.member_free("anna", now())
        world.activity.member_busy("bo")
        await asyncio.sleep(5)
        world.activity.member_free("bo", now(), talked=False)
        join(world)
        await asyncio.sleep(1)
        assert world.rung == [(10, "bo")]

    wait(scenario, lambda: World(house(members=("anna", "bo"))))


# Members who fail


@pytest.mark.parametrize("does", ["reject", "busy", "unreachable", "ring"])
def test_when_one_member_fails_the_next_is_tried(does: Any) -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(30)
        assert caller.sounds[-1] == "talks with bo"

    failing = chain([Phone(does)], repeat(Phone()))
    wait(scenario, lambda: World(house(members=("anna", "bo"), position_every_seconds=0.0), {"anna": failing}))


def test_a_lone_member_who_misses_an_offer_is_rung_again_after_a_rest() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(60)
        assert [at for at, _ in world.rung] == [0, 25, 50]
        caller.hang_up_now()

    wait(scenario, lambda: World(house(), {"anna": Phone("ring")}))


def test_ringing_that_never_ends_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    class Hanging(World):
        async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
            if person == "anna":
                await asyncio.Event().wait()
            return await super().ring_person(person, caller=caller, timeout=timeout)

    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(20 + RING_GRACE + 4)
        assert caller.sounds[-1] == "talks with bo"

    wait(scenario, lambda: Hanging(house(members=("anna", "bo"), position_every_seconds=0.0)))
    assert "ringing anna did not end" in caplog.text


@pytest.mark.parametrize("result", [RuntimeError("bug"), RingResult("answered")])
def test_a_fault_in_ringing_leaves_nobody_claimed(result: Any) -> None:
    class Broken(World):
        async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
            if isinstance(result, RingResult):
                return result
            raise result

    async def scenario(world: World) -> None:
        join(world)
        await asyncio.sleep(1)
        assert view(world.queues["sales"].state, now()).members[0].state == "resting"

    world = wait(scenario, lambda: Broken(house()))
    assert [event.outcome for event in world.events if isinstance(event, OfferEnded)] == ["unreachable"]


# Leaving


@pytest.mark.parametrize("after", [0.0, 1.0, 2.0, 15.0, 30.0, 31.0])
def test_the_caller_may_leave_at_any_time(after: float) -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(after)
        caller.hang_up_now()
        await asyncio.sleep(0.5)
        assert world.ringing == {}
        assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left running"
        assert view(world.queues["sales"].state, now()).waiting == ()

    world = wait(scenario, lambda: World(house(ring_seconds=100.0), {"anna": Phone("ring")}))
    assert [event.outcome for event in world.events if isinstance(event, QueueLeft)] == ["abandoned"]
    assert [event.cause for event in world.events if isinstance(event, CallEnded)] == ["abandoned"]


def test_a_caller_who_was_answered_elsewhere_before_the_queue_answers_has_not_given_up() -> None:
    async def scenario(world: World) -> None:
        caller = join(world, caller=FakeCaller(answer_seconds=1.0))
        caller.answered_elsewhere = True
        caller.hang_up_now()
        await asyncio.sleep(2)

    world = wait(scenario, lambda: World(house(ring_seconds=100.0), {"anna": Phone("ring")}))
    assert [event.outcome for event in world.events if isinstance(event, QueueLeft)] == ["elsewhere"]
    assert [event.cause for event in world.events if isinstance(event, CallEnded)] == ["elsewhere"]


def test_a_caller_who_leaves_while_being_answered_lets_the_member_go() -> None:
    """The caller's own answering takes long, the member's answer comes before it, and the caller hangs up."""

    async def scenario(world: World) -> None:
        caller = join(world, caller=FakeCaller(answer_seconds=10))
        await asyncio.sleep(9)
        caller.hang_up_now()
        await asyncio.sleep(5)
        assert world.dropped == ["anna"]
        assert world.talking == {}
        assert view(world.queues["sales"].state, now()).members[0].state == "free"

    wait(scenario)


def test_closing_lets_waiting_callers_go_and_keeps_conversations() -> None:
    async def scenario(world: World) -> None:
        talking = join(world, "a")
        waiting = join(world, "b")
        await asyncio.sleep(10)
        world.queues["sales"].close()
        await asyncio.sleep(1)
        assert waiting.is_gone
        assert not talking.is_gone
        assert [(event.call, event.cause) for event in world.events if isinstance(event, CallEnded)] == [
            ("b", "shutdown")
        ]

    wait(scenario, lambda: World(house(), {"anna": Phone(talks=1000)}))


# Members of several queues


def two_queues(**changes: Any) -> Company:
    return company(
        queues={
            "sales": queue(members=("anna",), **changes),
            "support": queue(name="support", members=("anna",), position_every_seconds=0.0),
        },
        queue_extensions={"300": "sales", "301": "support"},
    )


def test_a_member_of_two_queues_is_rung_by_one_at_a_time() -> None:
    async def scenario(world: World) -> None:
        world.call(FakeCaller("a"), "300", "phone")
        world.call(FakeCaller("b"), "301", "phone")
        await asyncio.sleep(200)
        offers = [(event.at - START, event.queue) for event in world.events if isinstance(event, OfferMade)]
        assert offers == [(0, "sales"), (13, "support")]
        assert world.wrong == []

    wait(scenario, lambda: World(two_queues(), {"anna": Phone(after=3, talks=10)}))


def test_wrap_up_for_one_queue_keeps_the_others_away_too() -> None:
    async def scenario(world: World) -> None:
        world.call(FakeCaller("a"), "300", "phone")
        world.call(FakeCaller("b"), "301", "phone")
        await asyncio.sleep(200)
        offers = [(event.at - START, event.queue) for event in world.events if isinstance(event, OfferMade)]
        assert offers == [(0, "sales"), (33, "support")]

    wait(scenario, lambda: World(two_queues(wrap_up_seconds=20.0), {"anna": Phone(after=3, talks=10)}))


def test_a_queue_that_comes_later_knows_how_its_members_stand() -> None:
    async def scenario(world: World) -> None:
        join(world)
        await asyncio.sleep(5)
        world.activity.member_busy("bo")
        late = queue(name="late", members=("anna", "bo", "carl", "dora"))
        runner = QueueRunner(late, world.activity, world.note, now)
        assert [member.state for member in view(runner.state, now()).members] == ["elsewhere", "busy", "free", "gone"]

    wait(scenario, lambda: World(house(), {"dora": Phone("unreachable")}))


def test_a_queue_that_nobody_uses_any_more_is_forgotten() -> None:
    async def scenario(world: World) -> None:
        forgotten = weakref.ref(QueueRunner(queue(), world.activity, world.note, now))
        gc.collect()
        world.activity.member_busy("anna")
        assert forgotten() is None

    wait(scenario)


# The log


def test_the_queues_log_folds_to_its_live_state() -> None:
    async def scenario(world: World) -> None:
        log: list[QueueEvent] = []
        sales = queue(members=("anna", "bo"), wrap_up_seconds=5.0)

        def keep(event: CallEvent) -> None:
            world.note(event)
            if isinstance(event, QueueJoined | OfferMade | OfferEnded | QueueLeft):
                log.append(event)

        world.queues["sales"] = QueueRunner(sales, world.activity, keep, now, log.append)
        for call in ("a", "b", "c", "d"):
            join(world, call)
        await asyncio.sleep(20)
        state = world.queues["sales"].state
        assert list(state.callers) == ["c", "d"]
        assert view(fold(sales, log), now()) == view(state, now())

    wait(scenario, lambda: World(house(), {"anna": Phone(talks=10), "bo": Phone(talks=100)}))


def test_a_log_that_fails_leaves_nobody_claimed_or_waiting(caplog: pytest.LogCaptureFixture) -> None:
    class Forgetful(World):
        def note(self, event: CallEvent) -> None:
            if isinstance(event, OfferMade | OfferEnded | QueueLeft):
                raise OSError("no space left on device")
            super().note(event)

    async def scenario(world: World) -> None:
        first, second = join(world, "a"), join(world, "b")
        await asyncio.sleep(30)
        assert first.sounds[-1] == second.sounds[-1] == "talks with anna"

    wait(scenario, lambda: Forgetful(house(), {"anna": Phone(talks=10)}))
    assert "could not record OfferMade" in caplog.text


def test_a_full_queue_goes_to_its_destination() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        join(world, "a")
        second = join(world, "b")
        await asyncio.sleep(5)
        assert second.sounds == ["answered", "busy"]

    wait(scenario, lambda: World(house(max_waiting=1, on_full=Destination("message", "busy"))))
