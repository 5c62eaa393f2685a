"""A subscription at the notifier (RFC 6665 §4.2): what is kept on disk, and its NOTIFYs as templates."""

import msgspec

from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.notify_admission import Wanted
from sipcore.uri import SipUri
from sipcore.via_path import host_port

BRANCH_PREFIX = "z9hG4bKn."
"""Branches of NOTIFYs: this, the subscription's id, a dot and the CSeq number. No other transaction begins so."""


class SubscriptionRecord(msgspec.Struct, frozen=True):
    """All that a subscription needs to outlive a restart."""

    id: str
    """Our tag in the dialog, and part of each branch."""
    resource: str
    package: str
    form: str
    call_id: str
    remote_tag: str
    local: str
    """From of the NOTIFYs, our tag included."""
    remote: str
    """To of the NOTIFYs, the watcher's tag included."""
    target: str
    """The watcher's Contact: Request-URI of the NOTIFYs, unless a strict router comes first."""
    routes: tuple[str, ...]
    """The route set, in order (RFC 3261 §12.1.1)."""
    event: str
    """The Event header of the SUBSCRIBE, echoed."""
    contact: str
    flow: Flow
    """Where NOTIFYs go."""
    phone: str
    """What a new subscription of the same phone for the same key has in common with this one."""
    remote_cseq: int
    expires_at: float
    reserved: int
    """CSeq numbers below this may have been used; after a restart they go on from here."""


class SubscriptionEnded(msgspec.Struct, frozen=True):
    """The subscription of this id is over; its record can be forgotten."""

    id: str


def _text(sent: str) -> str:
    """What the peer sent as text that can be kept: bytes that are no UTF-8, seen in display names, are replaced."""
    return sent if sent.isascii() else sent.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _destination(request: Request, flow: Flow) -> Flow:
    """The flow on which the watcher is reached.

    That is the flow the SUBSCRIBE came on, which a NAT has opened and on which a proxy waits. Only a phone whose
    Contact names the very host that the datagram came from is no NAT's, and may listen on another port of it.
    """
    if flow.reliable or request.record_routes:
        return flow
    contact = request.contacts[0].uri if request.contacts else None
    if not isinstance(contact, SipUri) or contact.host.strip("[]").lower() != flow.remote[0].lower():
        return flow
    return flow._replace(remote=(flow.remote[0], contact.port or 5060))


def _target(request: Request) -> str:
    """The URI of the first Contact, as sent."""
    contact = request.header("Contact") or ""
    if '"' in contact or "<" not in contact:
        return _text(str(request.contacts[0].uri))
    return _text(contact[contact.index("<") + 1 : contact.index(">")])


def _phone(request: Request, wanted: Wanted, resource: str) -> str:
    """Identify the phone and the key: its instance (RFC 5626 §4.1) or its Contact, who it is, and what it watches."""
    instance = request.contacts[0].params.get("+sip.instance") or _target(request)
    watcher = (request.header("From") or "").partition(";tag=")[0]
    return _text("|".join((watcher, instance, wanted.package.name, wanted.event_id, resource)))


def open_record(
    request: Request, flow: Flow, wanted: Wanted, resource: str, token: str, advertised_host: str | None
) -> SubscriptionRecord:
    """Make the record of a new subscription from its SUBSCRIBE, which has a Contact; not reserved or timed yet."""
    user = request.request_uri.user if isinstance(request.request_uri, SipUri) else None
    transport = ";transport=tcp" if flow.transport == "tcp" else ""
    to = request.header("To") or ""
    host, port = flow.local
    return SubscriptionRecord(
        id=token,
        resource=resource,
        package=wanted.package.name,
        form=wanted.form,
        call_id=_text(request.call_id),
        remote_tag=_text(request.from_.tag or ""),
        local=_text(f"{to if to.endswith('>') else request.to};tag={token}"),
        remote=_text(request.header("From") or ""),
        target=_target(request),
        routes=tuple(_text(str(route)) for route in request.record_routes),
        event=_text(wanted.event),
        contact=f"<sip:{user + '@' if user else ''}{host_port(advertised_host or host, port)}{transport}>",
        flow=_destination(request, flow),
        phone=_phone(request, wanted, resource),
        remote_cseq=request.cseq.number,
        expires_at=0.0,
        reserved=0,
    )


def refresh_record(
    record: SubscriptionRecord, request: Request, flow: Flow, wanted: Wanted, expires_at: float
) -> SubscriptionRecord:
    """Update what a SUBSCRIBE in the dialog may change: the target, the flow, the form, the CSeq, the end."""
    return msgspec.structs.replace(
        record,
        target=_target(request) if request.contacts else record.target,
        flow=_destination(request, flow),
        form=wanted.form,
        remote_cseq=request.cseq.number,
        expires_at=expires_at,
    )


def render_template(record: SubscriptionRecord, user_agent: str, advertised_host: str | None) -> tuple[bytes, bytes]:
    """Make the bytes of a NOTIFY before the number in its branch, and from there to the number in its CSeq."""
    target, routes = record.target, list(record.routes)
    if routes and ";lr" not in routes[0].lower():
        # A strict router takes the Request-URI for itself and the target from the end (RFC 3261 §12.2.1.1).
        target, routes = routes[0].strip("<>"), [*routes[1:], f"<{target}>"]
    host, port = record.flow.local
    before = (
        f"NOTIFY {target} SIP/2.0\r\n"
        f"Via: SIP/2.0/{record.flow.transport.upper()} {host_port(advertised_host or host, port)}"
        f";branch={BRANCH_PREFIX}{record.id}."
    )
    after = (
        ";rport\r\nMax-Forwards: 70\r\n"
        + "".join(f"Route: {route}\r\n" for route in routes)
        + f"From: {record.local}\r\nTo: {record.remote}\r\nCall-ID: {record.call_id}\r\n"
        f"Contact: {record.contact}\r\nEvent: {record.event}\r\n"
        + (f"User-Agent: {user_agent}\r\n" if user_agent else "")
        + "CSeq: "
    )
    return before.encode(), after.encode()
