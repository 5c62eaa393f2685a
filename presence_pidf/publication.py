"""What a presence document of somebody else says, kept so that ours can show it too (RFC 3863, RFC 4480)."""

from presence_pidf.status_report import Activity
from presence_pidf.structs import Leaf, Value


class PublishedTuple(Leaf, frozen=True, gc=False):
    """One tuple of a presence document: a device, or a way to reach the person."""

    id: str
    open: bool
    contact: str = ""
    priority: str = ""
    """Of the contact, as written: 0 to 1 with up to three decimals."""
    note: str = ""
    timestamp: str = ""
    """As written, an xs:dateTime."""


class PublishedPresence(Value, frozen=True):
    """A presence document: its tuples, its notes and what it says that the person does."""

    tuples: tuple[PublishedTuple, ...] = ()
    notes: tuple[str, ...] = ()
    """Of the person and of the whole document, each once, in their order."""
    activity: Activity = "unknown"
    since: float | None = None
    """Since when the person does so, UTC epoch seconds, where the document tells."""

    @property
    def open(self) -> bool | None:
        """Whether one of the tuples is open; None without any."""
        return any(each.open for each in self.tuples) if self.tuples else None


def first_note(presence: PublishedPresence) -> str:
    """The note that tells most: the person's, else a tuple's."""
    for note in presence.notes:
        if note:
            return note
    for each in presence.tuples:
        note = each.note
        if note:
            return note
    return ""
