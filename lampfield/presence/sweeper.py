"""The sweep: lamps are compared with the calls that exist, now and then and after what moves calls about.

Each lamp follows its calls step by step; the sweep is for the step that was missed by a fault of ours, so that no lamp
stays lit, and says so.
"""

import logging
from collections.abc import Callable, Iterable
from typing import ClassVar, Final, Protocol

from lampfield.presence.lamp import Mended
from lampfield.presence.lamps import Lamps
from routing.events import CallEvent, CallPickedUp, CallTransferred
from routing.ports import Clock

_log = logging.getLogger(__name__)

SWEEP_EVERY: Final = 30.0
"""Seconds between two sweeps."""
SETTLED_AFTER: Final = 2.0
"""Seconds after a transfer or pickup until all its legs are where they belong."""


class LiveLeg(Protocol):
    """A leg of a call in progress."""

    @property
    def leg(self) -> str: ...

    @property
    def person(self) -> str | None: ...

    @property
    def domain(self) -> str: ...

    def show_again(self) -> None:
        """Tell the lamps what they were told last."""
        ...


class Sweeper:
    """Sweeps when it is time. `on_call` sees the events of all calls."""

    FOLLOWED: ClassVar[tuple[type[CallEvent], ...]] = (CallTransferred, CallPickedUp)
    """The events after which legs may have changed places."""

    def __init__(self, lamps: Lamps, legs: Callable[[], Iterable[LiveLeg]], clock: Clock) -> None:
        self._lamps = lamps
        self._legs = legs
        self._clock = clock
        self._due_at = clock() + SWEEP_EVERY
        self.mended = 0
        """Lamps that showed what was not, or not what was, since the process began."""

    def on_call(self, event: CallEvent) -> None:
        """Look soon after legs have changed places."""
        if isinstance(event, self.FOLLOWED):
            self._due_at = min(self._due_at, self._clock() + SETTLED_AFTER)

    def advance(self) -> None:
        """Sweep if it is time."""
        if self._clock() >= self._due_at:
            self.sweep()

    def sweep(self) -> list[Mended]:
        """Compare and mend; tells what was wrong."""
        now = self._clock()
        self._due_at = now + SWEEP_EVERY
        legs = {leg.leg: leg for leg in self._legs() if leg.person is not None}
        live = {name: f"sip:{leg.person}@{leg.domain}" for name, leg in legs.items()}
        mended = self._lamps.sweep(live, now)
        for name in self._lamps.unshown(live):
            _log.warning("%s: a call in progress was not on the lamp of %s, mended", name, live[name])
            legs[name].show_again()
            self.mended += 1
        self.mended += len(mended)
        return mended
