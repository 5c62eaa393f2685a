"""The treatment of one call, from its arrival to its end. Reads like the call."""

import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

import msgspec

from routing import dialplan, feature_codes
from routing.attendant import Attendant
from routing.calendars import destination_at
from routing.caller_leg import answer, start_music, tell
from routing.conversation import Conversation
from routing.course import Course
from routing.dialplan import Refusal
from routing.diversion import Diversion
from routing.events import CallArrived, CallEnded, CallRouted, CallTakenUp
from routing.feature_codes import FeatureCall, FeatureCode
from routing.forwarded import ForwardedCall
from routing.forwarding import before_ringing, diverted_by, not_answered, ring_seconds
from routing.handover import SentOn
from routing.house import Arrival, House, Onward
from routing.model import Destination, MainNumber
from routing.park import Stay
from routing.parking_lot import wait_in_slot
from routing.ports import Answered, Caller, CallerGone, Dialler, Ended, RingOutcome, RingResult
from routing.prompts import BUSY, RINGBACK, UNAVAILABLE
from routing.queue.entertainment import Opening
from routing.queue_visits import Found, QueueVisits
from routing.tasks import while_there
from routing.transfer import HERE, OngoingTransfer
from routing.welcome import greeting_of

log = logging.getLogger(__name__)

MOST_HOPS = 10
"""Destinations that may follow one another without a key pressed, before it is taken for a loop."""

OUTSIDE_RING_SECONDS = 180.0
"""How long an outside number rings: the network's own limit comes first (cf. Timer C, RFC 3261 §16.6 item 11)."""

STATUS: dict[RingOutcome, int] = {"busy": 486, "no-answer": 480, "unreachable": 480, "rejected": 603}
"""What a caller who is not answered is told (RFC 3261 §21.4.24, §21.4.18, §21.6.2), where the dialler names no status.

480 is also for who has no phone registered: known, but without "a valid forwarding location" (§21.4.18).
"""


class CallFlow:
    """One call in a company; `priority` and `customer`, the number typed, are what it had come to before a restart."""

    def __init__(
        self, house: House, caller: Caller, dialler: Dialler, arrival: Arrival, *, priority: int = 0, customer: str = ""
    ) -> None:
        self._company = house.company
        self._emit = house.emit
        self._clock = house.clock
        self._house = house
        self._talk = Conversation(caller, dialler, house.emit, house.clock)
        self._dialler = dialler
        self._course = Course(arrival, house.company.vip.get(caller.number, 0))
        self._course.give_priority(priority)
        self._course.customer_number = customer
        self._attendant = Attendant(house, self._course)
        self._visits = QueueVisits(house, dialler, self._course)
        self._forwarded = ForwardedCall(house, arrival.forwarded)

    @property
    def _caller(self) -> Caller:
        return self._talk.caller

    async def run(self) -> None:
        """Treat the call to its end; its first event is CallArrived and its last, exactly once, CallEnded.

        Cancelling is shutting down: the call is ended with 503 or BYE. Raises nothing else.
        """
        self._emit(CallArrived(**self._arrived()))
        await self._to_the_end(self._treat())

    async def resume(self, places: Mapping[str, str], arrived: float, *, away: bool) -> None:
        """Go on with a caller who has places in queues since before a restart; `arrived` is when the call came.

        `places`, the calls under which the queues know them, in the order in which the caller took or left them: in the
        last the caller waited, or has stepped out of it (`away`) and is back now. The last event is CallEnded here too.
        """
        *others, queue = places
        for other in others:
            self._course.places.came_to(Destination("queue", other))
        self._visits.hold(places)
        self._course.main_number = self._house.open_number(self._course.arrival, arrived)
        ordered = next((place for place in places.values() if place != self._caller.call), "")
        self._emit(CallTakenUp(**self._arrived(), arrived=arrived, queue=queue, place=ordered))
        await self._to_the_end(self._wait_on(queue, "position" if away else "nothing"))

    async def _wait_on(self, queue: str, opening: Opening) -> Ended:
        return await self._follow(await self._queue(queue, opening=opening))

    async def talk_on(
        self, answered: Answered, person: str | None, arrived: float, queue: str = "", place: str = ""
    ) -> None:
        """Go on with a caller who talks to somebody since before a restart, whom `queue` has found for that `place`.

        The last event is CallEnded here too, exactly once.
        """
        self._course.main_number = self._house.open_number(self._course.arrival, arrived)
        self._emit(CallTakenUp(**self._arrived(), arrived=arrived, queue="", talks_to=person or answered.number))
        self._visits.talks_to(queue, place, answered)
        await self._to_the_end(self._talk_on(answered))

    async def _talk_on(self, answered: Answered) -> Ended:
        return await self._follow(await self._after(await self._talk.go_on(answered)))

    async def begin_anew(
        self,
        destination: Destination | None,
        arrived: float,
        *,
        menus: Sequence[str],
        parked_by: str,
    ) -> None:
        """Go on with an answered caller who was at `destination` before a restart, and begins there anew.

        None is for who was greeted and sent nowhere yet. `menus` have led there, the last one at the end; `parked_by`
        gets the call back. The last event is CallEnded here too, exactly once.
        """
        for menu in menus:
            self._course.places.came_to(Destination("menu", menu))
        self._course.parked_by = parked_by
        self._course.main_number = self._house.open_number(self._course.arrival, arrived)
        written = str(destination) if destination is not None else ""
        self._emit(CallTakenUp(**self._arrived(), arrived=arrived, queue="", destination=written))
        await self._to_the_end(self._begin_anew(destination))

    async def _begin_anew(self, destination: Destination | None) -> Ended:
        self._caller.stop_music()
        if destination is None:
            return await self._treat()
        return await self._follow(Onward(destination, "the call goes on where it was", chosen=True))

    async def serve_called_back(self, queue: str, place: str) -> None:
        """Take up the place in a queue for whose sake the caller was called back. Ends with CallEnded as well."""
        self._visits.hold({queue: place})
        await self._to_the_end(self._called_back(queue))

    async def serve(self, destination: Destination, why: str) -> None:
        """Connect somebody who was called for it to a destination. Ends with CallEnded as well."""
        await self._to_the_end(self._follow(Onward(destination, why)))

    async def _called_back(self, queue: str) -> Ended:
        return await self._follow(await self._queue(queue, opening="connecting"))

    async def _to_the_end(self, treatment: Coroutine[Any, Any, Ended]) -> None:
        ended = Ended("shutdown", "system", 503)
        try:
            ended = await self._outcome(treatment)
        finally:
            self._end(ended)

    async def _outcome(self, treatment: Coroutine[Any, Any, Ended]) -> Ended:
        """How the call ends; why its treatment failed is told in the log."""
        try:
            return await treatment
        except CallerGone:
            pass
        except Exception:
            log.exception("%s: the call's treatment failed", self._caller.call)
            return Ended("failed", "system", 500)
        gone = await self._caller.gone()
        return gone or Ended("elsewhere" if self._caller.answered_elsewhere else "abandoned", "caller", 487)

    def _arrived(self) -> dict[str, Any]:
        """Who calls whom, as the first event of a call tells."""
        return {
            "call": self._caller.call,
            "at": self._clock(),
            "company": self._company.id,
            "origin": self._course.arrival.origin,
            "caller_number": self._caller.number,
            "caller_name": self._caller.name,
            "caller_person": self._course.arrival.caller_person,
            "dialled": self._course.arrival.dialled,
        }

    def _end(self, ended: Ended) -> None:
        self._visits.give_up()
        self._talk.over()
        try:
            self._caller.hang_up(ended.cause, ended.status)
        finally:
            self._emit(
                CallEnded(call=self._caller.call, at=self._clock(), cause=ended.cause, by=ended.by, status=ended.status)
            )

    async def _treat(self) -> Ended:
        found = dialplan.find(self._company, self._course.arrival.dialled, self._course.arrival.origin)
        match found:
            case Refusal(status=status, reason=reason):
                log.info("%s: %s dialled: %s", self._caller.call, self._course.arrival.dialled, reason)
                return Ended("failed", "system", status)
            case MainNumber():
                return await self._follow(await self._greet(found))
            case FeatureCode():
                return await self._feature(found)
            case Destination():
                return await self._follow(Onward(found, f"{self._course.arrival.dialled} dialled"))

    async def _feature(self, code: FeatureCode) -> Ended:
        person = self._company.people.get(self._course.arrival.caller_person or "")
        if person is None:
            return Ended("failed", "system", 403)
        return await feature_codes.serve(
            FeatureCall(code, person, self._caller), self._house.features, self._emit, self._clock
        )

    async def _greet(self, number: MainNumber) -> Onward:
        """Choose by the hours and greet. A menu plays the greeting itself, so that a key cuts it."""
        self._course.give_priority(number.priority)
        now = self._house.situation(number, self._clock())
        self._course.main_number = number.number if now.open else ""
        onward = Onward(number.open, f"open: {now.why}") if now.open else Onward(number.closed, f"closed: {now.why}")
        greeting = greeting_of(number, now.slot, self._house.greetings)
        if greeting is not None and onward.destination.kind == "menu":
            self._course.greeting = (greeting,)
        elif greeting is not None:
            await answer(self._caller, self._emit, self._clock)
            await self._tell(greeting)
        return onward

    async def _follow(self, step: Onward | Ended) -> Ended:
        """From destination to destination, until the call has ended."""
        hops = 0
        while isinstance(step, Onward):
            hops = 0 if step.chosen else hops + 1
            if hops > MOST_HOPS:
                log.error("%s: destinations lead in a circle, last to %s", self._caller.call, step.destination)
                step = await self._not_reached("unreachable", 482)  # Loop Detected, RFC 3261 §21.4.20
                continue
            self._routed(str(step.destination), step.why)
            destination, step = step.destination, await self._go_to(step.destination)
            if isinstance(step, Ended):
                step = self._visits.back_in_line(step, destination)
        return step

    def _routed(self, destination: str, why: str) -> None:
        call, priority = self._caller.call, self._course.priority
        self._emit(CallRouted(call=call, at=self._clock(), destination=destination, why=why, priority=priority))

    async def _go_to(self, destination: Destination) -> Onward | Ended:
        if destination.kind in HERE:
            self._talk.arrived()
        match destination.kind:
            case "person":
                return await self._person(destination.name)
            case "queue":
                return await self._queue(destination.name)
            case "callback":
                return await self._queue(destination.name, orders_callback=True)
            case "menu":
                return await self._attendant.menu(destination.name, self._caller)
            case "number":
                return await self._number(destination.name)
            case "message":
                return await self._attendant.message(destination.name, self._caller)
            case "calendar":
                calendar = self._company.calendars[destination.name]
                return Onward(destination_at(calendar, self._clock()), str(destination))
            case "lookup":
                return await self._attendant.lookup(destination.name, self._caller)
            case "hours":
                return await self._attendant.hours(destination.name, self._caller)
            case "names":
                return await self._attendant.names(self._caller)
            case "back":
                return self._attendant.back("back")
            case "voicemail" if self._house.voicemail is not None:
                box, stays = destination.name, self._visits.keep_a_place
                return await self._attendant.leave_message(box, self._caller, self._house.voicemail, stays=stays)
            case "mailbox" if self._house.voicemail is not None:
                return await self._attendant.mailbox(destination.name, self._caller, self._house.voicemail)
            case "recording" if self._house.studio is not None:
                return await self._attendant.record_greeting(self._caller, self._house.studio)
            case "park":
                return await self._park(destination.name)
            case _:
                return Ended("completed-message" if self._caller.answered else "rejected", "system", 480)

    async def _person(self, name: str) -> Onward | Ended:
        person, wishes = self._company.people[name], self._house.wishes.of(name)
        unwanted = before_ringing(wishes)
        result = RingResult("busy", status=486)
        if unwanted is None:
            seconds = ring_seconds(self._company, person, wishes)
            result = await self._ring(self._dialler.ring_person(person.id, caller=self._caller, timeout=seconds))
        if result.answered is not None:
            return await self._connect(result.answered, result.picked_up_by or person.id)
        unwanted = unwanted or not_answered(self._company, person, wishes, result)
        if unwanted is not None and unwanted.to is not None:
            onward = self._forwarded.onward(self._caller, person, unwanted)
            return onward or await self._not_reached("unreachable", 482)  # Loop Detected, RFC 3261 §21.4.20
        # Who rejects a call is busy with something else; who has no phone is one who does not answer.
        own = person.on_busy if result.outcome in ("busy", "rejected") else person.on_no_answer
        elsewhere = own or self._course.otherwise
        if elsewhere is not None:
            why = unwanted.why if unwanted is not None else diverted_by(result.outcome)
            self._caller.divert(Diversion(person.id, why))
            return Onward(elsewhere, f"{person.id}: {why if unwanted is not None else result.outcome}")
        return await self._not_reached(result.outcome, result.status)

    async def _park(self, slot: str) -> Onward | Ended:
        """Wait in a slot, in any for an empty one, for anybody of the company; then back to who parked the call."""
        park, lot, caller, course = self._company.park, self._house.park, self._caller, self._course
        course.parked_by = by = self._talk.sent_on_by or course.parked_by
        parked = lot.enter([slot] if slot else park.slots, Stay(caller.call, by, self._clock()))
        if parked is None:
            return await self._not_reached("busy", 486)
        self._talk.arrived()
        self._visits.give_up()
        taker = await wait_in_slot(parked, lot, park, caller, self._dialler, self._emit, self._clock)
        caller.stop_music()
        caller.clear_keys()
        if taker is not None:
            return await self._connect(taker.answered, taker.person)
        course.otherwise = park.otherwise
        if by in self._company.people:
            why = f"{by} parked the call in {parked.slot}, where nobody took it in {park.return_seconds:.0f} s"
            return Onward(Destination("person", by), why, chosen=True)
        if park.otherwise is not None:
            return Onward(park.otherwise, f"nobody took the call in {parked.slot}", chosen=True)
        return await self._not_reached("no-answer", 480)

    async def _number(self, number: str) -> Onward | Ended:
        result = await self._ring(self._dialler.ring_number(number, caller=self._caller, timeout=OUTSIDE_RING_SECONDS))
        if result.answered is not None:
            return await self._connect(result.answered, None)
        return await self._not_reached(result.outcome, result.status)

    async def _queue(
        self, name: str, *, opening: Opening | None = None, orders_callback: bool = False
    ) -> Onward | Ended:
        found = await self._visits.visit(name, self._caller, opening=opening, orders_callback=orders_callback)
        return await self._connect(found.answered, found.member) if isinstance(found, Found) else found

    async def _ring(self, ringing: Coroutine[Any, Any, RingResult]) -> RingResult:
        """Ring somebody while the caller is there; who has been answered already hears that it rings."""
        if not self._caller.answered:
            return await while_there(self._caller, ringing)
        await start_music(self._caller, RINGBACK)
        try:
            return await while_there(self._caller, ringing)
        finally:
            self._caller.stop_music()
            self._caller.clear_keys()

    async def _connect(self, answered: Answered, person: str | None) -> Onward | Ended:
        """Let the two talk, until one hangs up or sends the other on. Who talks to somebody waits for nobody else."""
        self._visits.give_up()
        self._course.otherwise = None
        return await self._after(await self._talk.with_(answered, person))

    # Transfers

    async def _after(self, talk: SentOn | Ended) -> Onward | Ended:
        """Go on with whoever was sent on, of whom no more is known than the number if they were called."""
        if isinstance(talk, Ended):
            return talk
        if talk.by == "caller":
            self._course.priority = self._company.vip.get(self._caller.number, 0)
            self._course.arrival = msgspec.structs.replace(self._course.arrival, caller_person=None)
        if isinstance(talk.destination, MainNumber):
            return await self._greet(talk.destination)
        return Onward(talk.destination, f"{talk.transferor.person} transfers the call to {talk.to}", chosen=True)

    async def _sent_back(self, transfer: OngoingTransfer, outcome: RingOutcome, status: int) -> Onward | Ended:
        """Nobody was reached: back to who transferred the call, who is there still, or is called."""
        transferor = transfer.sent.transferor
        if transferor.there:
            return await self._after(await self._talk.again(transfer))
        seconds, person = self._company.calls.recall_seconds, transferor.person
        if not seconds or person not in self._company.people:
            return await self._not_reached(outcome, status)
        why = f"{transfer.sent.to}: {outcome}, and {person} has transferred the call"
        self._routed(f"person:{person}", why)
        result = await self._ring(self._dialler.ring_person(person, caller=self._caller, timeout=seconds))
        if result.answered is not None:
            return await self._connect(result.answered, result.picked_up_by or person)
        return await self._not_reached(result.outcome, result.status)

    async def _not_reached(self, outcome: RingOutcome, status: int) -> Onward | Ended:
        """Tell the caller: by a prompt when answered, else by the final response; back to who transferred the call."""
        transfer = self._talk.missed(outcome, status)
        if transfer is not None:
            return await self._sent_back(transfer, outcome, status)
        engaged = outcome in ("busy", "rejected")
        if self._caller.answered:
            await self._tell(BUSY if engaged else UNAVAILABLE)
        return Ended(outcome, "callee" if engaged else "system", status if status >= 400 else STATUS[outcome])

    async def _tell(self, prompt: str) -> None:
        await tell(self._caller, [prompt], self._emit, self._clock)
