"""The callers whom a queue has missed, as its members share them: a fold of the calls."""

import math
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal

import msgspec
from sqlalchemy import Engine

from call_records.call_record import CallRecord, QueueVisit
from call_records.event_log import insert_events
from call_records.finished_calls import finished_calls
from call_records.logged_event import LoggedEvent
from routing import dialplan
from routing.events import MissedCallHandled
from routing.model import Company, Destination
from routing.queue.outcomes import NOT_MISSED

MissedState = Literal["new", "tried", "handled"]

Step = tuple[float, Callable[[], None]]
"""When something happens, and what it changes."""

_SERVED_LATER = frozenset({"called-back", "answered-meanwhile"})
"""How a place is left whose caller was spoken to in another call."""


class MissedCall(msgspec.Struct, frozen=True):
    """A caller of whom the queue has something to do, or had. Times are UTC epoch seconds."""

    number: str
    """Of the caller, as it is dialled back: E.164, an extension, or `anonymous`."""
    name: str
    count: int
    """How often the caller was missed since somebody saw to it."""
    first_at: float
    last_at: float
    waited: float
    """Seconds, at the last call."""
    outcome: str
    """How the last call left the queue, in the words of `QueueLeft`."""
    call: str
    """The last call's id."""
    state: MissedState = "new"
    """`tried`: called back and not reached. `handled`: spoken to since, or marked so."""
    by: str = ""
    """Id of who tried last, or has handled it; empty for the queue itself and for outside numbers."""
    changed_at: float | None = None
    """When the state became what it is."""


def missed_calls(engine: Engine, company: Company, queue: str, since: float) -> list[MissedCall]:
    """What a queue missed in calls that ended from `since` on, latest first; handled ones as well."""
    ours = (record for record in finished_calls(engine, since) if record.company == company.id)
    return fold_missed(company, queue, ours)


def fold_missed(company: Company, queue: str, records: Iterable[CallRecord]) -> list[MissedCall]:
    """The list that a company's calls add up to, latest first. Pure."""
    missed = _Missed(company, queue)
    steps = [step for record in sorted(records, key=lambda record: record.arrived_at) for step in missed.steps(record)]
    for _, happens in sorted(steps, key=lambda step: step[0]):
        happens()
    return sorted(missed.entries, key=lambda entry: entry.last_at, reverse=True)


def mark_handled(engine: Engine, company: Company, queue: str, number: str, by: str, at: float, since: float) -> bool:
    """Note in the log that `by` (id of a person) has handled what the queue missed of this number up to now.

    False where there is nothing of it since `since` that is not handled. A caller who withholds the number is named by
    the call's id instead.
    """
    entries = missed_calls(engine, company, queue, since)
    found = next((each for each in entries if number in (each.number, each.call) and each.state != "handled"), None)
    if found is None:
        return False
    event = MissedCallHandled(call=found.call, at=at, queue=queue, by=by)
    with engine.begin() as connection:
        insert_events(connection, [LoggedEvent(secrets.token_hex(16), 1, event)])
    return True


class _Missed:
    """The fold: the list, and of each number the entry that is not handled yet."""

    def __init__(self, company: Company, queue: str) -> None:
        self.entries: list[MissedCall] = []
        self._company = company
        self._queue = queue
        self._open: dict[str, int] = {}

    def steps(self, record: CallRecord) -> Iterator[Step]:
        """What a call changes in the list, and when, UTC epoch seconds; to be done in the order of time."""
        number, visit, talks_at = record.caller_number, self._last_visit(record), record.connected_at
        if record.origin == "phone" and record.caller_person is not None:
            yield self._called(record, self._dialled(record.dialled), record.caller_person)
        if talks_at is not None:
            yield talks_at, partial(self._change, number, "handled", record.connected_person or "", talks_at)
        if visit is None:
            return
        over_at = visit.joined_at + visit.waited
        if talks_at is None and (outcome := _missed_by(record, visit)):
            yield over_at, partial(self._miss, record, visit, outcome)
            if visit.handled_at is not None:
                handled = partial(self._change, _key(record), "handled", visit.handled_by, visit.handled_at)
                yield max(over_at, visit.handled_at), handled
        elif visit.outcome in _SERVED_LATER:
            # Last of all: the call in which it was tells by whom, where that was at the number they have called from.
            yield math.inf, partial(self._served, number, over_at)

    def _last_visit(self, record: CallRecord) -> QueueVisit | None:
        return next((visit for visit in reversed(record.queue_visits) if visit.queue == self._queue), None)

    def _miss(self, record: CallRecord, visit: QueueVisit, outcome: str) -> None:
        key = _key(record)
        known = self._open.get(key)
        before = None if known is None else self.entries[known]
        entry = MissedCall(
            number=record.caller_number,
            name=record.caller_name or (before.name if before is not None else ""),
            count=1 if before is None else before.count + 1,
            first_at=record.arrived_at if before is None else min(before.first_at, record.arrived_at),
            last_at=record.arrived_at if before is None else max(before.last_at, record.arrived_at),
            waited=visit.waited,
            outcome=outcome,
            call=record.call,
        )
        if known is None:
            self._open[key] = known = len(self.entries)
            self.entries.append(entry)
        else:
            self.entries[known] = entry
        if outcome == "not-reached":
            self._change(key, "tried", "", visit.joined_at + visit.waited)

    def _called(self, record: CallRecord, number: str, person: str) -> Step:
        """A member of the house has called somebody."""
        if record.connected_at is not None:
            return record.connected_at, partial(self._change, number, "handled", person, record.connected_at)
        return record.arrived_at, partial(self._change, number, "tried", person, record.arrived_at)

    def _served(self, number: str, at: float) -> None:
        """Who had called from here was spoken to at another number."""
        found = self._open.get(number)
        if found is not None and self.entries[found].last_at <= at:
            self._change(number, "handled", "", at)

    def _change(self, key: str, state: MissedState, by: str, at: float) -> None:
        found = self._open.get(key)
        if found is None:
            return
        self.entries[found] = msgspec.structs.replace(self.entries[found], state=state, by=by, changed_at=at)
        if state == "handled":
            del self._open[key]

    def _dialled(self, dialled: str) -> str:
        """Who was called, in the form in which callers' numbers are on record; empty for what is no such call."""
        match dialplan.find(self._company, dialled, "phone"):
            case Destination(kind="number", name=number):
                return number
            case Destination(kind="person", name=person):
                return self._company.people[person].extension
        return ""


def _key(record: CallRecord) -> str:
    """Who withholds the number may be anybody: each of their calls stands for itself."""
    return record.caller_number if any(sign.isdigit() for sign in record.caller_number) else record.call


def _missed_by(record: CallRecord, visit: QueueVisit) -> str:
    """How the queue missed the caller; empty where it did not, or is still to call back."""
    if record.cause == "elsewhere":  # the network has put the call to others too, and one of them has answered
        return ""
    if visit.outcome is None:  # the server was cut off, unless the place is kept for calling back
        return "" if record.cause == "callback" else "lost"
    return "" if visit.outcome in NOT_MISSED else visit.outcome
