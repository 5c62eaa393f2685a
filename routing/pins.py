"""PINs, as call flows see them."""

from typing import Literal, Protocol

PinVerdict = Literal["right", "wrong", "locked", "away"]
"""`away`: nobody can tell now, so nobody is let in."""


class Pins(Protocol):
    """The PINs of a company: of people by id, and of boxes of messages by name."""

    async def is_set(self, owner: str) -> bool:
        """True also where nobody can tell."""
        ...

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        """`wrong` also where none is set. After too many wrong ones, of the owner or of `caller`, `locked` for a while.

        `caller` is the number that the call comes from.
        """
        ...
