"""A short way for what an overloaded server does most: to refuse new INVITEs with 503 (RFC 3261 §21.5.4).

The answer is the stack's own, which keeps no state (§8.2.7), copied together from the request's bytes. The ACK to it is
known by our To tag and has nobody to go to; a CANCEL is the stack's to answer. Whatever is not plain is left to the
stack, which refuses it as well.
"""

import re
import zlib
from typing import Final, NamedTuple

from sipcore.answering import REFUSED_TAG
from sipcore.flow import Datagram, Flow
from sipcore.message import MAX_FIELDS
from sipcore.reasons import REASONS
from sipcore.stack import Stack
from sipcore.timers import TRANSACTION_TIMEOUT

_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]++"
_HOST: Final = rb"(?:[A-Za-z0-9._\-]++|\[[0-9A-Fa-f:.]++\])"
_PORT: Final = rb"(?:[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_NAMES: Final = {
    b"Via": b"Via",
    b"v": b"Via",
    b"From": b"From",
    b"f": b"From",
    b"To": b"To",
    b"t": b"To",
    b"Call-ID": b"Call-ID",
    b"i": b"Call-ID",
    b"CSeq": b"CSeq",
}
"""The headers that a response has from its request, in their usual spellings."""
_SPELLED: Final = frozenset(name.lower() for name in _NAMES)
_OTHERS: Final = frozenset(
    b"Allow Allow-Events Contact Content-Length Content-Type Date Max-Forwards Min-SE P-Asserted-Identity "
    b"P-Preferred-Identity Privacy Record-Route Require Route Session-Expires Supported User-Agent".split()
)
"""Usual headers that a response has not from its request."""
_FOLDED: Final = (b" ", b"\t")
"""How a line begins that goes on with the one before it."""
_VIA: Final = re.compile(rb"SIP/2\.0/(UDP|TCP) (%b)(?::(%b))?((?:;%b(?:=%b)?)+)" % (_HOST, _PORT, _TOKEN, _TOKEN))
_NAME: Final = rb"""(?:"[^"\\]*+" ?|[A-Za-z0-9\-.!%*_+`'~ ]*+)"""
_URI: Final = rb"sips?:(?:[A-Za-z0-9\-_.!~*'()&=+$]++@)?%b(?::%b)?(?>(?:;%b(?:=%b)?)*)" % (_HOST, _PORT, _TOKEN, _TOKEN)
_TO: Final = re.compile(rb"%b<%b>" % (_NAME, _URI))
"""To without a tag."""
_BRANCH: Final = re.compile(rb"z9hG4bK%b" % _TOKEN)
_STATUS: Final = b"SIP/2.0 503 %b" % REASONS[503].encode()
_ACKNOWLEDGED: Final = b";tag=" + REFUSED_TAG.encode()
_CHECKSUM: Final = 8
"""Digits after `REFUSED_TAG`."""
_KEPT: Final = 1024
"""Ways back, and To headers, that are remembered."""
_LONGEST: Final = 200
"""Bytes of what is remembered of them."""


class _Way(NamedTuple):
    """What becomes of a top Via on its way back, but for the branch."""

    flow: Flow
    before: bytes
    after: bytes
    sent_by: str


class RefusalLane:
    """Stands before the stack: `receive` answers new INVITEs that the stack is told to refuse, and takes their ACKs."""

    begins = (b"INVITE ", b"ACK ")

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._datagrams: list[Datagram] = []
        self._ways: dict[bytes, _Way] = {}
        self._plain_to: set[bytes] = set()

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """True when `data` was answered, or was the ACK to such an answer; False leaves it to the stack, unchanged."""
        if data.startswith(b"ACK "):
            return now - self._stack.refused_at < TRANSACTION_TIMEOUT and _is_of_refused(data)
        retry_after = self._stack.retry_after
        if retry_after is None:
            return False
        answer = self._refusal(data, flow, retry_after)
        if answer is None:
            return False
        self._stack.refused_at = now
        self._datagrams.append(Datagram(answer, flow))
        return True

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent; taken once."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def _refusal(self, data: bytes, flow: Flow, retry_after: int) -> bytes | None:
        """The answer to a plain new INVITE; None for any other."""
        lines = _plain_lines(data)
        vias: list[bytes] = []
        found: dict[bytes, bytes] = {}
        for line in lines:
            spelling, _, value = line.partition(b":")
            if spelling in _OTHERS:
                continue
            name = _NAMES.get(spelling) or _NAMES.get(spelling.rstrip(b" \t"))
            if name is None:
                if spelling[:1] in _FOLDED or spelling.rstrip(b" \t").lower() in _SPELLED:
                    return None
            elif name == b"Via":
                vias.append(value.strip(b" \t"))
            elif name in found:
                return None
            else:
                found[name] = value.strip(b" \t")
        if len(found) != 4 or not vias or not self._is_plain(found[b"To"]):
            return None
        top = self._stamped(vias[0], flow)
        if top is None:
            return None
        vias[0] = top
        from_, call_id, cseq = found[b"From"], found[b"Call-ID"], found[b"CSeq"]
        checksum = zlib.crc32(b" ".join((call_id, from_, cseq)))
        pieces = [
            _STATUS,
            b"\r\nVia: ",
            b"\r\nVia: ".join(vias),
            b"\r\nFrom: ",
            from_,
            b"\r\nTo: ",
            found[b"To"],
            _ACKNOWLEDGED,
            b"%08x\r\nCall-ID: " % checksum,
            call_id,
            b"\r\nCSeq: ",
            cseq,
            b"\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n" % retry_after,
        ]
        return b"".join(pieces)

    def _is_plain(self, to: bytes) -> bool:
        if to in self._plain_to:
            return True
        if not _TO.fullmatch(to):
            return False
        if len(to) <= _LONGEST:
            if len(self._plain_to) >= _KEPT:
                self._plain_to.clear()
            self._plain_to.add(to)
        return True

    def _stamped(self, via: bytes, flow: Flow) -> bytes | None:
        """The top Via with `received` and `rport` where they belong (RFC 3261 §18.2.1, RFC 3581 §4).

        None where it is unusual, of a known transaction, or where the answer goes elsewhere than to the source.
        """
        before, _, rest = via.partition(b";branch=")
        branch, semicolon, after = rest.partition(b";")
        if not _BRANCH.fullmatch(branch):
            return None
        frame = b"%b\n%b%b" % (before, semicolon, after)
        way = self._ways.get(frame)
        if way is None or way.flow is not flow:
            way = _way_back(via, branch, flow)
            if way is None:
                return None
            if len(frame) <= _LONGEST:
                if len(self._ways) >= _KEPT:
                    self._ways.clear()
                self._ways[frame] = way
        if self._stack.knows_invite(branch.decode(), way.sent_by):
            return None
        return b"%b%b%b" % (way.before, branch, way.after)


def _way_back(via: bytes, branch: bytes, flow: Flow) -> _Way | None:
    match = _VIA.fullmatch(via)
    if match is None:
        return None
    transport, host, port, params = match.groups()
    if transport.decode().lower() != flow.transport or not _is_ours(params):
        return None
    source = flow.remote
    received = source[0].encode()
    start, rport, end = via.partition(b";rport")
    if rport:
        if end[:1] not in (b"", b";") or b"rport" in end:
            return None
        stamped = b"%b;rport=%d;received=%b%b" % (start, source[1], received, end)
    elif host.strip(b"[]") != received:
        stamped = b"%b;received=%b" % (via, received)
    elif flow.reliable or (port is not None and int(port) == source[1]):
        stamped = via
    else:
        return None
    before, parameter, after = stamped.partition(b";branch=" + branch)
    sent_by = f"{host.decode()}:{None if port is None else port.decode()}"
    return _Way(flow, before + parameter[: -len(branch)], after, sent_by)


def _is_ours(params: bytes) -> bool:
    """True for Via parameters that are written as we would write them."""
    names: set[bytes] = set()
    for param in params[1:].split(b";"):
        name, _, _ = param.partition(b"=")
        if name in names or name == b"received" or name != name.lower():
            return False
        names.add(name)
    return True


def _plain_lines(data: bytes) -> list[bytes]:
    """The header lines; none where something makes them others than they look."""
    head, end, _ = data.partition(b"\r\n\r\n")
    lines = head.splitlines()
    if not end or len(lines) > MAX_FIELDS or b"\r\n".join(lines) != head:
        return []
    line = lines.pop(0)
    return lines if line.endswith(b" SIP/2.0") and line.count(b" ") == 2 and not line.startswith(b"INVITE  ") else []


def _is_of_refused(ack: bytes) -> bool:
    """True for an ACK whose To has the tag of a refusal."""
    start = ack.find(b"\r\nTo: ")
    end = ack.find(b"\r\n", start + 2)
    tag = end - _CHECKSUM - len(_ACKNOWLEDGED)
    return 0 < start < tag and ack.startswith(_ACKNOWLEDGED, tag)
