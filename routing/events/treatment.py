"""How a call came, what it met until it was served, and its end."""

from typing import Literal

from routing.events.call_event import CallEvent


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
    place: str = ""
    """As in CalledBack, for who was called back: the call that ordered it. Empty for who has called."""
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


class CallForwarded(CallEvent, frozen=True, kw_only=True):
    """A person does not take the call: by what the person wants of calls it goes to another destination."""

    person: str
    """Id of whose call it was."""
    why: Literal["unconditional", "busy", "no-answer", "unreachable", "do-not-disturb"]
    destination: str
    """In its written form."""


class CallParked(CallEvent, frozen=True, kw_only=True):
    """The caller waits in a park slot for anybody of the company."""

    slot: str
    by: str
    """Id of who parked the call; empty where that is not known."""


class CallUnparked(CallEvent, frozen=True, kw_only=True):
    """The caller waits in the slot no more: somebody has taken the call, its time is over, or the caller is gone."""

    slot: str
    by: str
    """As in CallParked."""
    outcome: Literal["taken", "returned", "abandoned"]
    seconds: float
    """How long the call was parked."""


class ToldWhenFree(CallEvent, frozen=True, kw_only=True):
    """This call is made to somebody (`person`) who has asked to be told when `target` is free; both are ids."""

    person: str
    target: str


class CallEnded(CallEvent, frozen=True, kw_only=True):
    """The last event of every call, exactly once.

    `cause`: answered, abandoned, elsewhere, busy, no-answer, unreachable, rejected, failed, completed-message,
    transferred, lost, shutdown. `elsewhere`: the network has put the call to others too, and one of them has answered.
    """

    cause: str
    by: Literal["caller", "callee", "system"]
    status: int = 200
