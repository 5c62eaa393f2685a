"""Who takes note of what happens in a queue, beside its callers' events."""

from collections.abc import Callable, Sequence
from typing import Protocol

from routing.queue.events import AnyMemberEvent, Served
from routing.queue.member import Member

MemberSink = Callable[[AnyMemberEvent], None]
"""Takes what happens to members; it may not block."""


class Remembrance(Protocol):
    """Keeps what is to be known of a queue after a restart; it may not block."""

    def member(self, member: Member) -> None:
        """How the member stands now: `MemberRecalled`."""

    def served(self, served: Sequence[Served]) -> None:
        """By whom the expected wait is measured now: `WaitsRecalled`."""


def unrecorded(_: AnyMemberEvent) -> None:
    """A MemberSink for who keeps no log of members."""


class Forgotten:
    """A Remembrance for who outlives no restart."""

    def member(self, member: Member) -> None:
        """Not kept."""

    def served(self, served: Sequence[Served]) -> None:
        """Not kept."""
