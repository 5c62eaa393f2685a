"""Which flow a request within a dialog takes (RFC 3261 §12.2.1.1 and §8.1.2, without DNS)."""

import ipaddress

from sipcore.flow import Flow
from sipcore.uri import SipUri, Uri
from sipcore.via_path import DEFAULT_PORT


def next_hop(flow: Flow, uri: Uri, *, behind_nat: bool) -> Flow:
    """The flow to `uri`, starting from the one the dialog has.

    Only an address that can be believed and reached changes it: an IP address over UDP, of a peer without NAT. A name,
    a connection, or a private address behind NAT leaves the flow, on which the peer was heard.
    """
    if behind_nat or flow.reliable or not isinstance(uri, SipUri):
        return flow
    host = uri.host.strip("[]")
    if host == flow.remote[0]:
        return flow._replace(remote=(host, uri.port or DEFAULT_PORT))
    try:
        address = ipaddress.ip_address(host)
        ours = ipaddress.ip_address(flow.local[0])
    except ValueError:
        return flow
    if address.version != ours.version or address.is_unspecified or address.is_multicast:
        return flow
    return flow._replace(remote=(host, uri.port or DEFAULT_PORT))
