"""Who takes note of what happens to a queue's members."""

from collections.abc import Callable

from routing.queue.events import AnyMemberEvent
from routing.queue.member import Member

MemberSink = Callable[[AnyMemberEvent], None]
"""Takes what happens to members; it may not block."""

Remember = Callable[[Member], None]
"""Keeps what is to be known of a member after a restart (`MemberRecalled`); it may not block."""


def unrecorded(_: AnyMemberEvent) -> None:
    """A MemberSink for who keeps no log of members."""


def forgotten(_: Member) -> None:
    """A Remember for who outlives no restart."""
