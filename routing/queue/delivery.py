"""A caller's place as the queue's runner knows it, and how the wait there ended."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from routing.events import QueueLeft
from routing.ports import Answered, Caller, Dialler


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a place in the line ended; `answered` and `member` only with outcome `answered`."""

    left: QueueLeft
    answered: Answered | None = None
    member: str = ""


@dataclass(slots=True)
class Place:
    """Who is on the line for it, and who has answered them."""

    delivery: asyncio.Future[Delivery]
    caller: Caller | None = None
    """None, as the dialler, while nobody is on the line."""
    dialler: Dialler | None = None
    answered: Answered | None = None
    member: str = ""
    told_minutes: int | None = None
    """The expected wait that the caller was told last, kept also where the caller steps out and comes back."""


class NotInLine(LookupError):
    """The call has no place in the queue, or has left it."""


def numbers_on_the_line(places: Iterable[Place]) -> set[str]:
    """From where those call who wait on the line, and not to be called back."""
    return {place.caller.number for place in places if place.caller is not None}
