"""The calls that are going on now, as a fold of their events."""

from typing import ClassVar, Literal

import msgspec

from routing.events import (
    CallAnswered,
    CallArrived,
    CallBridged,
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
    QueueJoined,
    QueueLeft,
    TransferRequested,
)

Stage = Literal["arriving", "ringing", "answered", "menu", "queue", "talking", "hold", "parked"]


class LiveCall(msgspec.Struct, frozen=True):
    """One call as a person would tell of it."""

    call: str
    company: str
    caller: str
    dialled: str
    started: float
    """UTC epoch seconds."""
    stage: Stage = "arriving"
    where: str = ""
    """The menu, queue or party of the stage."""
    since: float = 0.0
    """When the stage began, UTC epoch seconds."""


def advance(live: LiveCall, event: CallEvent) -> LiveCall:
    """The call after `event`; unchanged by events that a live view does not show."""

    def moved(stage: Stage, where: str = "") -> LiveCall:
        return msgspec.structs.replace(live, stage=stage, where=where or live.where, since=event.at)

    match event:
        case CallRouted(destination=destination):
            return msgspec.structs.replace(live, where=destination) if live.stage == "arriving" else live
        case MenuEntered(menu=menu):
            return moved("menu", menu)
        case CallAnswered():
            return moved("answered") if live.stage in ("arriving", "ringing") else live
        case QueueJoined(queue=queue):
            return moved("queue", queue)
        case QueueLeft() | CallUnparked():
            return moved("answered")
        case OfferMade(member=member):
            return msgspec.structs.replace(live, where=f"{live.where.split(' → ')[0]} → {member}")
        case LegRinging(person=person, number=number) if live.stage == "arriving":
            return moved("ringing", person or number)
        case CallBridged(person=person, number=number):
            return moved("talking", person or number)
        case TransferRequested(to=to):
            return moved("ringing", to)
        case CallParked(slot=slot):
            return moved("parked", slot)
        case CallHeld():
            return moved("hold")
        case CallRetrieved():
            return moved("talking")
        case _:
            return live


class LiveCalls:
    """All calls in progress, by id."""

    FOLLOWED: ClassVar[tuple[type[CallEvent], ...]] = (
        CallAnswered,
        CallArrived,
        CallBridged,
        CallEnded,
        CallHeld,
        CallParked,
        CallRetrieved,
        CallRouted,
        CallTakenUp,
        CallUnparked,
        LegRinging,
        MenuEntered,
        OfferMade,
        QueueJoined,
        QueueLeft,
        TransferRequested,
    )
    """What changes a live view."""

    def __init__(self) -> None:
        self._calls: dict[str, LiveCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def apply(self, event: CallEvent) -> None:
        """Fold one event in."""
        match event:
            case CallArrived():
                caller = event.caller_name or event.caller_number
                self._calls[event.call] = LiveCall(
                    event.call, event.company, caller, event.dialled, event.at, since=event.at
                )
            case CallTakenUp():
                caller = event.caller_name or event.caller_number
                stage: Stage = "talking" if event.talks_to else "queue" if event.queue else "answered"
                where = event.talks_to or event.queue or event.destination
                self._calls[event.call] = LiveCall(
                    event.call, event.company, caller, event.dialled, event.arrived, stage, where, event.at
                )
            case CallEnded():
                self._calls.pop(event.call, None)
            case _ if (live := self._calls.get(event.call)) is not None:
                self._calls[event.call] = advance(live, event)

    def snapshot(self) -> list[LiveCall]:
        """The calls, oldest first."""
        return sorted(self._calls.values(), key=lambda live: live.started)
