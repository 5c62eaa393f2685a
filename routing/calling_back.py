"""One attempt to call somebody back whose turn in a queue has come. Reads like the call."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import msgspec

from routing.call_flow import STATUS, CallFlow
from routing.events import CallAnswered, CallArrived, CallbackDue, CalledBack, CallEnded
from routing.house import Arrival, House
from routing.ports import Caller, Dialler, Ended, RingOutcome
from routing.queue.confirming import presses_one
from routing.queue.runner import QueueRunner

RING_SECONDS = 30.0
"""How long the caller's phone rings: a member is kept waiting meanwhile."""
TELLINGS = 2
"""How often the caller is asked to press 1, before it is taken for a voicemail."""


class Reached(msgspec.Struct, frozen=True):
    """Who was called has answered, and is the caller of a call from now on."""

    caller: Caller
    dialler: Dialler


class Outlet(Protocol):
    """Calls somebody for the company, in a call of its own."""

    @property
    def call(self) -> str:
        """The new call's id."""
        ...

    async def reach(self, number: str, *, timeout: float) -> Reached | RingOutcome:
        """Ring an extension or an outside number in E.164; how it ended where nobody answered.

        Cancelling stops the ringing.
        """
        ...


class CallingBack:
    """From the ringing to the end of the call."""

    def __init__(self, house: House, runner: QueueRunner, due: CallbackDue, outlet: Outlet) -> None:
        self._house = house
        self._runner = runner
        self._due = due
        self._outlet = outlet
        people = house.company.people.values()
        self._person = next((person.id for person in people if person.extension == due.number), None)
        self.settled = asyncio.Event()
        """Set once the caller is in line again, or was not reached."""

    async def run(self) -> None:
        """Call, ask for the key, and serve the caller as everybody in line. The last event is CallEnded."""
        self._begin()
        outcome: CallFlow | Ended = Ended("abandoned", "system", 487)
        try:
            outcome = await self._call()
        finally:
            self.settled.set()
            if isinstance(outcome, Ended):
                self._end(outcome)
        if isinstance(outcome, CallFlow):
            await outcome.serve_called_back(self._due.queue, self._due.call)

    async def _call(self) -> CallFlow | Ended:
        """How the caller who was reached is to be served, or how the attempt ended."""
        reached = await self._outlet.reach(self._due.number, timeout=RING_SECONDS)
        if not isinstance(reached, Reached):
            return self._missed(reached)
        self._house.emit(CallAnswered(call=self._outlet.call, at=self._house.clock()))
        if self._due.language not in ("", reached.caller.language):
            reached.caller.speak(self._due.language)
        taken = False
        try:
            taken = await self._is_there(reached.caller)
        finally:
            if not taken:
                reached.caller.hang_up("no-answer")
        if not taken:
            return self._missed("no-answer")
        arrival = Arrival("trunk" if self._person is None else "phone", self._due.number, self._person)
        return CallFlow(self._house, reached.caller, reached.dialler, arrival)

    async def _is_there(self, caller: Caller) -> bool:
        """Ask for the key, so that a voicemail is not connected to a member."""
        for _ in range(TELLINGS):
            if await presses_one(caller, self._hello()):
                return True
        return False

    def _hello(self) -> Sequence[str]:
        own = f"own/queue-{self._due.queue}"
        named = ("callback/hello-from", own) if self._house.has_sound(own) else ("callback/hello",)
        return (*named, "callback/press")

    def _missed(self, outcome: RingOutcome) -> Ended:
        missed = "unreachable" if outcome == "answered" else outcome
        self._runner.callback_missed(self._due.offer, missed)
        return Ended(missed, "callee", STATUS[missed])

    def _begin(self) -> None:
        house, due, call = self._house, self._due, self._outlet.call
        house.emit(
            CallArrived(
                call=call,
                at=house.clock(),
                company=house.company.id,
                origin="callback",
                caller_number=due.number,
                caller_person=self._person,
                dialled=due.number,
            )
        )
        house.emit(CalledBack(call=call, at=house.clock(), queue=due.queue, place=due.call, attempt=due.attempt))

    def _end(self, ended: Ended) -> None:
        self._house.emit(
            CallEnded(
                call=self._outlet.call, at=self._house.clock(), cause=ended.cause, by=ended.by, status=ended.status
            )
        )
