"""Responses made for requests (RFC 3261 §8.2.6)."""

import re
from collections.abc import Iterable
from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response

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
    lines = [("Via", value) for value in request.all_of("via")]
    if record_route:
        lines += [("Record-Route", value) for value in request.all_of("record-route")]
    for name, key in _COPIED_TO_100 if status == 100 else _COPIED:
        value = request.header(key)
        if value is not None:
            lines.append((name, f"{value}{tag}" if key == "to" else value))
    lines += fields
    if content_type is not None:
        lines.append(("Content-Type", content_type))
    return Response(status, reason, lines, body)


def _has_tag(request: Request) -> bool:
    """Also of a To that is malformed."""
    try:
        return request.to.tag is not None
    except ProtocolViolation:
        return _TAG.search((request.header("To") or "").rpartition(">")[2]) is not None
