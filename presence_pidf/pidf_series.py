"""Reads one publisher's presence documents, which mostly differ from one to the next in a few words of a note.

Of such a document the words alone are read. It is told by its bytes: they are those of a document that was read, but
for one text between two tags, and that text has nothing in it which XML would take for more than text.
"""

import re
from typing import Final

from presence_pidf.pidf_reader import read_pidf
from presence_pidf.publication import PublishedPresence, PublishedTuple
from presence_pidf.safe_xml import MOST_BYTES, MalformedDocument, words

_Gap = tuple[bytes, bytes]
"""A document up to a text, and from there on."""

_IN_UTF_8: Final = re.compile(
    rb"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"']UTF-8[\"'])? ?\?>)?[ \t\r\n]*<[a-z]", re.IGNORECASE
)
"""How a document begins whose every byte is read as UTF-8."""
_PLAIN: Final = re.compile("[^\x00-\x1f<>&\ufffe\uffff]+")
"""Text that is what it looks like (XML 1.0 §2.2, §2.4, §2.11)."""
_MARK: Final = "-here-stands-the-note-"
"""Stands for the text, to see what the text is read as."""


class PidfSeries:
    """The documents of one publisher, read in turn. `read` says just what `read_pidf` would."""

    __slots__ = ("_gap", "_last", "_place", "_times")

    def __init__(self) -> None:
        self._last = b""
        self._gap: _Gap | None = None
        """What stood around the text in which the last two documents differed, if they did so in one text."""
        self._times = 0
        """How often in a row it was that text."""
        self._place: _NotePlace | None = None

    def read(self, body: bytes) -> PublishedPresence:
        """What a document says. Raises MalformedDocument."""
        presence = self._place.read(body) if self._place is not None else None
        if presence is None:
            presence = read_pidf(body)
            self._learn(body)
        self._last = body
        return presence

    def _learn(self, body: bytes) -> None:
        """Who has changed the same text twice in a row will do so again: only then is it worth finding what it is."""
        gap = _gap_between(self._last, body)
        self._times = self._times + 1 if gap == self._gap else 1
        self._gap = gap
        if gap is not None and self._times == 2:
            self._place = _note_place(gap)


class _NotePlace:
    """A document in which one note may say anything."""

    __slots__ = ("_activity", "_after", "_at", "_before", "_notes", "_since", "_tuple", "_tuples")

    def __init__(self, gap: _Gap, presence: PublishedPresence, at: int, *, in_tuple: bool) -> None:
        """`presence` is what the document says; its note `at`, or that of its tuple `at`, is the one."""
        self._before, self._after = gap
        self._tuples, self._notes = presence.tuples, presence.notes
        self._activity, self._since = presence.activity, presence.since
        self._at = at
        self._tuple = presence.tuples[at] if in_tuple else None

    def read(self, body: bytes) -> PublishedPresence | None:
        """What a document says that differs in the note alone; None for any other."""
        before, after = self._before, self._after
        start, end = len(before), len(body) - len(after)
        if end < start or len(body) > MOST_BYTES or not body.startswith(before) or not body.endswith(after):
            return None
        try:
            text = body[start:end].decode()
        except UnicodeDecodeError:
            return None
        note = words(text) if _PLAIN.fullmatch(text) else ""
        if not note:
            return None
        at, tuples, notes, old = self._at, self._tuples, self._notes, self._tuple
        if old is not None:
            new = PublishedTuple(old.id, old.open, old.contact, old.priority, note, old.timestamp)
            tuples = (new,) if len(tuples) == 1 else (*tuples[:at], new, *tuples[at + 1 :])
        elif note in notes:
            return None  # notes that are alike become one
        else:
            notes = (*notes[:at], note, *notes[at + 1 :])
        return PublishedPresence(tuples, notes, self._activity, self._since)


def _note_place(gap: _Gap) -> _NotePlace | None:
    """The note whose text the gap is; None where it is no note's, or not the whole of one."""
    before, after = gap
    mark = _MARK.encode()
    if not _IN_UTF_8.match(before) or mark in before or mark in after:
        return None
    try:
        presence = read_pidf(before + mark + after)
    except MalformedDocument:
        return None
    for at, each in enumerate(presence.tuples):
        if each.note == _MARK:
            return _NotePlace(gap, presence, at, in_tuple=True)
    if _MARK in presence.notes:
        return _NotePlace(gap, presence, presence.notes.index(_MARK), in_tuple=False)
    return None


def _gap_between(older: bytes, newer: bytes) -> _Gap | None:
    """What is around the one text in which two documents differ; None where they differ in more, or in a tag."""
    same = _shared(older, newer)
    start = newer.rfind(b">", 0, same) + 1
    end = newer.find(b"<", same)
    before, after = newer[:start], newer[end:]
    if not start or end < 0 or b"<" in newer[start:end] or b">" in newer[start:end]:
        return None
    return (before, after) if older.endswith(after) and len(older) >= start + len(after) else None


def _shared(older: bytes, newer: bytes) -> int:
    """How many bytes two documents begin with alike."""
    low, high = 0, min(len(older), len(newer))
    while low < high:
        middle = (low + high + 1) // 2
        if older[low:middle] == newer[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
