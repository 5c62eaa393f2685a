"""A short way for what notifiers are asked most: a SUBSCRIBE in a dialog that differs from the last where it must.

Branch, CSeq number and the digest's nonce, count, cnonce and response may differ; all else is byte for byte what was
parsed, checked and let in before, so it is not parsed and checked again. Whatever is not so simple is left to the
stack, which answers everything.
"""

import re
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

import msgspec

from sipcore.authenticator import Authenticated, Authenticator
from sipcore.flow import Datagram, Flow
from sipcore.known_credentials import KnownCredentials
from sipcore.message import Request
from sipcore.notifier import Notifier
from sipcore.registrar import Registrar
from sipcore.timers import TRANSACTION_TIMEOUT
from sipcore.via_path import response_flow

CANDIDATES: Final = 1024
"""Requests that may become known, kept until the stack's user has answered them."""
LONGEST: Final = 8192
"""Bytes of a candidate; what strangers send that is longer is not kept for a moment."""

_HEADERS: Final = (b"Via: ", b"From: ", b"To: ", b"Call-ID: ", b"CSeq: ")
"""What an answer has from its request, in its order (RFC 3261 §8.2.6.2)."""
_AUTHORIZATION: Final = b"Authorization: "
_TO: Final = b"\r\nTo: "
_TAG: Final = b";tag="
_BRANCH: Final = b";branch="
_CSEQ: Final = re.compile(rb"CSeq: (\d{1,9}) SUBSCRIBE")
_TOKEN: Final = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]+")


class _Known(msgspec.Struct):
    """A phone's refresh as it was let in."""

    flow: Flow
    places: tuple[int, ...]
    """Where in the message the lines of `_HEADERS` and the one with credentials are; there is no such one at -1."""
    rest: bytes
    """The hash of what stays the same."""
    credentials: KnownCredentials | None
    """Where a password is asked."""
    expires: int
    """Seconds granted each time."""
    branch: bytes
    """Of the last request."""
    answered_at: float


class SubscribeLane:
    """Stands before the stack: `receive` answers a refresh that it knows, and says so.

    The user of the stack calls `learn` after it has let a refresh in and answered it 200, and `forget` when accounts or
    rules have changed. `capacity` subscriptions are known at most, at about 0.5 kB each, and 1 kB with a password.
    """

    begins = (b"SUBSCRIBE ",)

    def __init__(
        self, notifier: Notifier, authenticator: Authenticator, registrar: Registrar, *, capacity: int = 100_000
    ) -> None:
        self.answered = 0
        """Requests answered here, retransmissions too."""
        self._notifier = notifier
        self._authenticator = authenticator
        self._registrar = registrar
        self._capacity = capacity
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._candidates: dict[bytes, bytes] = {}
        # Phones of one kind write their headers in one order, so that few of these are kept for many phones.
        self._places: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._datagrams: list[Datagram] = []

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """True when `data`, a SUBSCRIBE, was answered; False leaves it to the stack, with nothing changed."""
        start = data.find(_TO)
        end = data.find(b"\r\n", start + len(_TO))
        if start < 0 or end < 0:
            return False
        to = data[start:end]
        tag = to.rpartition(_TAG)[2]
        if len(tag) == len(to):
            return False  # it asks for a new subscription
        known = self._known.get(tag)
        if known is None:
            if len(self._candidates) >= CANDIDATES:
                self._candidates.clear()
            if len(data) <= LONGEST:
                self._candidates[tag] = data
            return False
        answer = self._answer(known, tag, data, flow, now)
        if answer is None:
            del self._known[tag]
            if len(data) <= LONGEST:
                self._candidates[tag] = data
            return False
        self.answered += 1
        self._datagrams.append(Datagram(answer, flow))
        return True

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent; taken once."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def learn(
        self, request: Request, flow: Flow, authenticated: Authenticated | None, expires: int, now: float
    ) -> None:
        """Know the next refresh of the subscription that `request` has refreshed now, for `expires` seconds.

        It was let in as somebody's who was authenticated, or without being asked for a password.
        """
        id = request.to.tag or ""
        tag = id.encode("utf-8", "surrogateescape")
        data = self._candidates.pop(tag, None)
        if data is None or not expires or self._notifier.renewable(id) is None:
            return
        known = self._read(data, request, flow, authenticated, expires, now)
        if known is None:
            return
        if len(self._known) >= self._capacity:
            self._known.popitem(last=False)
        self._known[tag] = known

    def forget(self) -> None:
        """Let the stack's user decide anew of everybody."""
        self._known.clear()

    # -- a request that may be known

    def _answer(self, known: _Known, tag: bytes, data: bytes, flow: Flow, now: float) -> bytes | None:
        """Check all that changes, then renew the subscription; the answer, None as soon as anything is unusual."""
        lines = data.split(b"\r\n")
        places = known.places
        if flow != known.flow or len(lines) <= max(places):
            return None
        branch = _branch(lines[places[0]])
        cseq = _CSEQ.fullmatch(lines[places[4]])
        if cseq is None or not _TOKEN.fullmatch(branch) or _rest(lines, places) != known.rest:
            return None
        record = self._notifier.renewable(tag.decode("utf-8", "surrogateescape"))
        if record is None:
            return None
        number = int(cseq[1])
        if branch != known.branch or now - known.answered_at >= TRANSACTION_TIMEOUT:
            if number <= record.remote_cseq or not self._proved(known, lines[places[5]], flow, now):
                return None
            stream = None if flow.reliable else self._registrar.connection(record.watcher, flow)
            self._notifier.renew(record, number, known.expires, stream, now)
            known.branch, known.answered_at = branch, now
        elif number != record.remote_cseq:
            return None
        # What comes again is answered as before (RFC 3261 §17.2.2).
        return b"\r\n".join(
            (
                b"SIP/2.0 200 OK",
                _stamped(lines[places[0]], flow),
                lines[places[1]],
                lines[places[2]],
                lines[places[3]],
                lines[places[4]],
                f"Contact: {record.contact}\r\nExpires: {known.expires}\r\nContent-Length: 0\r\n\r\n".encode(),
            )
        )

    def _proved(self, known: _Known, credentials: bytes, flow: Flow, now: float) -> bool:
        usual = known.credentials
        return usual is None or usual.proved(credentials, self._authenticator, flow.remote[0], now)

    # -- a request that becomes known

    def _read(
        self, data: bytes, request: Request, flow: Flow, authenticated: Authenticated | None, expires: int, now: float
    ) -> _Known | None:
        lines = data.split(b"\r\n")
        places = _places(lines, request)
        if places is None or response_flow(request.via, flow) != flow:
            return None
        via = lines[places[0]]
        if _stamped(via, flow) != f"Via: {request.header('Via')}".encode("utf-8", "surrogateescape"):
            return None
        credentials = None
        if authenticated is not None:
            credentials = KnownCredentials.of(lines[places[5]], authenticated, "SUBSCRIBE") if places[5] >= 0 else None
            if credentials is None:
                return None
        elif places[5] >= 0:
            return None
        places = self._places.setdefault(places, places)
        branch = _branch(via)
        return _Known(flow, places, _rest(lines, places), credentials, expires, branch, now)


def _places(lines: list[bytes], request: Request) -> tuple[int, ...] | None:
    """None unless each header that matters is there just once in its usual spelling, and the head is all there is."""
    if lines[-2:] != [b"", b""] or b"" in lines[:-2] or any(line[:1] in (b" ", b"\t") for line in lines):
        return None
    found: list[int] = []
    for name in _HEADERS:
        places = [place for place, line in enumerate(lines) if line.startswith(name)]
        if len(places) != 1:
            return None
        found.append(places[0])
    credentials = [place for place, line in enumerate(lines) if line.startswith(_AUTHORIZATION)]
    if len(request.headers("Via")) != 1 or len(request.headers("Authorization")) != len(credentials):
        return None
    if len(credentials) > 1:
        return None
    return (*found, credentials[0] if credentials else -1)


def _branch(via: bytes) -> bytes:
    return via.partition(_BRANCH)[2].partition(b";")[0]


def _rest(lines: list[bytes], places: tuple[int, ...]) -> bytes:
    """The hash of the message without what changes: so a subscription needs no second copy of its phone's words."""
    via, cseq, credentials = places[0], places[4], places[5]
    before, _, rest = lines[via].partition(_BRANCH)
    _, semicolon, after = rest.partition(b";")
    kept = lines[:]
    kept[via] = b"%b\n%b%b" % (before, semicolon, after)
    kept[cseq] = b""
    if credentials >= 0:
        kept[credentials] = b""
    return blake2b(b"\r\n".join(kept), digest_size=16).digest()


def _stamped(via: bytes, flow: Flow) -> bytes:
    """The Via line with the source where it asks for it, as nearly all phones do (RFC 3581 §4)."""
    before, rport, after = via.partition(b";rport")
    host, port = flow.remote
    return b"%b;rport=%d;received=%b%b" % (before, port, host.encode(), after) if rport else via
