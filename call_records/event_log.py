"""The log of call events in the database: added to and read, never changed."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, Engine, func, select

from call_records.logged_event import LoggedEvent, decode_event, encode_event
from call_records.models import ARRIVED, ENDED, CallEventRow
from routing.events import AnyCallEvent

LONGEST_CALL = 30 * 86400.0
"""Seconds after which nobody talks any more."""
_COLUMNS = ("writer", "number", "call", "at", "kind", "event")
_INSERT = f"INSERT INTO {CallEventRow.__tablename__} ({', '.join(_COLUMNS)}) VALUES ({{}}) ON CONFLICT DO NOTHING"


class UnfinishedCall(msgspec.Struct, frozen=True):
    """A call that the log never saw the end of; `last_at` is its last event's time."""

    call: str
    last_at: float


def insert_events(connection: Connection, events: Sequence[LoggedEvent]) -> None:
    """Add events in this order; those that are in the log already stay as they are."""
    rows = [
        (logged.writer, logged.number, event.call, event.at, type(event).__name__, encode_event(event))
        for logged in events
        for event in (logged.event,)
    ]
    if rows:
        # To the driver as it is: a third of an event's whole cost would go into preparing each row otherwise.
        mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
        connection.exec_driver_sql(_INSERT.format(", ".join([mark] * len(_COLUMNS))), rows)


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
