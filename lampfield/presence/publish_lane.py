"""A short way for what servers publish most: a change of a publication that differs from the last one where it must.

Branch, From tag, Call-ID, CSeq number, entity tag, length, body and the digest's nonce, count, cnonce and response may
differ; all else of the head is byte for byte what was parsed, checked and let in before, so it is not parsed and
checked again. Whatever is not so simple is left to the stack, which answers everything.
"""

import re
from typing import Final

from lampfield.presence.publications import Publications
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.flow import Datagram, Flow
from sipcore.known_credentials import KnownCredentials
from sipcore.message import Request
from sipcore.timers import TRANSACTION_TIMEOUT

CANDIDATES: Final = 1024
"""Requests that may become known, kept until they are answered."""
CAPACITY: Final = 20_000
"""Publishers' ways of publishing for one presentity that are known, at about 2 kB each."""

_CHANGING: Final = (b"Via: ", b"From: ", b"Call-ID: ", b"CSeq: ", b"SIP-If-Match: ", b"Content-Length: ")
_AUTHORIZATION: Final = b"Authorization: "
_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]+"
_SOUND: Final = re.compile(
    rb"%b\n%b\nCall-ID: [!-~]+\nCSeq: [0-9]{1,9} PUBLISH\nContent-Length: +([0-9]{1,6})" % (_TOKEN, _TOKEN)
)
"""Branch, tag and lines as they may change, one below the other: one look costs a fraction of five."""
_EVENT: Final = b"\r\nEvent: "

_Key = tuple[bytes, bytes, Flow]
"""Request line, event and flow."""


class _Known:
    """A PUBLISH as it was let in, and how it was answered."""

    __slots__ = (
        "answer",
        "answered_at",
        "branch",
        "credentials",
        "credentials_at",
        "expires",
        "from_",
        "lines",
        "package",
        "places",
        "resource",
        "rest",
        "to",
        "via",
        "via_answer",
    )

    def __init__(
        self,
        lines: int,
        places: list[int],
        credentials: KnownCredentials | None,
        credentials_at: int,
        rest: bytes,
        via: tuple[bytes, bytes],
        via_answer: tuple[bytes, bytes],
        from_: bytes,
        to: bytes,
        resource: str,
        package: str,
        expires: int,
    ) -> None:
        self.lines = lines
        """How many the head has."""
        self.places = places
        """Where in the head the lines are that change, in the order of `_CHANGING`."""
        self.credentials = credentials
        """Where a password is asked."""
        self.credentials_at = credentials_at
        """Where the line with them is; -1 without."""
        self.rest = rest
        """The head without those lines."""
        self.via = via
        """Before and after the branch."""
        self.via_answer = via_answer
        """The same in answers."""
        self.from_ = from_
        """Before the tag."""
        self.to = to
        """To, up to our tag."""
        self.resource = resource
        self.package = package
        self.expires = expires
        self.branch = b""
        self.answer = b""
        self.answered_at = float("-inf")

    def response(self, branch: bytes, from_: bytes, call_id: bytes, cseq: bytes, entity_tag: bytes) -> bytes:
        """The 200 for a request with these lines, which has got this entity tag."""
        return b"".join(
            (
                b"SIP/2.0 200 OK\r\n",
                self.via_answer[0],
                branch,
                self.via_answer[1],
                from_,
                self.to,
                entity_tag,
                b"\r\n",
                call_id,
                b"\r\n",
                cseq,
                b"\r\nSIP-ETag: ",
                entity_tag,
                b"\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n" % self.expires,
            )
        )


class PublishLane:
    """Stands before the stack: `receive` answers a PUBLISH that it knows, and says so."""

    begins = (b"PUBLISH ",)

    def __init__(self, publications: Publications, authenticator: Authenticator) -> None:
        self._publications = publications
        self._authenticator = authenticator
        self._known: dict[_Key, _Known] = {}
        self._candidates: dict[_Key, bytes] = {}
        self._datagrams: list[Datagram] = []
        publications.follow(self)

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """True when `data`, a PUBLISH, was answered; False leaves it to the stack, with nothing changed."""
        end = data.find(b"\r\n\r\n")
        event = data.find(_EVENT)
        if not 0 < event < end:
            return False
        event_end = data.find(b"\r\n", event + 2)
        key = (data[: data.find(b"\r\n")], data[event:event_end], flow)
        known = self._known.get(key)
        if known is None or not self._answer(known, data, end, flow, now):
            if len(self._candidates) >= CANDIDATES:
                self._candidates.clear()
            self._candidates[key] = data[:end]
            return False
        self._datagrams.append(Datagram(known.answer, flow))
        return True

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent; taken once."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def learn(
        self,
        request: Request,
        flow: Flow,
        authenticated: Authenticated | None,
        resource: str,
        package: str,
        expires: int,
    ) -> None:
        """Know the next change that is like `request`, which was let in as it is told here and answered 200 now."""
        event = (request.header("Event") or "").encode("utf-8", "surrogateescape")
        line = request.start_line().encode("utf-8", "surrogateescape")
        key = (line, _EVENT + event, flow)
        head = self._candidates.pop(key, None)
        if head is None or not expires:
            return
        known = _read(head, request, authenticated, resource, package, expires)
        if known is None:
            return
        if len(self._known) >= CAPACITY:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def forget(self) -> None:
        """Let everybody be judged anew."""
        self._known.clear()

    def _answer(self, known: _Known, data: bytes, end: int, flow: Flow, now: float) -> bool:
        """Check all that changes, then change the publication and make the answer; False as soon as anything is odd."""
        lines = data[:end].split(b"\r\n")
        places = known.places
        credentials, credentials_at = known.credentials, known.credentials_at
        if len(lines) != known.lines:
            return False
        via, from_, call_id = lines[places[0]], lines[places[1]], lines[places[2]]
        cseq, match, length = lines[places[3]], lines[places[4]], lines[places[5]]
        for place in places:
            lines[place] = b""
        proof = b""
        if credentials is not None:
            proof, lines[credentials_at] = lines[credentials_at], b""
        if b"\r\n".join(lines) != known.rest:
            return False
        before, _, rest = via.partition(b";branch=")
        branch, _, after = rest.partition(b";")
        if before != known.via[0] or after != known.via[1]:
            return False
        if branch == known.branch and now - known.answered_at < TRANSACTION_TIMEOUT:
            return True  # a retransmission, answered as before (RFC 3261 §17.2.2)
        before, _, tag = from_.rpartition(b";tag=")
        sound = _SOUND.fullmatch(b"\n".join((branch, tag, call_id, cseq, length)))
        if before != known.from_ or sound is None or int(sound[1]) != len(data) - end - 4 or not match.isascii():
            return False
        body = data[end + 4 :]
        if not body:
            return False
        entity_tag = self._modified(known, match[14:].decode(), body, proof, flow, now)
        if entity_tag is None:
            return False
        known.branch, known.answered_at = branch, now
        known.answer = known.response(branch, from_, call_id, cseq, entity_tag)
        return True

    def _modified(
        self, known: _Known, entity_tag: str, body: bytes, proof: bytes, flow: Flow, now: float
    ) -> bytes | None:
        """The publication's next entity tag; None where the stack's user is to answer."""
        credentials = known.credentials
        if credentials is not None:
            # The count of a nonce is spent once: not for what would have to be asked for again.
            if not self._publications.knows(entity_tag, known.resource, known.package):
                return None
            if not credentials.proved(proof, self._authenticator, flow.remote[0], now):
                return None
        return self._publications.modify(entity_tag, known.resource, known.package, body, known.expires)


def _read(
    head: bytes, request: Request, authenticated: Authenticated | None, resource: str, package: str, expires: int
) -> _Known | None:
    """The request as one that may be known; None for one that is not as most are."""
    lines = head.split(b"\r\n")
    places = []
    for name in _CHANGING:
        found = [place for place, line in enumerate(lines) if line.startswith(name)]
        if len(found) != 1:
            return None
        places.append(found[0])
    if len(request.headers("Via")) != 1 or request.to.tag is not None:
        return None
    proofs = [place for place, line in enumerate(lines) if line.startswith(_AUTHORIZATION)]
    if len(request.headers("Authorization")) != len(proofs) or len(proofs) != (authenticated is not None):
        return None
    credentials, credentials_at = None, -1
    if authenticated is not None:
        credentials_at = proofs[0]
        credentials = KnownCredentials.of(lines[credentials_at], authenticated, "PUBLISH")
        if credentials is None:
            return None
        lines[credentials_at] = b""
    before, _, rest = lines[places[0]].partition(b";branch=")
    stamped = str(request.via).encode("utf-8", "surrogateescape").partition(b";branch=")
    stamped_after = stamped[2].partition(b";")[2]
    from_ = lines[places[1]].rpartition(b";tag=")[0]
    for place in places:
        lines[place] = b""
    to = (request.header("To") or "").encode("utf-8", "surrogateescape")
    return _Known(
        len(lines),
        places,
        credentials,
        credentials_at,
        b"\r\n".join(lines),
        (before, rest.partition(b";")[2]),
        (b"Via: " + stamped[0] + b";branch=", (b";" + stamped_after if stamped_after else b"") + b"\r\n"),
        from_,
        b"\r\nTo: " + to + b";tag=",
        resource,
        package,
        expires,
    )
