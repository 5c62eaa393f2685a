"""A short way for what servers publish most: a change of a publication that differs from the last one where it must.

Branch, From tag, Call-ID, CSeq number, entity tag, length, body and the digest's nonce, count, cnonce and response may
differ; all else of the head is byte for byte what was parsed, checked and let in before, so it is not parsed and
checked again. Whatever is not so simple is left to the stack, which answers everything.
"""

import re
from collections import OrderedDict
from typing import Final

from lampfield.presence.publications import Publications
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.flow import Datagram, Flow
from sipcore.known_credentials import KnownCredentials
from sipcore.message import Request
from sipcore.timers import TRANSACTION_TIMEOUT
from sipcore.via_path import response_flow

CANDIDATES: Final = 1024
"""Requests that may become known, kept until they are answered."""
LONGEST: Final = 8192
"""Bytes of the head of a candidate; what strangers send that is longer is not kept for a moment."""
CAPACITY: Final = 20_000
"""Request lines of which is known how they go on, at about 2 kB for each publisher's way of publishing."""

_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]+"
_SOUND: Final = re.compile(rb"%b\n%b\n[!-~]+\n[0-9]{1,9} PUBLISH\n[^\r\n]*" % (_TOKEN, _TOKEN))
"""The values as they may be, one below the other, up to the proof: one look costs a fraction of five."""
_BRANCH: Final = 0
_TAG: Final = 1
_CALL_ID: Final = 2
_CSEQ: Final = 3
_PROOF: Final = 4
_MATCH: Final = 5
_LENGTH: Final = 6
_MOST_VALUES: Final = 7
_FROM: Final = b"\r\nFrom: "
_STARTS: Final = (
    (_BRANCH, b"\r\nVia: ", b";branch="),
    (_TAG, _FROM, b";tag="),
    (_CALL_ID, b"\r\nCall-ID: ", b""),
    (_CSEQ, b"\r\nCSeq: ", b""),
    (_MATCH, b"\r\nSIP-If-Match: ", b""),
    (_LENGTH, b"\r\nContent-Length: ", b""),
)
"""How the line of each value begins, and what is before the value in it; but for that of who was authenticated."""
_AUTHORIZATION: Final = b"\r\nAuthorization: "
_END: Final = b"\r\n\r\n"
_EVENT: Final = b"\r\nEvent: "

_Key = tuple[bytes, bytes, Flow]
"""Request line, event and flow."""

MOST_ALIKE: Final = 8
"""Ways of publishing that begin with the same request line: other events, other phones of the person's."""


class _Known:
    """A PUBLISH as it was let in, and how it was answered."""

    __slots__ = (
        "after_branch",
        "after_tag",
        "answer",
        "answered_at",
        "begin_answer",
        "branch",
        "credentials",
        "end_answer",
        "expires",
        "fixed",
        "flow",
        "lengths",
        "order",
        "package",
        "resource",
    )

    def __init__(
        self,
        flow: Flow,
        fixed: list[bytes],
        order: list[int],
        credentials: KnownCredentials | None,
        begin_answer: bytes,
        after_branch: bytes,
        after_tag: bytes,
        resource: str,
        package: str,
        expires: int,
    ) -> None:
        self.flow = flow
        self.fixed = fixed
        """What stands before each value that changes, in their order, and after the last one to the end of the head."""
        self.order = order
        """Which values these are."""
        self.lengths = [0] * _MOST_VALUES
        """How long each was the last time."""
        self.credentials = credentials
        """Where a password is asked."""
        self.begin_answer = begin_answer
        """An answer up to the branch."""
        self.after_branch = after_branch
        """An answer from there to the tag of From."""
        self.after_tag = after_tag
        """An answer from there to ours."""
        self.end_answer = b"\r\nExpires: %d\r\nContent-Length: 0\r\n\r\n" % expires
        self.resource = resource
        self.package = package
        self.expires = expires
        self.branch = b""
        self.answer = b""
        self.answered_at = float("-inf")

    def values(self, data: bytes) -> tuple[list[bytes], int] | None:
        """What of a PUBLISH may change, each in its place, and where its body begins; None for another one."""
        fixed = self.fixed
        if not data.startswith(fixed[0]):
            return None
        values = [b""] * _MOST_VALUES
        at = len(fixed[0])
        for number, place in enumerate(self.order):
            after = fixed[number + 1]
            # Most values are as long as the last time, which costs a fraction of looking for their ends.
            end = at + self.lengths[place]
            following = end + len(after)
            if data[end:following] != after:
                end = data.find(after[:1], at)
                following = end + len(after)
                if end < 0 or data[end:following] != after:
                    return None
                self.lengths[place] = end - at
            values[place] = data[at:end]
            at = following
        return values, at

    def response(self, values: list[bytes], entity_tag: bytes) -> bytes:
        """The 200 for a request with these values, which has got this entity tag."""
        return b"".join(
            (
                self.begin_answer,
                values[_BRANCH],
                self.after_branch,
                values[_TAG],
                self.after_tag,
                entity_tag,
                b"\r\nCall-ID: ",
                values[_CALL_ID],
                b"\r\nCSeq: ",
                values[_CSEQ],
                b"\r\nSIP-ETag: ",
                entity_tag,
                self.end_answer,
            )
        )


class PublishLane:
    """Stands before the stack: `receive` answers a PUBLISH that it knows, and says so."""

    begins = (b"PUBLISH ",)

    def __init__(self, publications: Publications, authenticator: Authenticator) -> None:
        self._publications = publications
        self._authenticator = authenticator
        self._known: OrderedDict[bytes, list[_Known]] = OrderedDict()
        """By request line, which most are found by alone."""
        self._candidates: dict[_Key, bytes] = {}
        self._datagrams: list[Datagram] = []
        publications.follow(self)

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """True when `data`, a PUBLISH, was answered; False leaves it to the stack, with nothing changed."""
        line = data[: data.find(b"\r\n")]
        alike = self._known.get(line)
        if alike is not None:
            for known in alike:
                if known.flow == flow and self._answer(known, data, flow, now):
                    self._datagrams.append(Datagram(known.answer, flow))
                    return True
        end = data.find(_END)
        event = data.find(_EVENT, 0, end)
        if event >= 0 and 0 <= end <= LONGEST:
            if len(self._candidates) >= CANDIDATES:
                self._candidates.clear()
            self._candidates[line, data[event : _line_end(data, event + 2)], flow] = data[:end]
        return False

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
        key: _Key = (line, _EVENT + event, flow)
        head = self._candidates.pop(key, None)
        # A refresh has no body: of its headers nobody has looked whether they fit one.
        if head is None or not expires or not request.body:
            return
        known = _read(head, request, flow, authenticated, resource, package, expires)
        if known is None:
            return
        alike = self._known.pop(line, [])
        if len(self._known) >= CAPACITY:
            self._known.popitem(last=False)
        others = [other for other in alike if other.flow != flow or other.package != package]
        self._known[line] = [known, *others[: MOST_ALIKE - 1]]

    def forget(self) -> None:
        """Let everybody be judged anew."""
        self._known.clear()

    def _answer(self, known: _Known, data: bytes, flow: Flow, now: float) -> bool:
        """Check all that changes, then change the publication and make the answer; False as soon as anything is odd."""
        found = known.values(data)
        if found is None:
            return False
        values, begin = found
        branch = values[_BRANCH]
        if branch == known.branch and now - known.answered_at < TRANSACTION_TIMEOUT:
            return True  # a retransmission, answered as before (RFC 3261 §17.2.2)
        size = len(data) - begin
        if not size or values[_LENGTH] != b"%d" % size or _SOUND.fullmatch(b"\n".join(values[:_MATCH])) is None:
            return False
        # What no entity tag can be is none that is known.
        tag = values[_MATCH].decode("latin-1")
        entity_tag = self._modified(known, tag, data[begin:], values[_PROOF], flow, now)
        if entity_tag is None:
            return False
        known.branch, known.answered_at = branch, now
        known.answer = known.response(values, entity_tag)
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
    head: bytes,
    request: Request,
    flow: Flow,
    authenticated: Authenticated | None,
    resource: str,
    package: str,
    expires: int,
) -> _Known | None:
    """The request as one that may be known; None for one that is not as most are."""
    if len(request.headers("Via")) != 1 or request.to.tag is not None or response_flow(request.via, flow) != flow:
        return None
    places = _places(head)
    proofs = request.headers("Authorization")
    if places is None or len(proofs) != (authenticated is not None):
        return None
    credentials = None
    if authenticated is not None:
        start = _only(head, _AUTHORIZATION)
        if start < 0:
            return None
        end = _line_end(head, start + 2)
        credentials = KnownCredentials.of(head[start + 2 : end], authenticated, "PUBLISH")
        if credentials is None:
            return None
        places.append((start + 2, end, _PROOF))
        places.sort()
    at, fixed = 0, []
    for start, end, _ in places:
        fixed.append(head[at:start])
        at = end
    fixed.append(head[at:] + _END)
    before, _, after = str(request.via).encode("utf-8", "surrogateescape").partition(b";branch=")
    _, semicolon, parameters = after.partition(b";")
    from_ = next(head[head.find(_FROM) : begin] for begin, _, place in places if place == _TAG)
    to = (request.header("To") or "").encode("utf-8", "surrogateescape")
    return _Known(
        flow,
        fixed,
        [place for _, _, place in places],
        credentials,
        b"SIP/2.0 200 OK\r\nVia: " + before + b";branch=",
        semicolon + parameters + from_,
        b"\r\nTo: " + to + b";tag=",
        resource,
        package,
        expires,
    )


def _places(head: bytes) -> list[tuple[int, int, int]] | None:
    """Where in the head the values are that change: begin, end and which; None where one is not as most write it."""
    places = []
    for place, line, lead in _STARTS:
        start = _only(head, line)
        if start < 0:
            return None
        begin = start + len(line)
        end = _line_end(head, begin)
        if lead:
            found = head.find(lead, begin, end)
            if found < 0:
                return None
            begin = found + len(lead)
        if place == _BRANCH:
            semicolon = head.find(b";", begin, end)
            end = semicolon if semicolon >= 0 else end
        places.append((begin, end, place))
    places.sort()
    return places


def _line_end(head: bytes, begin: int) -> int:
    end = head.find(b"\r\n", begin)
    return end if end >= 0 else len(head)


def _only(head: bytes, start: bytes) -> int:
    """Where the one line of a head begins that starts so; -1 where there is none, or more than one."""
    return head.find(start) if head.count(start) == 1 else -1
