"""The list of callers whom a queue has missed, as its members share it."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine

from call_records.call_record import fold
from call_records.event_log import insert_events
from call_records.logged_event import LoggedEvent
from call_records.missed_calls import MissedCall, fold_missed, mark_handled, missed_calls
from routing.events import (
    AnyCallEvent,
    CallArrived,
    CallbackRequested,
    CallBridged,
    CallEnded,
    MissedCallHandled,
    QueueJoined,
    QueueLeft,
)
from tests.routing.nordlys import company

BEGIN = 1_795_000_000.0
KAREN = "+4520304050"
Call = Sequence[AnyCallEvent]


def arrived(call: str, at: float, origin: Any = "trunk", number: str = KAREN, **more: Any) -> CallArrived:
    fields = {"dialled": "+4533221100", "caller_name": "Karen" if origin == "trunk" else ""} | more
    return CallArrived(call=call, at=BEGIN + at, company="nordlys", origin=origin, caller_number=number, **fields)


def ended(call: str, at: float, cause: str = "abandoned") -> CallEnded:
    return CallEnded(call=call, at=BEGIN + at, cause=cause, by="caller")


def left(call: str, at: float, outcome: Any, waited: float = 20.0) -> QueueLeft:
    return QueueLeft(call=call, at=BEGIN + at, queue="sales", outcome=outcome, waited=waited)


def bridged(call: str, at: float, person: str | None = "anna") -> CallBridged:
    return CallBridged(call=call, at=BEGIN + at, leg=f"{call}-b1", person=person, number="201")


def waits(call: str, at: float, outcome: Any = "abandoned", number: str = KAREN, waited: float = 20.0) -> Call:
    """Somebody waits in sales and leaves so."""
    return [
        arrived(call, at, number=number),
        QueueJoined(call=call, at=BEGIN + at, queue="sales", position=1),
        left(call, at + waited, outcome, waited),
        ended(call, at + waited),
    ]


def answered(call: str, at: float) -> Call:
    return [*waits(call, at, "answered")[:-1], bridged(call, at + 20), ended(call, at + 60, "answered")]


def rings_back(call: str, at: float, *, dialled: str = KAREN, talks: bool = True) -> Call:
    """Bo calls somebody from his phone."""
    began = arrived(call, at, "phone", "202", caller_person="bo", dialled=dialled)
    talk = [bridged(call, at + 5, None)] if talks else []
    return [began, *talk, ended(call, at + 30, "answered" if talks else "no-answer")]


def entries(*calls: Call) -> list[MissedCall]:
    return fold_missed(company(), "sales", (fold(call) for call in calls))


@pytest.mark.parametrize("outcome", ["abandoned", "timeout", "unanswered", "lost", "shutdown"])
def test_who_leaves_unanswered_is_on_the_list(outcome: str) -> None:
    (entry,) = entries(waits("c1", 0, outcome))
    assert (entry.number, entry.name, entry.count, entry.waited) == (KAREN, "Karen", 1, 20.0)
    assert (entry.state, entry.outcome, entry.call) == ("new", outcome, "c1")


@pytest.mark.parametrize("outcome", ["full", "busy", "no-members"])
def test_who_was_not_let_in_is_as_well(outcome: str) -> None:
    call: Call = [arrived("c1", 0), left("c1", 0, outcome, 0.0), ended("c1", 5, "completed-message")]
    assert [(entry.outcome, entry.waited) for entry in entries(call)] == [(outcome, 0.0)]


def test_who_was_cut_off_with_the_server_is_as_well() -> None:
    assert [entry.outcome for entry in entries([*waits("c1", 0)[:2], ended("c1", 20, "lost")])] == ["lost"]


def test_nobody_is_told_of_a_call_that_somebody_answered() -> None:
    elsewhere = [*waits("c2", 100, "timeout")[:-1], bridged("c2", 130, None), ended("c2", 150, "answered")]
    assert entries(answered("c1", 0), elsewhere) == []


def test_who_was_answered_elsewhere_in_the_network_is_not_on_the_list() -> None:
    call: Call = [arrived("c1", 0), left("c1", 0, "full", 0.0), ended("c1", 5, "elsewhere")]
    at_once: Call = [*waits("c2", 100, "elsewhere")[:-1], ended("c2", 120, "elsewhere")]
    assert entries(call, at_once) == []
    (entry,) = entries(waits("c0", 0), call, at_once)
    assert (entry.call, entry.count, entry.state) == ("c0", 1, "new"), "who answered there is not known"


def test_another_queues_calls_are_not_on_the_list() -> None:
    assert fold_missed(company(), "support", [fold(waits("c1", 0))]) == []


def test_one_caller_is_one_entry_with_a_count() -> None:
    (entry,) = entries(waits("c3", 900, "timeout", waited=60.0), waits("c1", 0), waits("c2", 300))
    assert (entry.count, entry.waited, entry.outcome, entry.call) == (3, 60.0, "timeout", "c3")
    assert (entry.first_at, entry.last_at) == (BEGIN, BEGIN + 900)


def test_who_withholds_the_number_may_be_anybody() -> None:
    assert len(entries(waits("c1", 0, number="anonymous"), waits("c2", 300, number="anonymous"))) == 2


def test_latest_first() -> None:
    found = entries(waits("c1", 0), waits("c2", 100, number="+4520304051"))
    assert [entry.call for entry in found] == ["c2", "c1"]


def test_who_was_called_back_and_did_not_answer_is_tried() -> None:
    (entry,) = entries(waits("c1", 0), rings_back("c2", 100, dialled="20304050", talks=False))
    assert (entry.state, entry.by, entry.changed_at) == ("tried", "bo", BEGIN + 100)


def test_who_was_called_back_and_spoken_to_is_handled() -> None:
    (entry,) = entries(waits("c1", 0), rings_back("c2", 100, dialled=f"sip:{KAREN}@nordlys.example"))
    assert (entry.state, entry.by, entry.changed_at) == ("handled", "bo", BEGIN + 105)


def test_who_called_again_and_was_answered_is_handled() -> None:
    (entry,) = entries(waits("c1", 0), answered("c2", 100))
    assert (entry.state, entry.by) == ("handled", "anna")


def test_who_was_missed_again_after_that_is_new_again() -> None:
    found = entries(waits("c1", 0), rings_back("c2", 100), waits("c3", 200))
    assert [(entry.state, entry.count) for entry in found] == [("new", 1), ("handled", 1)]


def test_a_try_is_forgotten_when_the_caller_calls_once_more() -> None:
    (entry,) = entries(waits("c1", 0), rings_back("c2", 100, talks=False), waits("c3", 200))
    assert (entry.state, entry.count) == ("new", 2)


def test_a_colleague_who_was_missed_is_called_back_at_the_extension() -> None:
    (entry,) = entries(waits("c1", 0, number="203"), rings_back("c2", 100, dialled="203"))
    assert entry.state == "handled"


def test_who_is_still_to_be_called_back_by_the_queue_is_not_missed_yet() -> None:
    order = CallbackRequested(call="c1", at=BEGIN + 20, queue="sales", number=KAREN, earliest=BEGIN)
    begun = [*waits("c1", 0)[:2], ended("c1", 20, "callback"), order]
    assert entries(begun) == []
    assert [entry.state for entry in entries([*begun, left("c1", 500, "not-reached")])] == ["tried"]
    assert entries([*begun, left("c1", 500, "called-back")]) == []


def test_who_ordered_it_twice_is_missed_once_and_only_by_the_place_that_was_kept() -> None:
    first: Call = [*waits("c1", 0)[:2], ended("c1", 20, "callback")]
    again: Call = [*waits("c2", 100)[:2], left("c2", 110, "already-ordered"), ended("c2", 110, "callback")]
    assert entries(first, again) == []
    (entry,) = entries([*first, left("c1", 500, "not-reached")], again)
    assert (entry.call, entry.count, entry.state) == ("c1", 1, "tried")
    assert entries([*first, left("c1", 120, "answered-meanwhile")], answered("c3", 100)) == []


def test_an_order_that_was_made_already_handles_nothing_that_was_missed_before() -> None:
    again: Call = [*waits("c2", 100)[:2], left("c2", 110, "already-ordered"), ended("c2", 110, "callback")]
    (entry,) = entries(waits("c1", 0), again)
    assert (entry.call, entry.state) == ("c1", "new")


def test_the_queues_own_call_back_handles_what_was_missed_before() -> None:
    back: Call = [
        arrived("c2", 100, "callback", dialled=KAREN),
        bridged("c2", 110),
        ended("c2", 150, "answered"),
    ]
    (entry,) = entries(waits("c1", 0), back)
    assert (entry.state, entry.by) == ("handled", "anna")


@pytest.mark.parametrize("outcome", ["called-back", "answered-meanwhile"])
def test_who_was_served_at_another_number_than_they_called_from_is_handled(outcome: str) -> None:
    order = CallbackRequested(call="c2", at=BEGIN + 120, queue="sales", number="+4520304051", earliest=BEGIN)
    begun: Call = [*waits("c2", 100)[:2], ended("c2", 120, "callback"), order]
    (entry,) = entries(waits("c1", 0), begun)
    assert entry.state == "new"
    (entry,) = entries(waits("c1", 0), [*begun, left("c2", 400, outcome, 300.0)])
    assert (entry.state, entry.call, entry.changed_at) == ("handled", "c1", BEGIN + 400)
    found = entries(waits("c1", 0), [*begun, left("c2", 400, outcome, 300.0)], waits("c3", 500))
    assert [(each.call, each.state) for each in found] == [("c3", "new")], "missed again after that"


def test_what_happens_to_two_calls_at_once_counts_in_the_order_in_which_it_happens() -> None:
    """A call back is given up after another call; who talks has hung up a second call before."""
    order = CallbackRequested(call="c1", at=BEGIN + 20, queue="sales", number=KAREN, earliest=BEGIN)
    given_up: Call = [*waits("c1", 0)[:2], ended("c1", 20, "callback"), order, left("c1", 900, "not-reached", 900.0)]
    (entry,) = entries(given_up, waits("c2", 100))
    assert (entry.state, entry.changed_at, entry.count, entry.outcome) == ("tried", BEGIN + 900, 2, "not-reached")
    assert (entry.first_at, entry.last_at) == (BEGIN, BEGIN + 100)
    waits_long: Call = [*waits("c1", 0, "answered", waited=600.0)[:-1], bridged("c1", 600), ended("c1", 700)]
    (entry,) = entries(waits_long, waits("c2", 100))
    assert (entry.state, entry.call, entry.changed_at) == ("handled", "c2", BEGIN + 600)


def test_a_call_may_be_marked_as_handled() -> None:
    (entry,) = entries([*waits("c1", 0), MissedCallHandled(call="c1", at=BEGIN + 90, queue="sales", by="carl")])
    assert (entry.state, entry.by, entry.changed_at) == ("handled", "carl", BEGIN + 90)


def test_marking_is_in_the_log_for_everybody(engine: Engine) -> None:
    calls = [*waits("c1", 0), *waits("c2", 100)]
    with engine.begin() as connection:
        insert_events(connection, [LoggedEvent("w", number, event) for number, event in enumerate(calls)])
    assert mark_handled(engine, company(), "sales", KAREN, "carl", BEGIN + 200, BEGIN)
    (entry,) = missed_calls(engine, company(), "sales", BEGIN)
    assert (entry.state, entry.by, entry.count) == ("handled", "carl", 2)
    assert not mark_handled(engine, company(), "sales", KAREN, "carl", BEGIN + 300, BEGIN), "nothing is left to do"
