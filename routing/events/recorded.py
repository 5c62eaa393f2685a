"""What callers and administrators say for others to hear: messages and greetings."""

from typing import Literal

from routing.events.call_event import CallEvent


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
