"""Reads application/dialog-info+xml (RFC 4235), as phones and servers publish it or notify us of it."""

from typing import Final, Literal, cast

from lxml import etree

from presence_pidf.dialog_state import DialogPhase, DialogState
from presence_pidf.safe_xml import MalformedDocument, parse, words
from presence_pidf.structs import Value

MOST_DIALOGS: Final = 64
"""More dialogs of one document are refused."""

_DI: Final = "{urn:ietf:params:xml:ns:dialog-info}"
_PHASES = ("trying", "proceeding", "early", "confirmed", "terminated")


class DialogInfo(Value, frozen=True):
    """A dialog-info document: all dialogs of `entity`, or where it is not `full` those that have changed."""

    entity: str
    version: int
    full: bool
    dialogs: tuple[DialogState, ...]


def read_dialog_info(body: bytes, now: float) -> DialogInfo:
    """What a document says; `now` turns durations into times (UTC epoch seconds). Raises MalformedDocument."""
    root = parse(body, f"{_DI}dialog-info")
    version, extent = (root.get("version") or "").strip(), root.get("state")
    if not version.isascii() or not version.isdecimal() or len(version) > 10:
        raise MalformedDocument("version is no number")
    if extent not in ("full", "partial"):
        raise MalformedDocument("state is neither full nor partial")
    elements = root.findall(f"{_DI}dialog")
    if len(elements) > MOST_DIALOGS:
        raise MalformedDocument(f"more than {MOST_DIALOGS} dialogs")
    dialogs = {dialog.id: dialog for dialog in (_dialog(element, now) for element in elements)}
    return DialogInfo((root.get("entity") or "").strip(), int(version), extent == "full", tuple(dialogs.values()))


def _dialog(element: etree._Element, now: float) -> DialogState:
    id = element.get("id")
    if not id:
        raise MalformedDocument("a dialog without id")
    phase, started = "", now
    local: etree._Element | None = None
    remote: etree._Element | None = None
    for part in element:
        if part.tag == f"{_DI}state":
            phase = (part.text or "").strip()
        elif part.tag == f"{_DI}local":
            local = part
        elif part.tag == f"{_DI}remote":
            remote = part
        elif part.tag == f"{_DI}duration":
            seconds = (part.text or "").strip()
            started = now - int(seconds) if seconds.isascii() and seconds.isdecimal() and len(seconds) < 9 else now
    if phase not in _PHASES:
        raise MalformedDocument(f"dialog state is {words(phase, 20)!r}: expected one of {', '.join(_PHASES)}")
    # COMPAT(Asterisk): tells the direction only while a call rings.
    direction: Literal["initiator", "recipient"] = "initiator"
    if element.get("direction") != "initiator" and (element.get("direction") == "recipient" or phase != "trying"):
        direction = "recipient"
    local_identity, _, _ = _party(local)
    remote_identity, display, target = _party(remote)
    return DialogState(
        id,
        direction,
        cast(DialogPhase, phase),
        element.get("call-id") or "",
        element.get("local-tag") or "",
        element.get("remote-tag") or "",
        local_identity,
        remote_identity,
        display,
        target,
        _is_held(local),
        started,
    )


def _party(party: etree._Element | None) -> tuple[str, str, str]:
    """Identity, its display name, and target URI of one side of a dialog."""
    if party is None:
        return "", "", ""
    identity, target = party.find(f"{_DI}identity"), party.find(f"{_DI}target")
    uri, display = "", ""
    if identity is not None:
        uri, display = (identity.text or "").strip(), words(identity.get("display"))
    return uri, display, (target.get("uri") or "").strip() if target is not None else ""


def _is_held(local: etree._Element | None) -> bool:
    """True where the local side does not render what the peer sends (RFC 4235 §5.2)."""
    target = local.find(f"{_DI}target") if local is not None else None
    if target is None:
        return False
    params = ((each.get("pname"), (each.get("pval") or "").strip('"')) for each in target.findall(f"{_DI}param"))
    return ("+sip.rendering", "no") in params
