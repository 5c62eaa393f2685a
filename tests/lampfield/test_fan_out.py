"""Who is told of what happens to calls."""

from pathlib import Path

import pytest

from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield.database import open_database
from lampfield.fan_out import FanOut
from lampfield.live_calls import LiveCalls
from routing.events import CallAnswered, CallArrived, CallEnded, CallEvent, CallParked, CallUnparked

ARRIVED = CallArrived(call="c1", at=1.0, company="nordlys", origin="trunk", caller_number="1", dialled="2")
ANSWERED = CallAnswered(call="c1", at=2.0)
ENDED = CallEnded(call="c1", at=3.0, cause="completed", by="caller", status=200)


@pytest.fixture
def live() -> LiveCalls:
    return LiveCalls()


@pytest.fixture
def fan_out(tmp_path: Path, live: LiveCalls) -> FanOut:
    database = open_database(f"sqlite:///{tmp_path}/records.db")
    return FanOut(EventWriter(database, Spool(tmp_path / "spool"), writer="w"), live)


def test_a_follower_of_kinds_is_told_of_no_other(fan_out: FanOut) -> None:
    all_of_it: list[CallEvent] = []
    some: list[CallEvent] = []
    fan_out.follow(all_of_it.append)
    fan_out.follow(some.append, (CallArrived, CallEnded))
    for event in (ARRIVED, ANSWERED, ENDED):
        fan_out(event)
    assert all_of_it == [ARRIVED, ANSWERED, ENDED]
    assert some == [ARRIVED, ENDED]


def test_who_comes_later_is_told_and_who_has_left_is_not(fan_out: FanOut) -> None:
    early: list[CallEvent] = []
    late: list[CallEvent] = []
    leave = fan_out.follow(early.append, (CallAnswered,))
    fan_out(ANSWERED)
    fan_out.follow(late.append, (CallAnswered,))
    leave()
    fan_out(ANSWERED)
    assert early == [ANSWERED]
    assert late == [ANSWERED]


def test_each_kind_comes_to_its_own_taker(fan_out: FanOut) -> None:
    begun: list[CallEvent] = []
    ended: list[CallEvent] = []
    fan_out.hand_out({CallArrived: begun.append, CallEnded: ended.append})
    for event in (ARRIVED, ANSWERED, ENDED):
        fan_out(event)
    assert (begun, ended) == ([ARRIVED], [ENDED])


def test_the_live_view_shows_who_is_parked_and_who_is_no_more(fan_out: FanOut, live: LiveCalls) -> None:
    for event in (ARRIVED, ANSWERED, CallParked(call="c1", at=3.0, slot="71", by="anna")):
        fan_out(event)
    assert [(call.stage, call.where) for call in live.snapshot()] == [("parked", "71")]
    fan_out(CallUnparked(call="c1", at=4.0, slot="71", by="anna", outcome="returned", seconds=1.0))
    assert [call.stage for call in live.snapshot()] == ["answered"]
