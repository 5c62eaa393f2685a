"""The Replaces header: the dialog whose place an INVITE takes (RFC 3891)."""

from sipcore.dialog import DialogId
from sipcore.errors import ProtocolViolation
from sipcore.header import parse_params
from sipcore.message import Request
from sipcore.structs import Value


class Replaces(Value, frozen=True):
    """A dialog, named by its Call-ID and its tags."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False
    """The dialog is meant only while it is not answered (RFC 3891 §4)."""

    @property
    def dialogs(self) -> tuple[DialogId, DialogId]:
        """The dialog as ours: with `to_tag` for our tag (RFC 3891 §3), else with `to_tag` for the peer's.

        The second is what phones write that took the tags from a dialog-info document (RFC 4235 §4.1): it tells them as
        the watched phone has them, and we are that phone's peer.
        """
        to_tag, from_tag = _no_tag(self.to_tag), _no_tag(self.from_tag)
        return (self.call_id, to_tag, from_tag), (self.call_id, from_tag, to_tag)


def _no_tag(tag: str) -> str:
    """A tag of zero stands for none, as peers of RFC 2543 have it (RFC 3891 §6.1)."""
    return "" if tag == "0" else tag


def parse_replaces(text: str) -> Replaces:
    """Parse the header's value. Raises ProtocolViolation."""
    call_id, semicolon, rest = text.partition(";")
    params = parse_params(semicolon + rest)
    call_id = call_id.strip(" \t")
    to_tag, from_tag = params.get("to-tag"), params.get("from-tag")
    if not call_id or " " in call_id or not to_tag or not from_tag:
        raise ProtocolViolation("Malformed Replaces: expected a Call-ID, to-tag and from-tag")
    return Replaces(call_id, to_tag, from_tag, "early-only" in params)


def replaces_of(request: Request) -> Replaces | None:
    """The dialog that an INVITE names, None without one. Raises ProtocolViolation, as for two of them (§3)."""
    values = request.all_of("replaces")
    if not values:
        return None
    if len(values) > 1:
        raise ProtocolViolation("More than one Replaces")
    if request.has("join"):
        raise ProtocolViolation("Replaces and Join in one request")
    return parse_replaces(values[0])
