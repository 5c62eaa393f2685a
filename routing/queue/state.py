"""A queue's state as a fold of its events. It reads no clock, and only its events and other settings change it."""

import heapq
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

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
from routing.queue.answers import Answers
from routing.queue.events import (
    LastMemberPassive,
    MemberActivated,
    MemberBlocked,
    MemberCleared,
    MemberDeactivated,
    MemberEvent,
    MemberPaused,
    MemberRecalled,
    MemberResumed,
    Obstacle,
    Recollection,
    Served,
    TalkEnded,
    WaitsRecalled,
)
from routing.queue.line import Line, end_of_priority, key_of
from routing.queue.member import AWAY, Alarm, Member, Offer, Waiting
from routing.strategies import RANKS, skill_of, threshold

MEASURED = 20
"""Answered callers by whom the expected wait is measured."""


class QueueState:
    """Who waits, who could answer, and who is being offered whom."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.callers: dict[str, Waiting] = {}
        """By call id."""
        self.members = {person: Member(person, place) for place, person in enumerate(queue.members)}
        """In the queue's order; behind them those whom it does not list any more."""
        self.offers: dict[int, Offer] = {}
        """Claims that ring now, by their number."""
        self.talks: dict[str, str] = {}
        """The member in conversation with each of the queue's callers, by call id."""
        self.free: list[Member] = []
        """Members without an obstacle, best first by the strategy."""
        self.missed: dict[str, Waiting] = {}
        """Callers in the line whom a member did not take, or who were away when one could have."""
        self.present = 0
        """How many members are active and have a phone."""
        self.empty_since: float | None = 0.0
        """Since when nobody is present, UTC epoch seconds; None while somebody is."""
        self.last_offer = 0
        self.served: deque[Served] = deque(maxlen=MEASURED)
        """Callers who were answered last."""
        self._last_ticket = 0
        self._line = Line()
        self._unserved = Line()
        self._by_key: dict[int, Waiting] = {}
        self._alarms: list[Alarm] = []
        self._answers = Answers()
        self._take_settings(queue)

    def apply(self, event: Recollection) -> None:
        """Change the state by what happened."""
        _APPLY[type(event)](self, event)

    def meet(self, person: str) -> None:
        """Know of a member whom the queue listed once: a log goes back to before its settings were changed."""
        if person not in self.members:
            member = self.members[person] = Member(person, len(self.members))
            member.obstacles["removed"] = 0.0

    def reconfigure(self, queue: Queue, at: float) -> None:
        """Take over other settings. Callers keep their places, claims and conversations go on.

        Members whom the queue does not list any more finish what they do; their being passive or paused is remembered.
        """
        for person, member in self.members.items():
            if person not in queue.members:
                self._block(member, "removed", at)
        listed = {person: self.members.get(person) or Member(person, 0) for person in queue.members}
        for member in listed.values():
            self._clear(member, "removed")
        self.members = {**listed, **self.members}
        self._take_settings(queue)
        self.free = sorted((member for member in self.members.values() if member.free), key=self._rank)
        for caller in self.callers.values():
            self._line_up(caller)
            self._set_deadline(caller)

    def _take_settings(self, queue: Queue) -> None:
        self.queue = queue
        self._rank = RANKS[queue.strategy]
        self._together = queue.at_once if queue.strategy == "all" else 1
        for place, member in enumerate(self.members.values()):
            member.place = place
            member.skill = skill_of(queue, member.person)
            member.threshold = threshold(queue, member.person)

    # What the machine and the views ask.

    def position(self, call: str) -> int:
        """1 for the caller who is next."""
        return self._line.position(self.callers[call].key)

    def next_position(self, priority: int) -> int:
        """The position of a caller who would join now."""
        return self._line.position(key_of(priority, self._last_ticket + 1))

    def in_line(self) -> list[Waiting]:
        """All places, in the order in which they are served."""
        return [self._by_key[key] for key in self._line]

    def on_the_line(self) -> Iterator[Waiting]:
        """The callers who wait on the line, in order; the state may not change meanwhile."""
        return (caller for key in self._line if (caller := self._by_key[key]).standing == "waiting")

    def first_unserved(self) -> Waiting | None:
        """The next place for which a member may be claimed."""
        return self._by_key[self._unserved.first()] if self._unserved else None

    def unserved(self) -> Iterator[Waiting]:
        """All such places in order; the state may not change meanwhile."""
        return (self._by_key[key] for key in self._unserved)

    def unserved_after(self, caller: Waiting, *, other_priority: bool = False) -> Waiting | None:
        """The next behind this one; with `other_priority` behind all of the same priority."""
        key = self._unserved.after(end_of_priority(caller.key) if other_priority else caller.key)
        return None if key is None else self._by_key[key]

    def deadline(self, caller: Waiting) -> float | None:
        """When the wait is over, UTC epoch seconds; None for never, away from the line, and for who is called back."""
        if not self.queue.max_wait_seconds or caller.standing != "waiting" or caller.number:
            return None
        return caller.since + self.queue.max_wait_seconds

    def next_alarm(self) -> Alarm | None:
        """The earliest end of a wait, a wrap-up or a rest."""
        while self._alarms and not self._still_due(self._alarms[0]):
            heapq.heappop(self._alarms)
        return self._alarms[0] if self._alarms else None

    def _still_due(self, alarm: Alarm) -> bool:
        at, name, ending = alarm
        if ending == "wait":
            return name in self.callers and self.deadline(self.callers[name]) == at
        return self.members[name].until.get(ending) == at

    # One function for each event: places.

    def _joined(self, event: QueueJoined) -> None:
        self._forget_answers(event.at)
        self._last_ticket += 1
        key = key_of(event.priority, self._last_ticket)
        who = event.prefers, event.member
        caller = self.callers[event.call] = Waiting(event.call, key, event.at, event.position, event.priority, *who)
        self._by_key[key] = caller
        self._line.add(key)
        self._line_up(caller)
        self._set_deadline(caller)

    def _left(self, event: QueueLeft) -> None:
        caller = self.callers.pop(event.call, None)
        if caller is None:
            return
        if event.outcome == "answered" and caller.queued:
            self.served.append(Served(event.at, caller.joined_as, event.waited))
        del self._by_key[caller.key]
        self._line.discard(caller.key)
        self._unserved.discard(caller.key)
        self.missed.pop(event.call, None)

    def _held(self, event: PlaceHeld) -> None:
        self.callers[event.call].standing = "held"
        self._line_up(self.callers[event.call])
        if event.why == "restart" and not self.present:  # whoever has a phone has yet to show it
            self.empty_since = event.at

    def _resumed(self, event: PlaceResumed) -> None:
        caller = self.missed[event.call] = self.callers[event.call]
        caller.standing = "waiting"
        self._line_up(caller)
        self._set_deadline(caller)

    def _callback_requested(self, event: CallbackRequested) -> None:
        caller = self.callers[event.call]
        caller.standing, caller.number, caller.attempts = "callback", event.number, event.attempts
        caller.earliest, caller.language, caller.main_number = event.earliest, event.language, event.main_number
        self._line_up(caller)

    def _callback_missed(self, event: CallbackMissed) -> None:
        caller = self.callers[event.call]
        caller.attempts, caller.earliest = event.attempt - (not event.counts), event.retry_at or caller.earliest

    def _line_up(self, caller: Waiting) -> None:
        """Put the place among the unserved, or take it out, as it stands now."""
        unserved = caller.standing != "held" and (
            not caller.offers or (len(caller.offers) < self._together and caller.standing != "callback")
        )
        if unserved != caller.unserved:
            caller.unserved = unserved
            (self._unserved.add if unserved else self._unserved.discard)(caller.key)

    def _set_deadline(self, caller: Waiting) -> None:
        deadline = self.deadline(caller)
        if deadline is not None:
            heapq.heappush(self._alarms, (deadline, caller.call, "wait"))

    # Offers.

    def _offered(self, event: OfferMade) -> None:
        caller, member = self.callers[event.call], self.members[event.member]
        self.last_offer = event.offer
        self.offers[event.offer] = Offer(event.offer, event.call, event.member)
        if not caller.tries and event.at > caller.since:
            caller.queued = True
        caller.offers += (event.offer,)
        caller.tries[event.member] = caller.tries.get(event.member, 0) + 1
        self._line_up(caller)
        member.call = event.call
        self._block(member, "claimed", event.at)

    def _offer_ended(self, event: OfferEnded) -> None:
        offer = self.offers.pop(event.offer)
        member, caller = self.members[offer.member], self.callers[offer.call]
        caller.offers = tuple(number for number in caller.offers if number != event.offer) if caller.offers[1:] else ()
        if event.outcome == "answered":  # the caller's leaving follows
            self.talks[offer.call] = offer.member
            member.turn, member.misses = event.offer, 0
            if self.queue.strategy == "fewest_calls":
                self._count_answer(member, int(event.at))
            self._block(member, "talking", event.at)
        else:
            member.call = None
            self._line_up(caller)
            if event.outcome == "withdrawn":  # the member has not been tried
                caller.tries[member.person] -= 1
            elif event.outcome != "elsewhere":
                self._offer_missed(member, caller, event)
        self._clear(member, "claimed")

    def _offer_missed(self, member: Member, caller: Waiting, event: OfferEnded) -> None:
        self.missed[caller.call] = caller
        member.misses += 1
        # Who misses an offer goes to the end, so that one deserted desk does not delay every caller.
        member.turn, member.idle_since = event.offer, event.at
        self._block(member, "resting", event.at, until=event.at + self.queue.retry_seconds)

    def _count_answer(self, member: Member, at: int) -> None:
        """In whole seconds, as it is kept on disk."""
        self._answers.add(at, member.person)
        member.answers.append(at)
        self._forget_answers(at)

    def _forget_answers(self, at: float) -> None:
        """Those that count no more."""
        for person in self._answers.outdated(at):
            self._rerank(self.members[person], outdated=1)

    def _talk_ended(self, event: TalkEnded) -> None:
        member = self.members[event.member]
        self.talks.pop(member.call or "", None)
        member.call = None
        member.idle_since = event.at
        if self.queue.wrap_up_seconds:
            self._block(member, "wrap-up", event.at, until=event.at + self.queue.wrap_up_seconds)
        self._clear(member, "talking")

    # Members.

    def _member_blocked(self, event: MemberBlocked) -> None:
        self._block(self.members[event.member], event.obstacle, event.at)

    def _member_cleared(self, event: MemberCleared) -> None:
        member = self.members[event.member]
        if event.idle_since is not None and event.idle_since > member.idle_since:
            self._rerank(member, idle_since=event.idle_since)
        self._clear(member, event.obstacle)

    def _deactivated(self, event: MemberDeactivated) -> None:
        self._block(self.members[event.member], "passive", event.at)

    def _activated(self, event: MemberActivated) -> None:
        self.members[event.member].misses = 0
        self._clear(self.members[event.member], "passive")

    def _paused(self, event: MemberPaused) -> None:
        member = self.members[event.member]
        self._block(member, "paused", event.at)
        member.obstacles["paused"], member.pause_reason = event.at, event.reason

    def _unpaused(self, event: MemberResumed) -> None:
        member = self.members[event.member]
        member.misses, member.pause_reason = 0, ""
        self._clear(member, "paused")

    def _recalled(self, event: MemberRecalled) -> None:
        member = self.members[event.member]
        member.turn, member.misses = event.turn, event.misses
        self.last_offer = max(self.last_offer, event.turn)
        self._rerank(member, idle_since=event.idle_since)
        for each in event.passing:
            self._block(member, each.obstacle, each.since, until=each.until)
        known = set(member.answers)  # by the log of conversations that go on
        for at in set(event.answers) - known:
            self._answers.add(at, member.person)
        member.answers = deque(sorted(known.union(event.answers)))

    def _waits_recalled(self, event: WaitsRecalled) -> None:
        """All that counts, those of conversations that go on among them."""
        self.served = deque(event.served, maxlen=MEASURED)

    def _known(self, event: CallbackDue | LastMemberPassive) -> None:
        """Told to others: the state knows it already."""

    # Obstacles, and what follows from them: the list of free members, and how many are present.

    def _block(self, member: Member, obstacle: Obstacle, at: float, until: float | None = None) -> None:
        obstacles = member.obstacles
        if not obstacles:
            self._take_from_free(member)
        if obstacle in AWAY and AWAY.isdisjoint(obstacles):
            self.present -= 1
            self.empty_since = None if self.present else at
        obstacles.setdefault(obstacle, at)
        if until is not None:
            member.until[obstacle] = until
            heapq.heappush(self._alarms, (until, member.person, obstacle))

    def _clear(self, member: Member, obstacle: Obstacle) -> None:
        obstacles = member.obstacles
        if obstacles.pop(obstacle, None) is None:
            return
        member.until.pop(obstacle, None)
        if obstacle in AWAY and AWAY.isdisjoint(obstacles):
            self.present += 1
            self.empty_since = None
        if not obstacles:
            insort(self.free, member, key=self._rank)

    def _take_from_free(self, member: Member) -> None:
        del self.free[bisect_left(self.free, self._rank(member), key=self._rank)]

    def _rerank(self, member: Member, *, idle_since: float | None = None, outdated: int = 0) -> None:
        """Change what a member is ranked by, who may be among the free; `outdated` answers count no more."""
        if member.free:
            self._take_from_free(member)
        member.idle_since = member.idle_since if idle_since is None else idle_since
        for _ in range(outdated):
            member.answers.popleft()
        if member.free:
            insort(self.free, member, key=self._rank)


_APPLY: dict[type, Callable[[QueueState, Any], None]] = {
    QueueJoined: QueueState._joined,
    QueueLeft: QueueState._left,
    PlaceHeld: QueueState._held,
    PlaceResumed: QueueState._resumed,
    CallbackRequested: QueueState._callback_requested,
    CallbackDue: QueueState._known,
    CallbackMissed: QueueState._callback_missed,
    OfferMade: QueueState._offered,
    OfferEnded: QueueState._offer_ended,
    MemberBlocked: QueueState._member_blocked,
    MemberCleared: QueueState._member_cleared,
    MemberDeactivated: QueueState._deactivated,
    MemberActivated: QueueState._activated,
    MemberPaused: QueueState._paused,
    MemberResumed: QueueState._unpaused,
    MemberRecalled: QueueState._recalled,
    WaitsRecalled: QueueState._waits_recalled,
    LastMemberPassive: QueueState._known,
    TalkEnded: QueueState._talk_ended,
}


def fold(queue: Queue, events: Iterable[Recollection]) -> QueueState:
    """The state that a queue's log leads to: callers in their order, members as they were."""
    state = QueueState(queue)
    for event in events:
        if isinstance(event, MemberEvent | OfferMade):
            state.meet(event.member)
        state.apply(event)
    return state
