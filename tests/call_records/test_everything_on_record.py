"""What happens to calls and members is read back from the database as it was told, so that reports fold from it."""

from typing import get_args

import pytest
from sqlalchemy import Engine

from call_records.event_log import events_of, member_events_of
from call_records.spool import Spool
from call_records.writer import EventWriter
from routing.events import AnyCallEvent, CallEvent
from routing.queue.events import (
    AnyMemberEvent,
    Author,
    LastMemberPassive,
    MemberActivated,
    MemberBlocked,
    MemberCleared,
    MemberDeactivated,
    MemberPaused,
    MemberResumed,
    TalkEnded,
)
from tests.call_records.test_why import EVENTS, an_event

DECISIONS: list[AnyMemberEvent] = [
    MemberPaused(queue="sales", member="anna", at=1.0, reason="lunch", by=Author("api", "desk")),
    MemberResumed(queue="sales", member="anna", at=2.0),
    TalkEnded(queue="sales", member="anna", at=3.0),
    MemberDeactivated(queue="sales", member="anna", at=4.0),
    LastMemberPassive(queue="sales", member="anna", at=4.0),
    MemberActivated(queue="sales", member="anna", at=5.0),
    MemberBlocked(queue="sales", member="anna", at=6.0, obstacle="gone"),
    MemberCleared(queue="sales", member="anna", at=7.0, obstacle="gone"),
]


@pytest.fixture
def spool(tmp_path_factory: pytest.TempPathFactory) -> Spool:
    return Spool(tmp_path_factory.mktemp("spool") / "events.spool")


def written(engine: Engine, spool: Spool, calls: list[AnyCallEvent], members: list[AnyMemberEvent]) -> None:
    writer = EventWriter(engine, spool, writer="run1")
    writer.start()
    for event in calls:
        writer.put(event)
    for member in members:
        writer.put_member("nordlys", member)
    writer.stop()


def test_one_of_each_event_of_a_call_is_read_back(engine: Engine, spool: Spool) -> None:
    events = [an_event(kind) for kind in EVENTS]
    written(engine, spool, events, [])
    assert events_of(engine, "x") == events
    assert {type(event) for event in events} == set[type[CallEvent]](get_args(AnyCallEvent))


def test_what_members_decide_and_what_happens_to_them_is_read_back_by_company_and_time(
    engine: Engine, spool: Spool
) -> None:
    written(engine, spool, [], DECISIONS)
    assert member_events_of(engine, "nordlys") == DECISIONS
    assert member_events_of(engine, "nordlys", 2.0, 4.0) == DECISIONS[1:3]
    assert member_events_of(engine, "fjord") == []


def test_what_calls_tell_already_is_not_kept_of_members_a_second_time(engine: Engine, spool: Spool) -> None:
    told_by_calls = MemberBlocked(queue="sales", member="anna", at=1.0, obstacle="busy")
    written(
        engine,
        spool,
        [],
        [told_by_calls, MemberCleared(queue="sales", member="anna", at=2.0, obstacle="busy", idle_since=2.0)],
    )
    assert member_events_of(engine, "nordlys") == []


def test_events_of_calls_and_members_share_one_spool_while_the_database_is_away(engine: Engine, spool: Spool) -> None:
    call = an_event(EVENTS[0])
    blocker = engine.connect()
    blocker.exec_driver_sql("ALTER TABLE call_events RENAME TO call_events_away")
    blocker.commit()
    written(engine, spool, [call], DECISIONS[:1])
    assert spool.size
    blocker.exec_driver_sql("ALTER TABLE call_events_away RENAME TO call_events")
    blocker.commit()
    blocker.close()
    written(engine, spool, [], [])
    assert events_of(engine, "x")[0] == call
    assert member_events_of(engine, "nordlys") == DECISIONS[:1]
