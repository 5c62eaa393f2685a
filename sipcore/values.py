"""Header values with a form of their own: CSeq, Event and whole numbers."""

import re
from typing import Final, NamedTuple

from sipcore.errors import ProtocolViolation
from sipcore.header import Params, parse_params
from sipcore.structs import Leaf

_REGISTERED: Final = "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE"
METHODS: Final = frozenset(_REGISTERED.split())
"""All registered methods; which of them are allowed is another question (405 or 501)."""

_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")


class CSeq(Leaf, frozen=True, gc=False):
    """Sequence number and method (RFC 3261 §20.16)."""

    number: int
    method: str


class Event(NamedTuple):
    """Event package and parameters (RFC 6665 §8.2.1); the package as sent, for it is case-sensitive."""

    package: str
    params: Params


def parse_cseq(text: str) -> CSeq:
    """Parse a CSeq value. Raises ProtocolViolation."""
    number, _, method = text.partition(" ")
    if method in METHODS and len(number) < 10 and number.isdecimal() and number.isascii():
        return CSeq(int(number), method)
    match = _CSEQ.fullmatch(text)
    # Below 2**31 (RFC 3261 §8.1.1.5).
    if match is None or int(match[1]) >= 2**31:
        raise ProtocolViolation("Malformed CSeq")
    return CSeq(int(match[1]), match[2])


def parse_event(text: str) -> Event:
    """Parse an Event value. Raises ProtocolViolation."""
    package, semicolon, params = text.partition(";")
    return Event(package.strip(" \t"), parse_params(semicolon + params))


def whole_number(text: str) -> int | None:
    """The number that these digits are, 2**64 for any above; None for what is no number."""
    if not (text.isascii() and text.isdecimal()):
        return None
    if len(text) < 20:
        return int(text)
    digits = text.lstrip("0") or "0"
    # int() of a long text is slow, or refused.
    return min(int(digits), 2**64) if len(digits) < 21 else 2**64
