"""Calls as their events, for the tests of records."""

from routing.events import (
    AnyCallEvent,
    CallAnswered,
    CallArrived,
    CallBridged,
    CallEnded,
    CallRouted,
    KeyPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    MenuEntered,
    OfferEnded,
    OfferMade,
    PositionAnnounced,
    PromptPlayed,
    QueueJoined,
    QueueLeft,
)

BEGIN = 1_795_000_000.0


def main_job(call: str = "c1", at: float = BEGIN) -> list[AnyCallEvent]:
    """Menu, queue, position, answered by Anna after 40 seconds in the queue, 65 seconds of talk."""
    return [
        CallArrived(
            call=call,
            at=at,
            company="nordlys",
            origin="trunk",
            caller_number="+4520304050",
            caller_name="Karen Blixen",
            dialled="+4533221100",
        ),
        CallRouted(call=call, at=at, destination="menu:main", why="open"),
        CallAnswered(call=call, at=at + 1),
        PromptPlayed(call=call, at=at + 1, prompt="greeting"),
        MenuEntered(call=call, at=at + 5, menu="main"),
        KeyPressed(call=call, at=at + 7, menu="main", key="7", valid=False),
        KeyPressed(call=call, at=at + 9, menu="main", key="1", valid=True),
        CallRouted(call=call, at=at + 9, destination="queue:sales"),
        QueueJoined(call=call, at=at + 10, queue="sales", position=2),
        PositionAnnounced(call=call, at=at + 40, queue="sales", position=1),
        OfferMade(call=call, at=at + 41, queue="sales", member="anna", offer=1),
        LegRinging(call=call, at=at + 41, leg="l1", person="anna", number="201"),
        LegAnswered(call=call, at=at + 50, leg="l1", person="anna", number="201"),
        OfferEnded(call=call, at=at + 50, queue="sales", member="anna", offer=1, outcome="answered"),
        QueueLeft(call=call, at=at + 50, queue="sales", outcome="answered", waited=40.0),
        CallBridged(call=call, at=at + 50, leg="l1", person="anna", number="201"),
        LegEnded(call=call, at=at + 115, leg="l1", person="anna", cause="bye"),
        CallEnded(call=call, at=at + 115, cause="answered", by="caller"),
    ]


def steps(call: str, count: int) -> list[AnyCallEvent]:
    """Events that can be told apart by their time."""
    return [PromptPlayed(call=call, at=float(number), prompt="greeting") for number in range(count)]
