"""Nonces that prove themselves: signed, dated and counted (RFC 7616 §3.3 and §5.4)."""

import hmac
from itertools import islice
from typing import Final, NamedTuple

import msgspec

WINDOW: Final = 64
"""Counts below the highest that may still come, for requests overtake each other over UDP."""
_DIGITS: Final = 14
"""Hex digits of the serial number; as many follow for the time of issue in milliseconds, then the signature."""
_SIGNATURE: Final = 32


class _Stamp(NamedTuple):
    serial: int
    issued: float


class _Use(msgspec.Struct):
    stamp: _Stamp
    highest: int = 0
    seen: int = 0
    """Bit n is set when the count `highest - n` was used."""


class NonceBook:
    """Issues nonces and notes which counts of them were used.

    Nothing is kept for a nonce until it was used with the right password, so that challenges cost no memory. `key`
    signs; `started` is now: nonces from before it are stale, for their counts are not known. `lifetime` in seconds.
    """

    def __init__(self, key: bytes, started: float, *, lifetime: float = 3900.0, capacity: int = 100_000) -> None:
        self._key = key
        self._lifetime = lifetime
        self._capacity = capacity
        self._uses: dict[str, _Use] = {}
        # Microseconds at start, then one up for each: above every serial number of an earlier process with this key.
        self._serial = int(started * 1_000_000)
        # Nonces up to this one whose use is not in the book are stale: their counts may have been forgotten.
        self._forgotten_until = self._serial

    def issue(self, now: float) -> str:
        """A nonce that nobody had before."""
        self._serial += 1
        content = f"{self._serial:0{_DIGITS}x}{int(now * 1000):0{_DIGITS}x}"
        return content + self._sign(content)

    def spend(self, nonce: str, count: int | None, now: float) -> bool:
        """Note that a nonce was used with the right password; False where it is stale, or this count was used before.

        `count` None is a client that does not count (RFC 2069): it may use a nonce once.
        """
        use = self._uses.get(nonce) or self._remember(nonce, now)
        if use is None or use.stamp.issued + self._lifetime <= now:
            return False
        if count is None:
            count = 1 if use.highest == 0 else 0
        if count > use.highest:
            use.seen = (use.seen << min(count - use.highest, WINDOW) | 1) & ((1 << WINDOW) - 1)
            use.highest = count
            return True
        bit = 1 << (use.highest - count)
        if count < 1 or bit >= 1 << WINDOW or use.seen & bit:
            return False
        use.seen |= bit
        return True

    def _remember(self, nonce: str, now: float) -> _Use | None:
        stamp = self._stamp(nonce)
        if stamp is None or stamp.issued + self._lifetime <= now:
            return None
        for oldest in list(islice(self._uses, 2)):
            old = self._uses[oldest].stamp
            if old.issued + self._lifetime <= now or len(self._uses) >= self._capacity:
                self._forgotten_until = max(self._forgotten_until, old.serial)
                del self._uses[oldest]
        use = self._uses[nonce] = _Use(stamp)
        return use

    def _stamp(self, nonce: str) -> _Stamp | None:
        """What a nonce without noted use says; None if it is not ours or may have been used and forgotten."""
        content, signature = nonce[: 2 * _DIGITS], nonce[2 * _DIGITS :]
        if len(signature) != _SIGNATURE or not nonce.isascii():
            return None
        if not hmac.compare_digest(signature, self._sign(content)):
            return None
        stamp = _Stamp(int(content[:_DIGITS], 16), int(content[_DIGITS:], 16) / 1000)
        return stamp if stamp.serial > self._forgotten_until else None

    def _sign(self, content: str) -> str:
        return hmac.digest(self._key, content.encode(), "sha256").hex()[:_SIGNATURE]
