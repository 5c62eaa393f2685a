"""How long a caller will probably wait, from what the queue's callers have waited lately. Pure."""

from collections.abc import Iterable

from routing.queue.events import Served

LATELY_SECONDS = 3600.0
"""What was measured before tells nothing of now."""

FEWEST_MEASURED = 3
"""Callers that have to be answered before an expectation means anything."""


def expected_wait(position: int, served: Iterable[Served], now: float) -> float | None:
    """Seconds until the caller at `position` (1 is next) is answered; None where it is unknown.

    The pace is how many seconds a place in the line took lately: the waiting of those answered, over the positions at
    which they joined. So it holds through quiet hours, when hardly anybody joins, and by itself counts how many members
    there are and how long they talk. `now` is UTC epoch seconds.
    """
    lately = [each for each in served if now - each.at <= LATELY_SECONDS]
    if len(lately) < FEWEST_MEASURED:
        return None
    pace = sum(each.waited for each in lately) / sum(each.position for each in lately)
    return position * pace
