"""A call record is what the events of the call add up to."""

from call_records.call_record import CallRecord, MenuChoice, QueueVisit, Transfer, after, fold
from routing.events import (
    AnyCallEvent,
    CallArrived,
    CallBridged,
    CallEnded,
    CallHeld,
    CallPickedUp,
    CallRetrieved,
    CallTransferred,
    CustomerNumberGiven,
    LegEnded,
    QueueJoined,
    QueueLeft,
    TransferRequested,
)
from tests.call_records.calls import BEGIN, main_job


def test_the_main_job_from_arrival_to_end() -> None:
    record = fold(main_job())
    assert record == CallRecord(
        call="c1",
        arrived_at=BEGIN,
        company="nordlys",
        origin="trunk",
        caller_number="+4520304050",
        caller_name="Karen Blixen",
        dialled="+4533221100",
        destinations=("menu:main", "queue:sales"),
        answered_at=BEGIN + 1,
        menu_choices=(MenuChoice("main", "7", False), MenuChoice("main", "1", True)),
        queue_visits=(QueueVisit("sales", BEGIN + 10, 2, told_position=1, outcome="answered", waited=40.0),),
        connected_at=BEGIN + 50,
        connected_to="201",
        connected_person="anna",
        talk_seconds=65.0,
        ended_at=BEGIN + 115,
        cause="answered",
        ended_by="caller",
        status=200,
    )
    assert record.waited == 40.0
    assert record.duration == 115.0


def test_a_record_can_be_carried_on_event_by_event() -> None:
    events = main_job()
    record = fold(events[:6])
    for event in events[6:]:
        record = after(record, event)
    assert record == fold(events)


def test_while_the_call_goes_on_it_has_no_end() -> None:
    record = fold(main_job()[:16])
    assert record.ended_at is None
    assert record.duration is None
    assert record.talking_leg == "l1"
    assert record.talking_since == BEGIN + 50


def test_a_caller_who_gives_up_in_the_queue_is_abandoned() -> None:
    gave_up: list[AnyCallEvent] = [
        QueueLeft(call="c1", at=BEGIN + 30, queue="sales", outcome="abandoned", waited=20.0),
        CallEnded(call="c1", at=BEGIN + 30, cause="abandoned", by="caller", status=487),
    ]
    record = fold([*main_job()[:9], *gave_up])
    assert (record.cause, record.connected_at, record.talk_seconds, record.waited) == ("abandoned", None, 0.0, 20.0)


def test_a_caller_who_waits_when_the_server_is_cut_off_has_waited_until_then() -> None:
    record = fold([*main_job()[:10], CallEnded(call="c1", at=BEGIN + 40, cause="lost", by="system")])
    assert record.queue_visits[0].outcome is None
    assert record.waited == 30.0


def test_two_visits_of_one_queue_are_told_apart() -> None:
    again: list[AnyCallEvent] = [
        QueueLeft(call="c1", at=BEGIN + 30, queue="sales", outcome="timeout", waited=20.0),
        QueueJoined(call="c1", at=BEGIN + 31, queue="sales", position=3),
        QueueLeft(call="c1", at=BEGIN + 41, queue="sales", outcome="abandoned", waited=10.0),
    ]
    record = fold([*main_job()[:9], *again])
    assert [(visit.outcome, visit.waited) for visit in record.queue_visits] == [("timeout", 20.0), ("abandoned", 10.0)]
    assert record.waited == 30.0


def test_talk_with_a_second_party_is_added_and_the_last_party_named() -> None:
    transferred: list[AnyCallEvent] = [
        LegEnded(call="c1", at=BEGIN + 60, leg="l1", person="anna", cause="transfer"),
        CallBridged(call="c1", at=BEGIN + 70, leg="l2", person=None, number="+4599887766"),
        LegEnded(call="c1", at=BEGIN + 75, leg="l1", person="anna", cause="late, of a leg that is over"),
        CallEnded(call="c1", at=BEGIN + 90, cause="answered", by="callee"),
    ]
    record = fold([*main_job()[:16], *transferred])
    assert record.talk_seconds == 10.0 + 20.0
    assert (record.connected_to, record.connected_person) == ("+4599887766", None)
    assert record.connected_at == BEGIN + 50


def test_hold_counts_as_talk_and_by_itself_also_when_the_call_ends_on_hold() -> None:
    held: list[AnyCallEvent] = [
        CallHeld(call="c1", at=BEGIN + 60, by="callee"),
        CallRetrieved(call="c1", at=BEGIN + 65, by="callee"),
        CallHeld(call="c1", at=BEGIN + 80, by="callee"),
        CallEnded(call="c1", at=BEGIN + 90, cause="answered", by="caller"),
    ]
    record = fold([*main_job()[:16], *held])
    assert record.talk_seconds == 40.0
    assert record.held_seconds == 15.0
    assert record.held_since is None


def test_a_call_from_a_phone_names_the_person() -> None:
    arrived = CallArrived(
        call="c2", at=1.0, company="nordlys", origin="phone", caller_number="202", caller_person="bjorn", dialled="201"
    )
    assert fold([arrived]).caller_person == "bjorn"


def test_only_the_first_end_counts() -> None:
    record = fold([*main_job(), CallEnded(call="c1", at=BEGIN + 999, cause="lost", by="system")])
    assert (record.cause, record.ended_at) == ("answered", BEGIN + 115)


def test_the_customers_number_is_the_one_typed_last() -> None:
    typed: list[AnyCallEvent] = [
        CustomerNumberGiven(call="c1", at=BEGIN + 8, menu="main", number="4711"),
        CustomerNumberGiven(call="c1", at=BEGIN + 9, menu="main", number="4712"),
    ]
    assert fold([*main_job(), *typed]).customer_number == "4712"


def test_a_transfer_ends_the_talk_until_somebody_answers() -> None:
    events: list[AnyCallEvent] = [
        CallArrived(call="c", at=0.0, company="nordlys", origin="trunk", caller_number="+4520304050", dialled="201"),
        CallBridged(call="c", at=1.0, leg="l1", person="anna", number="201"),
        CallHeld(call="c", at=5.0, by="callee"),
        TransferRequested(call="c", at=11.0, by="anna", side="callee", to="202"),
        CallTransferred(call="c", at=20.0, kind="blind", by="anna", side="callee", to="202", outcome="answered"),
        CallBridged(call="c", at=20.0, leg="l2", person="bo", number="202"),
        LegEnded(call="c", at=20.5, leg="l1", person="anna", cause="transferred"),
        CallEnded(call="c", at=50.0, cause="answered", by="caller"),
    ]
    record = fold(events)
    assert (record.talk_seconds, record.held_seconds) == (40.0, 6.0)
    assert (record.connected_at, record.connected_person) == (1.0, "bo")
    assert record.transfers == (Transfer(20.0, "blind", "anna", "202", "answered"),)


def test_a_call_that_goes_on_in_another_says_so() -> None:
    events: list[AnyCallEvent] = [
        CallArrived(call="c", at=0.0, company="nordlys", origin="phone", caller_number="201", dialled="202"),
        CallBridged(call="c", at=1.0, leg="l1", person="bo", number="202"),
        CallTransferred(
            call="c", at=9.0, kind="attended", by="anna", side="caller", to="+45", outcome="answered", goes_on_in="d"
        ),
        CallEnded(call="c", at=9.0, cause="transferred", by="caller"),
    ]
    record = fold(events)
    assert (record.cause, record.talk_seconds, record.transfers[0].goes_on_in) == ("transferred", 8.0, "d")


def test_who_picked_a_call_up_is_known() -> None:
    events: list[AnyCallEvent] = [
        CallArrived(call="c", at=0.0, company="nordlys", origin="phone", caller_number="201", dialled="202"),
        CallPickedUp(call="c", at=3.0, leg="l1", person="carl", number="203", rang="bo"),
        CallBridged(call="c", at=3.0, leg="l1", person="carl", number="203"),
    ]
    assert (fold(events).picked_up_by, fold(events).connected_person) == ("carl", "carl")
