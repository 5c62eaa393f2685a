"""Finished calls are found by when they ended."""

import pytest
from sqlalchemy import Engine

from call_records.call_record import fold
from call_records.event_log import insert_events
from call_records.finished_calls import finished_calls
from call_records.logged_event import LoggedEvent
from tests.call_records.calls import BEGIN, main_job


@pytest.fixture
def day_of_calls(engine: Engine) -> Engine:
    """A call each hour of which the last goes on; all of them interleaved in the log."""
    hours = [main_job(f"c{hour}", BEGIN + hour * 3600) for hour in range(5)]
    hours[4].pop()
    interleaved = [event for events in zip(*hours, strict=False) for event in events]
    interleaved += [hours[hour][-1] for hour in range(4)]
    with engine.begin() as connection:
        insert_events(connection, [LoggedEvent("run", number, event) for number, event in enumerate(interleaved)])
    return engine


def test_calls_that_ended_since_a_moment_are_whole_also_when_they_began_before(day_of_calls: Engine) -> None:
    records = list(finished_calls(day_of_calls, BEGIN + 2 * 3600 + 100))
    assert records == [fold(main_job(f"c{hour}", BEGIN + hour * 3600)) for hour in (2, 3)]


def test_calls_may_be_limited_at_the_end_as_well(day_of_calls: Engine) -> None:
    found = finished_calls(day_of_calls, BEGIN, until=BEGIN + 3600 + 115)
    assert [record.call for record in found] == ["c0"]


def test_a_call_that_goes_on_is_not_finished(day_of_calls: Engine) -> None:
    assert [record.call for record in finished_calls(day_of_calls, 0)] == ["c0", "c1", "c2", "c3"]
