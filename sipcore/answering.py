"""Responses made for requests (RFC 3261 §8.2.6)."""

import re
import zlib
from collections.abc import Iterable
from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.message import Message, Request, Response

REFUSED_TAG: Final = "refused."
"""What the To tag of a new call begins with that is refused without a transaction; no other tag of ours does."""

_TAG: Final = re.compile(r";[ \t]*tag[ \t]*=", re.IGNORECASE)
_COPIED = (("From", "from"), ("To", "to"), ("Call-ID", "call-id"), ("CSeq", "cseq"))
"""What a response has from its request besides the Vias, with the keys (RFC 3261 §8.2.6.2)."""
_COPIED_TO_100 = (*_COPIED, ("Timestamp", "timestamp"))


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    fields: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
    record_route: bool = False,
) -> Response:
    """Make a response by RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq as they came, Timestamp too in a 100.

    `to_tag` is added to a To that has none. `record_route` copies Record-Route, as a response that makes a dialog must
    (§12.1.1). What a malformed request lacks, its response lacks too. An unset reason is the usual one.
    """
    tag = ""
    if to_tag is not None and not _has_tag(request):
        tag = f";tag={to_tag}"
    response = Response(status, reason, (), body)
    for value in request.all_of("via"):
        response.add_copy("via", "Via", value)
    if record_route:
        for value in request.all_of("record-route"):
            response.add_copy("record-route", "Record-Route", value)
    for name, key in _COPIED_TO_100 if status == 100 else _COPIED:
        copied = request.first_of(key)
        if copied is not None:
            response.add_copy(key, name, copied + tag if key == "to" else copied)
    for name, value in fields:
        response.add(name, value)
    if content_type is not None:
        response.add("Content-Type", content_type)
    return response


def outside_of_any(request: Request) -> Response:
    """The response to a request of a session that there is not."""
    outside = request.method == "REFER" and request.to.tag is None
    return response_to(request, 403, "REFER Outside a Call") if outside else response_to(request, 481)


def tagged(response: Response, begin: str = "") -> Response:
    """The response with a To tag, which every final one has and which may begin with `begin`.

    It is the same one for the same request, as no state is kept (RFC 3261 §8.2.7).
    """
    to = response.first_of("to")
    if to is not None and not _has_tag(response):
        seed = f"{response.header('Call-ID')} {response.header('From')} {response.header('CSeq')}"
        response.set("To", f"{to};tag={begin}{zlib.crc32(seed.encode('utf-8', 'surrogateescape')):08x}")
    return response


def _has_tag(message: Message) -> bool:
    """Also of a To that is malformed."""
    to = message.first_of("to")
    if to is None:
        return False
    params = to.rpartition(">")[2]
    # As nearly all are written: told without reading the address.
    if ";tag=" in params and '"' not in params:
        return True
    if "tag" not in to.lower():
        return False
    try:
        return message.to.tag is not None
    except ProtocolViolation:
        return _TAG.search(params) is not None
