"""What can happen to a conversation beside its end: one party sends the other on, or somebody takes a party's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from routing.events import CallPickedUp
from routing.model import Destination, MainNumber

if TYPE_CHECKING:
    from routing.ports import Answered, Caller

Side = Literal["caller", "callee"]


class Transferor(Protocol):
    """Who has sent the other party on; hears nothing meanwhile, and may hang up at any time."""

    @property
    def person(self) -> str:
        """Their id."""
        ...

    @property
    def there(self) -> bool:
        """They have not hung up."""
        ...

    def succeeded(self) -> None:
        """Tell them that who was sent on is served, and end their part in the call."""

    def failed(self, status: int) -> None:
        """Tell them that nothing came of it, with a SIP status. They stay on the line, if there."""

    def let_go(self) -> None:
        """End their part in the call; nothing where they have hung up."""


@dataclass(frozen=True, slots=True)
class SentOn:
    """A blind transfer: one party sends the other to `destination`, and may be back where nobody is reached there."""

    by: Side
    to: str
    """As it was dialled."""
    destination: Destination | MainNumber
    caller: Caller
    """Who was sent on, and is served as the caller from now on."""
    transferor: Transferor


@dataclass(frozen=True, slots=True)
class Joined:
    """Another party stands in the place of one, whose part is over: the two of now are to be connected."""

    by: Side
    """Whose place was taken."""
    caller: Caller
    answered: Answered
    person: str | None
    """Id of who answers now, None for an outside number."""
    transferor: str = ""
    """Id of who joined them, in an attended transfer; empty where who has come took the place by themselves."""
    joined: str = ""
    """The number of who has come."""
    taken_over: CallPickedUp | None = None
    """What is to be told of who took the place by themselves."""


@dataclass(frozen=True, slots=True)
class GivenAway:
    """An attended transfer: one party has joined the other to somebody in another call, where it goes on."""

    by: Side
    transferor: str
    """Their id."""
    to: str
    """The number of who the other party talks to now."""
    other_call: str
    caller: Caller
    """Who stays behind as this call's caller, and is hung up."""


Handover = SentOn | Joined | GivenAway
