"""Whether what comes has to wait before it is looked at, and not only for a moment."""

from typing import Final

WAITED: Final = 0.1
"""Seconds that something may wait; a caller's INVITE is sent again after 0.5 s (T1)."""
MOMENT: Final = 0.2
"""Seconds for which it may wait longer than that: one slow moment of the machine is no overload."""
TURN: Final = 0.05
"""Between two looks no more seconds count than this: the machine may have stood still."""
CAUGHT_UP: Final = 0.03
"""It is in time again when nothing waits longer than this, seconds."""
FILLED: Final = 0.5
"""The part of a buffer that may be filled: beyond it, what comes next may be lost before it has waited for long."""


class Backlog:
    """Told how long things waited, knows whether who takes them is behind: from a lasting wait to the end of it."""

    def __init__(self, allowed: float = WAITED) -> None:
        self.is_behind = False
        self._allowed = allowed
        self._late_for = 0.0
        self._looked_at = 0.0

    def look(self, waited: float, now: float, filled: float = 0.0) -> None:
        """What is taken at `now` has waited so many seconds; 0.0 when nothing waits any more.

        `filled` is the part, 0 to 1, of the buffer that what still waits takes: too much of it is no matter of time.
        """
        if filled > FILLED:
            self.is_behind = True
        elif waited < CAUGHT_UP:
            self.is_behind = False
            self._late_for = 0.0
        elif waited > self._allowed:
            self._late_for += min(now - self._looked_at, TURN)
            self.is_behind = self.is_behind or self._late_for >= MOMENT
        self._looked_at = now
