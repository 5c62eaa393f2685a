"""What happens to a queue's members, as data. With the callers' events of `routing.events` it is the queue's log."""

from typing import Literal

import msgspec

from routing.events import (
    CallbackDue,
    CallbackMissed,
    CallbackRequested,
    OfferEnded,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)

Obstacle = Literal[
    "removed",
    "passive",
    "paused",
    "do-not-disturb",
    "gone",
    "busy",
    "elsewhere",
    "claimed",
    "talking",
    "wrap-up",
    "resting",
]
"""Why a member is not free. A member without any is free; a new reason to be away is a new word here.

`removed`: the queue does not list the member any more. `passive`: takes no part until active again. `paused`: away for
a while, with a reason. `do-not-disturb`: wants no calls at all. `gone`: no phone registered. `busy`: in a call of their
own. `elsewhere`: claimed by another queue. `claimed`: rings for this queue. `talking`: with this queue's caller.
`wrap-up`: finishing that call's work. `resting`: just missed an offer.
"""

MISSED_TOO_OFTEN = "missed"
"""The reason of a pause that the queue itself decided on."""


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

    wrap_up_seconds: float = 0.0
    """How long the member is left to write notes."""


Way = Literal["code", "text", "api", "command", "queue"]


class Author(msgspec.Struct, frozen=True):
    """Who decided about a member, and by what way."""

    way: Way
    name: str = ""
    """`code`: the person's id. `text`: the number it came from. `api`: the token's name. `command`: the login of who
    typed it. `queue`: empty, it decided by itself."""


class Decided(MemberEvent, frozen=True, kw_only=True):
    """Base of what somebody decides about a member."""

    by: Author | None = None
    """None where it is not known."""


class MemberActivated(Decided, frozen=True, kw_only=True):
    """The member takes part in the queue again."""


class MemberDeactivated(Decided, frozen=True, kw_only=True):
    """The member takes no part in the queue, whatever their phones do, until activated."""


class MemberPaused(Decided, frozen=True, kw_only=True):
    """The member is offered no callers until resumed; told again with another reason, that one holds from then on."""

    reason: str


class MemberResumed(Decided, frozen=True, kw_only=True):
    """The pause is over."""


class Passing(msgspec.Struct, frozen=True):
    """An obstacle that goes by itself: times are UTC epoch seconds."""

    obstacle: Obstacle
    since: float
    until: float


class MemberRecalled(MemberEvent, frozen=True, kw_only=True):
    """What an earlier run of the process knew of a member, as the beginning of this run's log."""

    idle_since: float
    turn: int
    """The number of the last offer that was taken or missed."""
    misses: int
    """Offers missed in a row."""
    passing: tuple[Passing, ...] = ()
    answers: tuple[int, ...] = ()
    """When the callers were answered who count with strategy `fewest_calls`, UTC epoch seconds."""


class Served(msgspec.Struct, frozen=True):
    """A caller for whom nobody was free at first, and whom a member has answered: expectations are measured by them."""

    at: float
    """UTC epoch seconds."""
    position: int
    """On joining."""
    waited: float
    """Seconds."""


class WaitsRecalled(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """How long callers waited whom an earlier run of the process has seen answered, as the beginning of the log."""

    queue: str
    served: tuple[Served, ...]


class LastMemberPassive(Decided, frozen=True, kw_only=True):
    """`member` was the last active one: nobody of the queue takes part any more."""


MembershipEvent = MemberActivated | MemberDeactivated | MemberPaused | MemberResumed
"""What members and administrators decide; it holds until they decide otherwise, whatever restarts."""

AnyMemberEvent = MemberBlocked | MemberCleared | TalkEnded | MembershipEvent | LastMemberPassive

PlaceEvent = (
    QueueJoined
    | OfferMade
    | OfferEnded
    | PlaceHeld
    | PlaceResumed
    | CallbackRequested
    | CallbackDue
    | CallbackMissed
    | QueueLeft
)
"""What happens to a caller's place in the line."""

QueueEvent = PlaceEvent | AnyMemberEvent

Recollection = QueueEvent | MemberRecalled | WaitsRecalled
"""What a queue is taken up from: its log, or as much of it as is kept; then how its members stood, callers waited."""
