"""Waiting for what tells nobody when it happens."""

import time
from collections.abc import Callable
from threading import Event

PATIENCE = 20.0
"""Seconds that anything is waited for unless told: a machine that others use too may take a while."""


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return once `condition` holds. Raises AssertionError naming `what` after `seconds`."""
    deadline, tick = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        tick.wait(0.05)
