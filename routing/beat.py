"""Beats: moments at which what has time is done for everybody at once.

Waking up costs a process more than what it then does for one caller.
"""

import math

BEAT_SECONDS = 0.25
"""Between two beats; so late at most is what waits for one."""


def beat_from(at: float) -> float:
    """The first beat that is not before `at`, in seconds of the same clock."""
    return math.ceil(at / BEAT_SECONDS) * BEAT_SECONDS
