"""Keeps the time that calls go by with that of the machine, and says where the two differ."""

import logging
from typing import Final

from sipcore.io.clock import FASTEST, WallClock

logger = logging.getLogger(__name__)

WORTH_TELLING: Final = 1.0
"""Seconds."""


class Timekeeping:
    """To be called regularly, `every` so many seconds."""

    def __init__(self, clock: WallClock, every: float) -> None:
        self._clock = clock
        self._every = every
        self._differs = False

    def advance(self) -> None:
        ahead = self._clock.align(self._every)
        differs = abs(ahead) >= WORTH_TELLING
        if differs and not self._differs:
            self._tell(ahead)
        self._differs = differs

    @staticmethod
    def _tell(ahead: float) -> None:
        if ahead > 0:
            minutes = ahead / FASTEST / 60 + 1
            logger.warning("the machine's clock went ahead by %.0f s: made good within %.0f minutes", ahead, minutes)
        else:
            logger.warning(
                "the machine's clock went back by %.0f s: opening hours and records stay ahead by that until the "
                "server is started again",
                -ahead,
            )
