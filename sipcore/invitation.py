"""What our user says to invite somebody."""

from typing import Final

from sipcore.address import NameAddr
from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.structs import Value

MAX_FORWARDS: Final = 70
"""Hops that a request may go which nobody has passed on yet (RFC 3261 §8.1.1.6)."""


class Invitation(Value, frozen=True):
    """An INVITE session to be made as caller."""

    uri: str
    """Request-URI: a binding's Contact, or where a trunk wants the call."""
    flow: Flow
    """The next hop."""
    local: NameAddr
    """From, without a tag."""
    remote: NameAddr
    """To."""
    contact: str | None = None
    """Our Contact's value; None is made from the flow."""
    offer: bytes | None = None
    """Our SDP; None lets the peer offer in its 2xx, which `Stack.answer` then answers."""
    max_forwards: int = MAX_FORWARDS
    """How many hops it may go."""
    routes: tuple[str, ...] = ()
    """Route values, the next hop first: a Path vector or an outbound proxy."""
    call_id: str | None = None
    """None for a fresh one."""
    fields: tuple[tuple[str, str], ...] = ()
    """Further headers, as P-Asserted-Identity or Alert-Info."""
    credentials: Credentials | None = None
    timeout: float | None = 180.0
    """Seconds until a final response, else the call is cancelled and rejected with 408; None waits without limit."""
