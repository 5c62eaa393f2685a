"""The log of call and member events in the database: added to and read, never changed."""

from collections.abc import Collection, Sequence
from itertools import chain

import msgspec
from sqlalchemy import Connection, Engine, func, select

from call_records.event_text import decode_event, decode_member_event, encode_event
from call_records.logged_event import LoggedEvent, MemberLogged, StateLogged
from call_records.models import ARRIVED, ENDED, CallEventRow, MemberEventRow, PersonStateRow
from routing.events import AnyCallEvent
from routing.queue.events import AnyMemberEvent

LONGEST_CALL = 30 * 86400.0
"""Seconds after which nobody talks any more."""
_AT_ONCE = (50, 10, 1)
"""Rows that one statement adds, the most first: of fifty each costs two thirds of what it does by itself."""
_CALL_COLUMNS = ("writer", "number", "call", "at", "kind", "event")
_STATE_COLUMNS = ("writer", "number", "company", "person", "at", "state")
_MEMBER_COLUMNS = ("writer", "number", "company", "queue", "member", "at", "kind", "event")


_Row = tuple[str | int | float, ...]


class UnfinishedCall(msgspec.Struct, frozen=True):
    """A call that the log never saw the end of; `last_at` is its last event's time."""

    call: str
    last_at: float


def insert_events(connection: Connection, events: Sequence[LoggedEvent]) -> None:
    """Add events in this order; those that are in the log already stay as they are."""
    calls: list[_Row] = []
    members: list[_Row] = []
    states: list[_Row] = []
    for logged in events:
        if isinstance(logged.event, MemberLogged):
            members.append(_member_row(logged, logged.event))
        elif isinstance(logged.event, StateLogged):
            states.append(_state_row(logged, logged.event))
        else:
            calls.append(_call_row(logged, logged.event))
    _insert(connection, CallEventRow.__tablename__, _CALL_COLUMNS, calls)
    _insert(connection, MemberEventRow.__tablename__, _MEMBER_COLUMNS, members)
    _insert(connection, PersonStateRow.__tablename__, _STATE_COLUMNS, states)


def _call_row(logged: LoggedEvent, event: AnyCallEvent) -> _Row:
    return (logged.writer, logged.number, event.call, event.at, type(event).__name__, encode_event(event))


def _member_row(logged: LoggedEvent, member: MemberLogged) -> _Row:
    event = member.event
    place = (logged.writer, logged.number, member.company, event.queue, event.member)
    return (*place, event.at, type(event).__name__, encode_event(event))


def _state_row(logged: LoggedEvent, state: StateLogged) -> _Row:
    return (logged.writer, logged.number, state.company, state.person, state.at, encode_event(state))


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[_Row]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    # For a statement of many rows that may fail by itself SQLite keeps copies of what it changes, at more than is won;
    # and what fails here ends the transaction anyway.
    begin = f"INSERT {'OR ROLLBACK ' if sqlite else ''}INTO {table} ({', '.join(columns)}) VALUES "
    marks = f"({', '.join(['?' if sqlite else '%s'] * len(columns))})"
    done = 0
    for size in _AT_ONCE:
        end = len(rows) - (len(rows) - done) % size
        parts = [tuple(chain.from_iterable(rows[at : at + size])) for at in range(done, end, size)]
        if parts:
            # To the driver as it is: a third of an event's whole cost would go into preparing each row otherwise.
            connection.exec_driver_sql(f"{begin}{', '.join([marks] * size)} ON CONFLICT DO NOTHING", parts)
        done = end


def last_call(engine: Engine) -> str | None:
    """The call that arrived last; None where there is none."""
    newest = select(CallEventRow.call).where(ARRIVED).order_by(CallEventRow.at.desc()).limit(1)
    with engine.connect() as connection:
        return connection.execute(newest).scalar()


def member_events_of(
    engine: Engine, company: str, since: float = 0.0, until: float | None = None
) -> list[AnyMemberEvent]:
    """What happened to a company's members from `since` until before `until` (UTC epoch seconds), in order."""
    columns = MemberEventRow.__table__.c
    query = select(columns.event).where(columns.company == company, columns.at >= since).order_by(columns.id)
    if until is not None:
        query = query.where(columns.at < until)
    with engine.connect() as connection:
        return [decode_member_event(event) for event in connection.execute(query).scalars()]


def events_of(engine: Engine, call: str) -> list[AnyCallEvent]:
    """A call's events in the order they happened."""
    query = select(CallEventRow.event).where(CallEventRow.call == call).order_by(CallEventRow.id)
    with engine.connect() as connection:
        return [decode_event(event) for event in connection.execute(query).scalars()]


def unfinished_calls(connection: Connection, writer: str, surviving: Collection[str]) -> list[UnfinishedCall]:
    """Calls of other runs than `writer` that never ended, without those that live on.

    Looks at the last LONGEST_CALL before the log's last call: every start closes what the run before it left.
    """
    last_arrival = connection.execute(select(func.max(CallEventRow.at)).where(ARRIVED)).scalar()
    if last_arrival is None:
        return []
    recent = CallEventRow.at >= last_arrival - LONGEST_CALL
    arrived = select(CallEventRow.call).where(ARRIVED, recent, CallEventRow.writer != writer)
    unfinished = connection.execute(arrived.except_(select(CallEventRow.call).where(ENDED, recent))).scalars()
    return [
        UnfinishedCall(
            call, connection.execute(select(func.max(CallEventRow.at)).where(CallEventRow.call == call)).scalar_one()
        )
        for call in sorted(set(unfinished).difference(surviving))
    ]
