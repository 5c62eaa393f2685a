"""Places in queues outlive the process, in their order and with their waiting time."""

from pathlib import Path

from lampfield.journal import Journal
from lampfield.places import Places
from routing.events import CallbackMissed, CallbackRequested, CallEvent, OfferMade, QueueJoined, QueueLeft
from routing.queue.state import QueueState, fold
from tests.routing.nordlys import company

COMPANY = company()
SALES = COMPANY.queues["sales"]


def joined(call: str, at: float, priority: int = 0) -> QueueJoined:
    return QueueJoined(call=call, at=at, queue="sales", position=1, priority=priority)


def after_a_restart(folder: Path, *events: CallEvent) -> QueueState:
    """The queue as another run of the process folds it from disk."""
    journal = Journal(folder / "journal")
    journal.open()
    passed_on: list[CallEvent] = []
    sink = Places(journal).sink(COMPANY, passed_on.append)
    for event in events:
        sink(event)
    assert passed_on == list(events)
    journal.close()
    again = Journal(folder / "journal")
    again.open()
    places = Places(again)
    places.restore()
    again.close()
    return fold(SALES, places.history(COMPANY, "sales"))


def test_who_waits_has_the_same_place_and_waits_since_the_same_time(tmp_path: Path) -> None:
    state = after_a_restart(tmp_path, joined("b", 10.0), joined("a", 11.0), joined("c", 12.0, priority=5))
    assert [(caller.call, caller.since) for caller in state.in_line()] == [("c", 12.0), ("b", 10.0), ("a", 11.0)]


def test_who_has_left_is_not_there(tmp_path: Path) -> None:
    left = QueueLeft(call="a", at=12.0, queue="sales", outcome="abandoned", waited=2.0)
    assert not after_a_restart(tmp_path, joined("a", 10.0), left).callers


def test_an_offer_that_rang_is_forgotten(tmp_path: Path) -> None:
    offer = OfferMade(call="a", at=11.0, queue="sales", member="anna", offer=1)
    state = after_a_restart(tmp_path, joined("a", 10.0), offer)
    assert not state.offers
    assert [caller.call for caller in state.unserved()] == ["a"]


def test_who_is_to_be_called_back_is_so_with_the_attempts_that_were_made(tmp_path: Path) -> None:
    requested = CallbackRequested(call="a", at=12.0, queue="sales", number="+4522334455", earliest=12.0)
    missed = [
        CallbackMissed(call="a", at=at, queue="sales", attempt=attempt, outcome="no-answer", retry_at=at + 300)
        for attempt, at in ((1, 20.0), (2, 320.0))
    ]
    state = after_a_restart(tmp_path, joined("a", 10.0), requested, *missed)
    (caller,) = state.in_line()
    assert (caller.standing, caller.number, caller.attempts, caller.earliest) == ("callback", "+4522334455", 2, 620.0)
