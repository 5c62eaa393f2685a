"""Phones that ring, parties that talk, and who takes whose place."""

from typing import Literal

from routing.events.call_event import CallEvent


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
    """`elsewhere` where it rang and somebody else has the call, `transferred` where the person handed the call on."""
    status: int = 200


class CallBridged(CallEvent, frozen=True, kw_only=True):
    """Two parties talk: the caller and this leg."""

    leg: str
    person: str | None
    number: str


class CallPickedUp(CallEvent, frozen=True, kw_only=True):
    """Somebody takes a call that rings at a colleague's phone, or the colleague's place in a conversation."""

    leg: str
    person: str
    """Id of who takes it."""
    number: str
    rang: str
    """Id of the colleague."""
    talking: bool = False
    """It was answered already."""


class TransferRequested(CallEvent, frozen=True, kw_only=True):
    """One of two who talk sends the other on (blind transfer); the one who is left is the call's caller from now on."""

    by: str
    """Id of the person."""
    side: Literal["caller", "callee"]
    """Their part in the call until now."""
    to: str
    """As it was dialled."""


class CallTransferred(CallEvent, frozen=True, kw_only=True):
    """What became of a transfer, once for each.

    `blind`: follows TransferRequested; without an answer the call goes back to who transferred it. `attended`: two are
    joined by somebody who talked to both; it is told in both calls.
    """

    kind: Literal["blind", "attended"]
    by: str
    """Id of the person."""
    side: Literal["caller", "callee"]
    """Their part in the call until then."""
    to: str
    """As it was dialled, or the number of who was joined."""
    outcome: Literal["answered", "no-answer", "busy", "rejected", "unreachable", "abandoned"]
    """`abandoned`: who was sent on hung up."""
    status: int = 200
    """SIP status that the transferor was told."""
    goes_on_in: str = ""
    """Attended: the call in which the two talk on, where that is another."""


class CallHeld(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]


class CallRetrieved(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]
