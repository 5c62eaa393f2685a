"""A person's state as application/pidf+xml (RFC 3863) with the data model (RFC 4479) and RPID (RFC 4480)."""

from presence_pidf.document import Document
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.xml_text import date_time, escape, escape_uri

CONTENT_TYPE = "application/pidf+xml"

_SHOWN_AS: dict[Condition, tuple[tuple[str, ...], str]] = {
    "unregistered": ((), "Not registered"),
    "idle": ((), "Ready"),
    "ringing": (("busy",), "Ringing"),
    "calling": (("busy", "on-the-phone"), "Calling"),
    "talking": (("busy", "on-the-phone"), "On the phone"),
    "hold": (("busy", "on-the-phone"), "On hold"),
    "do-not-disturb": (("busy",), "Do not disturb"),
    "forwarded": (("away",), "Calls are forwarded"),
    "meeting": (("busy", "meeting"), "In a meeting"),
    "away": (("away",), "Away"),
    "vacation": (("away", "vacation"), "On vacation"),
}
"""RPID activities (RFC 4480 §3.2), what most phones know first, and a note for people."""


def render_pidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity` (an AOR), whose contact is the presentity's own.

    `closed` means that no call would reach anybody, so idle and unregistered differ; a person in a call is `open`.
    """
    activities, note = _SHOWN_AS[state.condition]
    text = escape(state.note or note)
    uri = escape_uri(entity)
    basic = "open" if state.registered or state.dialogs else "closed"
    stamp = f"<timestamp>{date_time(state.since)}</timestamp>" if state.since else ""
    elements = "".join(f"<rpid:{activity}/>" for activity in activities)
    doing = f"<rpid:activities>{elements}</rpid:activities>" if elements else ""
    return Document(
        CONTENT_TYPE,
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
            f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="{uri}">\n'
            f'<tuple id="phone"><status><basic>{basic}</basic></status>'
            f"<contact>{uri}</contact><note>{text}</note>{stamp}</tuple>\n"
            f"<note>{text}</note>\n"
            f'<dm:person id="person">{doing}<dm:note>{text}</dm:note></dm:person>\n'
            "</presence>\n"
        ).encode(),
    )
