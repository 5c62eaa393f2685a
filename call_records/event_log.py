"""The log of call events in the database: added to and read, never changed."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection, Engine, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from call_records.logged_event import LoggedEvent, decode_event, encode_event
from call_records.models import CallEventRow
from routing.events import AnyCallEvent, CallEnded


class UnfinishedCall(msgspec.Struct, frozen=True):
    """A call that the log never saw the end of; `last_at` is its last event's time."""

    call: str
    last_at: float


def insert_events(connection: Connection, events: Sequence[LoggedEvent]) -> None:
    """Add events in this order; those that are in the log already stay as they are."""
    rows = [
        {
            "writer": logged.writer,
            "number": logged.number,
            "call": logged.event.call,
            "at": logged.event.at,
            "kind": type(logged.event).__name__,
            "event": encode_event(logged.event),
        }
        for logged in events
    ]
    if not rows:
        return
    known = ["writer", "number"]
    if connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(CallEventRow).on_conflict_do_nothing(index_elements=known), rows)
    else:
        connection.execute(sqlite.insert(CallEventRow).on_conflict_do_nothing(index_elements=known), rows)


def events_of(engine: Engine, call: str) -> list[AnyCallEvent]:
    """A call's events in the order they happened."""
    query = select(CallEventRow.event).where(CallEventRow.call == call).order_by(CallEventRow.id)
    with engine.connect() as connection:
        return [decode_event(event) for event in connection.execute(query).scalars()]


def unfinished_calls(connection: Connection, writer: str, surviving: Collection[str]) -> list[UnfinishedCall]:
    """Calls of other runs than `writer` that never ended, without those that live on."""
    ended = aliased(CallEventRow)
    later = aliased(CallEventRow)
    query = (
        select(CallEventRow.call, select(func.max(later.at)).where(later.call == CallEventRow.call).scalar_subquery())
        .where(CallEventRow.kind == "CallArrived", CallEventRow.writer != writer)
        .where(~exists().where(ended.call == CallEventRow.call, ended.kind == CallEnded.__name__))
        .order_by(CallEventRow.id)
    )
    return [UnfinishedCall(call, at) for call, at in connection.execute(query) if call not in surviving]
