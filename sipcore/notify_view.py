"""What one watcher knows, where its NOTIFYs tell no more than what is new to it: lists, and documents of changes."""

from collections.abc import Hashable, Sequence
from typing import Protocol

from sipcore.notify_body import Body


class Bodies(Protocol):
    """The documents of resources that are told of, each rendered once for all who need it in that form."""

    def body(self, resource: str, package: str, form: str) -> Body:
        """The current one of a resource that the view follows."""
        ...


class View:
    """Base of all views. One NOTIFY at most is under way; `told` or `start_again` says what became of it.

    A NOTIFY that had to leave something out leaves `waits` true: another follows when it was answered.
    """

    def resources(self) -> Sequence[str]:
        """The resources of the package, besides the subscription's own, whose changes are to be told."""
        return ()

    def subject(self) -> Hashable:
        """What is told of; a view of the same subject knows what this one knows."""
        return None

    def changed(self, resource: str) -> None:
        """One of `resources` has another state."""

    def content(self, version: int, room: int, bodies: Bodies) -> bytes:
        """The header fields of the body and the body itself, to follow the value of Subscription-State.

        `room` is how many bytes it should have at most; what does not fit waits. With 0 nothing may wait: it is the
        last.
        """
        raise NotImplementedError

    def waits(self) -> bool:
        """Whether there is more to tell than was in the last content."""
        return False

    def told(self) -> None:
        """The watcher has the last content."""

    def start_again(self) -> None:
        """The watcher may know nothing: it has subscribed anew, or a NOTIFY may be lost."""
