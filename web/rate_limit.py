"""How often one client may ask: a bucket of requests that fills again over a minute."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """Counts each client's requests by itself."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def seconds_to_wait(self, client: str) -> int:
        """Take one request; 0 where it may be served, else the seconds until one may be."""
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(float(self._per_minute), now))
        refilled = bucket.left + (now - bucket.at) * self._per_minute / 60
        bucket.left, bucket.at = min(float(self._per_minute), refilled), now
        if bucket.left < 1:
            return math.ceil((1 - bucket.left) * 60 / self._per_minute)
        bucket.left -= 1
        return 0
