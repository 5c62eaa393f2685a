"""What happens to a queue's members, as data. With the callers' events of `routing.events` it is the queue's log."""

from typing import Literal

import msgspec

from routing.events import OfferEnded, OfferMade, QueueJoined, QueueLeft

Obstacle = Literal["gone", "busy", "elsewhere", "claimed", "talking", "wrap-up", "resting"]
"""Why a member is not free. A member without any is free; a new reason to be away is a new word here.

`gone`: no phone registered. `busy`: in a call of their own. `elsewhere`: claimed by another queue. `claimed`: rings for
this queue. `talking`: with this queue's caller. `wrap-up`: finishing that call's work. `resting`: just missed an offer.
"""


class MemberEvent(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base: `at` UTC epoch seconds."""

    queue: str
    member: str
    at: float


class MemberBlocked(MemberEvent, frozen=True, kw_only=True):
    obstacle: Obstacle


class MemberCleared(MemberEvent, frozen=True, kw_only=True):
    obstacle: Obstacle
    idle_since: float | None = None
    """When the call ended that had kept the member from the queue; None where it was no conversation."""


class TalkEnded(MemberEvent, frozen=True, kw_only=True):
    """The member's conversation with the queue's caller is over; wrap-up begins."""


AnyMemberEvent = MemberBlocked | MemberCleared | TalkEnded

QueueEvent = QueueJoined | OfferMade | OfferEnded | QueueLeft | AnyMemberEvent
