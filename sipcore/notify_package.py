"""What the notifier asks of an event package (RFC 6665 §5): it knows how to tell, the package knows what."""

from collections.abc import Sequence
from typing import Protocol

from sipcore.notify_body import Document
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord


class EventPackage(Protocol):
    """An event package: its name, its content types and the current state of each resource."""

    @property
    def name(self) -> str:
        """As in the Event header, e.g. `dialog`."""
        ...

    @property
    def content_types(self) -> tuple[str, ...]:
        """In order of preference; the first is used when the watcher does not say (RFC 6665 §5.4.4)."""
        ...

    def form(self, content_types: Sequence[str], user_agent: str) -> str:
        """Name the way in which the document is made for such a watcher; kept with the subscription.

        `content_types` are those that it takes, the best first. The name has neither `|` nor `~`; `document` gets it
        with `~` and a detail behind it where the watcher may not see everything.
        """
        ...

    def interval(self, form: str) -> float:
        """Least seconds between two NOTIFYs to one phone, over all its subscriptions; 0 is without limit.

        The form is as a record keeps it, with its coding.
        """
        ...

    def document(self, resource: str, form: str) -> Document:
        """Render the resource's current state. Called once for all watchers after a change, and only when needed."""
        ...

    def list_event(self, sent: str, form: str) -> str:
        """The value of Event in NOTIFYs of a list, for who sent this one in its SUBSCRIBE (RFC 6665 §8.2.1)."""
        ...

    def view(self, record: SubscriptionRecord) -> View | None:
        """What this watcher is told of, where that is not the same for all of its form; else None."""
        ...
