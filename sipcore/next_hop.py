"""Which flow a request within a dialog takes (RFC 3261 §12.2.1.1 and §8.1.2, without DNS)."""

import ipaddress

from sipcore.flow import Flow
from sipcore.nat import is_address
from sipcore.uri import SipUri, Uri
from sipcore.via_path import DEFAULT_PORT


def detour(flow: Flow, uri: Uri) -> Flow | None:
    """The flow to `uri` itself in place of a connection that is gone; a name is where the peer was heard.

    None where there was no connection, or the URI names nothing that can be connected to (RFC 3261 §18.1.1).
    """
    if not flow.reliable or not isinstance(uri, SipUri):
        return None
    host = uri.address if is_address(uri.address) else flow.remote[0]
    transport = (uri.params.get("transport") or flow.transport).lower()
    return _to(flow, host, uri) if transport == flow.transport else None


def next_hop(flow: Flow, uri: Uri, *, behind_nat: bool) -> Flow:
    """The flow to `uri`, starting from the one the dialog has.

    Only an address that can be believed and reached changes it: an IP address over UDP, of a peer without NAT. A name,
    a connection, or a private address of a peer that was heard on a public one leaves the flow.
    """
    if behind_nat or flow.reliable or not isinstance(uri, SipUri):
        return flow
    host = uri.host.strip("[]")
    if host == flow.remote[0]:
        return _to(flow, host, uri)
    try:
        address = ipaddress.ip_address(host)
        ours = ipaddress.ip_address(flow.local[0])
        heard = ipaddress.ip_address(flow.remote[0])
    except ValueError:
        return flow
    if address.version != ours.version or address.is_unspecified or address.is_multicast:
        return flow
    if address.is_private and not heard.is_private:
        return flow
    return _to(flow, host, uri)


def _to(flow: Flow, host: str, uri: SipUri) -> Flow:
    """The same flow where it leads there already, as nearly all do."""
    remote = (host, uri.port or DEFAULT_PORT)
    return flow if flow.remote == remote else flow._replace(remote=remote)
