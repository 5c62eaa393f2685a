"""Queues in operation: what they ask of phones, and what comes of callers who step out, hang up or are cut off."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from routing.activity import Activity
from routing.events import CallbackDue, CallbackMissed, CallEvent, OfferEnded, OfferMade, QueueLeft
from routing.model import MemberDetails, Queue
from routing.ports import ANSWERED_ELSEWHERE, Caller, RingResult
from routing.queue.call_back import CALLBACK_GRACE, CallBack, nobody_calls_back
from routing.queue.delivery import NotInLine
from routing.queue.events import AnyMemberEvent, LastMemberPassive, QueueEvent
from routing.queue.runner import QueueRunner
from routing.queue.view import view
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run

NUMBER = "+4540123456"


class Office(World):
    """A world with one queue of its own and the log of it."""

    def __init__(
        self, sales: Queue, phones: dict[str, Any] | None = None, call_back: CallBack = nobody_calls_back
    ) -> None:
        super().__init__(company(queues={}), dict(phones or {}))
        self.log: list[QueueEvent] = []
        self.cancelled: list[tuple[str, object]] = []
        self.sales = QueueRunner(sales, self.activity, self.note, now, self.log.append, call_back=call_back)

    def note(self, event: CallEvent) -> None:
        super().note(event)
        self.log.append(event)  # type: ignore[arg-type]

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        try:
            return await super().ring_person(person, caller=caller, timeout=timeout)
        except asyncio.CancelledError as cancelled:
            self.cancelled.append((person, *cancelled.args))
            raise

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.events if isinstance(event, QueueLeft)]

    def states(self) -> list[str]:
        return [member.state for member in view(self.sales.state, now()).members]


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run(scenario())


# All at once


def test_whom_another_member_beats_to_the_answer_is_told_so() -> None:
    async def scenario() -> None:
        office = Office(queue(strategy="all"), {"anna": Phone("ring"), "bo": Phone(after=2), "carl": Phone("ring")})
        delivery = await office.sales.join(FakeCaller(), office)
        assert (delivery.left.outcome, delivery.member) == ("answered", "bo")
        await asyncio.sleep(0)
        assert office.cancelled == [("anna", ANSWERED_ELSEWHERE), ("carl", ANSWERED_ELSEWHERE)]
        assert office.states() == ["free", "talking", "free"]

    play(scenario)


def test_of_two_who_answer_in_the_same_instant_one_is_connected_and_the_other_hung_up() -> None:
    async def scenario() -> None:
        office = Office(queue(strategy="all"), {"anna": Phone(after=2), "bo": Phone(after=2), "carl": Phone("cross")})
        delivery = await office.sales.join(FakeCaller(), office)
        assert delivery.member == "anna"
        await asyncio.sleep(1)
        answered = [
            event.member for event in office.events if isinstance(event, OfferEnded) and event.outcome == "answered"
        ]
        assert answered == ["anna"]
        assert set(office.dropped) <= {"bo", "carl"}
        assert set(office.talking) == {"anna"}

    play(scenario)


# Outside numbers


def test_a_member_who_is_an_outside_number_is_called_by_number_and_needs_no_phone() -> None:
    async def scenario() -> None:
        office = Office(queue(members=(NUMBER,)), {NUMBER: Phone(after=4)})
        delivery = await office.sales.join(FakeCaller(), office)
        assert (delivery.member, office.rung) == (NUMBER, [(0, NUMBER)])
        assert office.states() == ["talking"]
        office.sales.talk_ended("call-1")
        assert office.states() == ["free"]

    play(scenario)


def test_two_queues_do_not_call_an_outside_number_at_once() -> None:
    async def scenario() -> None:
        office = Office(queue(members=(NUMBER,)), {NUMBER: Phone("ring")})
        other = QueueRunner(queue(name="other", members=(NUMBER,)), office.activity, office.note, now)
        office.sales.join(FakeCaller("a"), office)
        other.join(FakeCaller("b"), office)
        await asyncio.sleep(1)
        assert office.rung == [(0, NUMBER)]
        assert view(other.state, now()).members[0].state == "elsewhere"
        office.sales.leave("a")
        await asyncio.sleep(1)
        assert office.rung == [(0, NUMBER), (1, NUMBER)]
        other.leave("b")

    play(scenario)


# Stepping out


def test_who_steps_out_comes_back_to_the_same_place_and_the_same_future() -> None:
    async def scenario() -> None:
        office = Office(queue(members=("anna",)))
        office.activity.member_busy("anna")
        first = office.sales.join(FakeCaller("a"), office)
        office.sales.join(FakeCaller("b"), office)
        assert office.sales.hold("a")
        await asyncio.sleep(20)
        assert [office.sales.position(call) for call in ("a", "b")] == [1, 2]
        assert office.sales.return_to("a") is first
        office.activity.member_free("anna", now())
        delivery = await first
        assert delivery.left.waited == 23
        office.sales.leave("b")

    play(scenario)


def test_stepping_out_in_the_moment_of_the_answer_is_too_late() -> None:
    async def scenario() -> None:
        office = Office(queue(members=("anna",)))
        delivery = await office.sales.join(FakeCaller(), office)
        assert delivery.answered is not None
        assert not office.sales.hold("call-1")
        assert not office.sales.call_back("call-1", NUMBER)
        with pytest.raises(NotInLine, match="sales: call-1 is not in line"):
            office.sales.return_to("call-1")

    play(scenario)


# Calling back


class Callbacks:
    """Calls people back as told; `does` is what comes of each."""

    def __init__(self, *does: str) -> None:
        self.does = list(does)
        self.made: list[tuple[float, str, str, int]] = []
        self.office: Office
        self.ended: list[str] = []

    async def __call__(self, runner: QueueRunner, due: CallbackDue) -> None:
        self.made.append((now() - START, due.number, due.member, due.attempt))
        match self.does.pop(0):
            case "answers":
                await asyncio.sleep(3)
                delivery = await runner.adopt(due.call, FakeCaller("leg of its own"), self.office)
                self.ended.append(delivery.member)
            case "misses":
                await asyncio.sleep(3)
                runner.callback_missed(due.offer, "no-answer")
            case "hangs":
                try:
                    await asyncio.Event().wait()
                finally:
                    self.ended.append("cancelled")
            case "fails":
                raise RuntimeError("bug")


def calling_back(*does: str, phones: dict[str, Any] | None = None, **changes: Any) -> tuple[Office, Callbacks]:
    """Somebody has hung up to be called back by anna or bo."""
    callbacks = Callbacks(*does)
    office = callbacks.office = Office(queue(members=("anna", "bo"), **changes), phones, callbacks)
    office.activity.member_busy("anna")
    office.activity.member_busy("bo")
    office.sales.join(FakeCaller("a"), office)
    assert office.sales.call_back("a", NUMBER, now() + 5)
    return office, callbacks


def test_who_is_called_back_is_put_through_to_the_member_who_was_claimed() -> None:
    async def scenario() -> None:
        office, callbacks = calling_back("answers")
        office.activity.member_free("anna", now())
        await asyncio.sleep(20)
        assert callbacks.made == [(5, NUMBER, "anna", 1)]
        assert office.rung == [(8, "anna")], "the member rings when the caller is there"
        assert callbacks.ended == ["anna"]
        assert office.outcomes() == ["called-back"]
        office.sales.talk_ended("a")
        assert "talking" not in office.states()

    play(scenario)


def test_when_the_member_does_not_answer_the_caller_called_back_is_offered_to_the_next() -> None:
    async def scenario() -> None:
        office, callbacks = calling_back("answers", phones={"anna": Phone("reject", after=1)})
        office.activity.member_free("anna", now() - 10)
        office.activity.member_free("bo", now())
        await asyncio.sleep(30)
        assert office.rung == [(8, "anna"), (9, "bo")]
        assert callbacks.ended == ["bo"]
        assert len(callbacks.made) == 1

    play(scenario)


@pytest.mark.parametrize("does", ["misses", "fails", "nothing"])
def test_who_is_not_reached_is_called_again_with_a_member_claimed_anew(does: str) -> None:
    async def scenario() -> None:
        office, callbacks = calling_back(does, "answers", callback_retry_seconds=60.0)
        office.activity.member_free("bo", now())
        await asyncio.sleep(10)
        assert office.states() == ["busy", "free"]
        await asyncio.sleep(90)
        assert [attempt for *_, attempt in callbacks.made] == [1, 2]
        assert callbacks.ended == ["bo"]

    play(scenario)


def test_a_callback_that_never_ends_is_ended() -> None:
    async def scenario() -> None:
        office, callbacks = calling_back("hangs", callback_attempts=1)
        office.activity.member_free("anna", now())
        await asyncio.sleep(5 + CALLBACK_GRACE - 1)
        assert office.states() == ["claimed", "busy"]
        await asyncio.sleep(2)
        assert office.states() == ["free", "busy"]
        assert callbacks.ended == ["cancelled"]
        assert office.outcomes() == ["not-reached"]

    play(scenario)


def test_a_place_given_up_while_its_caller_is_called_ends_the_calling() -> None:
    async def scenario() -> None:
        office, callbacks = calling_back("hangs")
        office.activity.member_free("anna", now())
        await asyncio.sleep(10)
        office.sales.leave("a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert callbacks.ended == ["cancelled"]
        assert office.outcomes() == ["abandoned"]
        assert not [event for event in office.events if isinstance(event, CallbackMissed)]
        assert office.states() == ["free", "busy"]

    play(scenario)


# Restarts


def again(office: Office, sales: Queue, *talks: str) -> QueueRunner:
    """The queue taken up from its log by another process, in which phones are known already."""
    activity = Activity(now)
    runner = QueueRunner(sales, activity, office.note, now, office.log.append, history=list(office.log), talks=talks)
    for person in ("anna", "bo", "carl"):
        activity.member_reachable(person)
    return runner


def test_waiting_callers_are_taken_up_and_delivered_after_a_restart() -> None:
    async def scenario() -> None:
        sales = queue(members=("anna", "bo"), wrap_up_seconds=10.0)
        office = Office(sales, {"anna": Phone(talks=1000)})
        talking = asyncio.ensure_future(office.sales.join(FakeCaller("t"), office))
        await asyncio.sleep(5)
        assert talking.done()
        office.activity.member_busy("bo")
        for call in ("a", "b", "c"):
            office.sales.join(FakeCaller(call), office)
        await asyncio.sleep(20)
        office.talking.clear()
        runner = again(office, sales, "t")
        assert [member.state for member in view(runner.state, now()).members] == ["talking", "free"]
        second, first = (runner.adopt(call, FakeCaller(call), office) for call in ("b", "a"))
        assert runner.without_caller() == ["c"]
        for call in runner.without_caller():
            runner.leave(call, "lost")
        assert (await second).member == "bo"
        runner.talk_ended("t")
        await asyncio.sleep(9)
        assert not first.done(), "the wrap-up after a conversation that survived"
        assert (await first).left.waited == pytest.approx(20 + 3 + 10 + 3)

    play(scenario)


def test_a_member_of_two_queues_who_talks_on_after_a_restart_is_kept_from_both() -> None:
    async def scenario() -> None:
        office = Office(queue(members=("anna",)), {"anna": Phone(talks=1000)})
        await office.sales.join(FakeCaller("t"), office)
        activity = Activity(now)
        other = QueueRunner(queue(name="other", members=("anna",)), activity, office.note, now)
        sales = QueueRunner(queue(members=("anna",)), activity, office.note, now, history=office.log, talks=["t"])
        activity.member_reachable("anna")
        assert view(other.state, now()).members[0].state == "elsewhere"
        sales.talk_ended("t")
        assert view(other.state, now()).members[0].state == "free"

    play(scenario)


# Two queues


def test_a_queue_that_claims_several_members_at_once_gets_them_all_though_another_may_have_one_by_now() -> None:
    """The time at which that other queue may have her is over, and its alarm not heard yet: the process is busy."""

    async def scenario() -> None:
        busy = 0.0
        world = World(company(queues={}), {"anna": Phone("ring"), "carl": Phone("ring")})
        details = {"anna": MemberDetails(penalty_seconds=10.0), "carl": MemberDetails(penalty_seconds=100.0)}
        sales = queue(members=("bo", "carl", "anna"), details=details)
        support = queue(name="support", members=("carl", "anna"), strategy="all")
        one, other = (QueueRunner(each, world.activity, world.note, lambda: now() + busy) for each in (sales, support))
        world.activity.member_busy("bo")
        one.join(FakeCaller("a"), world)
        await asyncio.sleep(9.9)
        busy = 0.2
        other.join(FakeCaller("b"), world)
        busy = 0.0
        await asyncio.sleep(10)
        assert world.ringing == {"carl": "b", "anna": "b"}

    play(scenario)


# Members


def test_each_command_tells_whether_it_changed_anything_and_puts_it_on_record() -> None:
    async def scenario() -> None:
        told: list[AnyMemberEvent] = []
        activity = Activity(now)
        runner = QueueRunner(queue(members=("anna",)), activity, World(company(queues={})).note, now, told.append)
        assert [runner.deactivate("anna"), runner.deactivate("anna")] == [True, False]
        assert isinstance(told[-1], LastMemberPassive)
        assert [runner.activate("anna"), runner.activate("anna")] == [True, False]
        assert [runner.pause("anna", "lunch"), runner.pause("anna", "lunch")] == [True, False]
        assert [runner.resume("anna"), runner.resume("anna")] == [True, False]
        assert [type(event).__name__ for event in told] == [
            "MemberDeactivated",
            "LastMemberPassive",
            "MemberActivated",
            "MemberPaused",
            "MemberResumed",
        ]

    play(scenario)


def test_settings_change_under_callers_who_wait_and_new_members_are_rung() -> None:
    async def scenario() -> None:
        office = Office(queue(members=("anna",)))
        office.activity.member_busy("anna")
        waiting = office.sales.join(FakeCaller(), office)
        await asyncio.sleep(10)
        office.sales.reconfigure(queue(members=("anna", "dora")))
        assert (await waiting).member == "dora"
        assert [event.at - START for event in office.events if isinstance(event, OfferMade)] == [10]

    play(scenario)


def test_the_caller_learns_how_long_it_will_take_once_enough_were_answered() -> None:
    async def scenario() -> None:
        office = Office(queue(members=("anna",)), {"anna": Phone(after=1)})
        for call in ("a", "b", "c", "d", "e"):
            office.sales.join(FakeCaller(call), office)
        assert office.sales.expected_wait("e") is None
        for call in ("a", "b", "c", "d"):
            await asyncio.sleep(30)
            office.talking.clear()
            office.activity.member_free("anna", now())
            office.sales.talk_ended(call)
        assert office.sales.expected_wait("e") == pytest.approx((31 + 61 + 91) / (2 + 3 + 4))
        office.sales.leave("e")
        assert office.sales.expected_wait("e") is None

    play(scenario)
