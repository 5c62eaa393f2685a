"""Waiting for what tells nobody when it happens."""

import time
from collections.abc import Callable
from threading import Event


def until(condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Return once `condition` holds. Raises AssertionError naming `what` after `seconds`."""
    deadline, tick = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        tick.wait(0.05)
