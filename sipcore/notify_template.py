"""What a SUBSCRIBE makes: the record of its subscription, with its NOTIFYs as templates (RFC 6665 §4.2)."""

from sys import intern

import msgspec

from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.notify_admission import Wanted
from sipcore.notify_store import RESERVED_NUMBERS
from sipcore.structs import Value
from sipcore.subscription import BRANCH_PREFIX, CODING, DETAIL, SubscriptionRecord, detailed
from sipcore.text import as_text
from sipcore.uri import SipUri
from sipcore.via_path import host_port


class Identity(Value, frozen=True):
    """How a notifier calls itself in NOTIFYs."""

    user_agent: str = ""
    advertised_host: str | None = None
    """Host in Via and Contact instead of the flow's own."""


class Terms(Value, frozen=True):
    """What a new subscription is for, as its record keeps it."""

    resource: str
    watcher: str = ""
    detail: str = ""
    eventlist: bool = False
    recipients: tuple[str, ...] = ()
    stream: Flow | None = None


def dialog_of(request: Request) -> str:
    """Call-ID and From tag of a SUBSCRIBE, which with our tag are the dialog (RFC 3261 §12)."""
    return as_text(f"{request.call_id} {request.from_.tag or ''}")


def _destination(request: Request, flow: Flow) -> Flow:
    """The flow on which the watcher is reached.

    That is the flow the SUBSCRIBE came on, which a NAT has opened and on which a proxy waits. Only a phone whose
    Contact names the very host that the datagram came from is no NAT's, and may listen on another port of it.
    """
    if flow.transport != "udp" or request.first_of("record-route") is not None:
        return flow
    contact = request.contacts[0].uri
    host, port = flow.remote
    if not isinstance(contact, SipUri) or contact.port == port or contact.host.strip("[]").lower() != host.lower():
        return flow
    return flow._replace(remote=(host, contact.port or 5060))


def _own_address(flow: Flow, identity: Identity) -> str:
    """Host and port by which phones know us."""
    host, port = flow.local
    return host_port(identity.advertised_host or host, port)


def _target(request: Request) -> str:
    """The URI of the Contact, as sent."""
    contact = request.first_of("contact") or ""
    begin = contact.find("<") + 1
    if not begin or '"' in contact:
        return str(request.contacts[0].uri)
    return contact[begin : contact.index(">", begin)]


def _template(
    request: Request,
    target: str,
    routes: tuple[str, ...],
    flow: Flow,
    tag: str,
    own_address: str,
    contact: str,
    user_agent: str,
    wanted: Wanted,
    *,
    eventlist: bool,
) -> tuple[bytes, bytes]:
    """Make the templates: From and To are those of the SUBSCRIBE, turned round."""
    if routes and ";lr" not in routes[0].lower():
        # A strict router takes the Request-URI for itself and the target from the end (RFC 3261 §12.2.1.1).
        target, routes = routes[0].strip("<>"), (*routes[1:], f"<{target}>")
    local = request.first_of("to") or ""
    if request.to.tag is None:
        local = f"{local if local.endswith('>') else request.to};tag={tag}"
    transport = "UDP" if flow.transport == "udp" else flow.transport.upper()
    before = f"NOTIFY {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {own_address};branch={BRANCH_PREFIX}{tag}."
    route_lines = "".join([f"Route: {route}\r\n" for route in routes]) if routes else ""
    agent = f"User-Agent: {user_agent}\r\n" if user_agent else ""
    # RFC 4662 §4.5: each NOTIFY of a list requires what the watcher said to support.
    required = "Require: eventlist\r\n" if eventlist else ""
    event = request.first_of("event") or ""
    if eventlist:
        event = wanted.package.list_event(event, wanted.form.partition(CODING)[0])
    after = (
        f";rport\r\nMax-Forwards: 70\r\n{route_lines}From: {local}\r\nTo: {request.first_of('from')}\r\n"
        f"Call-ID: {request.call_id}\r\nContact: {contact}\r\nEvent: {event}\r\n{required}"
        f"{agent}CSeq: "
    )
    return before.encode("utf-8", "surrogateescape"), after.encode("utf-8", "surrogateescape")


def open_record(
    request: Request, flow: Flow, wanted: Wanted, terms: Terms, token: str, expires_at: float, identity: Identity
) -> SubscriptionRecord:
    """Make the record of a new subscription from its SUBSCRIBE, which has a Contact."""
    uri = request.request_uri
    user = uri.user if isinstance(uri, SipUri) else None
    own_address = _own_address(flow, identity)
    transport = ";transport=tcp" if flow.transport == "tcp" else ""
    contact = f"<sip:{user}@{own_address}{transport}>" if user else f"<sip:{own_address}{transport}>"
    destination = _destination(request, flow)
    routes = tuple([str(route) for route in request.record_routes])
    target = _target(request)
    before, after = _template(
        request,
        target,
        routes,
        destination,
        token,
        own_address,
        contact,
        identity.user_agent,
        wanted,
        eventlist=terms.eventlist,
    )
    # The phone is known by its instance (RFC 5626 §4.1) or its Contact, the key by who watches what: by From, and as
    # was proved, for anybody can say what another's phone says.
    instance = request.contacts[0].params.get("+sip.instance") or target
    sender = request.first_of("from") or ""
    watcher = sender.partition(">" if "<" in sender else ";")[0]
    package, form, resource, detail = wanted.package.name, wanted.form, terms.resource, terms.detail
    return SubscriptionRecord(
        token,
        # What many subscriptions have in common is kept once.
        intern(resource),
        package,
        detailed(form, detail) if detail else form,
        dialog_of(request),
        before,
        after,
        tuple([as_text(route) for route in routes]),
        intern(as_text(contact)),
        destination,
        as_text(f"{watcher} {instance} {package} {wanted.event_id} {resource} {terms.watcher}"),
        request.cseq.number,
        expires_at,
        RESERVED_NUMBERS,
        intern(terms.watcher),
        terms.eventlist,
        terms.recipients,
        terms.stream,
    )


def refresh_record(
    record: SubscriptionRecord, request: Request, flow: Flow, wanted: Wanted, expires_at: float, identity: Identity
) -> SubscriptionRecord:
    """Update what a SUBSCRIBE in the dialog may change: the target, the flow, the form, the CSeq, the end."""
    before, after, destination = record.before, record.after, record.flow
    if request.contacts:
        destination = _destination(request, flow)
        before, after = _template(
            request,
            _target(request),
            record.routes,
            destination,
            record.id,
            _own_address(destination, identity),
            record.contact,
            identity.user_agent,
            wanted,
            eventlist=record.eventlist,
        )
    return msgspec.structs.replace(
        record,
        before=before,
        after=after,
        flow=destination,
        form=detailed(wanted.form, record.detail) if DETAIL in record.form else wanted.form,
        remote_cseq=request.cseq.number,
        expires_at=expires_at,
    )
