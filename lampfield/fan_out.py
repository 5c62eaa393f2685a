"""Where each call event goes. Written out, so that nobody has to search."""

from collections.abc import Callable
from typing import cast

from call_records.writer import EventWriter
from lampfield.live_calls import LiveCalls
from routing.events import AnyCallEvent, CallEvent

Follower = Callable[[CallEvent], None]


class FanOut:
    """Hands each call event to the records, the live view and whoever follows over the control socket."""

    def __init__(self, records: EventWriter, live: LiveCalls) -> None:
        self._records = records
        self._live = live
        self._followers: list[Follower] = []

    def __call__(self, event: CallEvent) -> None:
        self._records.put(cast(AnyCallEvent, event))
        self._live.apply(event)
        for follower in self._followers:
            follower(event)

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Add a follower; the function that comes back removes it."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)
