"""The log of a day suffices for what a main number's reports tell: each figure folded from it is the truth."""

from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from call_records.call_record import CallRecord, fold
from call_records.event_log import events_of, member_events_of
from call_records.spool import Spool
from call_records.writer import EventWriter
from routing.events import AnyCallEvent, CallbackRequested, CallRouted, MessageLeft, OfferEnded, OfferMade
from routing.queue.events import (
    AnyMemberEvent,
    MemberActivated,
    MemberDeactivated,
    MemberPaused,
    MemberResumed,
    TalkEnded,
)
from tests.call_records.generated_day import MEMBERS, MOBILE, PASSIVE, PAUSES, WRAP_UP_SECONDS, GeneratedDay
from tests.support.virtual_time import START

EXACT = 0.002
"""Callers' watches show milliseconds."""


class Log:
    """What the database has of the day."""

    def __init__(self, engine: Engine, day: GeneratedDay, spool: Path) -> None:
        writer = EventWriter(engine, Spool(spool), writer="run1")
        writer.start()
        for event in day.calls:
            writer.put(cast(AnyCallEvent, event))
        for member in day.members:
            writer.put_member("nordlys", member)
        writer.stop()
        by_call = [events_of(engine, call) for call in dict.fromkeys(event.call for event in day.calls)]
        self.events: list[AnyCallEvent] = [event for events in by_call for event in events]
        self.calls: list[CallRecord] = [fold(events) for events in by_call]
        self.members = member_events_of(engine, "nordlys")

    @property
    def incoming(self) -> list[CallRecord]:
        return [call for call in self.calls if call.origin == "trunk"]

    def spans(self, member: str, begins: type[AnyMemberEvent], ends: type[AnyMemberEvent]) -> list[tuple[float, float]]:
        """When the member was in a state, seconds since the day began, and for how long."""
        own = [event for event in self.members if event.member == member]
        begun = [event.at for event in own if type(event) is begins]
        ended = [event.at for event in own if type(event) is ends]
        return [(since - START, until - since) for since, until in zip(begun, ended, strict=True)]


@pytest.fixture(params=(1, 2))
def day(request: pytest.FixtureRequest, tmp_path: Path) -> GeneratedDay:
    return GeneratedDay(tmp_path, request.param)


@pytest.fixture
def log(day: GeneratedDay, engine: Engine, tmp_path: Path) -> Log:
    return Log(engine, day, tmp_path / "events.spool")


def test_the_six_reports_fold_from_the_log(day: GeneratedDay, log: Log) -> None:
    assert_calls_by_the_hour(day, log)
    assert_waiting_times(day, log)
    assert_work_of_members(day, log)
    assert_presence_of_members(log)
    assert_choices_in_the_menu(day, log)
    assert_where_else_calls_went(day, log)


def hour(call: CallRecord) -> int:
    return int((call.arrived_at - START) // 3600)


def assert_calls_by_the_hour(day: GeneratedDay, log: Log) -> None:
    """Offered and answered; who was offered and not answered was lost."""
    assert Counter(map(hour, log.incoming)) == day.offered
    assert Counter(hour(call) for call in log.incoming if call.connected_at is not None) == day.answered
    assert 0 < day.answered.total() < day.offered.total()


def assert_waiting_times(day: GeneratedDay, log: Log) -> None:
    """Of those whom members answered, in the order of the answers; of all others it is known how they left."""
    visits = [visit for call in log.incoming for visit in call.queue_visits]
    waits = sorted(visit.waited for visit in visits if visit.outcome == "answered")
    assert waits == pytest.approx(sorted(day.waits), abs=EXACT)
    assert {visit.outcome for visit in visits} >= {"answered", "abandoned", "timeout"}


def assert_work_of_members(day: GeneratedDay, log: Log) -> None:
    """Offers, answers, talk and notes."""
    for member in MEMBERS:
        offers = [event for event in log.events if isinstance(event, OfferMade) and event.member == member]
        answers = [
            event.at
            for event in log.events
            if isinstance(event, OfferEnded) and (event.member, event.outcome) == (member, "answered")
        ]
        ends = [event for event in log.members if isinstance(event, TalkEnded) and event.member == member]
        talks = [end.at - at for at, end in zip(sorted(answers), ends, strict=True)]
        assert len(offers) == day.rung(member)
        assert talks == pytest.approx(day.talks(member), abs=EXACT)
        assert {end.wrap_up_seconds for end in ends} == {WRAP_UP_SECONDS}
        assert len(offers) > len(answers) > 0


def assert_presence_of_members(log: Log) -> None:
    """Pauses with their reasons, and when members were passive; active they were for the rest of the day."""
    for member in MEMBERS:
        assert log.spans(member, MemberPaused, MemberResumed) == [pytest.approx(PAUSES[member][:2], abs=EXACT)]
        assert log.spans(member, MemberDeactivated, MemberActivated) == [pytest.approx(PASSIVE[member], abs=EXACT)]
    reasons = {event.member: event.reason for event in log.members if isinstance(event, MemberPaused)}
    assert reasons == {member: reason for member, (_, _, reason) in PAUSES.items()}


def assert_choices_in_the_menu(day: GeneratedDay, log: Log) -> None:
    choices = [choice for call in log.incoming for choice in call.menu_choices]
    assert Counter(choice.key for choice in choices) == day.keys
    assert {choice.key for choice in choices if not choice.valid} == {"9"}


def assert_where_else_calls_went(day: GeneratedDay, log: Log) -> None:
    """Callbacks ordered and reached, messages, calls that a number outside has answered."""
    ordered = [event for event in log.events if isinstance(event, CallbackRequested)]
    reached = [call for call in log.calls if call.origin == "callback" and call.connected_at is not None]
    sent = [call for call in log.incoming if call.connected_to == MOBILE]
    assert len(ordered) == day.callbacks_ordered > 0
    assert len(reached) == day.callbacks_connected > 0
    assert sum(isinstance(event, MessageLeft) for event in log.events) == day.messages > 0
    assert len(sent) == day.sent_outside > 0
    tried = [event for event in log.events if isinstance(event, CallRouted) and event.destination == f"number:{MOBILE}"]
    assert len(tried) >= len(sent)
