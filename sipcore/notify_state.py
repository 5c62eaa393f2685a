"""What the notifier keeps in memory for each subscription and for each watched resource."""

from typing import Final

from sipcore.notify_body import Body, PackedBody
from sipcore.notify_package import EventPackage
from sipcore.notify_view import View
from sipcore.subscription import CODING, SubscriptionRecord

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


class Topic:
    """A resource in one event package, with those who watch it and its documents as last rendered, by form."""

    __slots__ = ("bodies", "followers", "package", "resource", "watchers")

    def __init__(self, resource: str, package: EventPackage) -> None:
        self.resource = resource
        self.package = package
        self.watchers: dict[Subscription, None] = {}
        self.followers: dict[Subscription, None] = {}
        """Those whose views tell of it among others."""
        self.bodies: dict[str, Body] = {}

    def render(self, form: str) -> Body:
        """Render the current document in that form and keep it in `bodies`, which a change empties."""
        name, _, coding = form.partition(CODING)
        document = self.package.document(self.resource, name)
        body = self.bodies[form] = PackedBody(document, coding) if coding else Body(document)
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
        "view",
    )

    def __init__(self, record: SubscriptionRecord, topic: Topic, used: int) -> None:
        self.record = record
        self.topic = topic
        self.view: View | None = None
        """Set where its NOTIFYs are not the same as those of others."""
        self.expiry_tick = 0
        self.number = used
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
