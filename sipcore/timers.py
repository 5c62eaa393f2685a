"""One timer wheel for all of the stack: buckets of time, so that starting and cancelling cost the same at any count."""

import heapq
from collections.abc import Iterator
from math import ceil
from typing import Final

T1: Final = 0.5
"""Round-trip time estimate, seconds (RFC 3261 §17.1.1.1)."""

T2: Final = 4.0
"""Longest interval between non-INVITE requests and INVITE responses sent again, seconds (RFC 3261 §17.1.2.2)."""

T4: Final = 5.0
"""Longest time a message stays in the network, seconds (RFC 3261 §17.1.2.2)."""

TRANSACTION_TIMEOUT: Final = 64 * T1
"""What Timers B, F, H, J, L and M run, seconds (RFC 3261 Table 4, RFC 6026 §8.4)."""

GRANULARITY: Final = 0.05
"""Width of a bucket, seconds: a timer fires at most this late and never early."""

FEW: Final = 8
"""Where so many timers are left of a bucket it is packed anew."""


class Timer:
    """A started timer: `what` of `owner` is due in bucket `tick`."""

    __slots__ = ("owner", "tick", "what")

    def __init__(self, tick: int, owner: object, what: str) -> None:
        self.tick = tick
        self.owner = owner
        self.what = what


class TimerWheel:
    """Timers in buckets by due time: starting and cancelling are O(1), a bucket costs two heap operations in all."""

    def __init__(self, granularity: float = GRANULARITY) -> None:
        self._granularity = granularity
        # Dicts as ordered sets: timers of one bucket fire in the order they were started.
        self._buckets: dict[int, dict[Timer, None]] = {}
        self._ticks: list[int] = []

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def start(self, owner: object, what: str, delay: float, now: float) -> Timer:
        """Make `what` due for `owner` in `delay` seconds (above 0)."""
        tick = ceil((now + delay) / self._granularity)
        timer = Timer(tick, owner, what)
        bucket = self._buckets.get(tick)
        if bucket is None:
            self._buckets[tick] = {timer: None}
            heapq.heappush(self._ticks, tick)
        else:
            bucket[timer] = None
        return timer

    def cancel(self, timer: Timer) -> None:
        """Stop a timer; one that has fired or was cancelled before is left alone."""
        bucket = self._buckets.get(timer.tick)
        if bucket is not None:
            bucket.pop(timer, None)
            left = len(bucket)
            if left == FEW or left == 0:
                _pack(bucket)

    def expired(self, now: float) -> Iterator[Timer]:
        """The timers due by `now`, earliest bucket first, each taken off the wheel as it is given.

        A timer that the handling of an earlier one cancels is not given any more.
        """
        while self._ticks and self._ticks[0] * self._granularity <= now:
            bucket = self._buckets[self._ticks[0]]
            while bucket:
                # To look for the first of a dict passes all that were taken from its front.
                for timer in tuple(bucket):
                    if timer in bucket:
                        del bucket[timer]
                        yield timer
            del self._buckets[heapq.heappop(self._ticks)]

    def next_timeout(self) -> float | None:
        """When the earliest timer is due, None when none is started."""
        while self._ticks and not self._buckets[self._ticks[0]]:
            del self._buckets[heapq.heappop(self._ticks)]
        return self._ticks[0] * self._granularity if self._ticks else None


def _pack(bucket: dict[Timer, None]) -> None:
    """Give back the room of those that are gone, which a dict keeps: for half an hour, if they were session timers."""
    left = tuple(bucket)
    bucket.clear()
    for timer in left:
        bucket[timer] = None
