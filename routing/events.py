"""What happens to a call, as data. Records, lamps, the live view and every report are folds of these."""

from typing import Literal

import msgspec


class CallEvent(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base: `call` is the call's id, `at` UTC epoch seconds."""

    call: str
    at: float


class CallArrived(CallEvent, frozen=True, kw_only=True):
    company: str
    origin: Literal["trunk", "phone", "callback"]
    """`callback`: we call somebody back, who is the caller of this call as well; `CalledBack` follows."""
    caller_number: str
    caller_name: str = ""
    caller_person: str | None = None
    """Id of the person, when one of our phones calls."""
    dialled: str


class CallTakenUp(CallEvent, frozen=True, kw_only=True):
    """The process was started anew, and the call goes on: the caller waits on in `queue`, talks on, or begins anew
    where they were: in a menu, while somebody's phone rang.

    The rest is as in CallArrived.
    """

    company: str
    origin: Literal["trunk", "phone"]
    caller_number: str
    caller_name: str = ""
    caller_person: str | None = None
    dialled: str
    arrived: float
    """When the call came, UTC epoch seconds."""
    queue: str
    """Empty for who does not wait."""
    talks_to: str = ""
    """The person, by id, or number that the caller talks to; empty for who talks to nobody."""
    destination: str = ""
    """A menu, say, or somebody whose phone rang, in its written form; empty where the call was sent nowhere yet."""


class CallRouted(CallEvent, frozen=True, kw_only=True):
    """The dialplan or a menu chose where the call goes; `destination` in its written form, `why` for people."""

    destination: str
    why: str = ""
    priority: int = 0
    """In queues, as it is by now."""


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


class CustomerNumberGiven(CallEvent, frozen=True, kw_only=True):
    """The caller typed the number under which the company knows them."""

    menu: str
    number: str


class LookupEnded(CallEvent, frozen=True, kw_only=True):
    """The company's own server was asked where the call goes."""

    lookup: str
    seconds: float
    """How long it took."""
    answer: str = ""
    """The word that it answered."""
    fault: str = ""
    """Why it has no answer, for people."""


class FeatureCodeUsed(CallEvent, frozen=True, kw_only=True):
    """A person of the company dialled a code, and what it is for was done."""

    feature: str
    digits: str
    """Dialled behind the code."""
    person: str


class QueueJoined(CallEvent, frozen=True, kw_only=True):
    """The caller has a place in the queue, behind everybody of the same or a higher `priority`."""

    queue: str
    position: int
    priority: int = 0
    prefers: str | None = None
    """The member whom the caller is offered to first, where that member is free."""


class PositionAnnounced(CallEvent, frozen=True, kw_only=True):
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


class CallbackDue(CallEvent, frozen=True, kw_only=True):
    """The turn of a place to call back: `member` is claimed by `offer`, and now the caller is called."""

    queue: str
    member: str
    offer: int
    number: str
    attempt: int
    """1 for the first."""


class CallbackMissed(CallEvent, frozen=True, kw_only=True):
    """The caller was called back and not reached; tried again at `retry_at`, None when it was the last attempt."""

    queue: str
    attempt: int
    outcome: Literal["no-answer", "busy", "rejected", "unreachable"]
    retry_at: float | None


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

    `busy`: nobody free and no waiting allowed. `unanswered`: offered to everybody for all rounds. `lost`: cut off by a
    restart. `called-back`, `not-reached`: a place that was kept for calling back.
    """

    queue: str
    outcome: Literal[
        "answered",
        "abandoned",
        "timeout",
        "full",
        "busy",
        "unanswered",
        "no-members",
        "shutdown",
        "lost",
        "called-back",
        "not-reached",
    ]
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


class CallForwarded(CallEvent, frozen=True, kw_only=True):
    """A person does not take the call: by what the person wants of calls it goes to another destination."""

    person: str
    """Id of whose call it was."""
    why: Literal["unconditional", "busy", "no-answer", "unreachable", "do-not-disturb"]
    destination: str
    """In its written form."""


class ToldWhenFree(CallEvent, frozen=True, kw_only=True):
    """This call is made to somebody (`person`) who has asked to be told when `target` is free; both are ids."""

    person: str
    target: str


class MessageLeft(CallEvent, frozen=True, kw_only=True):
    """The caller left a message in a voicemail box, and it is on disk. Told later where the server was killed."""

    message: str
    box: str
    seconds: float


class MessageLost(CallEvent, frozen=True, kw_only=True):
    """The caller spoke, and the message could not be kept; the caller was told so. `why` is for people."""

    box: str
    why: str


class BoxFull(CallEvent, frozen=True, kw_only=True):
    """The caller could leave no message, for the voicemail box takes no more."""

    box: str


class MessageHeard(CallEvent, frozen=True, kw_only=True):
    """Somebody listened to a message; `call` is theirs, or the one that left it where it was not by phone."""

    message: str
    box: str
    person: str | None
    """None from outside, with the PIN."""


class MessageDeleted(CallEvent, frozen=True, kw_only=True):
    """A message was deleted; `call` as with MessageHeard."""

    message: str
    box: str
    person: str | None
    """None from outside, by the command line, or because its time was over."""


class GreetingSaved(CallEvent, frozen=True, kw_only=True):
    """An administrator recorded a greeting by phone."""

    person: str
    greeting: str
    """Its prompt, such as `own/greeting-7`."""
    number: int
    """By which the phone calls it."""
    seconds: float


class GreetingPutInUse(CallEvent, frozen=True, kw_only=True):
    """Callers of a main number are greeted with it from now on."""

    person: str
    greeting: str
    main_number: str
    slot: Literal["open", "closed", "special-open", "special-closed"]


class CallHeld(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]


class CallRetrieved(CallEvent, frozen=True, kw_only=True):
    by: Literal["caller", "callee"]


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """The last event of every call, exactly once.

    `cause`: answered, abandoned, busy, no-answer, unreachable, rejected, failed, completed-message, transferred, lost,
    shutdown.
    """

    cause: str
    by: Literal["caller", "callee", "system"]
    status: int = 200


AnyCallEvent = (
    CallArrived
    | CallTakenUp
    | CallRouted
    | CallAnswered
    | PromptPlayed
    | MenuEntered
    | KeyPressed
    | MenuSilence
    | CustomerNumberGiven
    | LookupEnded
    | FeatureCodeUsed
    | QueueJoined
    | PositionAnnounced
    | OfferMade
    | OfferEnded
    | PlaceHeld
    | PlaceResumed
    | CallbackRequested
    | CallbackDue
    | CallbackMissed
    | CalledBack
    | MissedCallHandled
    | QueueLeft
    | LegRinging
    | LegAnswered
    | LegEnded
    | CallBridged
    | CallPickedUp
    | TransferRequested
    | CallTransferred
    | CallForwarded
    | ToldWhenFree
    | MessageLeft
    | MessageLost
    | BoxFull
    | MessageHeard
    | MessageDeleted
    | GreetingSaved
    | GreetingPutInUse
    | CallHeld
    | CallRetrieved
    | CallEnded
)
