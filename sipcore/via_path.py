"""The way back along Via: how a request is stamped on receipt, where responses go (RFC 3261 §18.2, RFC 3581)."""

from typing import Final

from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.via import MAGIC_COOKIE, Via

DEFAULT_PORT: Final = 5060
"""Where SIP over UDP and TCP listens when a sent-by names no port (RFC 3261 §18.2.2)."""


def host_port(host: str, port: int) -> str:
    """`host:port` as headers write it, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def our_via(flow: Flow, branch: str, advertised_host: str | None = None) -> str:
    """The Via value of a request that we send on `flow`, asking for rport."""
    sent_by = host_port(advertised_host or flow.local[0], flow.local[1])
    return f"SIP/2.0/{flow.transport.upper()} {sent_by};branch={branch};rport"


def new_branch(token: str) -> str:
    """A branch of RFC 3261 made of a fresh token."""
    return MAGIC_COOKIE + token


def stamp_source(request: Request, flow: Flow) -> None:
    """Note the source in the top Via: `rport` and `received` where asked for, `received` where sent-by differs."""
    via = request.via
    host, port = flow.remote
    if via.wants_rport:
        value = request.first_of("via") or ""
        before, rport, after = value.partition(";rport")
        if rport and after[:1] in ("", ";") and "received" not in via.params and "," not in value and '"' not in value:
            # What nearly all phones send is stamped as text, which costs a quarter.
            stamped = f"{before};rport={port};received={host}{after}"
        else:
            stamped = str(via.with_params(received=host, rport=str(port)))
        request.replace_first("Via", stamped)
    elif via.host.strip("[]") != host:
        request.replace_first("Via", str(via.with_params(received=host)))


def response_flow(via: Via, flow: Flow) -> Flow:
    """Where a response to a request with this top Via, received on `flow`, is sent (RFC 3261 §18.2.2, RFC 3581 §4).

    On connections always back on the connection. Over UDP to the source, except for a sender without NAT and without
    rport, which listens at its sent-by port and not always at the port that it sends from.
    """
    if flow.transport != "udp" or via.wants_rport:
        return flow
    host, port = flow.remote
    listens = via.port or DEFAULT_PORT
    if listens == port or via.host.strip("[]") != host:
        # COMPAT(NAT): the sent-by port of a phone behind NAT that forgot rport is not reachable; its source port is.
        return flow
    return flow._replace(remote=(host, listens))
