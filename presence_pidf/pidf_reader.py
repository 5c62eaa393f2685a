"""Reads application/pidf+xml (RFC 3863) with RPID (RFC 4480), as phones and servers publish it."""

import re
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from presence_pidf.publication import PublishedPresence, PublishedTuple
from presence_pidf.safe_xml import MalformedDocument, parse, words
from presence_pidf.status_report import Activity

MOST_TUPLES: Final = 32
"""More tuples of one document are refused."""

_PIDF: Final = "{urn:ietf:params:xml:ns:pidf}"
_DM: Final = "{urn:ietf:params:xml:ns:pidf:data-model}"
_RPID: Final = "{urn:ietf:params:xml:ns:pidf:rpid}"
_PRESENCE: Final = f"{_PIDF}presence"
_TUPLE: Final = f"{_PIDF}tuple"
_NOTE: Final = f"{_PIDF}note"
_STATUS: Final = f"{_PIDF}status"
_BASIC: Final = f"{_PIDF}basic"
_CONTACT: Final = f"{_PIDF}contact"
_TIMESTAMP: Final = f"{_PIDF}timestamp"
_PERSON: Final = f"{_DM}person"
_PERSON_NOTES: Final = (f"{_DM}note", f"{_RPID}note")
_ACTIVITIES: Final = f"{_RPID}activities"
_PRIORITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)

_MEANING: Final[dict[str, Activity]] = {
    "on-the-phone": "on-the-phone",
    "vacation": "vacation",
    "holiday": "vacation",
    "travel": "vacation",
    "meeting": "meeting",
    "appointment": "meeting",
    "performance": "meeting",
    "presentation": "meeting",
    "busy": "busy",
    "away": "away",
    "meal": "away",
    "breakfast": "away",
    "lunch": "away",
    "dinner": "away",
    "in-transit": "away",
    "permanent-absence": "away",
    "sleeping": "away",
    "steering": "away",
    "worship": "away",
}
"""What activities of RFC 4480 §3.2 mean for who would call; those that are missing say nothing of that."""


def read_pidf(body: bytes) -> PublishedPresence:
    """What a presence document says; elements of other namespaces are passed over. Raises MalformedDocument."""
    tuples: list[PublishedTuple] = []
    notes: list[str] = []
    activities: list[str] = []
    since: float | None = None
    for element in parse(body, _PRESENCE):
        tag = element.tag
        if tag == _TUPLE:
            tuples.append(_tuple(element))
        elif tag == _NOTE:
            notes.append(words(element.text))
        elif tag == _PERSON:
            for part in element:
                tag = part.tag
                if tag == _ACTIVITIES:
                    activities += [name[len(_RPID) :] for child in part if (name := child.tag).startswith(_RPID)]
                    since = _moment(part.get("from"))
                elif tag in _PERSON_NOTES:
                    notes.append(words(part.text))
    if len(tuples) > MOST_TUPLES:
        raise MalformedDocument(f"more than {MOST_TUPLES} tuples")
    found = tuple(dict.fromkeys([note for note in notes if note])) if notes else ()
    return PublishedPresence(tuple(tuples), found, _activity(activities, tuples), since)


def _tuple(element: etree._Element) -> PublishedTuple:
    id, basic, contact, priority, note, stamp = element.get("id"), "", "", "", "", ""
    for part in element:
        tag = part.tag
        if tag == _STATUS:
            for child in part:
                if child.tag == _BASIC:
                    basic = (child.text or "").strip()
        elif tag == _CONTACT:
            contact, priority = (part.text or "").strip(), part.get("priority") or ""
        elif tag == _NOTE:
            note = note or words(part.text)
        elif tag == _TIMESTAMP:
            stamp = (part.text or "").strip()
    if not id:
        raise MalformedDocument("a tuple without id")
    if basic not in ("open", "closed", ""):
        raise MalformedDocument(f"basic is {words(basic, 20)!r}: expected open or closed")
    if priority and not _PRIORITY.fullmatch(priority):
        priority = ""
    if stamp and _moment(stamp) is None:
        stamp = ""
    return PublishedTuple(id, basic != "closed", contact, priority, note, stamp)


def _activity(names: list[str], tuples: list[PublishedTuple]) -> Activity:
    """What a person does: the first activity but for `busy`, which most phones put before what they mean."""
    known = [_MEANING[name] for name in names if name in _MEANING]
    if not known:
        return "available" if any(each.open for each in tuples) else "unknown"
    return next((activity for activity in known if activity != "busy"), "busy")


def _moment(text: str | None) -> float | None:
    """An xs:dateTime with its zone as UTC epoch seconds; None for anything else."""
    if not text or not _DATE_TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
