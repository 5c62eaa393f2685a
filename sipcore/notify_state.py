"""What the notifier keeps in memory for each subscription and for each watched resource."""

from typing import Final

from sipcore.notify_package import Document, EventPackage
from sipcore.subscription import SubscriptionRecord

IDLE: Final = 0
"""The watcher knows the current state."""
QUEUED: Final = 1
"""A NOTIFY waits until fewer are in flight."""
PACED: Final = 2
"""A NOTIFY waits for the phone's next slot."""
SENT: Final = 3
"""A NOTIFY is out and not answered; Timers E and F run."""
BACKOFF: Final = 4
"""The last NOTIFY failed; the full state is sent again later."""
GONE: Final = 5
"""Over; whatever still refers to it passes it over."""


class Body:
    """A rendered document with its header fields, ready to follow the value of any NOTIFY's Subscription-State."""

    __slots__ = ("_content_type", "_head", "_leads", "_tail", "plain")

    def __init__(self, document: Document | None) -> None:
        self._leads: dict[int, bytes] = {}
        if document is None:
            self.plain = b"\r\nContent-Length: 0\r\n\r\n"
            return
        self._content_type = document.content_type.encode()
        self._head = document.head
        self._tail = document.tail or b""
        self.plain = self._fields(0) + document.head if document.tail is None else b""
        """All of it where the document has no version, else empty."""

    def numbered(self, version: int) -> bytes:
        """All of it with the version spliced in."""
        digits = b"%d" % version
        size = len(digits)
        lead = self._leads.get(size)
        if lead is None:
            lead = self._leads[size] = self._fields(size) + self._head
        return lead + digits + self._tail

    def _fields(self, digits: int) -> bytes:
        length = len(self._head) + digits + len(self._tail)
        return b"\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (self._content_type, length)


NO_BODY: Final = Body(None)
"""What is told of a resource that is no more."""


class Topic:
    """A resource in one event package, with those who watch it and its documents as last rendered, by form."""

    __slots__ = ("bodies", "package", "resource", "watchers")

    def __init__(self, resource: str, package: EventPackage) -> None:
        self.resource = resource
        self.package = package
        self.watchers: dict[Subscription, None] = {}
        self.bodies: dict[str, Body] = {}

    def render(self, form: str) -> Body:
        """Render the current document in that form and keep it in `bodies`, which a change empties."""
        body = self.bodies[form] = Body(self.package.document(self.resource, form))
        return body


class Subscription:
    """One subscription with its light NOTIFY client transaction, of which at most one is under way."""

    __slots__ = (
        "due",
        "ending",
        "expiry_tick",
        "failures",
        "in_flight",
        "interval",
        "number",
        "phase",
        "record",
        "sent",
        "sent_at",
        "sent_number",
        "stale",
        "topic",
        "tries",
    )

    def __init__(self, record: SubscriptionRecord, topic: Topic) -> None:
        self.record = record
        self.topic = topic
        self.expiry_tick = 0
        self.number = record.reserved
        """The CSeq number last used; one more than the document's version."""
        self.phase: int = IDLE
        self.stale = False
        """The state has changed since the NOTIFY that is under way."""
        self.ending: bytes | None = None
        """Value of Subscription-State once it is over; the NOTIFY that says so is the last."""
        self.sent = b""
        self.sent_number = b""
        self.sent_at = 0.0
        self.tries = 0
        self.due = 0
        """The tick at which Timer E or F, the slot or the back-off comes; what fires at another tick is old."""
        self.in_flight = False
        """Counts among those in flight: sent, and neither answered nor retransmitted yet."""
        self.failures = 0
        self.interval = 0.0
        """Least seconds between two NOTIFYs to this phone; 0 is without limit."""
