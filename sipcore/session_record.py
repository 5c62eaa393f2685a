"""What is kept of a session, so that another process can go on with it, or give it up.

This module stays Python: the types are read with the data from disk.
"""

from sipcore.flow import Flow
from sipcore.structs import Leaf


class SessionRecord(Leaf, frozen=True, gc=False):
    """An established INVITE session with its dialog (RFC 3261 §12), written to disk and read back with msgspec."""

    id: str
    is_caller: bool
    flow: Flow
    """Where the INVITE came from or went to."""
    next_flow: Flow
    """Where requests within the dialog go."""
    contact: str
    """Our Contact header's value."""
    call_id: str
    local: str
    """Our From or To with its tag, as a header value; so the remote ones and the route set."""
    remote: str
    remote_target: str
    local_cseq: int
    remote_cseq: int | None
    route_set: tuple[str, ...]
    secure: bool
    behind_nat: bool
    local_sdp: bytes | None
    remote_sdp: bytes | None
    peer_allows: tuple[str, ...]
    interval: int | None
    """Session interval, seconds, None without a session timer (RFC 4028)."""
    we_refresh: bool


class InviteRecord(Leaf, frozen=True, gc=False):
    """An INVITE that rings, ours or the peer's. On disk as the other."""

    invite: bytes
    """As it was sent or came, with the Via of its transaction."""
    flow: Flow
    """Where it went to or came from."""
    contact: str
    """Our Contact header's value."""
