"""What the notifier asks of an event package (RFC 6665 §5): it knows how to tell, the package knows what."""

from typing import Protocol


class Document(Protocol):
    """The body of a NOTIFY, the same for all subscriptions of one form.

    Where the document carries a version, this stands in decimal between `head` and `tail`; `tail` None is a document
    without a version.
    """

    @property
    def content_type(self) -> str: ...

    @property
    def head(self) -> bytes: ...

    @property
    def tail(self) -> bytes | None: ...


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

    def form(self, content_type: str, user_agent: str) -> str:
        """Name the way in which the document is made for such a watcher; kept with the subscription."""
        ...

    def interval(self, form: str) -> float:
        """Least seconds between two NOTIFYs to one phone, over all its subscriptions; 0 is without limit."""
        ...

    def document(self, resource: str, form: str) -> Document:
        """Render the resource's current state. Called once for all watchers after a change, and only when needed."""
        ...
