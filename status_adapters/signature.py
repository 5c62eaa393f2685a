"""Signed requests: HMAC with SHA-256 over time and body, each taken once and only while it is new.

The header is the one that Lampfield itself signs with where it asks others:

    Lampfield-Signature: t=1732251600,v1=5257a869e7...

`t` is UTC epoch seconds, `v1` the HMAC-SHA256 of `t`, a dot and the body, in hexadecimal.
"""

import hashlib
import hmac
import re
from collections import OrderedDict

HEADER = "lampfield-signature"
WINDOW_SECONDS = 300.0
"""How far the time of a request may be from ours, before and after."""
MOST_REMEMBERED = 200_000
"""Signatures that are remembered; they are forgotten when they are too old to be taken again."""

_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class BadSignature(Exception):
    """The request is not taken; the text says why, for who sent it."""


class Signatures:
    """Those of one sender, who has the secret."""

    def __init__(self, secret: str, window: float = WINDOW_SECONDS) -> None:
        self._secret = secret
        self._window = window
        self._seen: OrderedDict[str, float] = OrderedDict()

    def check(self, header: str, body: bytes, now: float) -> float:
        """Take a request once; its time, UTC epoch seconds. Raises BadSignature."""
        match = _FORM.fullmatch(header.strip())
        if match is None:
            raise BadSignature(f"{HEADER}: expected t=SECONDS,v1=64 hexadecimal digits")
        at, given = int(match[1]), match[2]
        if not hmac.compare_digest(signed(self._secret, at, body), given):
            raise BadSignature("the signature is not that of the secret, t and the body")
        if abs(now - at) > self._window:
            raise BadSignature(f"t = {at}: our clock says {now:.0f}, expected at most {self._window:g} s between")
        self._remember(given, now)
        return float(at)

    def _remember(self, given: str, now: float) -> None:
        while self._seen and next(iter(self._seen.values())) < now - 2 * self._window:
            self._seen.popitem(last=False)
        if given in self._seen:
            raise BadSignature("this request was taken before")
        if len(self._seen) >= MOST_REMEMBERED:
            raise BadSignature("too many requests at once")
        self._seen[given] = now

    def forget(self, header: str) -> None:
        """The request could not be taken after all: it may be sent again as it is."""
        match = _FORM.fullmatch(header.strip())
        if match is not None:
            self._seen.pop(match[2], None)


def signed(secret: str, at: int, body: bytes) -> str:
    """The signature of a body sent at `at`, UTC epoch seconds."""
    return hmac.new(secret.encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()


def header_of(secret: str, at: int, body: bytes) -> str:
    """The header's value."""
    return f"t={at},v1={signed(secret, at, body)}"
