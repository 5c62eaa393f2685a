"""What holds for a queue's machine in every history."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.events import OfferEnded, OfferMade, QueueJoined, QueueLeft
from routing.model import Queue
from routing.queue.events import QueueEvent, TalkEnded
from routing.queue.machine import Missed, QueueMachine
from routing.queue.state import QueueState, fold
from tests.routing.nordlys import queue
from tests.routing.queue.histories import HISTORIES, delays

What = Literal["join", "leave", "answer", "miss", "late-answer", "hang-up", "block", "clear", "close"]

# Closing ends a history's interesting part, so it is rare.
whats = st.sampled_from(
    ["join"] * 4
    + ["leave", "answer", "answer", "miss", "late-answer", "hang-up"] * 2
    + ["block", "clear"] * 3
    + ["close"]
)

steps = st.tuples(whats, st.integers(0, 5), delays)

queues = st.builds(
    queue,
    strategy=st.sampled_from(["longest_idle", "priority"]),
    wrap_up_seconds=st.sampled_from([0.0, 5.0]),
    max_waiting=st.sampled_from([2, 10]),
    max_wait_seconds=st.sampled_from([0.0, 10.0, 60.0]),
)


@dataclass
class Play:
    """Plays a history to a machine and watches every event."""

    queue: Queue
    machine: QueueMachine = field(init=False)
    now: float = 1000.0
    log: list[QueueEvent] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    """Callers in the line, in the order of joining, as the log tells it."""
    ringing: dict[str, str] = field(default_factory=dict)
    """Caller by member."""
    talking: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    withdrawn: list[int] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        self.machine = QueueMachine(self.queue)
        for person in self.queue.members[:2]:
            self.machine.clear(person, "gone", self.now)
        self.watch()

    def step(self, what: What, pick: int, delay: float) -> None:
        self.pass_time(delay)
        machine, now = self.machine, self.now
        offers = list(machine.state.offers)
        person = self.queue.members[pick % len(self.queue.members)]
        match what:
            case "join":
                self.calls += 1
                machine.join(f"call-{self.calls}", now)
            case "leave" if self.joined:
                machine.leave(self.joined[pick % len(self.joined)], now)
            case "answer" if offers:
                assert machine.offer_answered(offers[pick % len(offers)], now)
            case "miss" if offers:
                machine.offer_failed(offers[pick % len(offers)], get_args(Missed)[pick % 4], now)
            case "late-answer" if self.withdrawn:
                assert not machine.offer_answered(self.withdrawn[pick % len(self.withdrawn)], now)
            case "hang-up" if self.talking:
                machine.talk_ended(list(self.talking)[pick % len(self.talking)], now)
            case "block":
                machine.block(person, ("gone", "busy", "elsewhere")[pick % 3], now)
            case "clear":
                machine.clear(person, ("gone", "busy", "elsewhere")[pick % 3], now, now - 1)
            case "close":
                machine.close(now)
        self.watch()

    def pass_time(self, delay: float) -> None:
        """Let time pass as an event loop does: from timeout to timeout."""
        until = self.now + delay
        while (timeout := self.machine.next_timeout()) is not None and timeout <= until:
            self.now = max(self.now, timeout)
            self.machine.advance(self.now)
            self.watch()
            after = self.machine.next_timeout()
            assert after is None or after > self.now, "advance leaves nothing that is due"
        self.now = until

    def watch(self) -> None:
        for event in self.machine.take_events():
            self.log.append(event)
            self.note(event)
        state = self.machine.state
        assert not (state.free and state.first_unserved()), "a free member and an unserved caller side by side"

    def note(self, event: QueueEvent) -> None:
        match event:
            case QueueJoined():
                self.joined.append(event.call)
                assert event.position == len(self.joined)
            case OfferMade():
                assert event.member not in self.ringing, "one member, two offers"
                assert event.member not in self.talking, "one member, an offer while talking"
                assert event.call not in self.ringing.values(), "two members for one caller"
                unserved = [call for call in self.joined if call not in self.ringing.values()]
                assert event.call == unserved[0], "somebody came first"
                self.ringing[event.member] = event.call
            case OfferEnded():
                assert self.ringing.pop(event.member) == event.call
                if event.outcome == "answered":
                    self.talking[event.member] = event.call
                elif event.outcome == "withdrawn":
                    self.withdrawn.append(event.offer)
            case TalkEnded():
                del self.talking[event.member]
            case QueueLeft():
                assert event.call not in self.outcomes, "two outcomes for one caller"
                assert event.waited >= 0
                self.outcomes[event.call] = event.outcome
                if event.call in self.joined:
                    self.joined.remove(event.call)

    def wind_up(self) -> None:
        """Everybody hangs up and all wrap-up is done."""
        for call in list(self.joined):
            self.machine.leave(call, self.now)
        for person in list(self.talking):
            self.machine.talk_ended(person, self.now)
        self.watch()
        self.pass_time(1000)


def same(one: QueueState, other: QueueState) -> bool:
    def told(state: QueueState) -> object:
        return (
            state.callers,
            state.members,
            state.offers,
            [caller.call for caller in state.in_line()],
            [member.person for member in state.free],
            state.first_unserved(),
            state.present,
            state.empty_since,
            state.next_alarm(),
        )

    return told(one) == told(other)


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(queues, st.lists(steps, max_size=60))
def test_claims_are_exclusive_callers_are_served_in_order_and_end_once(
    queue: Queue, history: list[tuple[What, int, float]]
) -> None:
    play = Play(queue)
    for what, pick, delay in history:
        play.step(what, pick, delay)
        assert set(play.machine.state.callers) == set(play.joined)
    assert same(fold(queue, play.log), play.machine.state)
    play.wind_up()
    assert set(play.outcomes) == {f"call-{number}" for number in range(1, play.calls + 1)}, "everybody ends"
    stuck = {
        p: m.obstacles for p, m in play.machine.state.members.items() if m.obstacles - {"gone", "busy", "elsewhere"}
    }
    assert not stuck
    assert not play.machine.state.offers
