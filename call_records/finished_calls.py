"""Finished calls, found in the event log."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Engine, select

from call_records.call_record import CallRecord, fold
from call_records.event_text import decode_event
from call_records.models import ENDED, CallEventRow

_AT_A_TIME = 1000


def finished_calls(engine: Engine, since: float, until: float | None = None) -> Iterator[CallRecord]:
    """Records of the calls that ended from `since` until before `until` (UTC epoch seconds), call by call.

    Reads as it goes, so that a year of calls does not have to fit into memory.
    """
    ended = select(CallEventRow.call).where(ENDED, CallEventRow.at >= since)
    if until is not None:
        ended = ended.where(CallEventRow.at < until)
    query = (
        select(CallEventRow.call, CallEventRow.event)
        .where(CallEventRow.call.in_(ended))
        .order_by(CallEventRow.call, CallEventRow.id)
    )
    with engine.connect() as connection:
        rows = connection.execution_options(yield_per=_AT_A_TIME).execute(query)
        for _, events in groupby(rows, key=lambda row: row.call):
            yield fold(decode_event(row.event) for row in events)
