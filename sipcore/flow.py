"""Where a message came from or goes to.

This module stays Python: the types are read with the data from disk.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sipcore.structs import Leaf

Address = tuple[str, int]
"""Host (an IP literal without brackets) and port."""


class Flow(NamedTuple):
    """A transport and its two ends (RFC 5626 §2): one UDP socket and a peer, or one connection."""

    transport: str
    """`udp` or `tcp`; `tls` has its place here."""
    local: Address
    """The listening address that received it or that sends it; for connections too, not the ephemeral port."""
    remote: Address

    @property
    def reliable(self) -> bool:
        """True where the transport itself retransmits, so that the transaction must not (RFC 3261 §17)."""
        return self.transport != "udp"


class Datagram(Leaf, frozen=True, gc=False):
    """Bytes to send on a flow: one UDP datagram, or one message on a connection."""

    data: bytes
    flow: Flow

    def __iter__(self) -> Iterator[Any]:
        """The data, then the flow."""
        yield self.data
        yield self.flow
