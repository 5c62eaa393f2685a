"""The one owner of a queue: turns the machine's decisions into ringing phones, and what phones do into decisions.

There is one for each queue, and every caller of the queue passes through it. Its methods are synchronous: a decision
and its consequences (claims, started and stopped ringing, told callers) are one step that nothing comes between.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from routing.activity import Activity
from routing.events import CallEvent, OfferEnded, OfferMade, QueueLeft
from routing.model import Queue
from routing.ports import Answered, Caller, Clock, Dialler, EventSink, RingResult
from routing.queue.events import AnyMemberEvent, MemberCleared, Obstacle, QueueEvent, TalkEnded
from routing.queue.machine import LeftUnanswered, QueueMachine
from routing.queue.state import QueueState

log = logging.getLogger(__name__)

RING_GRACE = 5.0
"""Seconds beyond `ring_seconds` after which an offer ends whatever the dialler does: no claim is held for ever."""


MemberSink = Callable[[AnyMemberEvent], None]
"""Takes what happens to members; it may not block."""


def unrecorded(_: AnyMemberEvent) -> None:
    """A MemberSink for who keeps no log of members."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a caller's wait ended; `answered` and `member` only with outcome `answered`."""

    left: QueueLeft
    answered: Answered | None = None
    member: str = ""


@dataclass(slots=True)
class _CallerInLine:
    caller: Caller
    dialler: Dialler
    delivery: asyncio.Future[Delivery]
    answered: Answered | None = None
    member: str = ""


class QueueRunner:
    """A queue in operation."""

    def __init__(
        self,
        queue: Queue,
        activity: Activity,
        emit: EventSink,
        clock: Clock,
        member_sink: MemberSink = unrecorded,
    ) -> None:
        self.queue = queue
        self._machine = QueueMachine(queue)
        self._activity = activity
        self._emit = emit
        self._member_sink = member_sink
        self._clock = clock
        self._callers: dict[str, _CallerInLine] = {}
        self._ringing: dict[int, asyncio.Task[None]] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: float | None = None
        self._acting = False
        for person in queue.members:
            activity.listen(person, self)

    @property
    def state(self) -> QueueState:
        """For views and tests; changed by nobody but the machine."""
        return self._machine.state

    # Callers.

    def join(self, caller: Caller, dialler: Dialler) -> asyncio.Future[Delivery]:
        """Take a caller in; the future tells how the wait ended, at once when the queue is full or has nobody."""
        place = _CallerInLine(caller, dialler, asyncio.get_running_loop().create_future())
        self._callers[caller.call] = place
        self._machine.join(caller.call, self._clock())
        self._act()
        return place.delivery

    def leave(self, call: str, outcome: LeftUnanswered = "abandoned") -> None:
        """The caller goes; the member who rings is released. Does nothing for who has left already."""
        self._machine.leave(call, self._clock(), outcome)
        self._act()

    def position(self, call: str) -> int | None:
        """1 for the caller who is next; None for who is not in the line any more."""
        return self._machine.state.position(call) if call in self._machine.state.callers else None

    def talk_ended(self, member: str) -> None:
        """The conversation with the member that a delivery brought is over."""
        self._machine.talk_ended(member, self._clock())
        self._act()

    def close(self) -> None:
        """Let everybody who waits go with outcome `shutdown` and take nobody in any more."""
        self._machine.close(self._clock())
        self._act()

    # Members, told by Activity.

    def member_blocked(self, person: str, obstacle: Obstacle) -> None:
        self._machine.block(person, obstacle, self._clock())
        self._act()

    def member_cleared(self, person: str, obstacle: Obstacle, idle_since: float | None) -> None:
        self._machine.clear(person, obstacle, self._clock(), idle_since)
        self._act()

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
            case OfferMade():
                ringing = self._ring(event, self._callers[event.call])
                self._ringing[event.offer] = asyncio.create_task(ringing, name=f"offer {event.offer} {event.call}")
            case OfferEnded(outcome="withdrawn"):
                self._ringing.pop(event.offer).cancel()
                self._release_if_done(event.member)
            case OfferEnded() | TalkEnded() | MemberCleared():
                self._release_if_done(event.member)
            case QueueLeft():
                place = self._callers.pop(event.call)
                place.delivery.set_result(Delivery(event, place.answered, place.member))

    def _tell(self, event: QueueEvent) -> None:
        """Put the event on record. Where that fails, the caller and the member are served all the same."""
        try:
            if isinstance(event, CallEvent):
                self._emit(event)
            else:
                self._member_sink(event)
        except Exception:
            log.exception("%s: could not record %s", self.queue.name, event)

    def _release_if_done(self, person: str) -> None:
        member = self._machine.state.members[person]
        if not member.obstacles & {"claimed", "talking", "wrap-up"}:
            self._activity.release(person, self, member.idle_since or None)

    async def _ring(self, offer: OfferMade, place: _CallerInLine) -> None:
        """Ring the member and report how it ended, whatever happens: an offer that nobody ends is a stuck agent."""
        result = await self._ring_result(offer, place)
        self._ringing.pop(offer.offer, None)
        if result.outcome != "answered" or result.answered is None:
            missed = "unreachable" if result.outcome == "answered" else result.outcome
            self._machine.offer_failed(offer.offer, missed, self._clock())
            self._act()
            return
        place.answered, place.member = result.answered, offer.member
        if self._machine.offer_answered(offer.offer, self._clock()):
            self._act()
        else:
            await place.dialler.drop(result.answered, "caller-gone")

    async def _ring_result(self, offer: OfferMade, place: _CallerInLine) -> RingResult:
        try:
            async with asyncio.timeout(self.queue.ring_seconds + RING_GRACE):
                return await place.dialler.ring_person(
                    offer.member, caller=place.caller, timeout=self.queue.ring_seconds
                )
        except TimeoutError:
            log.warning("%s: ringing %s did not end by itself", offer.call, offer.member)
            return RingResult("no-answer", status=480)
        except Exception:
            log.exception("%s: ringing %s failed", offer.call, offer.member)
            return RingResult("unreachable", status=480)

    # Time.

    def _set_alarm(self) -> None:
        at = self._machine.next_timeout()
        if at == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = None
        if at is not None:
            self._alarm = asyncio.get_running_loop().call_later(at - self._clock(), self._on_alarm)

    def _on_alarm(self) -> None:
        self._alarm_at = None
        self._machine.advance(self._clock())
        self._act()
