"""A queue's machine as a test sees it."""

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
from routing.queue.events import QueueEvent
from routing.queue.machine import QueueMachine
from routing.queue.outcomes import Missed
from routing.queue.view import MemberView, QueueView, view
from tests.routing.nordlys import queue


class Table:
    """A machine, its log and its clock."""

    def __init__(self, *present: str, **changes: Any) -> None:
        self.queue = queue(**changes)
        self.machine = QueueMachine(self.queue)
        self.log: list[QueueEvent] = []
        self.now = 1000.0
        for person in present:
            self.machine.clear(person, "gone", self.now)

    def at(self, seconds: float) -> "Table":
        self.now = 1000.0 + seconds
        self.machine.advance(self.now)
        return self

    def join(self, *calls: str) -> None:
        for call in calls:
            self.machine.join(call, self.now)

    def news(self) -> list[str]:
        """What the machine decided since the last time, about callers, in short."""
        return [told for event in self.events() if (told := short(event))]

    def events(self) -> list[QueueEvent]:
        events = self.machine.take_events()
        self.log += events
        return events

    def busy(self, *members: str) -> None:
        """They talk on calls of their own."""
        for member in members:
            self.machine.block(member, "busy", self.now)

    def free(self, *members: str) -> None:
        """Those calls are over."""
        for member in members:
            self.machine.clear(member, "busy", self.now, self.now)

    def answers(self, member: str) -> bool:
        """The member whose phone rings answers."""
        return self.machine.offer_answered(self.rings_at(member), self.now)

    def misses(self, member: str, outcome: Missed = "no-answer") -> None:
        """The member whose phone rings does not answer."""
        self.machine.offer_failed(self.rings_at(member), outcome, self.now)

    def rings_at(self, member: str) -> int:
        """The number of the offer that the member has."""
        (number,) = (offer.number for offer in self.machine.state.offers.values() if offer.member == member)
        return number

    def view(self) -> QueueView:
        return view(self.machine.state, self.now)

    def member(self, person: str) -> MemberView:
        """The member as pages show them."""
        return next(member for member in self.view().members if member.person == person)

    def offer(self) -> int:
        """The latest offer's number."""
        return self.machine.state.last_offer


def short(event: QueueEvent) -> str:
    """What happened to a caller; empty for what happened to members alone."""
    match event:
        case QueueJoined():
            return f"{event.call} joins as {event.position}"
        case OfferMade():
            return f"{event.call} offered to {event.member}"
        case OfferEnded():
            return f"{event.call} at {event.member}: {event.outcome}"
        case PlaceHeld():
            return f"{event.call} is away"
        case PlaceResumed():
            return f"{event.call} is on the line"
        case CallbackRequested():
            return f"{event.call} hangs up and waits"
        case CallbackDue():
            return f"{event.call} is called back, attempt {event.attempt}"
        case CallbackMissed():
            return f"{event.call} called back: {event.outcome}"
        case QueueLeft():
            return f"{event.call} leaves: {event.outcome}"
        case _:
            return ""
