"""The two requests that go with an INVITE hop by hop: ACK for a refusal, and CANCEL."""

from sipcore.message import Request, Response


def ack_for(invite: Request, response: Response) -> Request:
    """The ACK for a final response 300 to 699, inside the INVITE's transaction (RFC 3261 §17.1.1.3)."""
    return _same_hop(invite, "ACK", response.header("To") or "")


def cancel_for(invite: Request, reason: str | None = None) -> Request:
    """The CANCEL of an INVITE (RFC 3261 §9.1); `reason` is a Reason header's value (RFC 3326)."""
    cancel = _same_hop(invite, "CANCEL", invite.header("To") or "")
    if reason is not None:
        cancel.add("Reason", reason)
    return cancel


def _same_hop(invite: Request, method: str, to: str) -> Request:
    """A request on the path of `invite`: its Request-URI, top Via (so its branch), Routes, From, Call-ID and number."""
    fields = [("Via", str(invite.via)), ("Max-Forwards", "70")]
    fields += [("Route", route) for route in invite.headers("Route")]
    fields += [
        ("From", invite.header("From") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} {method}"),
    ]
    return Request(method, invite.uri, fields)
