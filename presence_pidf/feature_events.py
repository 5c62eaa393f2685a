"""Do not disturb and forwarding as phones tell and are told of them: application/x-as-feature-event+xml.

The documents are those of CSTA (ECMA-323, 3rd edition), as BroadWorks sends them and Poly, Cisco, Yealink, Fanvil,
Gigaset and Panasonic phones read them. Each is of one feature; several go in one body.
"""

from typing import Final, Literal, get_args

import msgspec

from presence_pidf.document import Document
from presence_pidf.safe_xml import MalformedDocument, parse, words
from presence_pidf.xml_text import escape

CONTENT_TYPE: Final = "application/x-as-feature-event+xml"

# COMPAT(Poly): restarts where the namespace is missing, and reads no further where it is another one.
_NAMESPACE: Final = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"
_BOUNDARY: Final = "lampfield-feature"
MOST_BYTES: Final = 4096
"""Of what a phone sends; its documents have some 300."""

ForwardingType = Literal["forwardImmediate", "forwardBusy", "forwardNoAns"]
FORWARDING_TYPES: tuple[ForwardingType, ...] = get_args(ForwardingType)


class ForwardState(msgspec.Struct, frozen=True):
    """One forwarding of a person, as phones show it; the target stays known while it is off."""

    type: ForwardingType
    on: bool = False
    to: str = ""
    """As it is dialled."""
    rings: int = 0
    """After how many, of `forwardNoAns`; 0 is not said."""


class PhoneFeatures(msgspec.Struct, frozen=True):
    """All that phones of one person show."""

    device: str
    """The person's number; phones take whatever stands here."""
    do_not_disturb: bool
    forwardings: tuple[ForwardState, ...]


class SetDoNotDisturb(msgspec.Struct, frozen=True):
    """A phone wants it on or off."""

    on: bool


class SetForwarding(msgspec.Struct, frozen=True):
    """A phone wants calls forwarded, or no longer."""

    state: ForwardState


def render_features(features: PhoneFeatures) -> Document:
    """All features in one multipart/mixed body (RFC 2046 §5.1.3), do not disturb first."""
    documents = [_do_not_disturb(features), *(_forwarding(features.device, each) for each in features.forwardings)]
    parts = [
        f"--{_BOUNDARY}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(document)}\r\n\r\n".encode()
        + document
        + b"\r\n"
        for document in documents
    ]
    return Document(f'multipart/mixed;boundary="{_BOUNDARY}"', b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode())


def _do_not_disturb(features: PhoneFeatures) -> bytes:
    return _document(
        "DoNotDisturbEvent", (("device", features.device), ("doNotDisturbOn", _truth(features.do_not_disturb)))
    )


def _forwarding(device: str, state: ForwardState) -> bytes:
    elements = [("device", device), ("forwardingType", str(state.type)), ("forwardStatus", _truth(state.on))]
    if state.to:
        elements.append(("forwardTo", state.to))
    if state.rings:
        elements.append(("ringCount", str(state.rings)))
    return _document("ForwardingEvent", tuple(elements))


def _document(root: str, elements: tuple[tuple[str, str], ...]) -> bytes:
    inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements)
    return f'<?xml version="1.0" encoding="UTF-8"?>\r\n<{root} xmlns="{_NAMESPACE}">{inside}</{root}>'.encode()


def _truth(value: bool) -> str:
    return "true" if value else "false"


def read_wish(body: bytes) -> SetDoNotDisturb | SetForwarding:
    """What a phone wants set. Raises MalformedDocument.

    Phones differ in the namespace, which is passed over.
    """
    root = parse(body, "", MOST_BYTES)
    name = _local(root.tag)
    values = {_local(child.tag): words(child.text) for child in root if isinstance(child.tag, str)}
    if name == "SetDoNotDisturb":
        return SetDoNotDisturb(_flag(values, "doNotDisturbOn"))
    if name != "SetForwarding":
        raise MalformedDocument(f"{name[:40]}: expected SetDoNotDisturb or SetForwarding")
    # Left out it means all calls.
    named = values.get("forwardingType") or "forwardImmediate"
    kind = next((known for known in FORWARDING_TYPES if known == named), None)
    if kind is None:
        raise MalformedDocument(f"forwardingType {named[:40]}: expected one of {', '.join(FORWARDING_TYPES)}")
    rings = values.get("ringCount") or "0"
    if not (rings.isascii() and rings.isdigit() and len(rings) <= 3):
        raise MalformedDocument(f"ringCount {rings[:40]}: expected a number of rings")
    return SetForwarding(
        ForwardState(kind, _flag(values, "activateForward"), values.get("forwardDN", "")[:100], int(rings))
    )


def _flag(values: dict[str, str], name: str) -> bool:
    """An xs:boolean."""
    match values.get(name, "").lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case other:
            raise MalformedDocument(f"{name} {other[:40]}: expected true or false")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
