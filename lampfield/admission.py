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
SMOOTHING = 0.25
"""Weight of the newest lateness in the average: one slow moment of the machine refuses nobody."""
RETRY_AFTER = 5
"""Seconds in the Retry-After of a refused call."""


class Admission:
    """Refuses by three limits: calls at the same time, new calls a second, and a loop that falls behind."""

    def __init__(self, max_calls: int, calls_per_second: int, clock: Clock) -> None:
        self._max_calls = max_calls
        self._per_second = calls_per_second
        self._clock = clock
        self._allowance = float(calls_per_second)
        self._counted_at = clock()
        self._late = False
        self.closed = False
        """Set when the server stops: no new calls."""

    def refusal(self, calls: int) -> int | None:
        """None to take a new call while `calls` are in progress, else the seconds for Retry-After."""
        now = self._clock()
        self._allowance = min(self._allowance + (now - self._counted_at) * self._per_second, float(self._per_second))
        self._counted_at = now
        if self.closed or self._late or calls >= self._max_calls or self._allowance < 1.0:
            return RETRY_AFTER
        self._allowance -= 1.0
        return None

    async def watch(self, refuse_new_calls: Callable[[int | None], None]) -> None:
        """Look at the loop for as long as the process runs; tell the stack, which refuses at the least cost."""
        loop = asyncio.get_running_loop()
        lateness = 0.0
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            lateness += SMOOTHING * (loop.time() - due - lateness)
            late = lateness > (RECOVERED if self._late else LATE)
            if late != self._late:
                self._late = late
                refuse_new_calls(RETRY_AFTER if late else None)
