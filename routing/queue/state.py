"""A queue's state as a fold of its events. Nothing but `apply` changes it, and it reads no clock."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import Any, Literal

from routing.events import OfferEnded, OfferMade, QueueJoined, QueueLeft
from routing.model import Queue
from routing.queue.events import MemberBlocked, MemberCleared, Obstacle, QueueEvent, TalkEnded
from routing.queue.line import Line
from routing.queue.member import Member, Offer, Waiting
from routing.strategies import RANKS

Alarm = tuple[float, str, Obstacle | Literal["wait"]]
"""When a caller's wait or a member's obstacle ends: UTC epoch seconds, the call or the person, and what ends."""


class QueueState:
    """Who waits, who could answer, and who is being offered whom."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.callers: dict[str, Waiting] = {}
        """By call id."""
        self.members = {person: Member(person, place) for place, person in enumerate(queue.members)}
        self.offers: dict[int, Offer] = {}
        """Claims that ring now, by their number."""
        self.free: list[Member] = []
        """Members without an obstacle, best first by the strategy."""
        self.present = 0
        """How many members have a phone."""
        self.empty_since: float | None = 0.0
        """Since when no member has a phone, UTC epoch seconds; None while somebody has."""
        self.last_offer = 0
        self._last_ticket = 0
        self._line = Line()
        self._unserved = Line()
        self._by_ticket: dict[int, Waiting] = {}
        self._alarms: list[Alarm] = []
        self._rank = RANKS[queue.strategy]

    def apply(self, event: QueueEvent) -> None:
        """Change the state by what happened. Events of calls and members that it does not know change nothing."""
        _APPLY[type(event)](self, event)

    # What the machine and the views ask.

    def position(self, call: str) -> int:
        """1 for the caller who waits longest."""
        return self._line.position(self.callers[call].ticket)

    def in_line(self) -> list[Waiting]:
        """All callers, in the order in which they are served."""
        return [self._by_ticket[ticket] for ticket in self._line]

    def first_unserved(self) -> Waiting | None:
        """The caller who waits longest without an offer that rings."""
        return self._by_ticket[self._unserved.first()] if self._unserved else None

    def next_alarm(self) -> Alarm | None:
        """The earliest end of a wait, a wrap-up or a rest."""
        while self._alarms and not self._still_due(self._alarms[0]):
            heapq.heappop(self._alarms)
        return self._alarms[0] if self._alarms else None

    def _still_due(self, alarm: Alarm) -> bool:
        at, name, ending = alarm
        if ending == "wait":
            return name in self.callers and self.callers[name].deadline == at
        return self.members[name].until.get(ending) == at

    # One function for each event.

    def _joined(self, event: QueueJoined) -> None:
        self._last_ticket += 1
        caller = Waiting(event.call, self._last_ticket, event.at)
        if self.queue.max_wait_seconds:
            caller.deadline = event.at + self.queue.max_wait_seconds
            heapq.heappush(self._alarms, (caller.deadline, event.call, "wait"))
        self.callers[event.call] = caller
        self._by_ticket[caller.ticket] = caller
        self._line.add(caller.ticket)
        self._unserved.add(caller.ticket)

    def _left(self, event: QueueLeft) -> None:
        caller = self.callers.pop(event.call, None)
        if caller is not None:
            del self._by_ticket[caller.ticket]
            self._line.discard(caller.ticket)
            self._unserved.discard(caller.ticket)

    def _offered(self, event: OfferMade) -> None:
        caller, member = self.callers[event.call], self.members[event.member]
        self.last_offer = event.offer
        self.offers[event.offer] = Offer(event.offer, event.call, event.member)
        caller.offer = event.offer
        caller.tries[event.member] = caller.tries.get(event.member, 0) + 1
        self._unserved.discard(caller.ticket)
        member.call = event.call
        self._block(member, "claimed")

    def _offer_ended(self, event: OfferEnded) -> None:
        offer = self.offers.pop(event.offer)
        member = self.members[offer.member]
        if event.outcome == "answered":
            self._block(member, "talking")
            self._clear(member, "claimed")
            return  # QueueLeft follows and takes the caller out of the line
        caller = self.callers[offer.call]
        caller.offer = None
        self._unserved.add(caller.ticket)
        member.call = None
        if event.outcome != "withdrawn":
            # Who misses an offer goes to the end, so that one deserted desk does not delay every caller.
            member.idle_since = event.at
            self._block(member, "resting", until=event.at + self.queue.retry_seconds)
        self._clear(member, "claimed")

    def _talk_ended(self, event: TalkEnded) -> None:
        member = self.members[event.member]
        member.call = None
        member.idle_since = event.at
        if self.queue.wrap_up_seconds:
            self._block(member, "wrap-up", until=event.at + self.queue.wrap_up_seconds)
        self._clear(member, "talking")

    def _member_blocked(self, event: MemberBlocked) -> None:
        member = self.members[event.member]
        if event.obstacle == "gone" and "gone" not in member.obstacles:
            self.present -= 1
            self.empty_since = None if self.present else event.at
        self._block(member, event.obstacle)

    def _member_cleared(self, event: MemberCleared) -> None:
        member = self.members[event.member]
        if event.obstacle == "gone" and "gone" in member.obstacles:
            self.present += 1
            self.empty_since = None
        if event.idle_since is not None and event.idle_since > member.idle_since:
            self._rerank(member, event.idle_since)
        self._clear(member, event.obstacle)

    # Obstacles, and the list of free members that follows from them.

    def _block(self, member: Member, obstacle: Obstacle, until: float | None = None) -> None:
        if member.free:
            self._take_from_free(member)
        member.obstacles.add(obstacle)
        if until is not None:
            member.until[obstacle] = until
            heapq.heappush(self._alarms, (until, member.person, obstacle))

    def _clear(self, member: Member, obstacle: Obstacle) -> None:
        if member.free:
            return
        member.obstacles.discard(obstacle)
        member.until.pop(obstacle, None)
        if member.free:
            insort(self.free, member, key=self._rank)

    def _take_from_free(self, member: Member) -> None:
        del self.free[bisect_left(self.free, self._rank(member), key=self._rank)]

    def _rerank(self, member: Member, idle_since: float) -> None:
        if member.free:
            self._take_from_free(member)
            member.idle_since = idle_since
            insort(self.free, member, key=self._rank)
        else:
            member.idle_since = idle_since


_APPLY: dict[type, Callable[[QueueState, Any], None]] = {
    QueueJoined: QueueState._joined,
    QueueLeft: QueueState._left,
    OfferMade: QueueState._offered,
    OfferEnded: QueueState._offer_ended,
    MemberBlocked: QueueState._member_blocked,
    MemberCleared: QueueState._member_cleared,
    TalkEnded: QueueState._talk_ended,
}


def fold(queue: Queue, events: Iterable[QueueEvent]) -> QueueState:
    """The state that a queue's log leads to: callers in their order, members as they were."""
    state = QueueState(queue)
    for event in events:
        state.apply(event)
    return state
