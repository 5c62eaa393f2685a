"""A person's state as application/pidf+xml (RFC 3863) with the data model (RFC 4479) and RPID (RFC 4480)."""

from functools import lru_cache
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


def _before_note(activities: tuple[str, ...]) -> str:
    each = "".join([f"<rpid:{activity}/>" for activity in activities])
    doing = f"<rpid:activities>{each}</rpid:activities>" if activities else ""
    return f'<dm:person id="person">{doing}<dm:note>'


_PERSON: Final[dict[Condition, str]] = {
    condition: _before_note(activities) for condition, (activities, _) in _SHOWN_AS.items()
}
"""A person's element up to its note."""

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


@lru_cache(maxsize=4096)
def _around_note(entity: str, open: bool, since: float) -> tuple[str, str, str]:
    """The document's begin, and the tuple of the person's phones here up to its note and from there on.

    Who writes notes is mostly told again with all else the same.
    """
    uri = escape_uri(entity)
    basic = "open" if open else "closed"
    stamp = f"<timestamp>{date_time(since)}</timestamp>" if since else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<presence {NAMESPACES} entity="{uri}">\n',
        f'<tuple id="{_OWN_TUPLE}"><status><basic>{basic}</basic></status><contact>{uri}</contact><note>',
        f"</note>{stamp}</tuple>\n",
    )


def _published(each: PublishedTuple, id: str, said: str, text: str) -> str:
    """What a phone or another server has published, under its own id; `text` is the note `said` as it is written."""
    contact = each.contact
    if contact:
        priority = f' priority="{escape(each.priority)}"' if each.priority else ""
        contact = f"<contact{priority}>{escape_uri(contact)}</contact>"
    note = each.note
    if note:
        # Mostly it is the note that stands for all of the person.
        note = f"<note>{text if note == said else escape(note)}</note>"
    stamp = each.timestamp
    if stamp:
        stamp = f"<timestamp>{escape(stamp)}</timestamp>"
    basic = "open" if each.open else "closed"
    return f'<tuple id="{id}"><status><basic>{basic}</basic></status>{contact}{note}{stamp}</tuple>\n'


def _ids(tuples: tuple[PublishedTuple, ...]) -> list[str]:
    """Of the published tuples, in order: an id stands in a document once."""
    if len(tuples) == 1:
        only = identifier(tuples[0].id)
        return [only if only != _OWN_TUPLE else f"{only}-1"]
    taken = {_OWN_TUPLE}
    ids: list[str] = []
    for each in tuples:
        id = name = identifier(each.id)
        number = len(taken)
        while id in taken:
            id = f"{name}-{number}"
            number += 1
        taken.add(id)
        ids.append(id)
    return ids


def _more_notes(state: PersonState) -> list[str]:
    return [f"<note>{escape(note)}</note>\n" for note in state.notes]


def _person(state: PersonState, text: str) -> str:
    return f"{_PERSON[state.condition]}{text}</dm:note></dm:person>\n"


def elements_of(entity: str, state: PersonState) -> list[Element]:
    """The elements of the document, in order. The contact is the presentity's own."""
    said, text = state.note, escape(note_of(state))
    _, before, after = _around_note(entity, is_open(state), state.since)
    elements = [Element(f"presence/tuple[@id='{_OWN_TUPLE}']", f"{before}{text}{after}")]
    for each, id in zip(state.tuples, _ids(state.tuples), strict=True):
        elements.append(Element(f"presence/tuple[@id='{id}']", _published(each, id, said, text)))
    elements += [Element("presence/note", note) for note in (f"<note>{text}</note>\n", *_more_notes(state))]
    elements.append(Element("presence/dm:person[@id='person']", _person(state, text)))
    return elements


def render_pidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity`, an AOR: the same elements, without the paths to them."""
    said, text = state.note, escape(note_of(state))
    begin, before, after = _around_note(entity, is_open(state), state.since)
    parts = [begin, before, text, after]
    tuples = state.tuples
    if tuples:
        ids = _ids(tuples)
        for place, each in enumerate(tuples):
            parts.append(_published(each, ids[place], said, text))
    parts.append(f"<note>{text}</note>\n")
    if state.notes:
        parts += _more_notes(state)
    parts.append(_person(state, text))
    parts.append("</presence>\n")
    return Document(CONTENT_TYPE, "".join(parts).encode())
