"""Timers of many alike things in coarse buckets: starting one is a dictionary entry, stopping one costs nothing."""

from collections.abc import Hashable, Iterator
from heapq import heappop, heappush
from math import ceil
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Buckets(Generic[T]):
    """Things due at a tick, a whole number of `width` seconds. They fire up to one width late, never early.

    The owner remembers at which tick each thing is due and passes over what fires at another: so nothing need be
    taken out, and `discard` is for those that would stay for long.
    """

    __slots__ = ("_bucket", "_bucket_tick", "_buckets", "_ticks", "width")

    def __init__(self, width: float) -> None:
        self.width = width
        self._buckets: dict[int, dict[T, None]] = {}
        self._ticks: list[int] = []
        # The bucket of the last `add`: what is added in one go is mostly due together.
        self._bucket: dict[T, None] = {}
        self._bucket_tick = -1

    def tick(self, at: float) -> int:
        """The first tick that is not before `at`."""
        return ceil(at / self.width)

    def add(self, tick: int, thing: T) -> None:
        """Let the thing fire at the tick."""
        if tick != self._bucket_tick:
            bucket = self._buckets.get(tick)
            if bucket is None:
                bucket = self._buckets[tick] = {}
                heappush(self._ticks, tick)
            self._bucket = bucket
            self._bucket_tick = tick
        self._bucket[thing] = None

    def discard(self, tick: int, thing: T) -> None:
        """Take the thing out, if it is there."""
        self._buckets.get(tick, {}).pop(thing, None)

    def due(self, now: float) -> Iterator[tuple[int, T]]:
        """Take out everything whose tick has come, in the order of the ticks."""
        while self._ticks and self._ticks[0] * self.width <= now:
            tick = heappop(self._ticks)
            if tick == self._bucket_tick:
                self._bucket, self._bucket_tick = {}, -1
            for thing in self._buckets.pop(tick):
                yield tick, thing

    def next_timeout(self) -> float | None:
        """When something may fire next; None when nothing waits."""
        return self._ticks[0] * self.width if self._ticks else None
