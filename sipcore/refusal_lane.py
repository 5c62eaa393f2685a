"""A short way for what an overloaded server does most: to refuse new INVITEs with 503 (RFC 3261 §21.5.4).

The answer is the stack's own, which keeps no state (§8.2.7), copied together from the request's bytes. The ACK to it is
known by our To tag and has nobody to go to; a CANCEL is the stack's to answer. Whatever is not plain is left to the
stack, which refuses it as well.
"""

import re
import zlib
from typing import Final

from sipcore.answering import REFUSED_TAG
from sipcore.flow import Datagram, Flow
from sipcore.message import MAX_FIELDS
from sipcore.reasons import REASONS
from sipcore.stack import Stack
from sipcore.timers import TRANSACTION_TIMEOUT

_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]++"
_HOST: Final = rb"(?:[A-Za-z0-9._\-]++|\[[0-9A-Fa-f:.]++\])"
_PORT: Final = rb"(?:[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_NEEDED: Final = re.compile(rb"\r\n(via|v|from|f|to|t|call-id|i|cseq)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
"""The headers that a response has from its request, in any spelling."""
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
"""Their usual spellings."""
_VIA: Final = re.compile(rb"SIP/2\.0/(UDP|TCP) (%b)(?::(%b))?((?:;%b(?:=%b)?)+)" % (_HOST, _PORT, _TOKEN, _TOKEN))
_NAME: Final = rb"""(?:"[^"\\]*+" ?|[A-Za-z0-9\-.!%*_+`'~ ]*+)"""
_URI: Final = rb"sips?:(?:[A-Za-z0-9\-_.!~*'()&=+$]++@)?%b(?::%b)?(?>(?:;%b(?:=%b)?)*)" % (_HOST, _PORT, _TOKEN, _TOKEN)
_TO: Final = re.compile(rb"%b<%b>" % (_NAME, _URI))
"""To without a tag."""
_STATUS: Final = b"SIP/2.0 503 %b" % REASONS[503].encode()
_ACKNOWLEDGED: Final = b";tag=" + REFUSED_TAG.encode()
_CHECKSUM: Final = 8
"""Digits after `REFUSED_TAG`."""


class RefusalLane:
    """Stands before the stack: `receive` answers new INVITEs that the stack is told to refuse, and takes their ACKs."""

    begins = (b"INVITE ", b"ACK ")

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._datagrams: list[Datagram] = []

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
        head = _sound_head(data)
        if head is None:
            return None
        vias: list[bytes] = []
        found: dict[bytes, bytes] = {}
        for spelling, value in _NEEDED.findall(head):
            name = _NAMES.get(spelling)
            if name == b"Via":
                vias.append(value.rstrip(b" \t"))
            elif name is None or name in found:
                return None
            else:
                found[name] = value.rstrip(b" \t")
        if len(found) != 4 or not vias or not _TO.fullmatch(found[b"To"]):
            return None
        top = self._stamped(vias[0], flow)
        if top is None:
            return None
        vias[0] = top
        from_, call_id, cseq = found[b"From"], found[b"Call-ID"], found[b"CSeq"]
        checksum = zlib.crc32(b" ".join((call_id, from_, cseq)))
        lines = (
            _STATUS,
            *[b"Via: " + via for via in vias],
            b"From: " + from_,
            b"To: %b%b%08x" % (found[b"To"], _ACKNOWLEDGED, checksum),
            b"Call-ID: " + call_id,
            b"CSeq: " + cseq,
            b"Retry-After: %d" % retry_after,
            b"Content-Length: 0\r\n\r\n",
        )
        return b"\r\n".join(lines)

    def _stamped(self, via: bytes, flow: Flow) -> bytes | None:
        """The top Via with `received` and `rport` where they belong (RFC 3261 §18.2.1, RFC 3581 §4).

        None where it is unusual, of a known transaction, or where the answer goes elsewhere than to the source.
        """
        match = _VIA.fullmatch(via)
        if match is None:
            return None
        transport, host, port, params = match.groups()
        if transport.decode().lower() != flow.transport or not self._is_new(host, port, params):
            return None
        source = flow.remote
        received = source[0].encode()
        before, rport, after = via.partition(b";rport")
        if rport:
            if after[:1] not in (b"", b";") or b"rport" in after:
                return None
            return b"%b;rport=%d;received=%b%b" % (before, source[1], received, after)
        if host.strip(b"[]") != received:
            return b"%b;received=%b" % (via, received)
        return via if flow.reliable or (port is not None and int(port) == source[1]) else None

    def _is_new(self, host: bytes, port: bytes | None, params: bytes) -> bool:
        """True for an INVITE without a transaction, whose Via parameters are written as we would write them."""
        branch = b""
        names: set[bytes] = set()
        for param in params[1:].split(b";"):
            name, _, value = param.partition(b"=")
            if name in names or name == b"received" or name != name.lower():
                return False
            names.add(name)
            if name == b"branch":
                branch = value
        sent_by = f"{host.decode()}:{None if port is None else port.decode()}"
        return branch.startswith(b"z9hG4bK") and not self._stack.knows_invite(branch.decode(), sent_by)


def _sound_head(data: bytes) -> bytes | None:
    """The request without its body, where it has nothing of what makes its lines others than they look."""
    end = data.find(b"\r\n\r\n")
    head = data[:end]
    line = head[: head.find(b"\r\n")]
    if end < 0 or not line.endswith(b" SIP/2.0") or line.count(b" ") != 2 or line.startswith(b"INVITE  "):
        return None
    lines = head.count(b"\r\n")
    if head.count(b"\n") != lines or head.count(b"\r") != lines or lines >= MAX_FIELDS:
        return None
    return None if b"\r\n " in head or b"\r\n\t" in head else head


def _is_of_refused(ack: bytes) -> bool:
    """True for an ACK whose To has the tag of a refusal."""
    start = ack.find(b"\r\nTo: ")
    end = ack.find(b"\r\n", start + 2)
    tag = end - _CHECKSUM - len(_ACKNOWLEDGED)
    return 0 < start < tag and ack.startswith(_ACKNOWLEDGED, tag)
