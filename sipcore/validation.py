"""Whether a message is sound enough to be worked on (RFC 3261 §8.1.1, §8.2.2 and §18.3; RFC 4475).

Only what the stack itself depends on is judged; other headers are for those who read them (§8.2, "ignore malformed").
"""

import re
from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.message import METHODS, Message, Request, Response
from sipcore.uri import OtherUri, SipUri
from sipcore.via import MAGIC_COOKIE

__all__ = ["METHODS", "check_request", "check_response"]

_VERSION: Final = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_CONTACT_METHODS: Final = frozenset(("INVITE", "REGISTER", "SUBSCRIBE"))


def check_request(request: Request) -> None:
    """Raise ProtocolViolation, with the status to answer, for a request that cannot be worked on.

    No From tag and no Max-Forwards are asked for, and no Contact where the branch tells of RFC 2543 (RFC 4475 §3.4.1).
    """
    if request.version != "SIP/2.0":
        _check_version(request.version)
    _check_message(request)
    cseq = request.cseq
    if cseq.method != request.method:
        _refuse_method_mismatch(request.method)
    if request.via.branch == MAGIC_COOKIE:
        raise ProtocolViolation("Via branch has no identifier after z9hG4bK")
    uri = request.request_uri
    if isinstance(uri, OtherUri):
        raise ProtocolViolation("Unsupported URI Scheme", 416)
    if isinstance(uri, SipUri) and uri.headers:
        raise ProtocolViolation("Request-URI with headers")
    request.max_forwards  # noqa: B018  raises when it is malformed
    if request.method in _CONTACT_METHODS:
        _check_contact(request)


def check_response(response: Response) -> None:
    """Raise ProtocolViolation for a response that is to be discarded (RFC 3261 §18.1.2 and §18.3)."""
    _check_message(response)
    response.cseq  # noqa: B018  raises when it is malformed


def _check_message(message: Message) -> None:
    stray = message.malformed_line
    if stray is not None:
        raise ProtocolViolation(f"Malformed header line {stray[:40]!r}")
    # Each raises when its header is missing or malformed; the order is that in which people look for them.
    message.via, message.from_, message.to, message.call_id  # noqa: B018
    if message.truncated:
        raise ProtocolViolation("Body shorter than Content-Length")
    if message.content_type is None and message.body:
        raise ProtocolViolation("Body without Content-Type")


def _check_version(version: str) -> None:
    if version.upper() == "SIP/2.0":
        return
    if _VERSION.fullmatch(version):
        raise ProtocolViolation("Version Not Supported", 505)
    raise ProtocolViolation("Malformed request line")


def _refuse_method_mismatch(method: str) -> None:
    # A method we do not know may have rules of its own (RFC 4475 §3.1.2.18).
    if method not in METHODS:
        raise ProtocolViolation("Not Implemented", 501)
    raise ProtocolViolation("CSeq method is not that of the request line")


def _check_contact(request: Request) -> None:
    contacts = request.contacts
    if request.method == "REGISTER":
        if not isinstance(request.to.uri, SipUri):
            raise ProtocolViolation("To of REGISTER is no SIP URI")
        return
    if not contacts and not (request.via.branch or "").startswith(MAGIC_COOKIE):
        return
    if len(contacts) != 1 or not isinstance(contacts[0].uri, SipUri):
        raise ProtocolViolation(f"{request.method} needs one Contact with a SIP URI")
