"""What a REFER asks for (RFC 3515, RFC 3892, RFC 4488)."""

import msgspec

from sipcore.address import parse_name_addr
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.replaces import Replaces, parse_replaces
from sipcore.structs import Value
from sipcore.uri import OtherUri, SipUri, Uri, unescape


class Refer(Value, frozen=True):
    """Somebody is to be called, in the place of a call or not."""

    target: Uri
    """Whom: the Refer-To URI without its headers."""
    method: str
    """INVITE, unless the URI asks for another (RFC 3261 §19.1.1)."""
    replaces: Replaces | None
    """The call in whose place the target is to be called (RFC 3891, RFC 5589 §7)."""
    referred_by: str | None
    """The Referred-By header as sent, to be passed on (RFC 3892 §2.1)."""
    subscribes: bool
    """The peer wants to be told what becomes of it; not so with `Refer-Sub: false` (RFC 4488 §4)."""


def read_refer(request: Request) -> Refer:
    """Read a REFER. Raises ProtocolViolation: 400, and 416 for a target that is no SIP or tel URI."""
    values = request.all_of("refer-to")
    if len(values) != 1:
        raise ProtocolViolation("REFER needs one Refer-To")
    uri = _refer_to(values[0])
    referred_by = request.header("Referred-By")
    if not isinstance(uri, SipUri):
        return Refer(uri, "INVITE", None, referred_by, _subscribes(request))
    named = uri.headers.get("replaces")
    method = uri.params.get("method") or "INVITE"
    params = {name: value for name, value in uri.params.items() if name != "method"}
    return Refer(
        msgspec.structs.replace(uri, params=params, headers={}),
        method.upper(),
        parse_replaces(unescape(named)) if named else None,
        referred_by,
        _subscribes(request),
    )


def _refer_to(text: str) -> Uri:
    # COMPAT(old Cisco, Grandstream): the brackets that a URI with headers must have (RFC 3261 §20) are missing.
    bare = "<" not in text and "?" in text
    try:
        uri = parse_name_addr(f"<{text}>" if bare else text).uri
    except ProtocolViolation as violation:
        raise ProtocolViolation(f"Malformed Refer-To: {violation.reason}") from None
    if isinstance(uri, OtherUri):
        raise ProtocolViolation(f"Refer-To with a {uri.scheme} URI", 416)
    return uri


def _subscribes(request: Request) -> bool:
    value = request.header("Refer-Sub")
    if value is None:
        return True
    word = value.partition(";")[0].strip(" \t").lower()
    if word not in ("true", "false"):
        raise ProtocolViolation("Malformed Refer-Sub: expected true or false")
    return word == "true"
