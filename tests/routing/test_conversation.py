"""Transfers and pickups as a call's treatment sees them: whatever crosses, everybody ends in exactly one way."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.dialplan import Refusal
from routing.events import (
    CallBridged,
    CallEnded,
    CallPickedUp,
    CallTransferred,
    QueueJoined,
    QueueLeft,
    TransferRequested,
)
from routing.handover import GivenAway, Handover, Joined, SentOn, Side
from routing.model import Destination, MainNumber
from routing.ports import Answered, Caller, Ended, RingResult
from routing.transfer import target
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeAnswered, FakeCaller, Phone, World
from tests.support.virtual_time import run

HOUSE = company(queues={"sales": queue(members=("anna", "bo"), wrap_up_seconds=10.0)})

Ends = Literal["caller", "callee"]


class Party(FakeCaller):
    """Somebody who may be either side of a conversation."""

    def __init__(self, call: str, number: str, person: str | None = None) -> None:
        super().__init__(call, number)
        self.person = person
        self.leg = f"{call} {number}"
        self.rang: str | None = None
        self.out = asyncio.Event()

    async def part_over(self) -> None:
        await self.out.wait()

    def end(self, by: str) -> None:
        super().end(by)
        self.out.set()


@dataclass
class Sender:
    """Who has sent the other on."""

    party: Party
    told: list[int] = field(default_factory=list)

    @property
    def person(self) -> str:
        return self.party.person or ""

    @property
    def there(self) -> bool:
        return not self.party.is_gone

    def succeeded(self) -> None:
        self.told.append(200)
        self.party.end("transfer")

    def failed(self, status: int) -> None:
        self.told.append(status)

    def let_go(self) -> None:
        self.party.end("system")


class Talks(World):
    """A world in which the two who talk can be parted: everybody who answers is a party."""

    def begin(self) -> None:
        self.parties: list[Party] = []
        self.senders: list[Sender] = []
        self.now_talking: tuple[Party, Party] | None = None
        self._handed: asyncio.Future[Handover] | None = None

    async def connect(self, caller: Caller, answered: Answered) -> Side | Ended | Handover:
        assert isinstance(caller, Party)
        one, other = caller, self._party(answered, caller.call)
        one._check()
        one.answered = other.answered = True
        self.now_talking = one, other
        self._handed = asyncio.get_running_loop().create_future()
        waits = [asyncio.ensure_future(each._gone.wait()) for each in (one, other)]
        ends: set[asyncio.Future[Any]] = {*waits, self._handed}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._handed.done():
                return self._handed.result()
            return "caller" if one.is_gone else "callee"
        finally:
            self.now_talking = None
            for wait in waits:
                wait.cancel()
            if not self._handed.done():
                other.end("system")
                self._rest(other)

    def _party(self, answered: Answered, call: str) -> Party:
        if isinstance(answered, Party):
            return answered
        assert isinstance(answered, FakeAnswered)
        found = next((each for each in self.parties if each.leg == answered.leg), None)
        if found is None:
            found = Party(call, answered.number, answered.person)
            found.leg = answered.leg
            self.parties.append(found)
            watch = asyncio.ensure_future(self._watch(found, answered))
            watch.set_name(f"watch {found.leg}")
        return found

    async def _watch(self, party: Party, answered: FakeAnswered) -> None:
        await party.out.wait()
        answered.over.set()
        self._rest(party)

    def _rest(self, party: Party) -> None:
        self._talk_over(party.person or "")

    def drop(self, answered: Answered, cause: str) -> None:
        if isinstance(answered, Party):
            answered.end("system")
        else:
            super().drop(answered, cause)

    # What the parties do

    def send_on(self, by: Side, to: str) -> None:
        """One of two who talk sends the other on."""
        assert self.now_talking is not None
        assert self._handed is not None
        caller, callee = self.now_talking
        sender, left = (caller, callee) if by == "caller" else (callee, caller)
        found = target(self.company, to)
        assert not isinstance(found, Refusal)
        self.senders.append(Sender(sender))
        self._handed.set_result(SentOn(by, to, found, left, self.senders[-1]))

    def join(self, by: Side, newcomer: Party) -> None:
        """Another party comes in the place of one, whose part is over."""
        assert self.now_talking is not None
        assert self._handed is not None
        caller, callee = self.now_talking
        leaves, stays = (caller, callee) if by == "caller" else (callee, caller)
        self.parties.append(newcomer)
        self._handed.set_result(
            Joined(by, stays, newcomer, newcomer.person, transferor=leaves.person or "x", joined=newcomer.number)
        )
        leaves.end("transfer")

    def give_away(self, by: Side) -> None:
        """One joins the other to somebody in another call."""
        assert self.now_talking is not None
        assert self._handed is not None
        caller, callee = self.now_talking
        leaves = caller if by == "caller" else callee
        self._handed.set_result(GivenAway(by, leaves.person or "x", "204", "another call", leaves))
        leaves.end("transfer")


def play(scenario: Coroutine[Any, Any, Talks]) -> Talks:
    return run(scenario)


def ended(world: World) -> list[tuple[str, str]]:
    return [(event.cause, event.by) for event in world.events if isinstance(event, CallEnded)]


def outcomes(world: World) -> list[str]:
    return [event.outcome for event in world.events if isinstance(event, CallTransferred)]


async def call(dialled: str, **phones: Phone) -> tuple[Talks, Party, asyncio.Task[None]]:
    """A call that has been answered."""
    world = Talks(HOUSE, dict(phones))
    world.begin()
    caller = Party("call-1", "+4540404040")
    task = world.call(caller, dialled, "phone")
    await asyncio.sleep(5)
    return world, caller, task


@pytest.mark.parametrize(
    ("dialled", "found"),
    [
        ("202", Destination("person", "bo")),
        ("300", Destination("queue", "sales")),
        ("400", Destination("menu", "main")),
        ("40123456", Destination("number", "+4540123456")),
        ("sip:202@nordlys.example", Destination("person", "bo")),
        ("tel:+4540123456", Destination("number", "+4540123456")),
        ("*50", 403),
        ("*98", 403),
        ("*97", 403),
        ("**201", 403),
        ("299", 404),
        ("sip:202@other.example", 404),
    ],
)
def test_a_call_may_be_sent_where_a_phone_may_call_but_not_into_what_is_ones_own(
    dialled: str, found: Destination | int
) -> None:
    answer = target(HOUSE, dialled)
    assert (answer.status if isinstance(answer, Refusal) else answer) == found


def test_a_main_number_is_greeted_as_from_outside() -> None:
    assert isinstance(target(HOUSE, "33221100"), MainNumber)


def test_who_was_called_is_the_caller_once_the_caller_has_sent_them_on() -> None:
    async def scenario() -> Talks:
        world, caller, task = await call("201")
        assert world.now_talking is not None
        callee = world.now_talking[1]
        world.send_on("caller", "300")
        await asyncio.sleep(1)
        assert caller.is_gone
        assert callee.sounds[-1] == "please-wait"
        callee.hang_up_now()
        await task
        return world

    world = play(scenario())
    assert ended(world) == [("abandoned", "caller")]
    assert [event.call for event in world.of(QueueJoined)] == ["call-1"]


def test_a_stranger_who_was_sent_on_is_not_taken_for_who_called() -> None:
    async def scenario() -> Talks:
        world = Talks(HOUSE, {})
        world.begin()
        task = world.call(Party("call-1", "204", "dora"), "201", "phone", "dora")
        await asyncio.sleep(5)
        world.send_on("caller", "202")
        await asyncio.sleep(5)
        (again,) = [event for event in world.of(CallBridged) if isinstance(event, CallBridged) and event.person == "bo"]
        assert again.call == "call-1"
        assert world.now_talking is not None
        world.now_talking[0].hang_up_now()
        await task
        return world

    play(scenario())


def test_somebody_in_the_place_of_the_called_talks_on_with_the_caller() -> None:
    async def scenario() -> Talks:
        world, caller, task = await call("201")
        world.join("callee", Party("call-2", "203", "carl"))
        await asyncio.sleep(60)
        assert world.now_talking is not None
        assert world.now_talking[0] is caller
        caller.hang_up_now()
        await task
        return world

    world = play(scenario())
    assert [event.person for event in world.of(CallBridged)] == ["anna", "carl"]  # type: ignore[attr-defined]
    assert ended(world) == [("answered", "caller")]


def test_a_call_that_was_given_away_ends_at_once_and_hangs_nobody_up() -> None:
    async def scenario() -> Talks:
        world, caller, task = await call("201")
        world.give_away("callee")
        await task
        assert not caller.is_gone
        return world

    world = play(scenario())
    assert ended(world) == [("transferred", "callee")]


def test_who_picks_up_is_told_of_before_they_talk() -> None:
    class Picked(Talks):
        def _answer(self, who: str, phone: Phone) -> RingResult:
            answered = super()._answer(who, phone).answered
            assert isinstance(answered, FakeAnswered)
            answered.rang = who
            return RingResult("answered", answered, picked_up_by="dora")

    async def scenario() -> Picked:
        world = Picked(HOUSE, {})
        world.begin()
        caller = Party("call-1", "+4540404040")
        task = world.call(caller, "201", "phone")
        await asyncio.sleep(5)
        caller.hang_up_now()
        await task
        return world

    world = play(scenario())
    told = [event for event in world.events if isinstance(event, CallPickedUp | CallBridged)]
    assert [(type(event).__name__, event.person) for event in told] == [
        ("CallPickedUp", "dora"),
        ("CallBridged", "dora"),
    ]
    assert isinstance(told[0], CallPickedUp)
    assert told[0].rang == "anna"


DOES = st.sampled_from(["answer", "reject", "busy", "unreachable", "ring"])
STEP = st.tuples(
    st.sampled_from(
        [
            *("caller sends", "callee sends", "caller joins", "callee joins") * 2,
            *("caller gives", "callee gives", "caller hangs up", "callee hangs up", "sender hangs up", "shut down"),
        ]
    ),
    st.sampled_from(["201", "202", "203", "204", "300", "400", "40123456"]),
    st.sampled_from([0.0, 0.0, 1.0, 3.0, 4.0, 12.0, 35.0]),
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["anna", "bo", "carl", "dora"]), DOES, max_size=4), st.lists(STEP, max_size=8))
def test_whatever_happens_each_call_ends_once_each_transfer_once_and_no_member_is_stuck(
    does: dict[str, Any], steps: list[tuple[str, str, float]]
) -> None:
    async def scenario() -> Talks:
        phones = {person: Phone(does=what, talks=10_000) for person, what in does.items()}
        world, caller, task = await call("300" if len(steps) % 2 else "201", **phones)
        for what, to, delay in steps:
            await asyncio.sleep(delay)
            step(world, task, what, to)
        await asyncio.sleep(100)
        everybody = [caller, *world.parties]
        for party in everybody:
            party.hang_up_now()
        await asyncio.sleep(100)
        for party in world.parties:
            party.hang_up_now()
        await asyncio.sleep(60)
        assert task.done()
        return world

    world = run(scenario())
    assert len(ended(world)) == 1
    assert isinstance(world.events[-1], CallEnded), "nothing is told behind the end"
    assert len(world.of(TransferRequested)) == len([event for event in world.of(CallTransferred) if blind(event)])
    assert len(world.of(TransferRequested)) == len(world.senders)
    assert all(len(sender.told) == 1 for sender in world.senders), "each is told one outcome"
    assert len(world.of(QueueJoined)) <= len(world.of(QueueLeft))
    for runner in world.queues.values():
        assert not runner.state.callers
        assert not runner.state.offers
        assert not runner.state.talks, "a member is stuck in a conversation"
    assert not world.wrong


def blind(event: object) -> bool:
    return isinstance(event, CallTransferred) and event.kind == "blind"


def step(world: Talks, task: asyncio.Task[None], what: str, to: str) -> None:
    """Do one thing, where it can be done now."""
    side: Side = "caller" if what.startswith("caller") else "callee"
    handed = world._handed
    if what == "sender hangs up":
        for sender in world.senders[-1:]:
            sender.party.hang_up_now()
    elif what == "shut down":
        # In the very instant of a hand-over nobody has taken it yet: the stop ends all parts, and tells nobody else.
        if handed is None or not handed.done():
            task.cancel()
    elif world.now_talking is not None and handed is not None and not handed.done():
        if any(party.is_gone for party in world.now_talking):
            return
        if what.endswith("sends"):
            world.send_on(side, to)
        elif what.endswith("joins"):
            world.join(side, Party("other-call", "205", "emil"))
        elif what.endswith("gives"):
            world.give_away(side)
        else:
            world.now_talking[0 if side == "caller" else 1].hang_up_now()
