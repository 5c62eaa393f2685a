"""A person's state as application/pidf+xml (RFC 3863) with the data model (RFC 4479) and RPID (RFC 4480)."""

from presence_pidf.document import Document
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.publication import PublishedTuple
from presence_pidf.xml_text import date_time, escape, escape_uri, identifier

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
    "busy": (("busy",), "Busy"),
    "meeting": (("busy", "meeting"), "In a meeting"),
    "away": (("away",), "Away"),
    "vacation": (("away", "vacation"), "On vacation"),
}
"""RPID activities (RFC 4480 §3.2), what most phones know first, and a note for people."""

_OWN_TUPLE = "phone"
"""Id of the tuple that tells of the person's phones here."""


def _published(each: PublishedTuple, id: str) -> str:
    """What a phone or another server has published, under its own id."""
    priority = f' priority="{escape(each.priority)}"' if each.priority else ""
    contact = f"<contact{priority}>{escape_uri(each.contact)}</contact>" if each.contact else ""
    note = f"<note>{escape(each.note)}</note>" if each.note else ""
    stamp = f"<timestamp>{escape(each.timestamp)}</timestamp>" if each.timestamp else ""
    basic = "open" if each.open else "closed"
    return f'<tuple id="{id}"><status><basic>{basic}</basic></status>{contact}{note}{stamp}</tuple>\n'


def _tuples(state: PersonState) -> str:
    """All published tuples; an id stands in a document once."""
    taken = {_OWN_TUPLE: ""}
    for each in state.tuples:
        id = identifier(each.id)
        if id in taken:
            id = f"{id}-{len(taken)}"
        taken[id] = _published(each, id)
    return "".join(taken.values())


def render_pidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity` (an AOR), whose contact is the presentity's own.

    `closed` means that no call would reach anybody, so idle and unregistered differ; a person in a call is `open`.
    """
    activities, note = _SHOWN_AS[state.condition]
    text = escape(state.note or note)
    uri = escape_uri(entity)
    basic = "open" if state.reachable or state.dialogs else "closed"
    stamp = f"<timestamp>{date_time(state.since)}</timestamp>" if state.since else ""
    elements = "".join(f"<rpid:{activity}/>" for activity in activities)
    doing = f"<rpid:activities>{elements}</rpid:activities>" if elements else ""
    notes = "".join(f"<note>{escape(other)}</note>\n" for other in state.notes)
    return Document(
        CONTENT_TYPE,
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
            f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="{uri}">\n'
            f'<tuple id="{_OWN_TUPLE}"><status><basic>{basic}</basic></status>'
            f"<contact>{uri}</contact><note>{text}</note>{stamp}</tuple>\n"
            f"{_tuples(state)}<note>{text}</note>\n{notes}"
            f'<dm:person id="person">{doing}<dm:note>{text}</dm:note></dm:person>\n'
            "</presence>\n"
        ).encode(),
    )
