"""How many new calls are taken: beyond what the server can do, new ones are refused so that the others go on well."""

import asyncio
from collections.abc import Callable

from routing.ports import Clock

TICK = 0.1
"""Seconds between two looks at the loop."""
LATE = 0.1
"""The loop counts as overloaded when it comes to its timers this many seconds late on average."""
RECOVERED = 0.03
"""It counts as well again when it is no later than this."""
QUEUED = 0.2
"""It counts as overloaded, too, when so much of a socket's receive buffer waits to be read: a loop that takes a bounded
batch at each turn comes to its timers in time, while callers wait before the door."""
NO_QUEUE = 0.05
"""It counts as well again when no more than this waits there."""
SMOOTHING = 0.25
"""Weight of the newest look in an average: one slow moment of the machine refuses nobody."""
SLOWER = 0.85
"""While the loop is late, each look leaves this part of the calls that were taken lately."""
FASTER = 1.1
"""While it is well, each look allows so many times more, up to the limit: twice as many in 0.7 s ..."""
AROUND = 0.7, 1.3
"""... but between these parts of what was too much the last time ..."""
CAREFUL = 1.01
"""... it allows so many times more."""
LEAST = 10.0
"""New calls a second that are taken however late the loop is: with none it would not learn what it can do."""
RETRY_AFTER = 5
"""Seconds in the Retry-After of a refused call."""


class Admission:
    """Refuses by three limits: calls at the same time, new calls a second, and what the loop keeps up with.

    From the first refusal on `tell` has the stack refuse by itself, which costs no transaction and leaves nothing
    behind, until there is room again.
    """

    def __init__(self, max_calls: int, calls_per_second: int, clock: Clock, tell: Callable[[int | None], None]) -> None:
        self._max_calls = max_calls
        self._most = float(calls_per_second)
        self._clock = clock
        self._tell = tell
        self._rate = self._allowance = self._most
        self._counted_at = clock()
        self._knee = self._most
        self._lateness = self._queued = self._pace = 0.0
        self._last = 0.0, 0.0
        self._taken = 0
        self._overloaded = False
        self._closed = False
        self._refusing = False

    def close(self) -> None:
        """The server stops: no new calls from now on."""
        self._closed = True
        self._refuse(True)

    def refusal(self, calls: int) -> int | None:
        """None to take a new call while `calls` are in progress, else the seconds for Retry-After."""
        if not self._has_room(calls):
            self._refuse(True)
            return RETRY_AFTER
        self._allowance -= 1.0
        self._taken += 1
        return None

    async def watch(self, calls: Callable[[], int], queued: Callable[[], float]) -> None:
        """Look at the loop for as long as the process runs.

        `calls` tells how many are in progress, `queued` what part of the sockets' receive buffers waits to be read.
        """
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.look(loop.time() - due, queued(), calls())

    def look(self, late: float, queued: float, calls: int) -> None:
        """Learn how late the loop came to this look, `TICK` and that much after the last; open again if it may."""
        self._lateness += SMOOTHING * (late - self._lateness)
        self._queued += SMOOTHING * (queued - self._queued)
        self._pace += SMOOTHING * (self._taken / (TICK + late) - self._pace)
        self._taken = 0
        if self._lateness > LATE or self._queued > QUEUED:
            # Where it gets better already, the limit stands: what waits is of the past.
            late_before, queued_before = self._last
            if (self._lateness > LATE and late >= late_before) or (self._queued > QUEUED and queued >= queued_before):
                self._slow_down()
            self._overloaded = True
        elif self._lateness < RECOVERED and self._queued < NO_QUEUE:
            below, above = AROUND
            faster = CAREFUL if below * self._knee <= self._rate <= above * self._knee else FASTER
            self._rate = min(faster * self._rate, self._most)
            self._overloaded = False
        self._last = late, queued
        self._refuse(not self._has_room(calls))

    def _slow_down(self) -> None:
        """What was taken lately was too much; a limit far above it is approached by halves."""
        self._knee = max(self._knee, self._pace) if self._overloaded else self._pace
        self._rate = max(min(LEAST, self._most), SLOWER * min(self._rate, max(self._pace, self._rate / 2)))
        self._allowance = min(self._allowance, self._rate * TICK)

    def _has_room(self, calls: int) -> bool:
        now = self._clock()
        self._allowance = min(self._allowance + (now - self._counted_at) * self._rate, self._rate)
        self._counted_at = now
        return not self._closed and calls < self._max_calls and self._allowance >= 1.0

    def _refuse(self, refusing: bool) -> None:
        if refusing != self._refusing:
            self._refusing = refusing
            self._tell(RETRY_AFTER if refusing else None)
