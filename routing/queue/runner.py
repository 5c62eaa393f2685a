"""The one owner of a queue: turns the machine's decisions into ringing phones, and what phones do into decisions.

There is one for each queue, and every caller of the queue passes through it. Its methods are synchronous: a decision
and its consequences (claims, started and stopped ringing, told callers) are one step that nothing comes between.
"""

import asyncio
import logging
from collections.abc import Container, Coroutine, Iterable
from typing import Any

from routing.activity import Activity
from routing.events import CallbackDue, CallEvent, OfferEnded, OfferMade, QueueLeft
from routing.model import Queue
from routing.ports import ANSWERED_ELSEWHERE, Answered, Caller, Clock, Dialler, EventSink
from routing.queue.call_back import CALLBACK_GRACE, CallBack, IsOpen, always_open, nobody_calls_back
from routing.queue.confirming import Introduction, unnamed
from routing.queue.delivery import Delivery, NotInLine, Place, numbers_on_the_line
from routing.queue.events import (
    Author,
    MemberActivated,
    MemberCleared,
    MemberResumed,
    Obstacle,
    QueueEvent,
    Recollection,
    TalkEnded,
)
from routing.queue.expected_wait import expected_wait
from routing.queue.machine import QueueMachine
from routing.queue.member import Offer
from routing.queue.outcomes import LeftUnanswered, Missed
from routing.queue.ringing import ring_member
from routing.queue.sinks import Forgotten, MemberSink, Remembrance, unrecorded
from routing.queue.state import QueueState, fold

log = logging.getLogger(__name__)

OURS: tuple[Obstacle, ...] = ("claimed", "talking", "wrap-up")
"""With one of these the member is claimed by this queue."""


class QueueRunner:
    """A queue in operation.

    `history` is what is known of the queue from before: at least which members are passive or paused, at most its whole
    log, with its places and conversations; `talks` has the calls of those conversations that go on.
    """

    def __init__(
        self,
        queue: Queue,
        activity: Activity,
        emit: EventSink,
        clock: Clock,
        member_sink: MemberSink = unrecorded,
        *,
        remembrance: Remembrance | None = None,
        call_back: CallBack = nobody_calls_back,
        is_open: IsOpen = always_open,
        introduction: Introduction = unnamed,
        history: Iterable[Recollection] = (),
        talks: Container[str] = (),
    ) -> None:
        self._machine = QueueMachine(queue, fold(queue, history))
        self._activity = activity
        self._emit = emit
        self._member_sink = member_sink
        self._clock = clock
        self._remembrance = remembrance or Forgotten()
        self._call_back = call_back
        self._is_open = is_open
        self._main_numbers = {""} | {each.main_number for each in self._machine.state.callers.values()}
        self._introduction = introduction
        self._places: dict[str, Place] = {}
        self._ringing: dict[int, asyncio.Task[None]] = {}
        self._talks: dict[str, asyncio.Task[None]] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: float | None = None
        self._acting = False
        self._machine.restore(talks, self._now())
        for call in self._machine.state.callers:
            self._places[call] = Place(asyncio.get_running_loop().create_future())
        self._act()
        for person in self._machine.state.members:
            self._meet(person)

    @property
    def queue(self) -> Queue:
        """The settings as they are now."""
        return self._machine.queue

    @property
    def state(self) -> QueueState:
        """For views and tests; changed by nobody but the machine."""
        return self._machine.state

    def reconfigure(self, queue: Queue) -> None:
        """Go on with other settings. Callers keep their places; members who are new are met, others finish."""
        known = set(self._machine.state.members)
        self._machine.reconfigure(queue, self._now())
        self._act()
        for person in [each for each in queue.members if each not in known]:
            self._meet(person)

    # Callers.

    def join(
        self, caller: Caller, dialler: Dialler, *, priority: int = 0, prefers: str | None = None, who: str | None = None
    ) -> asyncio.Future[Delivery]:
        """Take a caller in; the future tells how the wait ended, at once when the queue is full or has nobody.

        A higher `priority` is served before; `prefers` is the member whom the caller is offered to first, if free;
        `who` calls, by id or number, is offered to themselves never.
        """
        place = self._places[caller.call] = Place(asyncio.get_running_loop().create_future(), caller, dialler)
        self._machine.join(caller.call, self._now(), priority=priority, prefers=prefers, who=who)
        self._act()
        return place.delivery

    def leave(self, call: str, outcome: LeftUnanswered = "abandoned") -> None:
        """The caller goes, or gives up being called back; who rings is released. Nothing for who has left already."""
        self._machine.leave(call, self._now(), outcome)
        self._act()

    def hung_up(self, call: str, outcome: LeftUnanswered = "abandoned") -> None:
        """Whoever had the place has gone; nothing for one that is to be called back, and so waits without them."""
        caller = self._machine.state.callers.get(call)
        if caller is not None and caller.standing != "callback":
            self.leave(call, outcome)

    def position(self, call: str) -> int | None:
        """1 for the caller who is next; None for who is not in the line any more."""
        return self._machine.state.position(call) if call in self._machine.state.callers else None

    def place(self, call: str) -> Place:
        """Who is on the line for a place, and what they were told. Raises NotInLine."""
        if call not in self._places:
            raise NotInLine(f"{self.queue.name}: {call} is not in line")
        return self._places[call]

    def joined_at(self, call: str) -> float | None:
        """Since when the caller waits, UTC epoch seconds; None for who is not in the line any more."""
        caller = self._machine.state.callers.get(call)
        return None if caller is None else caller.since

    def expected_wait(self, call: str) -> float | None:
        """Seconds that the caller will probably still wait; None where it is unknown."""
        position = self.position(call)
        return None if position is None else expected_wait(position, self._machine.state.served, self._clock())

    def hold(self, call: str) -> bool:
        """The caller steps out: the place is kept and offered to nobody, waiting time goes on.

        False where it is too late, since the wait has ended; its future tells how.
        """
        held = self._machine.hold(call, self._now())
        self._act()
        return held

    def return_to(self, call: str) -> asyncio.Future[Delivery]:
        """The caller who stepped out is on the line again; the future is that of `join`. Raises NotInLine."""
        place = self.place(call)
        self._machine.resume(call, self._now())
        self._act()
        return place.delivery

    def adopt(self, call: str, caller: Caller, dialler: Dialler) -> asyncio.Future[Delivery]:
        """A caller is on the line for a place that has none: after a restart, or called back. Raises NotInLine.

        Everything goes on under `call`, whatever the new leg's own id. For who is called back the claimed member rings.
        """
        place = self.place(call)
        place.caller, place.dialler = caller, dialler
        state = self._machine.state
        for number in state.callers[call].offers:
            self._start(state.offers[number], self._ring(state.offers[number], caller, dialler))
        return self.return_to(call)

    def without_caller(self) -> list[str]:
        """Places of callers on the line before a restart whom nobody has taken up; for `lose`."""
        callers = self._machine.state.in_line()
        return [each.call for each in callers if each.standing == "held" and self._places[each.call].caller is None]

    def talking(self) -> list[str]:
        """The calls of this queue's conversations that go on."""
        return list(self._machine.state.talks)

    def lose(self, call: str) -> None:
        """Whoever had the place is cut off: called again where called back before, else gone."""
        caller = self._machine.state.callers.get(call)
        if caller is not None and caller.number:
            self.call_back(call, caller.number, language=caller.language)
        else:
            self.leave(call, "lost")

    def call_back(
        self, call: str, number: str, earliest: float = 0.0, *, language: str = "", main_number: str = ""
    ) -> bool:
        """The caller hangs up, keeps the place, and is to be called at `number`, not before `earliest` (UTC epoch).

        To be told when the caller's leg is over, since it may be the place's turn at once, unless `main_number` is
        closed. Then a member is claimed and the runner's `CallBack` does the rest. False where the wait has ended.
        """
        self._main_numbers.add(main_number)
        kept = self._machine.call_back(call, number, self._now(), earliest, language, main_number)
        if kept:
            self._places[call].caller = self._places[call].dialler = None
        self._act()
        return kept

    def callback_missed(self, offer: int, outcome: Missed) -> None:
        """Who was called back did not answer: later again with the same place, or given up after the last attempt."""
        self._machine.callback_missed(offer, outcome, self._now(), numbers_on_the_line(self._places.values()))
        self._act()

    def talks_to(self, call: str, member: Answered, number: str = "") -> None:
        """The caller talks to the member until that one's part is over, and is called back at `number` no more."""
        if call in self._machine.state.talks:
            self._talks[call] = asyncio.create_task(self._talk(call, member), name=f"{self.queue.name} talk {call}")
        self._machine.spoken_to(number, call, self._now())
        self._act()

    async def _talk(self, call: str, member: Answered) -> None:
        try:
            await member.part_over()
        finally:
            self._talks.pop(call, None)
            self.talk_ended(call)

    def talk_ended(self, call: str) -> None:
        """The conversation that a delivery brought is over, or the member has handed the caller on; once counts."""
        self._machine.talk_ended(call, self._now())
        self._act()

    def close(self) -> None:
        """Let everybody on the line go with outcome `shutdown`, and take nobody in and call nobody any more."""
        self._machine.close(self._now())
        self._act()

    # Members: what they and administrators (`by`) decide. Each tells whether it changed anything.

    def activate(self, member: str, by: Author | None = None) -> bool:
        """The member takes part in the queue again."""
        changed = self._machine.activate(member, self._now(), by)
        self._act()
        return changed

    def deactivate(self, member: str, by: Author | None = None) -> bool:
        """The member takes no part until activated, whatever restarts; a call that rings already goes on ringing."""
        changed = self._machine.deactivate(member, self._now(), by)
        self._act()
        return changed

    def pause(self, member: str, reason: str, by: Author | None = None) -> bool:
        """The member is offered nobody until resumed; paused already, the reason changes."""
        changed = self._machine.pause(member, reason, self._now(), by)
        self._act()
        return changed

    def resume(self, member: str, by: Author | None = None) -> bool:
        """The member's pause is over."""
        changed = self._machine.resume_member(member, self._now(), by)
        self._act()
        return changed

    def takes_part(self, member: str) -> bool:
        """True for a member who is active here, also while paused or without a phone."""
        listed = self._machine.state.members.get(member)
        return listed is not None and "passive" not in listed.obstacles

    # Members, told by Activity.

    def member_blocked(self, person: str, obstacle: Obstacle) -> None:
        self._machine.block(person, obstacle, self._now())
        self._act()

    def member_cleared(self, person: str, obstacle: Obstacle, idle_since: float | None) -> None:
        self._machine.clear(person, obstacle, self._now(), idle_since)
        self._act()

    def _meet(self, person: str) -> None:
        """Learn how a member stands; who is in this queue's hands from before is claimed again."""
        self._activity.listen(person, self)
        if not self._machine.state.members[person].obstacles.keys().isdisjoint(OURS):
            self._activity.claim(person, self)

    # Consequences.

    def _act(self) -> None:
        """Carry out what the machine has decided. A consequence that decides more is carried out by the same loop."""
        if self._acting:
            return
        self._acting = True
        try:
            while events := self._machine.take_events():
                # All claims first: a release may make another queue look for a member in the same step.
                for event in events:
                    if isinstance(event, OfferMade):
                        self._activity.claim(event.member, self)
                for event in events:
                    self._carry_out(event)
        finally:
            self._acting = False
        self._set_alarm()

    def _carry_out(self, event: QueueEvent) -> None:
        self._tell(event)
        match event:
            case OfferMade() if event.offer in self._machine.state.offers:  # not so one of who picked the call up
                place = self._places[event.call]
                if place.caller is not None and place.dialler is not None:
                    offer = Offer(event.offer, event.call, event.member)
                    self._start(offer, self._ring(offer, place.caller, place.dialler))
            case CallbackDue():
                self._start(Offer(event.offer, event.call, event.member), self._called_back(event))
            case OfferEnded():
                self._stop(event)
                self._member_done(event.member)
            case TalkEnded() | MemberCleared():
                self._member_done(event.member)
            case MemberActivated() | MemberResumed():
                self._remembrance.member(self._machine.state.members[event.member])
            case QueueLeft():
                if event.outcome == "answered":
                    self._remembrance.served(self._machine.state.served)
                place = self._places.pop(event.call)
                place.delivery.set_result(Delivery(event, place.answered, place.member))

    def _start(self, offer: Offer, work: Coroutine[Any, Any, None]) -> None:
        self._ringing[offer.number] = asyncio.create_task(work, name=f"offer {offer.number} {offer.call}")

    def _stop(self, ended: OfferEnded) -> None:
        task = self._ringing.pop(ended.offer, None)
        if task is not None and ended.outcome in ("withdrawn", "elsewhere"):
            task.cancel(ANSWERED_ELSEWHERE if ended.outcome == "elsewhere" else None)

    def _tell(self, event: QueueEvent) -> None:
        """Put the event on record. Where that fails, the caller and the member are served all the same."""
        try:
            if isinstance(event, CallEvent):
                self._emit(event)
            else:
                self._member_sink(event)
        except Exception:
            log.exception("%s: could not record %s", self.queue.name, event)

    def _member_done(self, person: str) -> None:
        """Something is over for a member; where nothing else keeps them, other queues may have them."""
        member = self._machine.state.members[person]
        self._remembrance.member(member)
        if member.obstacles.keys().isdisjoint(OURS):
            self._activity.release(person, self, member.idle_since or None)

    async def _ring(self, offer: Offer, caller: Caller, dialler: Dialler) -> None:
        """Ring the member and report how it ended, whatever happens: an offer that nobody ends is a stuck agent."""
        result = await ring_member(self.queue, offer, caller, dialler, self._introduction)
        self._ringing.pop(offer.number, None)
        if result.outcome != "answered" or result.answered is None:
            missed = "unreachable" if result.outcome == "answered" else result.outcome
            self._machine.offer_failed(offer.number, missed, self._now())
        elif self._machine.offer_answered(offer.number, self._now(), result.picked_up_by):
            self._places[offer.call].answered = result.answered
            self._places[offer.call].member = result.picked_up_by or offer.member
        else:
            dialler.drop(result.answered, "caller-gone")
        self._act()

    async def _called_back(self, due: CallbackDue) -> None:
        """Let the caller be called back; a claim that this leaves behind is ended."""
        overdue = asyncio.get_running_loop().call_later(CALLBACK_GRACE, self.callback_missed, due.offer, "no-answer")
        try:
            await self._call_back(self, due)
        except Exception:
            log.exception("%s: calling back failed", due.call)
        finally:
            overdue.cancel()
            self.callback_missed(due.offer, "unreachable")

    # Time.

    def _now(self) -> float:
        """The moment at which the machine decides something, by what is open at it."""
        self._machine.shut({number for number in self._main_numbers if not self._is_open(number)})
        return self._clock()

    def _set_alarm(self) -> None:
        at = self._machine.next_timeout()
        if at == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = None, at
        if at is not None:
            self._alarm = asyncio.get_running_loop().call_later(at - self._clock(), self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm_at = None
        self._machine.advance(self._now())
        self._act()
