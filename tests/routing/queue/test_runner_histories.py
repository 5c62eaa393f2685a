"""What holds for queues in operation in every history: two queues share members, phones and callers as they come."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.events import CallArrived, CallEnded, CallEvent, OfferEnded, OfferMade, QueueJoined, QueueLeft
from routing.model import Company, MemberDetails, Queue
from routing.queue.events import AnyMemberEvent, TalkEnded
from routing.queue.runner import QueueRunner
from tests.routing.nordlys import company, queue
from tests.routing.queue.histories import HISTORIES
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now, run

seconds = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 60.0])
"""A coarse grid, so that things happen in the same instant."""

PEOPLE = ("anna", "bo", "carl", "dora")

phones = st.builds(
    Phone,
    does=st.sampled_from(["answer", "answer", "answer", "reject", "busy", "unreachable", "ring", "cross"]),
    after=seconds,
    talks=seconds,
)


@dataclass(frozen=True)
class Comes:
    """A caller: seconds after the one before, which queue, how long until hanging up, and until the answer's ACK."""

    after: float
    dialled: str
    patience: float
    answering: float


@dataclass(frozen=True)
class Away:
    """A member talks on another call, is without a phone, passive or paused in both queues, or late, for a while.

    Late is who is offered only callers who have waited: both queues' settings are changed so.
    """

    at: float
    person: str
    why: str
    lasts: float


callers = st.lists(
    st.builds(Comes, seconds, st.sampled_from(["300", "301"]), seconds, st.sampled_from([0.0, 3.0])),
    min_size=1,
    max_size=10,
)
aways = st.lists(
    st.builds(
        Away, seconds, st.sampled_from(PEOPLE), st.sampled_from(["call", "gone", "passive", "pause", "late"]), seconds
    ),
    max_size=6,
)

houses = st.builds(
    lambda wrap_up, max_wait, strategy: company(
        queues={
            "sales": queue(wrap_up_seconds=wrap_up, max_wait_seconds=max_wait, strategy=strategy, ring_seconds=15.0),
            "support": queue(
                name="support",
                members=("bo", "carl", "dora"),
                max_waiting=3,
                strategy=strategy,
                details={"bo": MemberDetails(penalty_seconds=5.0), "dora": MemberDetails(penalty_seconds=13.0)},
            ),
        },
        queue_extensions={"300": "sales", "301": "support"},
    ),
    st.sampled_from([0.0, 5.0]),
    st.sampled_from([0.0, 20.0]),
    st.sampled_from(["longest_idle", "priority", "all", "all", "round_robin", "fewest_calls"]),
)


@dataclass
class WatchedWorld(World):
    """Checks at every event that no member has two offers, over all queues, and no caller but where all ring."""

    offered: dict[str, str] = field(default_factory=dict)
    """Caller by member."""
    won: set[str] = field(default_factory=set)
    """Callers whom a member has answered."""
    writes_until: dict[str, float] = field(default_factory=dict)
    """When the notes after a call are done, by member."""

    def __post_init__(self) -> None:
        self.keeping = lambda queue: {"member_sink": self.note_member}
        super().__post_init__()

    def note(self, event: CallEvent) -> None:
        super().note(event)
        match event:
            case OfferMade():
                self.rule(event.member not in self.offered, "one member, two offers")
                alone = self.company.queues[event.queue].strategy != "all"
                self.rule(not alone or event.call not in self.offered.values(), "one caller, two offers")
                self.rule(self.talking.get(event.member) in (None, "own"), "offered while talking")
                self.rule(self.writes_until.get(event.member, 0.0) <= event.at, "offered while writing notes")
                self.rule(event.at >= self.joined_at(event) + self.penalty(event), "offered too early")
                self.offered[event.member] = event.call
            case OfferEnded():
                self.rule(self.offered.pop(event.member, "") == event.call, "the offer of another caller ended")
                if event.outcome == "answered":
                    self.rule(event.call not in self.won, "two members for one caller")
                    self.won.add(event.call)

    def note_member(self, event: AnyMemberEvent) -> None:
        if isinstance(event, TalkEnded):
            self.writes_until[event.member] = event.at + event.wrap_up_seconds

    def rule(self, holds: bool, rule: str) -> None:
        """An error here would stay with the queue, which goes on."""
        if not holds:
            self.wrong.append(f"{rule}: {self.events[-1]}")

    def joined_at(self, event: OfferMade) -> float:
        return next(each.at for each in self.events if isinstance(each, QueueJoined) and each.call == event.call)

    def penalty(self, event: OfferMade) -> float:
        return self.queues[event.queue].queue.details.get(event.member, MemberDetails()).penalty_seconds

    async def be_away(self, away: Away) -> None:
        await asyncio.sleep(away.at)
        if away.why == "gone":
            self.activity.member_unreachable(away.person)
            await asyncio.sleep(away.lasts)
            self.activity.member_reachable(away.person)
        elif away.why == "passive":
            self.all_queues(lambda runner: runner.deactivate(away.person))
            await asyncio.sleep(away.lasts)
            self.all_queues(lambda runner: runner.activate(away.person))
        elif away.why == "late":
            before = {name: runner.queue for name, runner in self.queues.items()}
            self.all_queues(lambda runner: runner.reconfigure(late(runner.queue, away.person)))
            await asyncio.sleep(away.lasts)
            for name, settings in before.items():
                self.queues[name].reconfigure(settings)
        elif away.why == "pause":
            self.all_queues(lambda runner: runner.pause(away.person, "lunch"))
            await asyncio.sleep(away.lasts)
            self.all_queues(lambda runner: runner.resume(away.person))
        elif not self.busy(away.person):
            self.talking[away.person] = "own"
            self.activity.member_busy(away.person)
            await asyncio.sleep(away.lasts)
            self._talk_over(away.person)

    def all_queues(self, change: Callable[[QueueRunner], object]) -> None:
        for runner in self.queues.values():
            change(runner)

    async def watch(self) -> None:
        await asyncio.sleep(0.25)  # between the instants in which things happen
        while True:
            assert set(self.ringing) == set(self.offered), "who is offered a caller rings, and nobody else"
            for runner in self.queues.values():
                for caller in runner.state.unserved():
                    waits = [each for each in runner.state.free if caller.since + each.threshold <= now()]
                    assert not waits, "free and waiting side by side"
            await asyncio.sleep(1)


def late(settings: Queue, person: str) -> Queue:
    """The queue where a member is offered only callers who have waited for long."""
    details = {**settings.details, person: MemberDetails(penalty_seconds=20.0)}
    return msgspec.structs.replace(settings, details=details)


async def _comes(world: World, number: int, comes: Comes) -> None:
    caller = FakeCaller(f"call-{number}", answer_seconds=comes.answering)
    call = world.call(caller, comes.dialled, "phone")
    await asyncio.sleep(comes.patience)
    caller.hang_up_now()
    await call


async def _play(
    house: Company, behaviour: dict[str, list[Phone]], coming: list[Comes], away: list[Away]
) -> WatchedWorld:
    world = WatchedWorld(house, {person: cycle(ways) for person, ways in behaviour.items()})
    watching = asyncio.create_task(world.watch())
    going_on = [asyncio.create_task(world.be_away(one)) for one in away]
    for number, comes in enumerate(coming):
        await asyncio.sleep(comes.after)
        going_on.append(asyncio.create_task(_comes(world, number, comes)))
    await asyncio.gather(*going_on)
    await asyncio.sleep(20)  # wrap-up and rests
    assert not watching.done(), watching.exception()
    watching.cancel()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left running"
    return world


@settings(max_examples=HISTORIES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    houses,
    st.fixed_dictionaries({person: st.lists(phones, min_size=1, max_size=3) for person in PEOPLE}),
    callers,
    aways,
)
def test_every_call_ends_once_and_no_member_is_left_claimed(
    house: Company, behaviour: dict[str, list[Phone]], coming: list[Comes], away: list[Away]
) -> None:
    world = run(_play(house, behaviour, coming, away))
    for number in range(len(coming)):
        events = [event for event in world.events if event.call == f"call-{number}"]
        assert isinstance(events[0], CallArrived)
        assert [event for event in events if isinstance(event, CallEnded)] == events[-1:]
        joined = [event for event in events if isinstance(event, QueueJoined)]
        left = [event for event in events if isinstance(event, QueueLeft)]
        assert len(left) == max(1, len(joined))
    assert not world.wrong
    assert not world.offered
    assert not world.ringing
    assert not world.talking, "nobody is left talking to nobody"
    for runner in world.queues.values():
        for member in runner.state.members.values():
            assert not member.obstacles, "a stuck member"
