"""The live view is a fold of the events: each stage shows as people would tell of it."""

from lampfield.live_calls import LiveCalls
from routing.events import (
    CallAnswered,
    CallArrived,
    CallBridged,
    CalledBack,
    CallEnded,
    CallEvent,
    CallHeld,
    CallRetrieved,
    CallTakenUp,
    LegRinging,
    MenuEntered,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)


def arrived(call: str = "c1", at: float = 1.0) -> CallArrived:
    return CallArrived(
        call=call, at=at, company="nordlys", origin="trunk", caller_number="+4540123456", dialled="+4533221100"
    )


def tell(live: LiveCalls, event: CallEvent) -> None:
    take = live.takers().get(type(event))
    if take is not None:
        take(event)


def stages(*events: CallEvent) -> list[tuple[str, str]]:
    live = LiveCalls()
    seen: list[tuple[str, str]] = []
    for event in events:
        tell(live, event)
        seen.append((live.snapshot()[0].stage, live.snapshot()[0].where))
    return seen


def test_a_call_is_shown_from_the_menu_through_the_queue_to_the_talk() -> None:
    assert stages(
        arrived(),
        CallAnswered(call="c1", at=2.0),
        MenuEntered(call="c1", at=2.0, menu="main"),
        QueueJoined(call="c1", at=3.0, queue="sales", position=1),
        OfferMade(call="c1", at=4.0, queue="sales", member="anna", offer=1),
        QueueLeft(call="c1", at=5.0, queue="sales", outcome="answered", waited=2.0),
        CallBridged(call="c1", at=5.0, leg="b1", person="anna", number="201"),
    ) == [
        ("arriving", ""),
        ("answered", ""),
        ("menu", "main"),
        ("queue", "sales"),
        ("queue", "sales → anna"),
        ("answered", "sales → anna"),
        ("talking", "anna"),
    ]


def test_who_comes_back_to_the_line_is_shown_there() -> None:
    shown = stages(
        arrived(),
        QueueJoined(call="c1", at=3.0, queue="sales", position=1),
        PlaceHeld(call="c1", at=4.0, queue="sales", why="stepped-out"),
        MenuEntered(call="c1", at=4.0, menu="info"),
        PlaceResumed(call="c1", at=9.0, queue="sales"),
        OfferMade(call="c1", at=9.0, queue="sales", member="anna", offer=1),
    )
    assert shown[3:] == [("menu", "info"), ("queue", "sales"), ("queue", "sales → anna")]


def test_who_is_called_back_is_shown_in_line_by_the_call_that_is_made() -> None:
    live = LiveCalls()
    tell(live, OfferMade(call="place", at=1.0, queue="sales", member="anna", offer=1))
    tell(live, arrived("back"))
    tell(live, CalledBack(call="back", at=1.0, queue="sales", place="place", attempt=1))
    tell(live, CallAnswered(call="back", at=5.0))
    tell(live, PlaceResumed(call="place", at=8.0, queue="sales"))
    tell(live, OfferMade(call="place", at=9.0, queue="sales", member="bo", offer=2))
    (shown,) = live.snapshot()
    assert (shown.call, shown.stage, shown.where, shown.since) == ("back", "queue", "sales → bo", 8.0)
    tell(live, QueueLeft(call="place", at=11.0, queue="sales", outcome="called-back", waited=60.0))
    assert live.snapshot()[0].stage == "answered"
    tell(live, CallEnded(call="back", at=12.0, cause="answered", by="caller"))
    assert live.snapshot() == []


def test_a_held_call_shows_hold_until_it_is_retrieved() -> None:
    shown = stages(
        arrived(),
        LegRinging(call="c1", at=2.0, leg="b1", person="anna", number="201"),
        CallBridged(call="c1", at=3.0, leg="b1", person="anna", number="201"),
        CallHeld(call="c1", at=4.0, by="callee"),
        CallRetrieved(call="c1", at=5.0, by="callee"),
    )
    assert [stage for stage, _ in shown] == ["arriving", "ringing", "talking", "hold", "talking"]


def test_a_call_that_ended_is_gone_and_the_others_stay_in_order() -> None:
    live = LiveCalls()
    tell(live, arrived("second", 2.0))
    tell(live, arrived("first", 1.0))
    tell(live, arrived("third", 3.0))
    tell(live, CallEnded(call="second", at=4.0, cause="answered", by="caller"))
    assert [call.call for call in live.snapshot()] == ["first", "third"]


def test_events_of_a_call_that_nobody_announced_are_passed_over() -> None:
    live = LiveCalls()
    tell(live, MenuEntered(call="unknown", at=1.0, menu="main"))
    assert len(live) == 0


def test_after_a_restart_callers_are_shown_where_they_go_on() -> None:
    def taken_up(queue: str, talks_to: str = "", destination: str = "", place: str = "") -> CallTakenUp:
        first = arrived()
        return CallTakenUp(
            call="c1",
            at=9.0,
            company=first.company,
            origin="trunk",
            caller_number=first.caller_number,
            dialled=first.dialled,
            arrived=1.0,
            queue=queue,
            talks_to=talks_to,
            destination=destination,
            place=place,
        )

    assert stages(taken_up("sales"), taken_up("", "anna")) == [("queue", "sales"), ("talking", "anna")]
    assert stages(taken_up("", destination="menu:main")) == [("answered", "menu:main")]
    offered = OfferMade(call="c0", at=9.5, queue="sales", member="anna", offer=1)
    assert stages(taken_up("sales", place="c0"), offered)[-1] == ("queue", "sales → anna")
