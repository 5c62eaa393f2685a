"""What calls callers back for a queue, as its runner knows it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from routing.events import CallbackDue, CallbackMissed, CallbackRequested, OfferMade
from routing.model import Queue
from routing.queue.member import Waiting
from routing.queue.outcomes import Missed

if TYPE_CHECKING:
    from routing.queue.runner import QueueRunner

CALLBACK_GRACE = 200.0
"""Seconds in which who is called back has to answer, whatever the dialler does: networks ring for up to 180."""

CallBack = Callable[["QueueRunner", CallbackDue], Coroutine[Any, Any, None]]
"""Calls `due.number` back for a queue, once a member is claimed.

Where the caller answers, it takes the place up again with `QueueRunner.adopt`: the claimed member is rung, and from
then on it is the treatment of a caller in line like any other. Else it tells `QueueRunner.callback_missed`; so does
the runner for one that ends or fails without having told anything, or takes longer than `CALLBACK_GRACE`. It is
cancelled when the place is given up before the caller has answered.
"""


IsOpen = Callable[[str], bool]
"""Whether who came by a main number may be called back at this moment, as it is open; empty for who came by none."""


def due_by(caller: Waiting, offer: OfferMade) -> CallbackDue:
    """The caller's turn has come by the claim of a member."""
    return CallbackDue(
        call=caller.call,
        at=offer.at,
        queue=offer.queue,
        member=offer.member,
        offer=offer.offer,
        number=caller.number,
        attempt=caller.attempts + 1,
        language=caller.language,
    )


def missed_by(caller: Waiting, queue: Queue, outcome: Missed, now: float, *, counts: bool) -> CallbackMissed:
    """The caller was called and not reached; what counts as no attempt is not the last one."""
    attempt = caller.attempts + 1
    again = not counts or attempt < queue.callback_attempts
    return CallbackMissed(
        call=caller.call,
        at=now,
        queue=queue.name,
        attempt=attempt,
        outcome=outcome,
        retry_at=now + queue.callback_retry_seconds if again else None,
        counts=counts,
    )


def ordered_again(place: Waiting, queue: Queue, now: float, main_number: str) -> CallbackRequested:
    """The place is to be called back already, and stays as it is but for the main number that counts."""
    return CallbackRequested(
        call=place.call,
        at=now,
        queue=queue.name,
        number=place.number,
        earliest=place.earliest,
        language=place.language,
        main_number=main_number,
        attempts=place.attempts,
    )


def always_open(main_number: str) -> bool:
    """IsOpen for who has no opening hours."""
    return True


async def nobody_calls_back(runner: QueueRunner, due: CallbackDue) -> None:
    """A CallBack for who has no way to call."""
    runner.callback_missed(due.offer, "unreachable")
