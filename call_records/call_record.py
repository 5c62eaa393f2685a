"""The record of one call: a fold over its events."""

from collections.abc import Iterable
from functools import reduce
from typing import Literal

import msgspec

from routing.events import (
    AnyCallEvent,
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallForwarded,
    CallHeld,
    CallPickedUp,
    CallRetrieved,
    CallRouted,
    CallTransferred,
    CustomerNumberGiven,
    KeyPressed,
    LegEnded,
    MissedCallHandled,
    PositionAnnounced,
    QueueJoined,
    QueueLeft,
    TransferRequested,
)


class MenuChoice(msgspec.Struct, frozen=True):
    """A key that the caller pressed in a menu."""

    menu: str
    key: str
    valid: bool


class QueueVisit(msgspec.Struct, frozen=True):
    """A stay in a queue. `outcome` and `waited` (seconds) are known when it is over."""

    queue: str
    joined_at: float
    position: int
    """On joining; 1 is first, 0 for who was not let in."""
    told_position: int | None = None
    """The last position the caller was told."""
    outcome: str | None = None
    waited: float = 0.0
    handled_at: float | None = None
    """When somebody has seen to it that a caller who was missed needs nothing more."""
    handled_by: str = ""
    """Their id."""


class Transfer(msgspec.Struct, frozen=True):
    """A transfer that somebody in the call made, and what became of it."""

    at: float
    """When it was known what becomes of it, UTC epoch seconds."""
    kind: Literal["blind", "attended"]
    by: str
    """Id of the person."""
    to: str
    """As it was dialled, or the number of who was joined."""
    outcome: str
    """In the words of `CallTransferred`."""
    goes_on_in: str = ""
    """The call in which the two talk on, where that is another."""


class ForwardedBy(msgspec.Struct, frozen=True):
    """A person whose call it was and who had it go elsewhere."""

    person: str
    why: str
    destination: str
    """In its written form."""


class CallRecord(msgspec.Struct, frozen=True):
    """What is known of a call. Times are UTC epoch seconds, None for what has not happened."""

    call: str
    arrived_at: float
    company: str = ""
    origin: Literal["trunk", "phone", "callback"] = "trunk"
    caller_number: str = ""
    caller_name: str = ""
    caller_person: str | None = None
    dialled: str = ""
    destinations: tuple[str, ...] = ()
    """Where the dialplan and the menus led, in order."""
    forwardings: tuple[ForwardedBy, ...] = ()
    """By people who wanted no calls, or wanted them elsewhere, in order."""
    answered_at: float | None = None
    """By a menu, a queue, a message or a person."""
    menu_choices: tuple[MenuChoice, ...] = ()
    customer_number: str = ""
    """What the caller typed last as the number under which the company knows them; empty for none."""
    queue_visits: tuple[QueueVisit, ...] = ()
    connected_at: float | None = None
    """When the caller first talked to somebody."""
    connected_to: str | None = None
    """The number of who talked to the caller, the last one where there were several."""
    connected_person: str | None = None
    """Their id, None for an outside number."""
    picked_up_by: str | None = None
    """Id of who took the call last that rang at a colleague's phone."""
    transfers: tuple[Transfer, ...] = ()
    talk_seconds: float = 0.0
    """With a person, holds included."""
    held_seconds: float = 0.0
    ended_at: float | None = None
    cause: str | None = None
    ended_by: Literal["caller", "callee", "system"] | None = None
    status: int | None = None
    """SIP status of the end; 200 for a normal one."""
    talking_leg: str | None = None
    """The leg that the caller talks to now."""
    talking_since: float | None = None
    held_since: float | None = None

    @property
    def waited(self) -> float:
        """Seconds in queues, all together."""
        return sum(visit.waited for visit in self.queue_visits)

    @property
    def duration(self) -> float | None:
        """Seconds from arrival to end."""
        return None if self.ended_at is None else self.ended_at - self.arrived_at


def fold(events: Iterable[AnyCallEvent]) -> CallRecord:
    """The record that the events of one call add up to, in the order they happened; there must be one at least."""
    remaining = iter(events)
    first = next(remaining)
    return reduce(after, remaining, after(CallRecord(first.call, first.at), first))


def after(record: CallRecord, event: AnyCallEvent) -> CallRecord:
    """The record after one more event."""
    match event:
        case CallArrived():
            return _arrived(record, event)
        case CallRouted():
            return _with(record, destinations=(*record.destinations, event.destination))
        case CallForwarded():
            forwarded = ForwardedBy(event.person, event.why, event.destination)
            return _with(record, forwardings=(*record.forwardings, forwarded))
        case CallAnswered() if record.answered_at is None:
            return _with(record, answered_at=event.at)
        case KeyPressed():
            choice = MenuChoice(event.menu, event.key, event.valid)
            return _with(record, menu_choices=(*record.menu_choices, choice))
        case QueueJoined():
            visit = QueueVisit(event.queue, event.at, event.position)
            return _with(record, queue_visits=(*record.queue_visits, visit))
        case CustomerNumberGiven():
            return _with(record, customer_number=event.number)
        case PositionAnnounced():
            return _in_queue(record, event.queue, told_position=event.position)
        case QueueLeft():
            return _left_queue(record, event)
        case MissedCallHandled():
            return _handled(record, event)
        case CallBridged():
            return _bridged(_talk_over(record, event.at), event)
        case CallPickedUp():
            return _with(record, picked_up_by=event.person)
        case TransferRequested():
            return _talk_over(record, event.at)
        case CallTransferred():
            made = Transfer(event.at, event.kind, event.by, event.to, event.outcome, event.goes_on_in)
            return _with(record, transfers=(*record.transfers, made))
        case CallHeld() if record.held_since is None:
            return _with(record, held_since=event.at)
        case CallRetrieved():
            return _hold_over(record, event.at)
        case LegEnded() if event.leg == record.talking_leg:
            return _talk_over(record, event.at)
        case CallEnded() if record.ended_at is None:
            return _ended(_talk_over(record, event.at), event)
    return record


def _with(record: CallRecord, **changes: object) -> CallRecord:
    return msgspec.structs.replace(record, **changes)


def _arrived(record: CallRecord, event: CallArrived) -> CallRecord:
    return _with(
        record,
        arrived_at=event.at,
        company=event.company,
        origin=event.origin,
        caller_number=event.caller_number,
        caller_name=event.caller_name,
        caller_person=event.caller_person,
        dialled=event.dialled,
    )


def _in_queue(record: CallRecord, queue: str, **changes: object) -> CallRecord:
    """Change the visit that is going on in a queue; a visit that is over stays as it is."""
    visits = list(record.queue_visits)
    for place in reversed(range(len(visits))):
        if visits[place].queue == queue and visits[place].outcome is None:
            visits[place] = msgspec.structs.replace(visits[place], **changes)
            return _with(record, queue_visits=tuple(visits))
    return record


def _left_queue(record: CallRecord, event: QueueLeft) -> CallRecord:
    if any(visit.queue == event.queue and visit.outcome is None for visit in record.queue_visits):
        return _in_queue(record, event.queue, outcome=event.outcome, waited=event.waited)
    refused = QueueVisit(event.queue, event.at, 0, outcome=event.outcome)
    return _with(record, queue_visits=(*record.queue_visits, refused))


def _handled(record: CallRecord, event: MissedCallHandled) -> CallRecord:
    visits = tuple(
        msgspec.structs.replace(visit, handled_at=event.at, handled_by=event.by)
        if visit.queue == event.queue
        else visit
        for visit in record.queue_visits
    )
    return _with(record, queue_visits=visits)


def _bridged(record: CallRecord, event: CallBridged) -> CallRecord:
    return _with(
        record,
        connected_at=event.at if record.connected_at is None else record.connected_at,
        connected_to=event.number,
        connected_person=event.person,
        talking_leg=event.leg,
        talking_since=event.at,
    )


def _talk_over(record: CallRecord, at: float) -> CallRecord:
    if record.talking_since is None:
        return record
    talked = record.talk_seconds + at - record.talking_since
    return _with(_hold_over(record, at), talk_seconds=talked, talking_leg=None, talking_since=None)


def _hold_over(record: CallRecord, at: float) -> CallRecord:
    if record.held_since is None:
        return record
    return _with(record, held_seconds=record.held_seconds + at - record.held_since, held_since=None)


def _ended(record: CallRecord, event: CallEnded) -> CallRecord:
    # A caller who waited when the server was cut off has waited until then; nobody was there to say so.
    visits = tuple(
        msgspec.structs.replace(visit, waited=event.at - visit.joined_at) if visit.outcome is None else visit
        for visit in record.queue_visits
    )
    return _with(
        record, queue_visits=visits, ended_at=event.at, cause=event.cause, ended_by=event.by, status=event.status
    )
