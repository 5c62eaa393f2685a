"""A queue's decisions: what follows from a caller who comes or goes, a member who answers, misses or is free again.

Each method takes what happened and `now` (UTC epoch seconds), applies the events that follow and keeps them for
`take_events`. An offer is a claim in two phases: `OfferMade` reserves one member for one caller; `offer_answered` makes
it good, or `offer_failed`, or the caller's leaving, releases both. With strategy `all` several members are claimed for
a caller, each by an offer of its own, and the first answer releases the others. After each call no free member is left
beside an unserved caller who may be offered to that member.
"""

from collections.abc import Container, Set
from typing import Literal

from routing.events import (
    CallbackRequested,
    OfferEnded,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)
from routing.model import Queue
from routing.queue.call_back import due_by, missed_by, ordered_again
from routing.queue.events import (
    MISSED_TOO_OFTEN,
    Author,
    LastMemberPassive,
    MemberActivated,
    MemberBlocked,
    MemberCleared,
    MemberDeactivated,
    MemberPaused,
    MemberResumed,
    Obstacle,
    QueueEvent,
    TalkEnded,
)
from routing.queue.matching import empty_deadline, hopeless, let_go_when_empty, next_match, no_room, to_call_back
from routing.queue.member import Member, Waiting
from routing.queue.outcomes import LeftUnanswered, Missed, OfferOutcome, Refusal
from routing.queue.state import QueueState

FEWEST_MISSES = 2
"""Missed offers before a member is paused, whatever the settings say: one alone is no sign of absence."""


class QueueMachine:
    """The one that decides for a queue. `state` is read by others and changed by nobody else."""

    def __init__(self, queue: Queue, state: QueueState | None = None) -> None:
        self.state = state or QueueState(queue)
        """A state folded from the log takes the queue up where it was; see `restore`."""
        self.queue = self.state.queue
        """The settings as they are now."""
        self._events: list[QueueEvent] = []
        self._closed = False
        self._shut: Set[str] = frozenset()
        self._match_at: float | None = None
        """When time alone brings a free member and a caller together."""

    def take_events(self) -> list[QueueEvent]:
        """What has been decided since the last time, in order."""
        events, self._events = self._events, []
        return events

    def reconfigure(self, queue: Queue, now: float) -> None:
        """Go on with other settings: callers keep their places, members what they do, conversations go on."""
        self.queue = queue
        self.state.reconfigure(queue, now)
        self._assign(now)

    # Callers.

    def join(
        self, call: str, now: float, *, priority: int = 0, prefers: str | None = None, who: str | None = None
    ) -> None:
        """A caller comes: QueueJoined, or QueueLeft at once when there is no room or nobody to answer.

        A higher `priority` is served before. `prefers` is the member to offer the caller to first, if free. `who`
        calls, by id or number, is not offered to themselves.
        """
        name, own = self.queue.name, who if who in self.queue.members else None
        refusal: Refusal | None = "shutdown" if self._closed else no_room(self.state, own)
        if refusal is not None:
            self._record(QueueLeft(call=call, at=now, queue=name, outcome=refusal, waited=0.0))
            return
        place = self.state.next_position(priority)
        self._record(
            QueueJoined(call=call, at=now, queue=name, position=place, priority=priority, prefers=prefers, member=own)
        )
        self._assign(now)

    def leave(self, call: str, now: float, outcome: LeftUnanswered = "abandoned") -> None:
        """A caller goes unanswered and who rings for them is released; nothing for who is not in line."""
        caller = self.state.callers.get(call)
        if caller is not None:
            self._take_out(caller, outcome, now)
            self._assign(now)

    def hold(self, call: str, now: float) -> bool:
        """The caller is away for a while and keeps place and waiting time; False for who is not on the line."""
        caller = self.state.callers.get(call)
        if caller is None or caller.standing != "waiting":
            return False
        self._withdraw(caller, now)
        self._record(PlaceHeld(call=call, at=now, queue=self.queue.name, why="stepped-out"))
        self._assign(now)
        return True

    def resume(self, call: str, now: float) -> bool:
        """A caller is on the line for this place, which was held or waited for its callback; False where it is gone."""
        caller = self.state.callers.get(call)
        if caller is None:
            return False
        if caller.standing != "waiting":
            self._record(PlaceResumed(call=call, at=now, queue=self.queue.name))
            self.advance(now)
        return True

    def close(self, now: float) -> None:
        """No more callers: who waits leaves, or is to be called back again, who comes is refused. Talks go on."""
        self._closed = True
        for caller in self.state.in_line():
            self._withdraw(caller, now)  # who is being called back has missed nothing
            if caller.number:
                self.call_back(caller.call, caller.number, now, now, caller.language)
            else:
                self._take_out(caller, "shutdown", now)

    # Callers who hang up and keep their place.

    def shut(self, main_numbers: Set[str]) -> None:
        """From the next decision on nobody is called back who came by one of these; empty is for who came by none."""
        self._shut = main_numbers

    def call_back(
        self, call: str, number: str, now: float, earliest: float, language: str = "", main_number: str = ""
    ) -> bool:
        """The caller hangs up and is to be called at `number` when the place's turn comes; False for who has left.

        Of two places of one number that which is further on stays, by the hours of this `main_number`, the last called.
        """
        caller = self.state.callers.get(call)
        if caller is None or caller.standing == "callback":
            return False
        by = main_number or caller.main_number
        for other in to_call_back(self.state, number):
            self._withdraw(other, now)  # a call that is made for it finds the phone engaged, by this one
            kept, superfluous = (other, caller) if other.key < caller.key else (caller, other)
            self._take_out(superfluous, "already-ordered", now, kept.call)
            if kept is other:
                if by != other.main_number:
                    self._record(ordered_again(other, self.queue, now, by))
                self._assign(now)
                return True
        self._withdraw(caller, now)
        self._record(
            CallbackRequested(
                call=call,
                at=now,
                queue=self.queue.name,
                number=number,
                earliest=max(now, earliest),
                language=language,
                main_number=by,
            )
        )
        self._assign(now)
        return True

    def spoken_to(self, number: str, call: str, now: float) -> None:
        """Who has `number` is answered, by the place `call`: no other place is to be called back there any more."""
        for place in to_call_back(self.state, number):
            self._take_out(place, "answered-meanwhile", now, call)
            self._assign(now)

    def callback_missed(self, number: int, outcome: Missed, now: float, on_the_line: Container[str] = ()) -> None:
        """The caller was called for this offer and not reached: later again, or given up after the last attempt.

        The member is released as after any offer that was withdrawn. Does nothing for an offer that is over. Who is
        engaged by waiting here, with a number `on_the_line`, keeps the attempt.
        """
        offer = self.state.offers.get(number)
        if offer is None or self.state.callers[offer.call].standing != "callback":
            return
        caller = self.state.callers[offer.call]
        self._end_offer(number, "withdrawn", now)
        counts = outcome != "busy" or caller.number not in on_the_line
        self._record(missed := missed_by(caller, self.queue, outcome, now, counts=counts))
        if missed.retry_at is None:
            self._take_out(caller, "not-reached", now)
        self._assign(now)

    # Offers.

    def offer_answered(self, number: int, now: float, by: str | None = None) -> bool:
        """The member has answered, or `by` picks the call up. False when the caller has gone or been answered.

        Where who picks up is a member too, and not in another conversation, it is as if they had been offered the
        caller; anybody else takes the caller out of the queue's hands.
        """
        offer = self.state.offers.get(number)
        if offer is None:
            return False
        caller = self.state.callers[offer.call]
        taken = number if by in (None, offer.member) else self._claim_for(caller, by or "", now)
        others = [other for other in caller.offers if other != taken]
        if taken is not None:
            self._end_offer(taken, "answered", now)
        for other in others:
            self._end_offer(other, "elsewhere", now)
        outcome: Literal["answered", "called-back"] = "called-back" if caller.number else "answered"
        waited = now - caller.since
        self._record(QueueLeft(call=caller.call, at=now, queue=self.queue.name, outcome=outcome, waited=waited))
        self._assign(now)
        return True

    def offer_failed(self, number: int, outcome: Missed, now: float) -> None:
        """The member did not take the caller; the next one is tried. Does nothing for an offer that is over."""
        offer = self.state.offers.get(number)
        if offer is None:
            return
        self._end_offer(number, outcome, now)
        allowed, member = self.queue.auto_pause_misses, self.state.members[offer.member]
        if allowed and member.misses >= max(allowed, FEWEST_MISSES) and "paused" not in member.obstacles:
            name, itself = self.queue.name, Author("queue")
            self._record(MemberPaused(queue=name, member=member.person, at=now, reason=MISSED_TOO_OFTEN, by=itself))
        self._assign(now)

    def talk_ended(self, call: str, now: float) -> None:
        """The conversation of the queue's caller with the member is over. Does nothing when it has been over before.

        Also where the member hands the caller on and the caller talks to somebody else: wrap-up begins now.
        """
        member = self.state.talks.get(call)
        if member is not None:
            self._talk_over(member, now)
            self._assign(now)

    # Members.

    def block(self, person: str, obstacle: Obstacle, now: float) -> None:
        """Something keeps the member from being offered callers; an offer that rings already goes on.

        Claims nobody, for another queue may be claiming several members in this very step.
        """
        if obstacle not in self.state.members[person].obstacles:
            self._record(MemberBlocked(queue=self.queue.name, member=person, at=now, obstacle=obstacle))
            self._let_go(now)

    def clear(self, person: str, obstacle: Obstacle, now: float, idle_since: float | None = None) -> None:
        """The obstacle is gone; `idle_since` is when the conversation ended, if it was one."""
        name, obstacles = self.queue.name, self.state.members[person].obstacles
        if obstacle in obstacles:
            self._record(MemberCleared(queue=name, member=person, at=now, obstacle=obstacle, idle_since=idle_since))
            self._assign(now)

    def activate(self, person: str, now: float, by: Author | None = None) -> bool:
        """The member takes part again; False when that changes nothing, or the queue does not list the person."""
        member = self._listed(person)
        if member is None or "passive" not in member.obstacles:
            return False
        self._record(MemberActivated(queue=self.queue.name, member=person, at=now, by=by))
        self._assign(now)
        return True

    def deactivate(self, person: str, now: float, by: Author | None = None) -> bool:
        """The member takes no part until activated; an offer that rings already goes on. False as in `activate`."""
        member = self._listed(person)
        if member is None or "passive" in member.obstacles:
            return False
        self._record(MemberDeactivated(queue=self.queue.name, member=person, at=now, by=by))
        if all("passive" in self.state.members[other].obstacles for other in self.queue.members):
            self._record(LastMemberPassive(queue=self.queue.name, member=person, at=now, by=by))
        self._assign(now)
        return True

    def pause(self, person: str, reason: str, now: float, by: Author | None = None) -> bool:
        """The member is offered nobody until resumed; False when paused so already, and as in `activate`."""
        member = self._listed(person)
        if member is None or ("paused" in member.obstacles and member.pause_reason == reason):
            return False
        self._record(MemberPaused(queue=self.queue.name, member=person, at=now, reason=reason, by=by))
        self._assign(now)
        return True

    def resume_member(self, person: str, now: float, by: Author | None = None) -> bool:
        """The member's pause is over; False as in `activate`."""
        member = self._listed(person)
        if member is None or "paused" not in member.obstacles:
            return False
        self._record(MemberResumed(queue=self.queue.name, member=person, at=now, by=by))
        self._assign(now)
        return True

    # Time.

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, UTC epoch seconds; None when time changes nothing."""
        alarm = self.state.next_alarm()
        all_of_them = (None if alarm is None else alarm[0], empty_deadline(self.state), self._match_at)
        return min((at for at in all_of_them if at is not None), default=None)

    def advance(self, now: float) -> None:
        """Do what is due: end waits that took too long, wrap-ups and rests; let callers go when everybody has gone."""
        while (alarm := self.state.next_alarm()) is not None and alarm[0] <= now:
            _, name, ending = alarm
            if ending == "wait":
                self.leave(name, now, "timeout")
            else:
                self.clear(name, ending, now)
        empty = empty_deadline(self.state)
        if empty is not None and empty <= now:
            for caller in [caller for caller in self.state.unserved() if let_go_when_empty(caller)]:
                self._take_out(caller, "no-members", now)
        self._assign(now)

    # After a restart.

    def restore(self, talks: Container[str], now: float) -> None:
        """Take up a state that was folded from the log of a run before.

        Claims are released. Conversations go on where `talks` has their call, else they are over. Who waited on the
        line keeps place and waiting time, and is offered to somebody once taken up (`resume`). Whether members have a
        phone or talk elsewhere is not known until told.
        """
        name = self.queue.name
        for number in list(self.state.offers):
            self._end_offer(number, "withdrawn", now)
        for call, person in list(self.state.talks.items()):
            if call not in talks:
                self._talk_over(person, now)
        for caller in self.state.in_line():
            if caller.standing != "callback":
                self._record(PlaceHeld(call=caller.call, at=now, queue=name, why="restart"))
        for person, member in self.state.members.items():
            if "gone" not in member.obstacles:
                self._record(MemberBlocked(queue=name, member=person, at=now, obstacle="gone"))
        for person in self.state.members:
            self.clear(person, "busy", now)
            self.clear(person, "elsewhere", now)

    # What they have in common.

    def _assign(self, now: float) -> None:
        """Claim free members for unserved callers as far as they go; let go who has no hope left."""
        state, self._match_at = self.state, None
        while state.free and not self._closed:
            found = next_match(state, now, self._shut)
            if not isinstance(found, tuple):
                self._match_at = found
                break
            self._claim(*found, now)
        self._let_go(now)

    def _let_go(self, now: float) -> None:
        """Let go who has no hope left."""
        for caller, outcome in hopeless(self.state):
            self._take_out(caller, outcome, now)

    def _claim(self, caller: Waiting, member: Member, now: float) -> None:
        number, name = self.state.last_offer + 1, self.queue.name
        offer = OfferMade(call=caller.call, at=now, queue=name, member=member.person, offer=number)
        self._record(offer)
        if caller.standing == "callback":
            self._record(due_by(caller, offer))

    def _claim_for(self, caller: Waiting, person: str, now: float) -> int | None:
        """The offer by which somebody has this caller who takes them by themselves; None for who is no free member."""
        rings = [offer for offer in self.state.offers.values() if offer.member == person]
        for offer in rings:
            if offer.call == caller.call:
                return offer.number
        member = self._listed(person)
        if member is None or not member.obstacles.keys().isdisjoint(("talking", "elsewhere")):
            return None
        for offer in rings:
            self._end_offer(offer.number, "withdrawn", now)
        number = self.state.last_offer + 1
        self._record(OfferMade(call=caller.call, at=now, queue=self.queue.name, member=person, offer=number))
        return number

    def _take_out(self, caller: Waiting, outcome: LeftUnanswered, now: float, instead: str = "") -> None:
        self._withdraw(caller, now)
        name, waited = self.queue.name, now - caller.since
        self._record(QueueLeft(call=caller.call, at=now, queue=name, outcome=outcome, waited=waited, instead=instead))

    def _withdraw(self, caller: Waiting, now: float) -> None:
        for number in caller.offers:
            self._end_offer(number, "withdrawn", now)

    def _end_offer(self, number: int, outcome: OfferOutcome, now: float) -> None:
        offer, name = self.state.offers[number], self.queue.name
        call, member = offer.call, offer.member
        self._record(OfferEnded(call=call, at=now, queue=name, member=member, offer=number, outcome=outcome))

    def _talk_over(self, member: str, now: float) -> None:
        seconds = self.queue.wrap_up_seconds
        self._record(TalkEnded(queue=self.queue.name, member=member, at=now, wrap_up_seconds=seconds))

    def _listed(self, person: str) -> Member | None:
        member = self.state.members.get(person)
        return None if member is None or "removed" in member.obstacles else member

    def _record(self, event: QueueEvent) -> None:
        self.state.apply(event)
        self._events.append(event)
