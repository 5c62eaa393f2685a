"""How many new calls are taken: beyond what the server can do, new ones are refused so that the others go on well."""

import asyncio
from collections.abc import Callable
from typing import Final

from routing.ports import Clock
from sipcore.io.backlog import Backlog

TICK: Final = 0.1
"""Seconds between two looks at the loop."""
LATE: Final = 0.2
"""The loop may come to its timers so many seconds late: twice what callers may wait before a socket, for that is looked
at more often and comes first."""
RETRY_AFTER: Final = 5
"""Seconds in the Retry-After of a refused call."""


class Admission:
    """Refuses by three limits: calls at the same time, new calls a second, and what the loop keeps up with.

    What the loop can do is not estimated. It takes every call until callers have to wait, then refuses those who wait,
    which costs next to nothing, and takes every call again as soon as it has caught up: so it always works, and nobody
    waits long. While there is no room, `tell` has the stack refuse by itself, which costs no transaction and leaves
    nothing behind.
    """

    def __init__(self, max_calls: int, calls_per_second: int, clock: Clock, tell: Callable[[int | None], None]) -> None:
        self._max_calls = max_calls
        self._rate = self._allowance = float(calls_per_second)
        self._clock = clock
        self._tell = tell
        self._counted_at = clock()
        self._calls = 0
        self._timers = Backlog(LATE)
        self._callers_wait = False
        self._closed = False
        self._refusing = False

    def close(self) -> None:
        """The server stops: no new calls from now on."""
        self._closed = True
        self._review()

    def refusal(self, calls: int) -> int | None:
        """None to take a new call while `calls` are in progress, else the seconds for Retry-After."""
        self._calls = calls
        self._review()
        return RETRY_AFTER if self._refusing else None

    def taken(self) -> None:
        """A call is taken: it is known whose it is. Whoever cannot prove that uses up nothing of what others may do."""
        self._allowance -= 1.0

    def waiting(self, behind: bool) -> None:
        """What comes has to wait before the sockets, and not only for a moment; or it has not any more."""
        self._callers_wait = behind
        self._review()

    async def watch(self, calls: Callable[[], int]) -> None:
        """Look at the loop for as long as the process runs; `calls` tells how many are in progress."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.look(loop.time() - due, calls())

    def look(self, late: float, calls: int) -> None:
        """Learn how late the loop came to this look; open again if there is room."""
        self._timers.look(late, self._clock())
        self._calls = calls
        self._review()

    def _review(self) -> None:
        refusing = not self._has_room()
        if refusing != self._refusing:
            self._refusing = refusing
            self._tell(RETRY_AFTER if refusing else None)

    def _has_room(self) -> bool:
        now = self._clock()
        self._allowance = min(self._allowance + (now - self._counted_at) * self._rate, self._rate)
        self._counted_at = now
        overloaded = self._callers_wait or self._timers.is_behind
        return not (self._closed or overloaded) and self._calls < self._max_calls and self._allowance >= 1.0
