"""What happens to a caller's place in a queue."""

from typing import Literal

from routing.events.call_event import CallEvent


class QueueJoined(CallEvent, frozen=True, kw_only=True):
    """The caller has a place in the queue, behind everybody of the same or a higher `priority`."""

    queue: str
    position: int
    priority: int = 0
    prefers: str | None = None
    """The member whom the caller is offered to first, where that member is free."""
    member: str | None = None
    """The member who calls, and is not offered the own call; None for who is no member."""


class PositionAnnounced(CallEvent, frozen=True, kw_only=True):
    """The caller is told the position; the prompts that say so have no event of their own."""

    queue: str
    position: int
    expected_minutes: int | None = None
    """The expected wait that was told with it; None for none."""


class OfferMade(CallEvent, frozen=True, kw_only=True):
    """A member is claimed and rings for this caller."""

    queue: str
    member: str
    offer: int


class OfferEnded(CallEvent, frozen=True, kw_only=True):
    """`withdrawn`: the caller went; `elsewhere`: another member who rang for the same caller answered first."""

    queue: str
    member: str
    offer: int
    outcome: Literal["answered", "no-answer", "busy", "rejected", "unreachable", "withdrawn", "elsewhere"]


class PlaceHeld(CallEvent, frozen=True, kw_only=True):
    """The caller is away from the line and offered to nobody; place and waiting time go on."""

    queue: str
    why: Literal["stepped-out", "restart"]


class PlaceResumed(CallEvent, frozen=True, kw_only=True):
    """A caller is on the line for this place: back from a menu, taken up after a restart, or called back."""

    queue: str


class CallbackRequested(CallEvent, frozen=True, kw_only=True):
    """The caller has hung up and keeps the place: when its turn comes, `number` is called, not before `earliest`."""

    queue: str
    number: str
    earliest: float
    language: str = ""
    """What the caller was spoken to in; empty in the records of older versions."""
    main_number: str = ""
    """The main number by which the caller came while it was open, and is called back only then; empty for any time."""
    attempts: int = 0
    """How often the caller was called and not reached before, where the order is of a place that there was already."""


class CallbackDue(CallEvent, frozen=True, kw_only=True):
    """The turn of a place to call back: `member` is claimed by `offer`, and now the caller is called."""

    queue: str
    member: str
    offer: int
    number: str
    attempt: int
    """1 for the first."""
    language: str = ""
    """As in `CallbackRequested`."""


class CallbackMissed(CallEvent, frozen=True, kw_only=True):
    """The caller was called back and not reached; tried again at `retry_at`, None when it was the last attempt."""

    queue: str
    attempt: int
    outcome: Literal["no-answer", "busy", "rejected", "unreachable"]
    retry_at: float | None
    counts: bool = True
    """False where the caller waited in the same queue by another call, and found the own phone engaged by it."""


class CalledBack(CallEvent, frozen=True, kw_only=True):
    """This call is made for a place in a queue, whose events are those of the call `place` that waited for it."""

    queue: str
    place: str
    attempt: int
    """1 for the first."""


class MissedCallHandled(CallEvent, frozen=True, kw_only=True):
    """Somebody has seen to it that this call, which the queue missed, needs nothing more; with all before it."""

    queue: str
    by: str
    """Id of the person."""


class QueueLeft(CallEvent, frozen=True, kw_only=True):
    """How a place in the queue ended, once for each; also told of who got none.

    `elsewhere`: the network has put the call to others too, and one of them was faster than the queue. `busy`: nobody
    free and no waiting allowed. `unanswered`: offered to everybody for all rounds. `lost`: cut off by a restart, with
    the audio, or since the phone has vanished. `called-back`, `not-reached`: a place that was kept for calling back.
    `already-ordered`: the number to call back has another place here. `answered-meanwhile`: the number to call back has
    called again and was answered.
    """

    queue: str
    outcome: Literal[
        "answered",
        "abandoned",
        "elsewhere",
        "timeout",
        "full",
        "busy",
        "unanswered",
        "no-members",
        "shutdown",
        "lost",
        "called-back",
        "not-reached",
        "already-ordered",
        "answered-meanwhile",
    ]
    waited: float
    instead: str = ""
    """The call of the place that is kept, or was answered, instead; with the last two outcomes alone."""
