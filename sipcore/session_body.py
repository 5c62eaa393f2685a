"""The session description in a message's body, also where it is one part of several."""

import re
from typing import Final

from sipcore.header import parse_params, unquote
from sipcore.message import Message
from sipcore.sdp import CONTENT_TYPE

_PART_TYPE: Final = re.compile(
    rb"(?:^|\r\n)(?:Content-Type|c)[ \t]*:[ \t]*application/sdp[ \t]*(?:;[^\r\n]*)?(?:\r\n|$)", re.I
)


def sdp_of(message: Message) -> bytes | None:
    """The SDP body, or the first SDP part of several (RFC 5621); None without one. Raises ProtocolViolation."""
    kind = message.content_type
    body = message.body
    if not body or kind is None:
        return None
    if kind == CONTENT_TYPE:
        return body
    if kind.startswith("multipart/"):
        return _sdp_part(body, message.header("Content-Type") or "")
    return None


def _sdp_part(body: bytes, content_type: str) -> bytes | None:
    _, semicolon, params = content_type.partition(";")
    boundary = unquote(parse_params(semicolon + params).get("boundary") or "")
    if not boundary:
        return None
    delimiter = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    for part in (b"\r\n" + body).split(delimiter)[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        if blank and _PART_TYPE.search(head):
            return content
    return None
