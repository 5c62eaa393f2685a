"""Places in queues outlive the process, in their order and with their waiting time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lampfield.journal import Journal
from lampfield.places import Places
from routing.events import (
    CallbackMissed,
    CallbackRequested,
    CallEvent,
    OfferEnded,
    OfferMade,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)
from routing.model import Queue
from routing.queue.events import MemberPaused, QueueEvent, TalkEnded
from routing.queue.state import QueueState, fold
from tests.routing.nordlys import company
from tests.routing.queue.test_calling_back import MOBILE, house, order
from tests.routing.world import World
from tests.support.virtual_time import DAY, START, run

COMPANY = company()
SALES = COMPANY.queues["sales"]


def joined(call: str, at: float, priority: int = 0) -> QueueJoined:
    return QueueJoined(call=call, at=at, queue="sales", position=1, priority=priority)


def kept(folder: Path, *events: QueueEvent) -> Places:
    """What another run of the process finds on disk after these events."""
    journal = Journal(folder / "journal")
    journal.open()
    passed_on: list[CallEvent] = []
    before = Places(journal)
    sink = before.sink(COMPANY, passed_on.append)
    for event in events:
        if isinstance(event, CallEvent):
            sink(event)
        else:
            before.member("nordlys", event)
    assert passed_on == [event for event in events if isinstance(event, CallEvent)]
    journal.close()
    again = Journal(folder / "journal")
    again.open()
    places = Places(again)
    places.restore()
    again.close()
    return places


def after_a_restart(folder: Path, *events: QueueEvent) -> QueueState:
    """The queue as another run of the process folds it from disk."""
    return fold(SALES, kept(folder, *events).history(COMPANY, "sales"))


def talk(call: str, at: float, member: str = "anna", offer: int = 1) -> list[QueueEvent]:
    """A member takes the caller."""
    return [
        OfferMade(call=call, at=at, queue="sales", member=member, offer=offer),
        OfferEnded(call=call, at=at + 3, queue="sales", member=member, offer=offer, outcome="answered"),
        QueueLeft(call=call, at=at + 3, queue="sales", outcome="answered", waited=3.0),
    ]


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


def test_the_hours_by_which_somebody_is_called_back_are_known_still(tmp_path: Path) -> None:
    ordered = CallbackRequested(
        call="a", at=12.0, queue="sales", number=MOBILE, earliest=12.0, main_number="+4533221100"
    )
    (caller,) = after_a_restart(tmp_path, joined("a", 10.0), ordered).in_line()
    assert caller.main_number == "+4533221100"


def test_who_was_called_back_and_is_on_the_line_is_not_called_again(tmp_path: Path) -> None:
    ordered = CallbackRequested(call="a", at=12.0, queue="sales", number="+4522334455", earliest=12.0)
    back = PlaceResumed(call="a", at=20.0, queue="sales")
    state = after_a_restart(tmp_path / "back", joined("a", 10.0), ordered, back)
    assert [(caller.standing, caller.number) for caller in state.in_line()] == [("waiting", "+4522334455")]
    again = CallbackRequested(call="a", at=30.0, queue="sales", number="+4522334466", earliest=30.0)
    state = after_a_restart(tmp_path / "again", joined("a", 10.0), ordered, back, again)
    assert [(caller.standing, caller.number) for caller in state.in_line()] == [("callback", "+4522334466")]


def test_a_caller_may_have_places_in_several_queues(tmp_path: Path) -> None:
    support = QueueJoined(call="a", at=12.0, queue="support", position=1)
    left = QueueLeft(call="a", at=13.0, queue="support", outcome="abandoned", waited=1.0)
    places = kept(tmp_path, joined("a", 10.0), support, left)
    assert [event.call for event in places.history(COMPANY, "sales")] == ["a"]
    assert places.history(COMPANY, "support") == []


def test_who_talks_to_whom_is_known_until_the_conversation_ends(tmp_path: Path) -> None:
    places = kept(tmp_path / "talking", joined("a", 10.0), *talk("a", 11.0), joined("b", 20.0))
    assert places.talks() == {"a"}
    state = fold(SALES, places.history(COMPANY, "sales"))
    assert (state.talks, [caller.call for caller in state.in_line()]) == ({"a": "anna"}, ["b"])
    over = TalkEnded(queue="sales", member="anna", at=30.0)
    places = kept(tmp_path / "over", joined("a", 10.0), *talk("a", 11.0), over)
    assert (places.talks(), places.history(COMPANY, "sales")) == (frozenset(), [])


def test_the_conversations_of_others_go_on(tmp_path: Path) -> None:
    others = TalkEnded(queue="sales", member="bo", at=30.0)
    elsewhere = TalkEnded(queue="support", member="anna", at=30.0)
    assert kept(tmp_path, joined("a", 10.0), *talk("a", 11.0), others, elsewhere).talks() == {"a"}


def a_run(folder: Path, day: int, scenario: Callable[[World], Awaitable[None]]) -> tuple[list[str], list[CallEvent]]:
    """One run of the process, on its own day, that begins with anna pausing; who was rung, and the queue's events."""
    told: list[CallEvent] = []
    journal = Journal(folder / "journal")
    journal.open()
    places = Places(journal)
    places.restore()
    sales = house()

    def keeping(queue: Queue) -> dict[str, Any]:
        paused = MemberPaused(queue=queue.name, member="anna", at=START, reason="lunch")
        return {"emit": places.sink(sales, told.append), "history": [*places.history(sales, queue.name), paused]}

    async def main() -> World:
        world = World(sales, keeping=keeping)
        await scenario(world)
        return world

    world = run(main(), start=START + day * DAY)
    journal.close()
    return [who for _, who in world.rung], told


def test_a_call_back_that_was_ordered_before_a_restart_and_again_after_it_is_made_once(tmp_path: Path) -> None:
    async def orders(world: World) -> None:
        await order(world, "1", call=f"call-{len(world.queues['sales'].state.callers) + 1}")
        world.activity.member_free("anna", START)

    async def turn(world: World) -> None:
        world.queues["sales"].resume("anna")
        await asyncio.sleep(1000)

    a_run(tmp_path, 0, orders)
    _, told = a_run(tmp_path, 1, orders)
    assert [(event.call, event.outcome) for event in told if isinstance(event, QueueLeft)] == [
        ("call-2", "already-ordered")
    ]
    rung, told = a_run(tmp_path, 2, turn)
    assert rung == [MOBILE, "anna"]
    assert [(event.call, event.outcome) for event in told if isinstance(event, QueueLeft)] == [
        ("call-1", "called-back")
    ]
