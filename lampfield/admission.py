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
QUEUED = 0.05
"""It counts as overloaded, too, when so much of a socket's receive buffer waits to be read: a loop that takes a bounded
batch at each turn comes to its timers in time, while callers wait before the door."""
SMOOTHING = 0.25
"""Weight of the newest look in an average: one slow moment of the machine refuses nobody."""
SLOWER = 0.9
"""While the loop is late, each look leaves this part of the calls that were taken lately."""
FASTER = 1.05
"""While it is well, each look allows so many times more, up to the limit: twice as many in 1.4 s."""
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
        self._lateness = self._pace = 0.0
        self._taken = 0
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
        self._pace += SMOOTHING * (self._taken / (TICK + late) - self._pace)
        self._taken = 0
        if self._lateness > LATE or queued > QUEUED:
            # What was taken lately was too much; a limit far above it is approached by halves.
            keeps_up_with = min(self._rate, max(self._pace, self._rate / 2))
            self._rate = max(min(LEAST, self._most), SLOWER * keeps_up_with)
        elif self._lateness < RECOVERED:
            self._rate = min(FASTER * self._rate, self._most)
        self._refuse(not self._has_room(calls))

    def _has_room(self, calls: int) -> bool:
        now = self._clock()
        self._allowance = min(self._allowance + (now - self._counted_at) * self._rate, self._rate)
        self._counted_at = now
        return not self._closed and calls < self._max_calls and self._allowance >= 1.0

    def _refuse(self, refusing: bool) -> None:
        if refusing != self._refusing:
            self._refusing = refusing
            self._tell(RETRY_AFTER if refusing else None)
