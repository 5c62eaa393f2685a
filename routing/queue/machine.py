"""A queue's decisions: what follows from a caller who comes or goes, a member who answers, misses or is free again.

Each method takes what happened and `now` (UTC epoch seconds), applies the events that follow and keeps them for
`take_events`. An offer is a claim in two phases: `OfferMade` reserves one member for one caller; `offer_answered` makes
it good, or `offer_failed`, or the caller's leaving, releases both. After each call no free member and unserved caller
are left side by side.
"""

from typing import Literal

from routing.events import OfferEnded, OfferMade, QueueJoined, QueueLeft
from routing.model import Queue
from routing.queue.events import MemberBlocked, MemberCleared, Obstacle, QueueEvent, TalkEnded
from routing.queue.member import Member, Waiting
from routing.queue.state import QueueState

LeftUnanswered = Literal["abandoned", "timeout", "full", "no-members", "shutdown"]
Missed = Literal["no-answer", "busy", "rejected", "unreachable"]


class QueueMachine:
    """The one that decides for a queue. `state` is read by others and changed by nobody else."""

    def __init__(self, queue: Queue, state: QueueState | None = None) -> None:
        self.state = state or QueueState(queue)
        """A state folded from the log takes the queue up where it was."""
        self._queue = queue
        self._events: list[QueueEvent] = []
        self._closed = False

    def take_events(self) -> list[QueueEvent]:
        """What has been decided since the last time, in order."""
        events, self._events = self._events, []
        return events

    # Callers.

    def join(self, call: str, now: float) -> None:
        """A caller comes: QueueJoined, or QueueLeft at once when there is no room or nobody to answer."""
        refusal = self._refusal()
        if refusal is not None:
            self._record(QueueLeft(call=call, at=now, queue=self._queue.name, outcome=refusal, waited=0.0))
            return
        position = len(self.state.callers) + 1
        self._record(QueueJoined(call=call, at=now, queue=self._queue.name, position=position))
        self._assign(now)

    def leave(self, call: str, now: float, outcome: LeftUnanswered = "abandoned") -> None:
        """A caller goes unanswered and the member who rings for them is released; nothing for who is not in line."""
        caller = self.state.callers.get(call)
        if caller is not None:
            self._take_out(caller, outcome, now)
            self._assign(now)

    def close(self, now: float) -> None:
        """No more callers: who waits leaves, who comes is refused. Conversations go on."""
        self._closed = True
        for caller in self.state.in_line():
            self._take_out(caller, "shutdown", now)

    # Offers.

    def offer_answered(self, number: int, now: float) -> bool:
        """The member has answered. False when the caller has gone meanwhile: then the member is claimed no more."""
        offer = self.state.offers.get(number)
        if offer is None:
            return False
        waited = now - self.state.callers[offer.call].since
        self._end_offer(number, "answered", now)
        self._record(QueueLeft(call=offer.call, at=now, queue=self._queue.name, outcome="answered", waited=waited))
        return True

    def offer_failed(self, number: int, outcome: Missed, now: float) -> None:
        """The member did not take the caller; the next one is tried. Does nothing for an offer that was withdrawn."""
        if number in self.state.offers:
            self._end_offer(number, outcome, now)
            self._assign(now)

    def talk_ended(self, person: str, now: float) -> None:
        """The conversation between the member and the queue's caller is over."""
        if "talking" in self.state.members[person].obstacles:
            self._record(TalkEnded(queue=self._queue.name, member=person, at=now))
            self._assign(now)

    # Members.

    def block(self, person: str, obstacle: Obstacle, now: float) -> None:
        """Something keeps the member from being offered callers; an offer that rings already goes on."""
        if obstacle not in self.state.members[person].obstacles:
            self._record(MemberBlocked(queue=self._queue.name, member=person, at=now, obstacle=obstacle))

    def clear(self, person: str, obstacle: Obstacle, now: float, idle_since: float | None = None) -> None:
        """The obstacle is gone; `idle_since` is when the conversation ended, if it was one."""
        if obstacle in self.state.members[person].obstacles:
            self._record(
                MemberCleared(queue=self._queue.name, member=person, at=now, obstacle=obstacle, idle_since=idle_since)
            )
            self._assign(now)

    # Time.

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, UTC epoch seconds; None when time changes nothing."""
        alarm = self.state.next_alarm()
        empty = self._empty_deadline()
        if alarm is None or empty is None:
            return alarm[0] if alarm is not None else empty
        return min(alarm[0], empty)

    def advance(self, now: float) -> None:
        """Do what is due: end waits that took too long, wrap-ups and rests; let callers go when everybody has gone."""
        while (alarm := self.state.next_alarm()) is not None and alarm[0] <= now:
            _, name, ending = alarm
            if ending == "wait":
                self.leave(name, now, "timeout")
            else:
                self.clear(name, ending, now)
        empty = self._empty_deadline()
        if empty is not None and empty <= now:
            while (caller := self.state.first_unserved()) is not None:
                self._take_out(caller, "no-members", now)

    def _empty_deadline(self) -> float | None:
        """When unserved callers are let go, because nobody has a phone. Who is being rung for may still be answered."""
        if self.state.empty_since is None or self.state.first_unserved() is None:
            return None
        return self.state.empty_since + self._queue.empty_seconds

    # What they have in common.

    def _refusal(self) -> LeftUnanswered | None:
        if self._closed:
            return "shutdown"
        if not self.state.present:
            return "no-members"
        if len(self.state.callers) >= self._queue.max_waiting:
            return "full"
        return None

    def _assign(self, now: float) -> None:
        """Claim a free member for each unserved caller, in the line's order, as far as the members go."""
        while self.state.free:
            caller = self.state.first_unserved()
            if caller is None:
                return
            member = choose(caller, self.state.free)
            number = self.state.last_offer + 1
            self._record(
                OfferMade(call=caller.call, at=now, queue=self._queue.name, member=member.person, offer=number)
            )

    def _take_out(self, caller: Waiting, outcome: LeftUnanswered, now: float) -> None:
        if caller.offer is not None:
            self._end_offer(caller.offer, "withdrawn", now)
        waited = now - caller.since
        self._record(QueueLeft(call=caller.call, at=now, queue=self._queue.name, outcome=outcome, waited=waited))

    def _end_offer(self, number: int, outcome: Literal["answered", "withdrawn"] | Missed, now: float) -> None:
        offer = self.state.offers[number]
        self._record(
            OfferEnded(
                call=offer.call, at=now, queue=self._queue.name, member=offer.member, offer=number, outcome=outcome
            )
        )

    def _record(self, event: QueueEvent) -> None:
        self.state.apply(event)
        self._events.append(event)


def choose(caller: Waiting, free: list[Member]) -> Member:
    """Whom to offer the caller: of the members tried least often for this caller, the first by the strategy."""
    if not caller.tries:
        return free[0]
    return min(free, key=lambda member: caller.tries.get(member.person, 0))
