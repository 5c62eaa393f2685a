"""Who calls, and how it is shown to the other side.

This module stays Python: the types are read with the data from disk.
"""

from typing import NamedTuple

from sipcore.address import NameAddr, parse_name_addr
from sipcore.message import Request
from sipcore.uri import SipUri, parse_uri


class Identity(NamedTuple):
    """A calling party. `number` as it is dialled back: an extension, E.164 with `+`, or `anonymous`."""

    number: str
    name: str = ""
    person: str | None = None

    def address(self, domain: str) -> NameAddr:
        """As From or To on a leg of ours."""
        return NameAddr(self.name, parse_uri(f"sip:{self.number}@{domain}"), {})


ANONYMOUS = Identity("anonymous", "Anonymous")
"""A caller who withholds the number (RFC 3323 §4.1.1.3)."""


def from_trunk(request: Request) -> Identity:
    """The caller that a trunk names: P-Asserted-Identity before From (RFC 3325 §9.1).

    Withheld where Privacy asks for it (RFC 3323 §4.2).
    """
    if "id" in (request.header("Privacy") or "").replace(",", ";").split(";"):
        return ANONYMOUS
    asserted = request.headers("P-Asserted-Identity")
    address = parse_name_addr(asserted[0]) if asserted else request.from_
    user = address.uri.user if isinstance(address.uri, SipUri) else str(address.uri).removeprefix("tel:")
    if not user or user.lower() == "anonymous":
        return ANONYMOUS
    return Identity(user, address.display)
