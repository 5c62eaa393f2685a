"""How many wrong passwords a source may try: a leaky bucket for each name, and one for the whole host or site."""

import ipaddress
from collections import OrderedDict
from functools import lru_cache
from typing import Final, Generic, TypeVar

import msgspec

from sipcore.structs import Value

_K = TypeVar("_K")

NETWORK: Final = 64
"""Bits of an IPv6 address that are a site's; the others are its hosts' to choose, as often as they like (RFC 4291)."""


class AttemptConfig(Value, frozen=True):
    """Failures allowed at once, which drain away within `window` seconds; entries kept of each kind."""

    per_name: int = 10
    """For one user name from one host."""
    per_host: int = 100
    """For all names from one host, of IPv6 from one network, that never gave a right password from there."""
    window: float = 60.0
    capacity: int = 20_000


class _Bucket(msgspec.Struct):
    level: float
    at: float


class _Buckets(Generic[_K]):
    """Buckets by key; when there are too many the one that was touched longest ago goes."""

    def __init__(self, limit: int, window: float, capacity: int) -> None:
        self._limit = limit
        self._rate = limit / window
        self._capacity = capacity
        self._buckets: OrderedDict[_K, _Bucket] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._buckets)

    def full(self, key: _K, now: float) -> bool:
        bucket = self._buckets.get(key)
        return bucket is not None and self._level(bucket, now) > self._limit - 1

    def add(self, key: _K, now: float) -> None:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(0.0, now)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        bucket.level = self._level(bucket, now) + 1
        bucket.at = now

    def empty(self, key: _K) -> None:
        self._buckets.pop(key, None)

    def _level(self, bucket: _Bucket, now: float) -> float:
        return max(0.0, bucket.level - (now - bucket.at) * self._rate)


class AttemptLimit:
    """Tells whether a host may try a password for a name. A phone that knows its password is never locked out by the
    failures of another one behind the same address."""

    def __init__(self, config: AttemptConfig) -> None:
        self._names: _Buckets[tuple[str, str]] = _Buckets(config.per_name, config.window, config.capacity)
        self._hosts: _Buckets[str] = _Buckets(config.per_host, config.window, config.capacity)
        self._trusted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._capacity = config.capacity

    def exceeded(self, host: str, name: str, now: float) -> bool:
        """True while no password is to be tried for `name` from `host`."""
        if not self._hosts:
            return False
        key = (host, name)
        return self._names.full(key, now) or (self._hosts.full(_site(host), now) and key not in self._trusted)

    def failed(self, host: str, name: str, now: float) -> None:
        """A password was wrong, or the name unknown."""
        self._names.add((host, name), now)
        self._hosts.add(_site(host), now)

    def succeeded(self, host: str, name: str) -> None:
        """The password was right."""
        key = (host, name)
        if key not in self._trusted:
            self._trusted[key] = None
            if len(self._trusted) > self._capacity:
                self._trusted.popitem(last=False)
        self._names.empty(key)


def _site(host: str) -> str:
    """Who has the address: the host itself, or for IPv6 its network."""
    return _network(host) if ":" in host and "." not in host else host


@lru_cache(4096)
def _network(host: str) -> str:
    try:
        return str(ipaddress.ip_network((host.partition("%")[0], NETWORK), strict=False))
    except ValueError:
        return host
