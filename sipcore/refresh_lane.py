"""A short way for what registrars do most: a phone's REGISTER that differs from its last one only where it must.

Branch, From tag, CSeq number and the digest's nonce, count, cnonce and response may differ; all else is byte for byte
what was parsed, checked and let in before, so it is not parsed and checked again. Whatever is not so simple is left to
the stack, which answers everything.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from sipcore.authenticator import Authenticated, Authenticator
from sipcore.binding import Binding
from sipcore.flow import Datagram, Flow
from sipcore.known_credentials import KnownCredentials
from sipcore.message import Request
from sipcore.registrar import Registrar
from sipcore.structs import Value
from sipcore.timers import TRANSACTION_TIMEOUT
from sipcore.via_path import response_flow

CANDIDATES: Final = 1024
"""Requests that may become known, kept until the stack's user has answered them."""
LONGEST: Final = 8192
"""Bytes of a candidate; what strangers send that is longer is not kept for a moment."""

_CALL_ID: Final = b"\r\nCall-ID: "
_CSEQ: Final = re.compile(rb"CSeq: (\d{1,9}) REGISTER")
_TOKEN: Final = re.compile(rb"[A-Za-z0-9\-.!%*_+`'~]+")


class _Places(Value, frozen=True):
    """Where in the message the lines are that change."""

    via: int
    from_: int
    cseq: int
    authorization: int

    @classmethod
    def of(cls, lines: list[bytes]) -> "_Places | None":
        """None unless each of them is there just once, in its usual spelling."""
        found = []
        for name in (b"Via: ", b"From: ", b"CSeq: ", b"Authorization: "):
            places = [place for place, line in enumerate(lines) if line.startswith(name)]
            if len(places) != 1:
                return None
            found.append(places[0])
        return cls(*found)


class _Known(msgspec.Struct):
    """A phone's REGISTER as it was let in, and the answer as it was given."""

    flow: Flow
    places: _Places
    rest: bytes
    """The message without the lines that change."""
    via: tuple[bytes, bytes]
    """Before and after the branch."""
    from_: bytes
    """Before the tag."""
    credentials: KnownCredentials
    binding: Binding
    lifetime: float
    """Seconds granted."""
    answer_via: tuple[bytes, bytes]
    answer_to: bytes
    """To with our tag, and Call-ID."""
    contact: bytes
    """The binding just after it was renewed."""
    branch: bytes = b""
    answer: bytes = b""
    answered_at: float = 0.0


class RefreshLane:
    """Stands before the stack: `receive` answers a refresh that it knows, and says so.

    The user of the stack calls `learn` after it has let a REGISTER in and answered it 200, and `forget` when accounts
    or rules have changed. `token` makes To tags. `capacity` phones are known at most, at about 3 kB each.
    """

    begins = (b"REGISTER ",)

    def __init__(
        self,
        registrar: Registrar,
        authenticator: Authenticator,
        token: Callable[[], str],
        *,
        capacity: int = 20_000,
    ) -> None:
        self.answered = 0
        """Requests answered here, retransmissions too."""
        self._registrar = registrar
        self._authenticator = authenticator
        self._token = token
        self._capacity = capacity
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._candidates: dict[bytes, bytes] = {}
        self._datagrams: list[Datagram] = []
        self._date = (0, b"")

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """True when `data`, a REGISTER, was answered; False leaves it to the stack, with nothing changed."""
        start = data.find(_CALL_ID)
        end = data.find(b"\r\n", start + len(_CALL_ID))
        if start < 0 or end < 0:
            return False
        call_id = data[start + len(_CALL_ID) : end]
        known = self._known.get(call_id)
        if known is None or not self._answer(known, data, flow, now):
            if len(self._candidates) >= CANDIDATES:
                self._candidates.clear()
            if len(data) <= LONGEST:
                self._candidates[call_id] = data
            return False
        self.answered += 1
        self._datagrams.append(Datagram(known.answer, flow))
        return True

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent; taken once."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def learn(self, request: Request, flow: Flow, authenticated: Authenticated, aor: str, now: float) -> None:
        """Know the next refresh of the phone that sent `request`, which was let in for `aor` and answered 200 now."""
        call_id = request.call_id.encode("utf-8", "surrogateescape")
        data = self._candidates.pop(call_id, None)
        binding = self._binding(request, flow, aor)
        if data is None or binding is None or len(request.headers("Contact")) != 1:
            return
        known = self._read(data, request, authenticated, binding, now)
        if known is None:
            return
        if len(self._known) >= self._capacity:
            self._known.popitem(last=False)
        self._known[call_id] = known

    def forget(self) -> None:
        """Let the stack's user decide anew of everybody."""
        self._known.clear()

    # -- a request that may be known

    def _answer(self, known: _Known, data: bytes, flow: Flow, now: float) -> bool:
        """Check all that changes, then renew the binding and make the answer; False as soon as anything is unusual."""
        lines = data.split(b"\r\n")
        places = known.places
        if flow != known.flow or len(lines) <= max(places.authorization, places.cseq, places.from_, places.via):
            return False
        via, from_, cseq_line = lines[places.via], lines[places.from_], lines[places.cseq]
        authorization = lines[places.authorization]
        lines[places.via] = lines[places.from_] = lines[places.cseq] = lines[places.authorization] = b""
        if b"\r\n".join(lines) != known.rest:
            return False
        before, _, rest = via.partition(b";branch=")
        branch, _, after = rest.partition(b";")
        if before != known.via[0] or after != known.via[1] or not _TOKEN.fullmatch(branch):
            return False
        if branch == known.branch and now - known.answered_at < TRANSACTION_TIMEOUT:
            return True  # a retransmission, answered as before (RFC 3261 §17.2.2)
        before, _, tag = from_.rpartition(b";tag=")
        cseq = _CSEQ.fullmatch(cseq_line)
        if before != known.from_ or not _TOKEN.fullmatch(tag) or cseq is None:
            return False
        number = int(cseq[1])
        binding = known.binding
        if number <= binding.cseq or binding not in self._registrar.bindings(binding.aor):
            return False
        if not known.credentials.proved(authorization, self._authenticator, flow.remote[0], now):
            return False
        known.binding = self._registrar.renew(binding, number, now + known.lifetime)
        known.branch, known.answered_at = branch, now
        known.answer = self._response(known, branch, from_, cseq_line, now)
        return True

    def _response(self, known: _Known, branch: bytes, from_: bytes, cseq: bytes, now: float) -> bytes:
        contacts = known.contact
        bindings = self._registrar.bindings(known.binding.aor)
        if len(bindings) > 1:
            contacts = b"".join([_contact_line(binding, now) for binding in bindings])
        before, after = known.answer_via
        return b"".join(
            (
                b"SIP/2.0 200 OK\r\n",
                before,
                branch,
                after,
                from_,
                known.answer_to,
                cseq,
                b"\r\n",
                contacts,
                self._date_line(now),
                b"Content-Length: 0\r\n\r\n",
            )
        )

    def _date_line(self, now: float) -> bytes:
        second = int(now)
        if self._date[0] != second:
            self._date = (second, f"Date: {self._registrar.http_date(now)}\r\n".encode())
        return self._date[1]

    # -- a request that becomes known

    def _binding(self, request: Request, flow: Flow, aor: str) -> Binding | None:
        for binding in self._registrar.bindings(aor):
            if (binding.call_id, binding.cseq, binding.source) == (request.call_id, request.cseq.number, flow):
                # What the answer would have to tell besides is left to the stack's user.
                return None if binding.path or binding.reg_id is not None else binding
        return None

    def _read(
        self, data: bytes, request: Request, authenticated: Authenticated, binding: Binding, now: float
    ) -> _Known | None:
        lines = data.split(b"\r\n")
        places = _Places.of(lines)
        if places is None or len(request.headers("Via")) != 1:
            return None
        if response_flow(request.via, binding.source) != binding.source:
            return None
        before, _, rest = lines[places.via].partition(b";branch=")
        after = rest.partition(b";")[2]
        stamped = str(request.via).encode("utf-8", "surrogateescape").partition(b";branch=")
        answer_after = stamped[2].partition(b";")[2]
        authorization = lines[places.authorization]
        credentials = KnownCredentials.of(authorization, authenticated, "REGISTER")
        if credentials is None:
            return None
        from_ = lines[places.from_].rpartition(b";tag=")[0]
        lines[places.via] = lines[places.from_] = lines[places.cseq] = lines[places.authorization] = b""
        to = f"To: {request.header('To')};tag={self._token()}\r\nCall-ID: {request.call_id}\r\n"
        return _Known(
            flow=binding.source,
            places=places,
            rest=b"\r\n".join(lines),
            via=(before, after),
            from_=from_,
            credentials=credentials,
            binding=binding,
            lifetime=binding.expires_at - now,
            answer_via=(
                b"Via: " + stamped[0] + b";branch=",
                (b";" + answer_after if answer_after else b"") + b"\r\n",
            ),
            answer_to=b"\r\n" + to.encode("utf-8", "surrogateescape"),
            contact=_contact_line(binding, now),
        )


def _contact_line(binding: Binding, now: float) -> bytes:
    return f"Contact: {binding.contact_value(now)}\r\n".encode("utf-8", "surrogateescape")
