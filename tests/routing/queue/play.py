"""Plays random histories to a queue's machine and holds each event against the rules, told here in another way."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeVar, get_args

from routing.events import (
    CallbackDue,
    CallbackMissed,
    CallbackRequested,
    OfferEnded,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)
from routing.model import Queue
from routing.queue.events import QueueEvent, TalkEnded
from routing.queue.machine import QueueMachine
from routing.queue.member import Member
from routing.queue.outcomes import Missed
from routing.queue.state import QueueState, fold
from routing.strategies import threshold
from tests.routing.queue.steps import Step, What

T = TypeVar("T")


def picked(things: list[T], pick: int) -> T:
    """One of them, any number picks."""
    return things[pick % len(things)]


def number_of(call: str) -> str:
    """The number from which a call comes: some call several times."""
    return f"+454040404{int(call.removeprefix('call-')) % 3}"


@dataclass
class Place:
    """A caller in the line, as the log tells it."""

    priority: int
    order: int
    since: float
    member: str | None
    """Who calls, if a member."""
    standing: str = "waiting"
    earliest: float = 0.0
    tries: Counter[str] = field(default_factory=Counter)
    offers: dict[int, str] = field(default_factory=dict)
    """The member by offer."""
    answered: bool = False


@dataclass
class Play:
    """A machine, its log, and what follows from the log for who knows nothing of the machine."""

    queue: Queue
    machine: QueueMachine = field(init=False)
    now: float = 1000.0
    log: list[QueueEvent] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    ringing: dict[str, int] = field(default_factory=dict)
    """The offer by member."""
    talking: dict[str, str] = field(default_factory=dict)
    """The caller by member."""
    outcomes: dict[str, str] = field(default_factory=dict)
    over: list[int] = field(default_factory=list)
    """Offers that were withdrawn."""
    callbacks: dict[int, str] = field(default_factory=dict)
    """Callbacks under way: the caller by offer."""
    calls: int = 0
    closed: bool = False
    picking: tuple[str, str] = ("", "")
    """Who picks up which caller: their claim comes on top of those that ring, and there may be none."""

    def __post_init__(self) -> None:
        self.machine = QueueMachine(self.queue)
        self.thresholds = {person: threshold(self.queue, person) for person in self.queue.members}
        for person in self.queue.members[:2]:
            self.machine.clear(person, "gone", self.now)
        self.watch()

    def play(self, history: list[Step]) -> None:
        """Play all of it, then let everybody hang up, and look whether anything is left behind."""
        for what, pick, delay in history:
            self.step(what, pick, delay)
            assert self.machine.state.callers.keys() == self.places.keys()
        line = [caller.call for caller in self.machine.state.in_line()]
        assert line == self.in_order()
        assert [self.machine.state.position(call) for call in line] == list(range(1, len(line) + 1))
        assert_same(fold(self.queue, self.log), self.machine.state)
        self.wind_up()
        assert self.outcomes.keys() == {f"call-{number}" for number in range(1, self.calls + 1)}, "everybody ends"
        for member in self.machine.state.members.values():
            assert member.obstacles.keys() <= {"gone", "busy", "elsewhere", "passive", "paused"}, "a stuck member"
            assert member.call is None
        assert not self.machine.state.offers
        assert not self.machine.state.talks

    def step(self, what: What, pick: int, delay: float) -> None:
        self.pass_time(delay)
        machine, now = self.machine, self.now
        person = self.queue.members[pick % len(self.queue.members)]
        rings = [offer for offer in machine.state.offers if offer not in self.callbacks]
        match what:
            case "join":
                self.calls += 1
                who = ("+4522222222", "dora", "+4540404040", "anna", "bo", "carl")[pick]
                priority = (0, 0, 0, 0, 1, -1)[pick]
                machine.join(f"call-{self.calls}", now, priority=priority, prefers=person, who=who)
            case "leave" if self.places:
                machine.leave(picked(list(self.places), pick), now)
            case "answer" if rings:
                assert machine.offer_answered(picked(rings, pick), now)
            case "pick-up" if rings:
                self.pick_up(picked(rings, pick), (*self.queue.members, "ingrid")[pick % (len(self.queue.members) + 1)])
            case "miss" if rings:
                machine.offer_failed(picked(rings, pick), get_args(Missed)[pick % 4], now)
            case "late-answer" if self.over:
                assert not machine.offer_answered(picked(self.over, pick), now)
            case "hang-up" if self.talking:
                machine.talk_ended(picked(list(self.talking.values()), pick), now)
            case "block":
                machine.block(person, ("gone", "busy", "elsewhere")[pick % 3], now)
            case "clear":
                machine.clear(person, ("gone", "busy", "elsewhere")[pick % 3], now, now - 1)
            case "passive" | "active" | "pause" | "resume":
                self.membership(what, person)
            case "step-out" | "call-back" | "return" if self.places:
                self.move(what, picked(list(self.places), pick))
            case "callback-answered" if self.callbacks:
                machine.resume(picked(list(self.callbacks.values()), pick), now)
            case "callback-missed" if self.callbacks:
                machine.callback_missed(picked(list(self.callbacks), pick), get_args(Missed)[pick % 4], now)
            case "speak" if self.talking:
                call = picked(list(self.talking.values()), pick)
                machine.spoken_to(number_of(call), call, now)
                self.watch()
                assert number_of(call) not in self.to_call_back()
            case "restart":
                self.restart(pick)
            case "close" if pick == 0:
                machine.close(now)
                self.closed = True
        self.watch()

    def pick_up(self, offer: int, by: str) -> None:
        """Somebody takes the caller who is offered so."""
        call = self.machine.state.offers[offer].call
        rung = by in self.places[call].offers.values()
        member = self.machine.state.members.get(by)
        free = member is not None and "elsewhere" not in member.obstacles and by not in self.talking
        self.picking = by, call
        assert self.machine.offer_answered(offer, self.now, by)
        self.watch()
        self.picking = "", ""
        assert (self.talking.get(by) == call) is (rung or free), "a member has answered, and nobody else"

    def membership(self, what: What, person: str) -> None:
        machine, member = self.machine, self.machine.state.members[person]
        passive, paused, reason = "passive" in member.obstacles, "paused" in member.obstacles, member.pause_reason
        match what:
            case "passive":
                assert machine.deactivate(person, self.now) is not passive
            case "active":
                assert machine.activate(person, self.now) is passive
            case "pause":
                assert machine.pause(person, "lunch", self.now) is not (reason == "lunch")
            case _:
                assert machine.resume_member(person, self.now) is paused

    def move(self, what: What, call: str) -> None:
        standing = self.places[call].standing
        match what:
            case "step-out":
                assert self.machine.hold(call, self.now) is (standing == "waiting")
            case "call-back":
                kept = self.machine.call_back(call, number_of(call), self.now, self.now + 3)
                assert kept is (standing != "callback")
            case _ if standing == "held":
                assert self.machine.resume(call, self.now)

    def restart(self, pick: int) -> None:
        """The process ends, and another takes the queue up from its log."""
        survive = set(list(self.talking.values())[pick % 2 :])
        folded = fold(self.queue, self.log)
        assert_same(folded, self.machine.state)
        self.machine = QueueMachine(self.queue, folded)
        self.closed = False
        self.machine.restore(survive, self.now)
        self.watch()
        assert not self.ringing, "claims end with the process"
        assert set(self.talking.values()) == survive
        for person in self.queue.members[: 1 + pick % 3]:
            self.machine.clear(person, "gone", self.now)
        for number, (call, place) in enumerate(list(self.places.items())):
            if place.standing == "held" and number % 3 != pick % 3:
                self.machine.resume(call, self.now)

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
        events = self.machine.take_events()
        for event in events:
            self.log.append(event)
            self.note(event)
        numbers = self.to_call_back()
        assert len(numbers) == len(set(numbers)), "one number, to be called back twice"
        if self.closed or not events:
            return
        for member in self.machine.state.free:
            for call in self.unserved():
                assert not self.may(self.places[call], member), f"{member.person} is free beside {call}"

    def in_order(self) -> list[str]:
        return sorted(self.places, key=lambda call: (-self.places[call].priority, self.places[call].order))

    def to_call_back(self) -> list[str]:
        """The numbers of the places that are to be called back."""
        return [number_of(call) for call, place in self.places.items() if place.standing == "callback"]

    def unserved(self) -> list[str]:
        together = self.queue.at_once if self.queue.strategy == "all" else 1
        return [
            call
            for call in self.in_order()
            for place in (self.places[call],)
            if place.standing != "held" and len(place.offers) < (together if place.standing == "waiting" else 1)
        ]

    def may(self, place: Place, member: Member) -> bool:
        """The member may be offered this caller by now."""
        return (
            place.earliest <= self.now
            and place.member != member.person
            and place.since + self.thresholds[member.person] <= self.now
            and (not self.queue.rounds or place.tries[member.person] < self.queue.rounds)
        )

    def note(self, event: QueueEvent) -> None:
        match event:
            case QueueJoined():
                self.places[event.call] = Place(event.priority, len(self.log), event.at, event.member)
                assert event.position == self.in_order().index(event.call) + 1
            case OfferMade():
                self.note_offer(event)
            case OfferEnded():
                self.note_end(event)
            case PlaceHeld():
                assert not self.places[event.call].offers, "nobody rings for who is away"
                self.places[event.call].standing = "held"
            case PlaceResumed():
                self.places[event.call].standing = "waiting"
                for offer in [offer for offer, call in self.callbacks.items() if call == event.call]:
                    del self.callbacks[offer]
            case CallbackRequested():
                assert event.number not in self.to_call_back()
                self.places[event.call].standing, self.places[event.call].earliest = "callback", event.earliest
            case CallbackDue():
                assert self.places[event.call].offers == {event.offer: event.member}
                self.callbacks[event.offer] = event.call
            case CallbackMissed(retry_at=float() as retry_at):
                self.places[event.call].earliest = retry_at
            case TalkEnded():
                del self.talking[event.member]
            case QueueLeft():
                self.note_leaving(event)

    def note_offer(self, event: OfferMade) -> None:
        place, unserved = self.places[event.call], self.unserved()
        assert event.member not in self.ringing, "one member, two offers"
        assert event.member not in self.talking, "one member, an offer while talking"
        if (event.member, event.call) != self.picking:
            assert event.call in unserved, "more members for a caller than may ring"
            member = self.machine.state.members[event.member]
            assert self.may(place, member), "offered to a member who may not yet, or no more"
            for before in unserved[: unserved.index(event.call)]:
                assert not self.may(self.places[before], member), "somebody came first"
        self.ringing[event.member] = event.offer
        place.offers[event.offer] = event.member
        place.tries[event.member] += 1

    def note_end(self, event: OfferEnded) -> None:
        place = self.places[event.call]
        assert self.ringing.pop(event.member) == event.offer
        assert place.offers.pop(event.offer) == event.member
        self.callbacks.pop(event.offer, None)
        match event.outcome:
            case "answered":
                assert not place.answered, "two members for one caller"
                place.answered = True
                self.talking[event.member] = event.call
            case "elsewhere":
                assert place.answered or event.call == self.picking[1], "somebody has the caller"
                self.over.append(event.offer)
            case "withdrawn":
                assert not place.answered
                place.tries[event.member] -= 1
                self.over.append(event.offer)

    def note_leaving(self, event: QueueLeft) -> None:
        assert event.call not in self.outcomes, "two outcomes for one caller"
        assert event.waited >= 0
        self.outcomes[event.call] = event.outcome
        self.note_superfluous(event)
        place = self.places.pop(event.call, None)
        if place is not None:
            assert not place.offers, "nobody rings for who has left"
            taken = place.answered or event.call == self.picking[1]
            assert taken is (event.outcome in ("answered", "called-back"))

    def note_superfluous(self, event: QueueLeft) -> None:
        """Who leaves since another place of the same number counts."""
        assert bool(event.instead) is (event.outcome in ("already-ordered", "answered-meanwhile"))
        if event.instead:
            assert number_of(event.instead) == number_of(event.call)
        if event.outcome == "already-ordered":
            line = self.in_order()
            assert line.index(event.instead) < line.index(event.call), "the place that is further on is kept"
        if event.outcome == "answered-meanwhile":
            assert self.places[event.call].standing == "callback"
            assert event.instead in self.talking.values()

    def wind_up(self) -> None:
        """Everybody hangs up and all wrap-up is done."""
        for call in list(self.places):
            self.machine.leave(call, self.now)
        self.watch()
        for call in list(self.talking.values()):
            self.machine.talk_ended(call, self.now)
        self.watch()
        self.pass_time(1000)


def assert_same(one: QueueState, other: QueueState) -> None:
    """The two states are alike in everything that decides."""

    def told(state: QueueState) -> list[object]:
        return [
            state.callers,
            state.members,
            state.offers,
            state.talks,
            state.in_line(),
            [member.person for member in state.free],
            [caller.call for caller in state.unserved()],
            state.missed,
            state.present,
            state.empty_since,
            state.served,
            state.next_alarm(),
        ]

    for mine, others in zip(told(one), told(other), strict=True):
        assert mine == others
