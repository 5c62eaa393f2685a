"""What can be typed in a menu, and what it means: keys, extensions, customer numbers. Pure but for reading the keys."""

import re
from collections.abc import Iterable, Mapping

from routing.model import Destination, Menu
from routing.ports import Caller
from routing.structs import Value

OPERATOR_KEY = "0"
END_KEY = "#"
LONGEST_CUSTOMER_NUMBER = 20


class Meaning(Value, frozen=True):
    """Where what was typed leads."""

    destination: Destination
    customer_number: bool = False
    """It is noted as the number of a customer."""


class Offered:
    """What one menu takes."""

    def __init__(self, menu: Menu, extensions: Mapping[str, Destination]) -> None:
        self._numbers = {**extensions, **menu.keys} if menu.extensions else dict(menu.keys)
        if menu.operator is not None:
            self._numbers.setdefault(OPERATOR_KEY, menu.operator)
        self._customers = menu.customer_numbers

    def meaning(self, typed: str) -> Meaning | None:
        """What it means as it is; None where the menu does not offer it. A key goes before an extension."""
        destination = self._numbers.get(typed)
        if destination is not None:
            return Meaning(destination)
        if self._customers is not None and _is_customer_number(typed):
            return Meaning(self._customers, customer_number=True)
        return None

    def may_grow(self, typed: str) -> bool:
        """Whether something longer begins so."""
        if self._customers is not None and _is_customer_number(typed) and len(typed) < LONGEST_CUSTOMER_NUMBER:
            return True
        return begins_any(typed, self._numbers)

    def takes(self, typed: str) -> bool:
        """Whether this, or something that begins so, is offered."""
        return self.meaning(typed) is not None or self.may_grow(typed)


def begins_any(typed: str, numbers: Iterable[str]) -> bool:
    """Whether one of the numbers is longer and begins so."""
    return any(number.startswith(typed) and number != typed for number in numbers)


def _is_customer_number(typed: str) -> bool:
    return re.fullmatch(r"[0-9]+", typed, flags=re.ASCII) is not None


async def read_on(first: str, offered: Offered, caller: Caller, digit_seconds: float) -> str:
    """Read the rest of what begins with a key: to #, to a pause, or until nothing longer is possible.

    Raises CallerGone.
    """
    typed = first
    while offered.may_grow(typed):
        key = await caller.read_key(digit_seconds)
        if key is None or (key == END_KEY and not offered.takes(typed + key)):
            break
        typed += key
    return typed
