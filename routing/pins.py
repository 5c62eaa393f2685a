"""PINs, as call flows see them."""

from typing import Literal, Protocol

PinVerdict = Literal["right", "wrong", "locked"]


class Pins(Protocol):
    """The PINs of a company: of people by id, and of boxes of messages by name."""

    async def is_set(self, owner: str) -> bool: ...

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        """`wrong` also where none is set. After too many wrong ones, of the owner or of `caller`, `locked` for a while.

        `caller` is the number that the call comes from.
        """
        ...
