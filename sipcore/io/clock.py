"""The clock that is handed to the cores as `now`."""

import time
from collections.abc import Callable


def make_clock() -> Callable[[], float]:
    """A clock in seconds since the UTC epoch that never goes back: aligned now, then counted monotonically."""
    offset = time.time() - time.monotonic()
    monotonic = time.monotonic
    return lambda: monotonic() + offset
