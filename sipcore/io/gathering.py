"""Lets the messages of calls wait for each other while many come, so that one turn of the loop works on several.

What is worked on alone finds the processor's caches cold: the second of two messages of a kind costs about half.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from sipcore.flow import Flow

METHODS: Final = (b"INVITE ", b"ACK ", b"BYE ")
"""How the messages begin that wait: what most calls consist of."""
FOLLOWING: Final = (b"CANCEL ", b"PRACK ", b"UPDATE ", b"INFO ", b"REFER ", b"MESSAGE ")
"""How those begin that may follow one of these in its dialog, and are not to overtake it."""
PATIENCE: Final = 0.04
"""Seconds that a message waits for others at most; 100 Trying is due after 0.2 s (RFC 3261 §17.2.1)."""
COMPANY: Final = 64
"""So many are worked on at once."""
PERIOD: Final = 0.1
"""Seconds over which they are counted."""
MANY: Final = 25
"""Where fewer came in a period, waiting brings little company: then none waits."""

Batch = list[tuple[bytes, Flow]]


class Gathering:
    """Stands between the sockets and `work_on`, which gets what came, the messages of a dialog in their order."""

    def __init__(self, work_on: Callable[[Batch], None]) -> None:
        self._work_on = work_on
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: Batch = []
        self._counted = 0
        self._counted_since = 0.0
        self._many = False

    def receive(self, batch: Batch) -> None:
        """Hand the batch on, but for what waits; soon that is handed on as well."""
        self._count()
        ready: Batch = []
        for message in batch:
            data = message[0]
            if data.startswith(METHODS):
                self._counted += 1
                if self._many:
                    self._waiting.append(message)
                    continue
            elif self._waiting and data.startswith(FOLLOWING):
                ready += self._take()
            ready.append(message)
        if len(self._waiting) >= COMPANY:
            ready += self._take()
        if self._waiting and self._timer is None:
            self._timer = self._loop.call_later(PATIENCE, self._waited)
        if ready:
            self._work_on(ready)

    def release(self) -> None:
        """Hand on what waits now."""
        if self._timer is not None:
            self._timer.cancel()
        self._waited()

    def _waited(self) -> None:
        self._timer = None
        if self._waiting:
            self._work_on(self._take())

    def _take(self) -> Batch:
        taken, self._waiting = self._waiting, []
        return taken

    def _count(self) -> None:
        now = self._loop.time()
        passed = now - self._counted_since
        if passed >= PERIOD:
            self._many = passed < 2 * PERIOD and self._counted >= MANY
            self._counted_since, self._counted = now, 0
