"""Waiting for what is due next, which may be brought forward meanwhile."""

import asyncio
from collections.abc import Callable

from routing.ports import Clock


class Hurry:
    """One task waits; whoever brings something forward lets it look again at when it is due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._brought_forward = asyncio.Event()

    def __call__(self) -> None:
        """Something may be due earlier than it was."""
        self._brought_forward.set()

    async def until(self, due_at: Callable[[], float]) -> None:
        """Return when it is due, UTC epoch seconds, as that is told anew each time."""
        while (left := due_at() - self._clock()) > 0:
            self._brought_forward.clear()
            try:
                async with asyncio.timeout(left):
                    await self._brought_forward.wait()
            except TimeoutError:
                return
