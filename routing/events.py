"""What happens to a call, as data. Records, lamps, the live view and every report are folds of these."""

from typing import Literal

import msgspec


class CallEvent(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base: `call` is the call's id, `at` UTC epoch seconds."""

    call: str
    at: float


class CallArrived(CallEvent, frozen=True, kw_only=True):
    company: str
    origin: Literal["trunk", "phone"]
    caller_number: str
    caller_name: str = ""
    caller_person: str | None = None
    """Id of the person, when one of our phones calls."""
    dialled: str


class CallRouted(CallEvent, frozen=True, kw_only=True):
    """The dialplan or a menu chose where the call goes; `destination` in its written form, `why` for people."""

    destination: str
    why: str = ""


class CallAnswered(CallEvent, frozen=True, kw_only=True):
    """The caller's leg was answered, by a menu, a queue, a message or a person."""


class PromptPlayed(CallEvent, frozen=True, kw_only=True):
    prompt: str


class MenuEntered(CallEvent, frozen=True, kw_only=True):
    menu: str


class KeyPressed(CallEvent, frozen=True, kw_only=True):
    menu: str
    key: str
    valid: bool


class MenuSilence(CallEvent, frozen=True, kw_only=True):
    menu: str


class FeatureCodeUsed(CallEvent, frozen=True, kw_only=True):
    """A person of the company dialled a code, and what it is for was done."""

    feature: str
    digits: str
    """Dialled behind the code."""
    person: str


class QueueJoined(CallEvent, frozen=True, kw_only=True):
    queue: str
    position: int


class PositionAnnounced(CallEvent, frozen=True, kw_only=True):
    queue: str
    position: int


class OfferMade(CallEvent, frozen=True, kw_only=True):
    """A member is claimed and rings for this caller."""

    queue: str
    member: str
    offer: int


class OfferEnded(CallEvent, frozen=True, kw_only=True):
    queue: str
    member: str
    offer: int
    outcome: Literal["answered", "no-answer", "busy", "rejected", "unreachable", "withdrawn"]


class QueueLeft(CallEvent, frozen=True, kw_only=True):
    queue: str
    outcome: Literal["answered", "abandoned", "timeout", "full", "no-members", "shutdown"]
    waited: float


class LegRinging(CallEvent, frozen=True, kw_only=True):
    """A person's phone (or an outside number) rings for this call."""

    leg: str
    person: str | None
    number: str


class LegAnswered(CallEvent, frozen=True, kw_only=True):
    leg: str
    person: str | None
    number: str


class LegEnded(CallEvent, frozen=True, kw_only=True):
    """`status`: SIP status that ended an unanswered leg, 200 for a normal end."""

    leg: str
    person: str | None
    cause: str
    status: int = 200


class CallBridged(CallEvent, frozen=True, kw_only=True):
    """Two parties talk: the caller and this leg."""

    leg: str
    person: str | None
    number: str


class CallHeld(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]


class CallRetrieved(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """The last event of every call, exactly once.

    `cause`: answered, abandoned, busy, no-answer, unreachable, rejected, failed, completed-message, lost, shutdown.
    """

    cause: str
    by: Literal["caller", "callee", "system"]
    status: int = 200


AnyCallEvent = (
    CallArrived
    | CallRouted
    | CallAnswered
    | PromptPlayed
    | MenuEntered
    | KeyPressed
    | MenuSilence
    | FeatureCodeUsed
    | QueueJoined
    | PositionAnnounced
    | OfferMade
    | OfferEnded
    | QueueLeft
    | LegRinging
    | LegAnswered
    | LegEnded
    | CallBridged
    | CallHeld
    | CallRetrieved
    | CallEnded
)
