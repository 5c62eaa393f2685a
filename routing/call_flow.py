"""The treatment of one call, from its arrival to its end. Reads like the call."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

import msgspec

from routing import dialplan, feature_codes, menu
from routing.calendars import destination_at
from routing.callback_numbers import CallbackNumbers
from routing.caller_leg import answer, start_music, tell
from routing.conversation import Conversation
from routing.dialplan import Refusal
from routing.diversion import Diversion
from routing.events import CallArrived, CallEnded, CallRouted, CallTakenUp
from routing.feature_codes import FeatureCall, FeatureCode
from routing.forwarded import ForwardedCall
from routing.forwarding import after_ringing, before_ringing, diverted_by, ring_seconds
from routing.greetings import GreetingStudio
from routing.greetings_by_phone import GreetingsByPhone
from routing.handover import SentOn
from routing.hours import ALWAYS_OPEN, situation
from routing.house import Arrival, House, Onward
from routing.lookups import Question, look_up
from routing.menu.names import dial
from routing.menu.told import told
from routing.model import Destination, MainNumber, Queue
from routing.places import Places
from routing.ports import Answered, Caller, CallerGone, Dialler, Ended, RingOutcome, RingResult
from routing.prompts import BUSY, RINGBACK, UNAVAILABLE
from routing.queue.entertainment import Opening
from routing.queue.waiting import SteppedOut, ToBeCalledBack, after_waiting, wait_in_line
from routing.tasks import while_there
from routing.transfer import HERE, OngoingTransfer
from routing.voicemail.entrance import Entrance
from routing.voicemail.leaving import Leaving
from routing.voicemail.mailbox import Mailbox
from routing.voicemail.service import Voicemail
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


RETURNED_FROM = frozenset({"message", "voicemail", "person", "number"})
"""Destinations after which a caller who has stepped out of a queue is back in line, where nobody was reached."""


class CallFlow:
    """One call in a company."""

    def __init__(self, house: House, caller: Caller, dialler: Dialler, arrival: Arrival) -> None:
        self._company = house.company
        self._queues = house.queues
        self._emit = house.emit
        self._clock = house.clock
        self._house = house
        self._talk = Conversation(caller, dialler, house.emit, house.clock)
        self._dialler = dialler
        self._arrival = arrival
        self._greeting: tuple[str, ...] = ()
        self._places = Places()
        self._forwarded = ForwardedCall(house, arrival.forwarded)
        self._priority = house.company.vip.get(caller.number, 0)
        self._customer_number = ""
        self._held: dict[str, str] = {}
        """Places that the caller has stepped out of, by queue: the call under which the queue knows it."""

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
        last the caller waited, or has stepped out of it (`away`) and is back now. The last event is CallEnded here too,
        exactly once.
        """
        *others, queue = places
        for other in others:
            self._places.came_to(Destination("queue", other))
        self._held.update(places)
        self._emit(CallTakenUp(**self._arrived(), arrived=arrived, queue=queue))
        await self._to_the_end(self._wait_on(queue, "position" if away else "nothing"))

    async def _wait_on(self, queue: str, opening: Opening) -> Ended:
        return await self._follow(await self._queue(queue, opening=opening))

    async def talk_on(
        self, answered: Answered, person: str | None, arrived: float, queue: str = "", place: str = ""
    ) -> None:
        """Go on with a caller who talks to somebody since before a restart, whom `queue` has found for that `place`.

        The last event is CallEnded here too, exactly once.
        """
        self._emit(CallTakenUp(**self._arrived(), arrived=arrived, queue="", talks_to=person or answered.number))
        if queue in self._queues:
            self._queues[queue].talks_to(place, answered)
        await self._to_the_end(self._talk_on(answered))

    async def _talk_on(self, answered: Answered) -> Ended:
        return await self._follow(await self._after(await self._talk.go_on(answered)))

    async def serve_called_back(self, queue: str, place: str) -> None:
        """Take up the place in a queue for whose sake the caller was called back. Ends with CallEnded as well."""
        self._held[queue] = place
        await self._to_the_end(self._called_back(queue))

    async def serve(self, destination: Destination, why: str) -> None:
        """Connect somebody who was called for it to a destination. Ends with CallEnded as well."""
        await self._to_the_end(self._follow(Onward(destination, why)))

    async def _called_back(self, queue: str) -> Ended:
        return await self._follow(await self._queue(queue, opening="connecting"))

    async def _to_the_end(self, treatment: Coroutine[Any, Any, Ended]) -> None:
        ended = Ended("failed", "system", 500)
        try:
            ended = await treatment
        except CallerGone:
            ended = await self._caller.gone() or Ended("abandoned", "caller", 487)
        except asyncio.CancelledError:
            ended = Ended("shutdown", "system", 503)
            raise
        except Exception:
            log.exception("%s: the call's treatment failed", self._caller.call)
        finally:
            await self._end(ended)

    def _arrived(self) -> dict[str, Any]:
        """Who calls whom, as the first event of a call tells."""
        return {
            "call": self._caller.call,
            "at": self._clock(),
            "company": self._company.id,
            "origin": self._arrival.origin,
            "caller_number": self._caller.number,
            "caller_name": self._caller.name,
            "caller_person": self._arrival.caller_person,
            "dialled": self._arrival.dialled,
        }

    async def _end(self, ended: Ended) -> None:
        self._give_up_places()
        self._talk.over()
        try:
            await self._caller.hang_up(ended.cause, ended.status)
        finally:
            self._emit(
                CallEnded(call=self._caller.call, at=self._clock(), cause=ended.cause, by=ended.by, status=ended.status)
            )

    async def _treat(self) -> Ended:
        found = dialplan.find(self._company, self._arrival.dialled, self._arrival.origin)
        match found:
            case Refusal(status=status, reason=reason):
                log.info("%s: %s dialled: %s", self._caller.call, self._arrival.dialled, reason)
                return Ended("failed", "system", status)
            case MainNumber():
                return await self._follow(await self._greet(found))
            case FeatureCode():
                return await self._feature(found)
            case Destination():
                return await self._follow(Onward(found, f"{self._arrival.dialled} dialled"))

    async def _feature(self, code: FeatureCode) -> Ended:
        person = self._company.people.get(self._arrival.caller_person or "")
        if person is None:
            return Ended("failed", "system", 403)
        return await feature_codes.serve(
            FeatureCall(code, person, self._caller), self._house.features, self._emit, self._clock
        )

    async def _greet(self, number: MainNumber) -> Onward:
        """Choose by the hours and greet. A menu plays the greeting itself, so that a key cuts it."""
        self._give_priority(number.priority)
        hours = self._company.hours[number.hours] if number.hours is not None else ALWAYS_OPEN
        now = situation(hours, self._clock(), self._house.changes(hours))
        onward = Onward(number.open, f"open: {now.why}") if now.open else Onward(number.closed, f"closed: {now.why}")
        greeting = greeting_of(number, now.slot, self._house.greetings)
        if greeting is not None and onward.destination.kind == "menu":
            self._greeting = (greeting,)
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
            self._emit(
                CallRouted(call=self._caller.call, at=self._clock(), destination=str(step.destination), why=step.why)
            )
            destination, step = step.destination, await self._go_to(step.destination)
            if isinstance(step, Ended):
                step = self._back_in_line(step, destination)
        return step

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
                return await self._menu(destination.name)
            case "number":
                return await self._number(destination.name)
            case "message":
                return await self._message(destination.name)
            case "calendar":
                calendar = self._company.calendars[destination.name]
                return Onward(destination_at(calendar, self._clock()), str(destination))
            case "lookup":
                return await self._lookup(destination.name)
            case "hours":
                return await self._hours(destination.name)
            case "names":
                return await self._names()
            case "back":
                return self._back("back")
            case "voicemail" if self._house.voicemail is not None:
                return await self._leave_message(destination.name, self._house.voicemail)
            case "mailbox" if self._house.voicemail is not None:
                return await self._mailbox(destination.name, self._house.voicemail)
            case "recording" if self._house.studio is not None:
                return await self._record_greeting(self._house.studio)
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
        unwanted = unwanted or after_ringing(wishes, result.outcome)
        if unwanted is not None and unwanted.to is not None:
            onward = self._forwarded.onward(self._caller, person, unwanted)
            return onward or await self._not_reached("unreachable", 482)  # Loop Detected, RFC 3261 §21.4.20
        # Who rejects a call is busy with something else; who has no phone is one who does not answer.
        elsewhere = person.on_busy if result.outcome in ("busy", "rejected") else person.on_no_answer
        if elsewhere is not None:
            why = unwanted.why if unwanted is not None else diverted_by(result.outcome)
            self._caller.divert(Diversion(person.id, why))
            return Onward(elsewhere, f"{person.id}: {why if unwanted is not None else result.outcome}")
        return await self._not_reached(result.outcome, result.status)

    async def _number(self, number: str) -> Onward | Ended:
        result = await self._ring(self._dialler.ring_number(number, caller=self._caller, timeout=OUTSIDE_RING_SECONDS))
        if result.answered is not None:
            return await self._connect(result.answered, None)
        return await self._not_reached(result.outcome, result.status)

    async def _queue(
        self, name: str, *, opening: Opening | None = None, orders_callback: bool = False
    ) -> Onward | Ended:
        # The settings of when the call came: what they lead to is in the company as it was then.
        queue, runner = self._company.queues[name], self._queues[name]
        place = self._held.pop(name, "")
        ended = await wait_in_line(
            self._caller,
            runner,
            self._dialler,
            self._emit,
            self._clock,
            numbers=CallbackNumbers(self._company, self._caller.number),
            priority=self._priority,
            prefers=self._house.last_members.member(queue, self._caller.number),
            place=place,
            opening=opening or ("position" if place else "welcome"),
            orders_callback=orders_callback,
        )
        place = place or self._caller.call
        if isinstance(ended, ToBeCalledBack):
            return Ended("callback", "system")
        if isinstance(ended, SteppedOut):
            return await self._step_out(name, place, ended)
        self._places.left(Destination("queue", name))
        if ended.answered is not None:
            return await self._deliver(queue, place, ended.answered, ended.member)
        if self._caller.answered:
            await self._caller.stop_music()
            self._caller.clear_keys()  # pressed in impatience, and meant for no menu that may come
        if ended.left.outcome == "shutdown":
            return Ended("shutdown", "system", 503)
        return Onward(*after_waiting(queue, ended.left.outcome))

    async def _deliver(self, queue: Queue, place: str, answered: Answered, member: str) -> Onward | Ended:
        if member in queue.members:
            self._house.last_members.spoke(queue, self._caller.number, member)
        self._queues[queue.name].talks_to(place, answered)
        await self._caller.stop_music()
        return await self._connect(answered, member)

    async def _step_out(self, queue: str, place: str, wish: SteppedOut) -> Onward:
        """Go where the key leads; the place is kept until the caller is back, or talks to somebody."""
        self._held[queue] = place
        self._places.came_to(Destination("queue", queue))
        await self._caller.stop_music()
        return Onward(wish.destination, f"{queue}: key {wish.key}", chosen=True)

    def _back_in_line(self, step: Ended, destination: Destination) -> Onward | Ended:
        """Where a caller who has a place in a queue goes when what they left it for is over."""
        if not self._held or step.by == "caller" or destination.kind not in RETURNED_FROM:
            return step
        return Onward(Destination("queue", next(reversed(self._held))), f"{destination} is over")

    def _give_up_places(self) -> None:
        held, self._held = self._held, {}
        for queue, place in held.items():
            self._queues[queue].leave(place)

    async def _menu(self, name: str) -> Onward:
        await answer(self._caller, self._emit, self._clock)
        place, found = Destination("menu", name), self._company.menus[name]
        self._places.came_to(place)
        greeting, self._greeting = self._greeting, ()
        extensions = dialplan.extensions(self._company) if found.extensions else {}
        choice = await menu.choose(
            found, self._caller, self._emit, self._clock, greeting=greeting, extensions=extensions
        )
        self._customer_number = choice.customer_number or self._customer_number
        self._give_priority(choice.priority)
        onward = self._places.before(place) if choice.destination.kind == "back" else choice.destination
        if choice.key is None:
            return Onward(onward, f"{name}: no choice")
        return Onward(onward, f"{name}: key {choice.key}", chosen=True)

    async def _lookup(self, name: str) -> Onward:
        lookup = self._company.lookups[name]
        question = Question(self._caller.call, self._caller.number, self._arrival.dialled, self._customer_number)
        said = await look_up(lookup, question, self._house.inquiry, self._caller, self._emit, self._clock)
        if said is None:
            return Onward(lookup.otherwise, f"{name}: no answer")
        self._give_priority(said.priority)
        if said.name:
            self._caller.show_name(said.name)
        return Onward(lookup.destinations[said.destination], f"{name}: {said.destination}")

    async def _hours(self, name: str) -> Onward:
        hours = self._company.hours[name]
        await answer(self._caller, self._emit, self._clock)
        clips = told(hours, self._clock(), self._house.changes(hours), self._caller.language)
        await tell(self._caller, clips, self._emit, self._clock, until_key=True)
        return self._back(f"hours {name} told")

    async def _names(self) -> Onward:
        await answer(self._caller, self._emit, self._clock)
        people = self._company.people.values()
        person = await dial(people, self._house.has_sound, self._caller, self._emit, self._clock)
        if person is None:
            return self._back("nobody chosen by name")
        return Onward(Destination("person", person.id), "dialled by name", chosen=True)

    async def _leave_message(self, box: str, voicemail: Voicemail) -> Ended:
        postbox, found = voicemail.postbox, self._company.boxes[box]
        leaving = Leaving(self._company, found, postbox, self._caller, self._emit, self._clock)
        return await leaving.run(stays=bool(self._held))

    async def _mailbox(self, extension: str, voicemail: Voicemail) -> Onward | Ended:
        company, person = self._company, self._arrival.caller_person
        entrance = Entrance(company, voicemail.pins, self._caller, person, self._emit, self._clock)
        mailbox = Mailbox(company, voicemail.postbox, entrance, self._caller, person, self._emit, self._clock)
        chosen = await mailbox.run(extension)
        return chosen if isinstance(chosen, Ended) else Onward(chosen, "calling back", chosen=True)

    def _give_priority(self, priority: int) -> None:
        """The highest that was given counts; 0 is none."""
        if priority:
            self._priority = max(priority, self._priority or priority)

    async def _record_greeting(self, studio: GreetingStudio) -> Ended:
        person = self._arrival.caller_person
        return await GreetingsByPhone(self._company, studio, self._caller, person, self._emit, self._clock).run()

    def _back(self, why: str) -> Onward:
        return Onward(self._places.back() or Destination("message", "goodbye"), why)

    async def _message(self, prompt: str) -> Ended:
        await answer(self._caller, self._emit, self._clock)
        await self._tell(prompt)
        return Ended("completed-message", "system")

    async def _ring(self, ringing: Coroutine[Any, Any, RingResult]) -> RingResult:
        """Ring somebody while the caller is there; who has been answered already hears that it rings."""
        if not self._caller.answered:
            return await while_there(self._caller, ringing)
        await start_music(self._caller, RINGBACK)
        try:
            return await while_there(self._caller, ringing)
        finally:
            await self._caller.stop_music()
            self._caller.clear_keys()

    async def _connect(self, answered: Answered, person: str | None) -> Onward | Ended:
        """Let the two talk, until one hangs up or sends the other on. Who talks to somebody waits for nobody else."""
        self._give_up_places()
        return await self._after(await self._talk.with_(answered, person))

    # Transfers

    async def _after(self, talk: SentOn | Ended) -> Onward | Ended:
        """Go on with whoever was sent on, of whom no more is known than the number if they were called."""
        if isinstance(talk, Ended):
            return talk
        if talk.by == "caller":
            self._priority = self._company.vip.get(self._caller.number, 0)
            self._arrival = msgspec.structs.replace(self._arrival, caller_person=None)
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
        self._emit(CallRouted(call=self._caller.call, at=self._clock(), destination=f"person:{person}", why=why))
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
