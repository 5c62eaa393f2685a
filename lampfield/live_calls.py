"""The calls that are going on now, as a fold of their events."""

from collections.abc import Callable
from typing import Any

from lampfield.live_call import LiveCall, Stage
from routing.events import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CalledBack,
    CallEnded,
    CallEvent,
    CallHeld,
    CallParked,
    CallRetrieved,
    CallRouted,
    CallTakenUp,
    CallUnparked,
    LegRinging,
    MenuEntered,
    OfferMade,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
    TransferRequested,
)


class _Course:
    """How far one call has come."""

    __slots__ = ("first", "since", "stage", "where")

    def __init__(self, first: CallArrived | CallTakenUp, stage: Stage = "arriving", where: str = "") -> None:
        self.first = first
        self.stage = stage
        self.where = where
        self.since = first.at

    def move(self, stage: Stage, event: CallEvent, where: str = "") -> None:
        """The call has come to another stage."""
        self.stage, self.where, self.since = stage, where or self.where, event.at

    def shown(self) -> LiveCall:
        """As a person is told of it."""
        first = self.first
        started = first.arrived if isinstance(first, CallTakenUp) else first.at
        caller = first.caller_name or first.caller_number
        return LiveCall(first.call, first.company, caller, first.dialled, started, self.stage, self.where, self.since)


class LiveCalls:
    """All calls in progress, by id. Events of a call that never arrived change nothing."""

    def __init__(self) -> None:
        self._calls: dict[str, _Course] = {}
        self._made_for: dict[str, str] = {}
        """The call in which somebody is called back, by the place's own."""

    def __len__(self) -> int:
        return len(self._calls)

    def takers(self) -> dict[type[CallEvent], Callable[[Any], None]]:
        """Who folds in each kind of event that changes a live view."""
        return {
            CallArrived: self._arrived,
            CallTakenUp: self._taken_up,
            CallRouted: self._routed,
            CallAnswered: self._answered,
            MenuEntered: self._in_menu,
            QueueJoined: self._in_queue,
            CalledBack: self._called_back,
            PlaceResumed: self._in_queue,
            QueueLeft: self._waits_no_more,
            CallUnparked: self._waits_no_more,
            OfferMade: self._offered,
            LegRinging: self._rings,
            CallBridged: self._talks,
            TransferRequested: self._transferred,
            CallParked: self._parked,
            CallHeld: self._held,
            CallRetrieved: self._retrieved,
            CallEnded: self._ended,
        }

    def _arrived(self, event: CallArrived) -> None:
        self._calls[event.call] = _Course(event)

    def _taken_up(self, event: CallTakenUp) -> None:
        stage: Stage = "talking" if event.talks_to else "queue" if event.queue else "answered"
        self._calls[event.call] = _Course(event, stage, event.talks_to or event.queue or event.destination)
        if event.place:
            self._made_for[event.place] = event.call

    def _routed(self, event: CallRouted) -> None:
        course = self._calls.get(event.call)
        if course is not None and course.stage == "arriving":
            course.where = event.destination

    def _answered(self, event: CallAnswered) -> None:
        course = self._calls.get(event.call)
        if course is not None and course.stage in ("arriving", "ringing"):
            course.move("answered", event)

    def _in_menu(self, event: MenuEntered) -> None:
        self._move("menu", event, event.menu)

    def _called_back(self, event: CalledBack) -> None:
        self._made_for[event.place] = event.call

    def _in_queue(self, event: QueueJoined | PlaceResumed) -> None:
        self._move("queue", event, event.queue)

    def _waits_no_more(self, event: QueueLeft | CallUnparked) -> None:
        self._move("answered", event)
        self._made_for.pop(event.call, None)

    def _offered(self, event: OfferMade) -> None:
        course = self._of(event)
        if course is not None:
            course.where = f"{course.where.split(' → ')[0]} → {event.member}"

    def _rings(self, event: LegRinging) -> None:
        course = self._calls.get(event.call)
        if course is not None and course.stage == "arriving":
            course.move("ringing", event, event.person or event.number)

    def _talks(self, event: CallBridged) -> None:
        self._move("talking", event, event.person or event.number)

    def _transferred(self, event: TransferRequested) -> None:
        self._move("ringing", event, event.to)

    def _parked(self, event: CallParked) -> None:
        self._move("parked", event, event.slot)

    def _held(self, event: CallHeld) -> None:
        self._move("hold", event)

    def _retrieved(self, event: CallRetrieved) -> None:
        self._move("talking", event)

    def _ended(self, event: CallEnded) -> None:
        self._calls.pop(event.call, None)

    def _of(self, event: CallEvent) -> _Course | None:
        """The call that an event is about; of a place that is called back the one that is made for it."""
        return self._calls.get(self._made_for.get(event.call, event.call))

    def _move(self, stage: Stage, event: CallEvent, where: str = "") -> None:
        course = self._of(event)
        if course is not None:
            course.move(stage, event, where)

    def snapshot(self) -> list[LiveCall]:
        """The calls, oldest first."""
        return sorted([course.shown() for course in self._calls.values()], key=lambda live: live.started)
