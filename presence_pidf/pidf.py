"""A person's state as application/pidf+xml (RFC 3863) with the data model (RFC 4479) and RPID (RFC 4480)."""

from typing import Final

from presence_pidf.document import Document
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.publication import PublishedTuple
from presence_pidf.structs import Leaf
from presence_pidf.xml_text import date_time, escape, escape_uri, identifier

CONTENT_TYPE: Final = "application/pidf+xml"

_SHOWN_AS: Final[dict[Condition, tuple[tuple[str, ...], str]]] = {
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

NAMESPACES: Final = (
    'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
    ' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"'
)

_OWN_TUPLE: Final = "phone"
"""Id of the tuple that tells of the person's phones here."""


class Element(Leaf, frozen=True, gc=False):
    """A child of the document's root, and the path by which it is found there (RFC 5261 §4.1)."""

    path: str
    text: str


def is_open(state: PersonState) -> bool:
    """Whether a call would reach anybody, so idle and unregistered differ; a person in a call is open."""
    return state.reachable or bool(state.dialogs)


def note_of(state: PersonState) -> str:
    """What people read of the state: what its source says, else what it is."""
    return state.note or _SHOWN_AS[state.condition][1]


def _published(each: PublishedTuple, id: str) -> str:
    """What a phone or another server has published, under its own id."""
    priority = f' priority="{escape(each.priority)}"' if each.priority else ""
    contact = f"<contact{priority}>{escape_uri(each.contact)}</contact>" if each.contact else ""
    note = f"<note>{escape(each.note)}</note>" if each.note else ""
    stamp = f"<timestamp>{escape(each.timestamp)}</timestamp>" if each.timestamp else ""
    basic = "open" if each.open else "closed"
    return f'<tuple id="{id}"><status><basic>{basic}</basic></status>{contact}{note}{stamp}</tuple>\n'


def _tuples(state: PersonState) -> list[Element]:
    """All published tuples; an id stands in a document once."""
    found: list[Element] = []
    taken = {_OWN_TUPLE}
    for each in state.tuples:
        id = identifier(each.id)
        if id in taken:
            id = f"{id}-{len(taken)}"
        taken.add(id)
        found.append(Element(f"presence/tuple[@id='{id}']", _published(each, id)))
    return found


def elements_of(entity: str, state: PersonState) -> list[Element]:
    """The elements of the document, in order. The contact is the presentity's own."""
    text = escape(note_of(state))
    basic = "open" if is_open(state) else "closed"
    stamp = f"<timestamp>{date_time(state.since)}</timestamp>" if state.since else ""
    own = (
        f'<tuple id="{_OWN_TUPLE}"><status><basic>{basic}</basic></status>'
        f"<contact>{escape_uri(entity)}</contact><note>{text}</note>{stamp}</tuple>\n"
    )
    activities = "".join([f"<rpid:{activity}/>" for activity in _SHOWN_AS[state.condition][0]])
    doing = f"<rpid:activities>{activities}</rpid:activities>" if activities else ""
    person = f'<dm:person id="person">{doing}<dm:note>{text}</dm:note></dm:person>\n'
    elements = [Element(f"presence/tuple[@id='{_OWN_TUPLE}']", own)]
    elements += _tuples(state)
    elements += [Element("presence/note", f"<note>{note}</note>\n") for note in (text, *map(escape, state.notes))]
    elements.append(Element("presence/dm:person[@id='person']", person))
    return elements


def render_pidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity`, an AOR."""
    content = "".join([element.text for element in elements_of(entity, state)])
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<presence {NAMESPACES} entity="{escape_uri(entity)}">\n'
    return Document(CONTENT_TYPE, f"{head}{content}</presence>\n".encode())
