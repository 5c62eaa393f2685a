"""Why a call went where it went, in plain words."""

from typing import get_args

import msgspec
import pytest

from call_records.why import why
from routing.events import (
    AnyCallEvent,
    CallArrived,
    CallbackRequested,
    CallEvent,
    CallTakenUp,
    OfferEnded,
    OfferMade,
    QueueLeft,
)
from tests.call_records.calls import main_job

NAMES = {"anna": "Anna Holm"}
EVENTS: tuple[type[CallEvent], ...] = get_args(AnyCallEvent)


def an_event(kind: type[CallEvent]) -> AnyCallEvent:
    """One of this kind, with some value in each field that must have one."""
    fields = [field for field in msgspec.structs.fields(kind) if field.required]
    values = {field.name: _some(field.type) for field in fields}
    event: AnyCallEvent = msgspec.convert(values | {"type": kind.__name__}, AnyCallEvent)
    return event


def _some(kind: object) -> object:
    if kind in (int, float):
        return 1
    if kind is bool:
        return True
    choices = get_args(kind)
    return choices[0] if choices and isinstance(choices[0], str) else ("x" if kind is str else None)


def test_each_step_of_a_call_has_its_line() -> None:
    events = main_job()
    told = why(events, NAMES)
    assert [line.at for line in told] == [event.at for event in events]
    assert [line.text for line in told] == [
        "Karen Blixen (+4520304050) calls +4533221100 from outside",
        "goes to menu:main, because open",
        "the call is answered",
        "hears greeting",
        "is in the menu main",
        "presses 7 in the menu main, which leads nowhere",
        "presses 1 in the menu main",
        "goes to queue:sales",
        "joins the queue sales at position 2",
        "is told position 1 in sales",
        "sales offers the caller to Anna Holm (offer 1)",
        "Anna Holm rings (201)",
        "Anna Holm has answered",
        "Anna Holm answers after 9 s (offer 1)",
        "was answered from the queue sales after 40 s",
        "talks with Anna Holm",
        "the phone of Anna Holm is done: bye",
        "the caller hangs up: answered",
    ]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_has_its_sentence(kind: type[CallEvent]) -> None:
    (line,) = why([an_event(kind)])
    assert line.text.strip() == line.text != ""


def _outcomes(kind: type[CallEvent]) -> tuple[str, ...]:
    (field,) = [field for field in msgspec.structs.fields(kind) if field.name == "outcome"]
    return get_args(field.type)


@pytest.mark.parametrize("outcome", _outcomes(OfferEnded))
def test_every_outcome_of_an_offer_is_told_with_how_long_it_rang(outcome: str) -> None:
    made = OfferMade(call="c1", at=10.0, queue="sales", member="anna", offer=3)
    ended = OfferEnded(call="c1", at=30.0, queue="sales", member="anna", offer=3, outcome=outcome)  # type: ignore[arg-type]
    assert why([made, ended], NAMES)[1].text.startswith("Anna Holm ")


def test_who_is_called_by_the_company_calls_nobody() -> None:
    arrived = CallArrived(
        call="b", at=0, company="nordlys", origin="callback", caller_number="+4520304050", dialled="+4520304050"
    )
    assert [line.text for line in why([arrived])] == ["+4520304050 is called by the company"]


@pytest.mark.parametrize(("main_number", "hours"), [("", ""), ("+4533221100", ", while +4533221100 is open")])
def test_when_somebody_may_be_called_back_is_told(main_number: str, hours: str) -> None:
    order = CallbackRequested(
        call="c", at=0, queue="sales", number="+4520304050", earliest=0.0, main_number=main_number
    )
    assert [line.text for line in why([order])] == [f"keeps the place in sales, to be called at +4520304050{hours}"]


def test_of_a_place_that_was_not_needed_the_one_that_counts_is_named() -> None:
    ordered = QueueLeft(call="c2", at=30.0, queue="sales", outcome="already-ordered", waited=20.0, instead="c1")
    served = QueueLeft(call="c1", at=30.0, queue="sales", outcome="answered-meanwhile", waited=20.0, instead="c3")
    assert [why([event])[0].text for event in (ordered, served)] == [
        "leaves sales after 20 s: the number is to be called back already, for the place of c1",
        "is not called back for the place in sales, 20 s after joining: the caller was answered there in the call c3",
    ]


@pytest.mark.parametrize("outcome", _outcomes(QueueLeft))
def test_every_way_out_of_a_queue_is_told(outcome: str) -> None:
    left = QueueLeft(call="c1", at=30.0, queue="sales", outcome=outcome, waited=20.0)  # type: ignore[arg-type]
    assert "sales" in why([left])[0].text


def test_time_is_counted_from_the_arrival() -> None:
    events = main_job()
    assert why(events)[-1].after == 115
    assert isinstance(events[0], CallArrived)


def test_after_a_restart_callers_wait_on_talk_on_or_begin_anew_where_they_were() -> None:
    taken_up = msgspec.structs.replace(an_event(CallTakenUp), queue="", talks_to="", destination="")
    texts = [
        why([msgspec.structs.replace(taken_up, caller_number="+4520304050", **how)], {"anna": "Anna Holm"})[0].text
        for how in (
            {"queue": "sales"},
            {"talks_to": "anna"},
            {"talks_to": "+4540404040"},
            {"destination": "menu:main"},
            {},
        )
    ]
    assert texts == [
        "the server was started anew, and +4520304050 waits on in sales",
        "the server was started anew, and +4520304050 talks on with Anna Holm",
        "the server was started anew, and +4520304050 talks on with +4540404040",
        "the server was started anew, and +4520304050 begins anew at menu:main",
        "the server was started anew, and +4520304050 begins anew at the greeting",
    ]
