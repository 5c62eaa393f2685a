"""One dialog of a person, as lamps show it (RFC 4235 §3.7 and §4.1)."""

from typing import Literal

import msgspec

DialogPhase = Literal["trying", "proceeding", "early", "confirmed", "terminated"]


class DialogState(msgspec.Struct, frozen=True):
    """A dialog between one of a person's phones and a peer, seen from the phone's side."""

    id: str
    """Unique among the person's dialogs, stable for the dialog's life."""
    direction: Literal["initiator", "recipient"]
    """`recipient`: the person is called; a lamp blinks. `initiator`: the person calls."""
    phase: DialogPhase
    call_id: str = ""
    local_tag: str = ""
    """The person's phone's tag; with `remote_tag` and `call_id` it is what INVITE with Replaces needs."""
    remote_tag: str = ""
    local_identity: str = ""
    """URI of the person."""
    remote_identity: str = ""
    """URI of the peer."""
    remote_display: str = ""
    remote_target: str = ""
    held: bool = False
    """The person has put the peer on hold (`+sip.rendering` no on the local target)."""
    started: float = 0.0
    """UTC epoch seconds."""
