"""Who calls, as an INVITE tells it."""

import re
from typing import Final

from lampfield.call_control.identity import ANONYMOUS, Identity
from sipcore.address import NameAddr, parse_name_addr
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.text import as_text
from sipcore.uri import SipUri, TelUri, Uri, unescape

_BARE: Final = re.compile(r"[A-Za-z0-9+*._-]+")
"""A user part that needs no escapes."""
_NOBODYS_HOSTS: Final = frozenset(("anonymous.invalid", "unknown.invalid"))
"""Of who withholds the number, and of whom the network knows none (3GPP TS 23.003 §13.6 and §13.7)."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_WITHHOLDS: Final = frozenset(("full", "uri", "id"))
"""The privacy of a Remote-Party-ID that is the number's; `name` is the name's alone."""
LONGEST_NAME: Final = 255
"""Characters of a name that are shown and on record."""


def from_trunk(request: Request) -> Identity:
    """The caller that a trunk names: P-Asserted-Identity (RFC 3325 §9.1), else Remote-Party-ID, before From.

    Withheld where Privacy asks for it (RFC 3323 §4.2), or Remote-Party-ID itself.
    """
    address = _asserted(request)
    remote_party = _remote_party(request) if address is None else None
    privacy = _privacy_of(remote_party) if remote_party is not None else frozenset()
    address = address or remote_party or request.from_
    if _wants_privacy(request) or privacy & _WITHHOLDS or _is_nobody(address.uri):
        return ANONYMOUS
    return Identity(_number(address.uri), "" if "name" in privacy else _name(address.display))


def _name(display: str) -> str:
    """The name as one line of text."""
    return _CONTROL.sub(" ", as_text(display)).strip()[:LONGEST_NAME]


def withholds(request: Request) -> bool:
    """True where a phone of ours asks that its number be not shown, by Privacy or by an anonymous From."""
    return _wants_privacy(request) or _is_nobody(request.from_.uri)


def _wants_privacy(request: Request) -> bool:
    """Privacy has `id` (RFC 3325 §9.3)."""
    values = ";".join(request.all_of("privacy")).replace(",", ";").split(";")
    return any(value.strip().lower() == "id" for value in values)


def _is_nobody(uri: Uri) -> bool:
    """True for who has no number, the anonymous URI of RFC 3323 §4.1.1.3, or the unavailable one of 3GPP."""
    number = _number(uri)
    nowhere = isinstance(uri, SipUri) and uri.host.lower() in _NOBODYS_HOSTS
    return nowhere or not number or number.lower() == ANONYMOUS.number


def _asserted(request: Request) -> NameAddr | None:
    """The first identity that the network asserts; one that cannot be read is none (RFC 3261 §8.2)."""
    try:
        asserted = request.headers("P-Asserted-Identity")
        return parse_name_addr(asserted[0]) if asserted else None
    except ProtocolViolation:
        return None


def _remote_party(request: Request) -> NameAddr | None:
    """The first caller in Remote-Party-ID, the form before RFC 3325 (draft-ietf-sip-privacy-04 §5).

    None where there is none, or where the header cannot be read.
    """
    try:
        parties = [parse_name_addr(value) for value in request.headers("Remote-Party-ID")]
    except ProtocolViolation:
        return None
    callers = (party for party in parties if (party.params.get("party") or "calling").lower() == "calling")
    return next(callers, None)


def _privacy_of(remote_party: NameAddr) -> frozenset[str]:
    """What is asked to be hidden; `full-network` is `full` that the network asks for."""
    asked = (remote_party.params.get("privacy") or "").lower().strip('"').split(",")
    return frozenset(value.strip().partition("-")[0] for value in asked)


def _number(uri: Uri) -> str:
    """The number alone, as it can stand in a URI: parameters of a telephone number are left out (RFC 3966 §3)."""
    if isinstance(uri, TelUri):
        return uri.digits
    if not isinstance(uri, SipUri):
        return ""
    user = (uri.user or "").partition(";")[0]
    bare = unescape(user)
    return bare if _BARE.fullmatch(bare) else as_text(user)
