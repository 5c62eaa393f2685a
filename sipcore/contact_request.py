"""What one Contact of a REGISTER asks for (RFC 3261 §10.2.1, RFC 5626 §4.2)."""

from sipcore.address import NameAddr, parse_name_addr
from sipcore.errors import ProtocolViolation
from sipcore.header import unquote
from sipcore.message import MAX_DELTA_SECONDS
from sipcore.structs import Value
from sipcore.text import as_text
from sipcore.uri import SipUri


class ContactRequest(Value, frozen=True):
    """A contact to bind for `expires` seconds, or with 0 to remove."""

    uri: SipUri
    text: str
    """The URI, written."""
    expires: int
    q: float
    instance: str | None
    reg_id: int | None


def read_contact(value: str, default_expires: int) -> ContactRequest:
    """Read a Contact value. Raises ProtocolViolation when it is no contact that can be bound."""
    try:
        contact = parse_name_addr(value)
    except ProtocolViolation as violation:
        raise ProtocolViolation(f"Malformed Contact: {violation.reason}") from None
    if not isinstance(contact.uri, SipUri):
        raise ProtocolViolation("Contact is not a SIP URI")
    params, text = contact.params, str(contact.uri)
    if as_text(text) != text:
        # What it is called by has to be what it said, also after a restart.
        raise ProtocolViolation("Contact is not UTF-8")
    instance = params.get("+sip.instance")
    reg_id = params.get("reg-id")
    return ContactRequest(
        uri=contact.uri,
        text=text,
        expires=_expires(params["expires"]) if "expires" in params else default_expires,
        q=preference_of(contact),
        instance=as_text(unquote(instance)) if instance else None,
        # Means nothing without an instance (RFC 5626 §6).
        reg_id=int(reg_id) if instance and reg_id and reg_id.isdecimal() and 0 < len(reg_id) < 10 else None,
    )


def _expires(text: str | None) -> int:
    """Seconds; a malformed value is as good as 3600 (RFC 3261 §10.2.1.1)."""
    if text is None or not text.isascii() or not text.isdecimal():
        return 3600
    return min(int(text[:12]), MAX_DELTA_SECONDS)


def preference_of(contact: NameAddr) -> float:
    """0 to 1, its `q`; one that is malformed does not matter."""
    text = contact.params.get("q")
    try:
        q = float(text) if text else 1.0
    except ValueError:
        return 1.0
    return q if 0.0 <= q <= 1.0 else 1.0
