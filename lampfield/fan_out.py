"""Where each call event goes. Written out, so that nobody has to search."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from call_records.writer import EventWriter
from lampfield.live_calls import LiveCalls
from routing.events import AnyCallEvent, CallEvent

Follower = Callable[[CallEvent], None]


class FanOut:
    """Hands each call event to the records, the live view and whoever follows over the control socket."""

    def __init__(self, records: EventWriter, live: LiveCalls) -> None:
        self._records = records.inbox
        self._followers: list[tuple[Follower, tuple[type[CallEvent], ...]]] = []
        self._by_kind: dict[type[CallEvent], list[Follower]] = {}
        """Who follows each kind, found when the first event of the kind comes."""
        self.hand_out(live.takers())

    def __call__(self, event: CallEvent) -> None:
        self._records.put(cast(AnyCallEvent, event))
        followers = self._by_kind.get(type(event))
        if followers is None:
            followers = self._by_kind[type(event)] = self._of_kind(type(event))
        for follower in followers:
            follower(event)

    def follow(self, follower: Follower, kinds: Sequence[type[CallEvent]] = (CallEvent,)) -> Callable[[], None]:
        """Add a follower of events of these kinds; the function that comes back removes it."""
        following = follower, tuple(kinds)
        self._followers.append(following)
        self._by_kind.clear()
        return lambda: self._leave(following)

    def hand_out(self, takers: Mapping[type[CallEvent], Follower]) -> None:
        """Add somebody who has a taker for each kind."""
        for kind, taker in takers.items():
            self.follow(taker, (kind,))

    def _leave(self, following: tuple[Follower, tuple[type[CallEvent], ...]]) -> None:
        self._followers.remove(following)
        self._by_kind.clear()

    def _of_kind(self, kind: type[CallEvent]) -> list[Follower]:
        return [follower for follower, kinds in self._followers if issubclass(kind, kinds)]
