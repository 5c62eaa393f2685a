"""How long an adapter may compute while the others wait: what takes longer is named, and in the end stopped.

All adapters share one loop, and nothing else than a signal comes between two instructions of one that does not pause.
"""

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

from status_adapters.adapter import Health

logger = logging.getLogger(__name__)

NAMED_SECONDS = 0.5
"""Of the processor's time at one go: who takes more is named in its health."""
STOPPED_SECONDS = 5.0
"""Who takes more is stopped, and begun again later as after any fault."""
BEAT_SECONDS = 0.1
"""How often the loop shows that it has its turns."""
HELD_UP = "held the others up"
"""What it is counted as."""

_works_for: ContextVar[Health] = ContextVar("_works_for")


class TookTooLong(Exception):
    """Raised within an adapter that does not pause; the text says where it was."""


@contextmanager
def working_for(health: Health) -> Iterator[None]:
    """What is computed in this block, and in tasks that are begun in it, counts as this adapter's."""
    before = _works_for.set(health)
    try:
        yield
    finally:
        _works_for.reset(before)


class Turns:
    """Watches over the loop that runs it. Belongs to the main thread, as signals do."""

    def __init__(self, named: float = NAMED_SECONDS, stopped: float = STOPPED_SECONDS) -> None:
        self._named = named
        self._stopped = stopped
        self._warned = False

    async def watch(self) -> None:
        """See that everybody has a turn, until cancelled."""
        before = signal.signal(signal.SIGPROF, self._overdue)
        try:
            while True:
                self._warned = False
                signal.setitimer(signal.ITIMER_PROF, self._named)
                await asyncio.sleep(min(BEAT_SECONDS, self._named / 2))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _overdue(self, _: int, frame: FrameType | None) -> None:
        health = _works_for.get(None)
        if health is None or frame is None:
            # Somebody else's work: of requests that are read, or of people who are told.
            signal.setitimer(signal.ITIMER_PROF, self._named)
            return
        where = f"{frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
        if not self._warned:
            self._warned = True
            signal.setitimer(signal.ITIMER_PROF, self._stopped - self._named)
            told = f"computes for more than {self._named:g} s without a pause, in {where}"
            health.wrong(HELD_UP, told)
            # Not from here: whoever is interrupted may be writing to the log.
            asyncio.get_running_loop().call_soon(logger.warning, "an adapter %s", told)
            return
        # Once more, should it go on by catching this.
        signal.setitimer(signal.ITIMER_PROF, self._stopped)
        raise TookTooLong(f"it computed for {self._stopped:g} s without a pause, in {where}")
