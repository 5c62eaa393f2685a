"""What a busy lamp shows, read from a NOTIFY as a phone reads it."""

from typing import NamedTuple

from lxml import etree

_DIALOG_INFO = "{urn:ietf:params:xml:ns:dialog-info}"


class Lamp(NamedTuple):
    """`state`: idle, ringing, calling, talking or hold; `peer` is who with, if shown; `version` the document's."""

    extension: str
    state: str
    peer: str
    version: int


def read_lamp(extension: str, body: bytes) -> Lamp:
    """The lamp that a dialog-info document (RFC 4235) asks for. Raises lxml.etree.XMLSyntaxError."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    state, peer = "idle", ""
    for dialog in root.iter(f"{_DIALOG_INFO}dialog"):
        phase = dialog.findtext(f"{_DIALOG_INFO}state", "")
        if phase == "terminated":
            continue
        identity = dialog.find(f"{_DIALOG_INFO}remote/{_DIALOG_INFO}identity")
        peer = (identity.get("display") or identity.text or "") if identity is not None else ""
        held = dialog.find(f"{_DIALOG_INFO}local/{_DIALOG_INFO}target/{_DIALOG_INFO}param[@pval='no']") is not None
        if phase == "confirmed":
            return Lamp(extension, "hold" if held else "talking", peer, int(root.get("version", "0")))
        state = "ringing" if dialog.get("direction") == "recipient" else "calling"
    return Lamp(extension, state, peer, int(root.get("version", "0")))
