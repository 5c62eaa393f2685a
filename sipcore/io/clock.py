"""The clock that is handed to the cores as `now`."""

import time
from collections.abc import Callable
from typing import Final

FASTEST: Final = 0.05
"""How much faster than real time it may go: an hour is made good in twenty, and a timer is short by a twentieth."""
ENOUGH: Final = 0.1
"""Seconds by which the machine's clock may be ahead without being followed."""


class WallClock:
    """Call it for the seconds since the UTC epoch. It never goes back and never leaps, as all timers depend on it.

    It begins as the machine's clock and goes on by real time; `align` makes good what that was set ahead meanwhile, by
    hand, by a time server, or because the machine itself stood still, as virtual ones do.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._steady = steady
        self._since = steady()
        self._then = wall()
        self._pace = 1.0

    def __call__(self) -> float:
        return self._then + (self._steady() - self._since) * self._pace

    def align(self, seconds: float) -> float:
        """By how many seconds the machine's clock is ahead, which is made good within `seconds` or as fast as may be.

        Negative where that was set back, which nothing is done about. To be called again after so long.
        """
        steady = self._steady()
        self._then += (steady - self._since) * self._pace
        self._since = steady
        ahead = self._wall() - self._then
        self._pace = 1.0 + min(ahead / seconds, FASTEST) if ahead > ENOUGH else 1.0
        return ahead
