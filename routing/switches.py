"""The manual switch of opening hours: by calendar, open, closed; turned by feature code, kept across restarts."""

from collections.abc import Sequence
from typing import Protocol

from routing.feature_codes import NOT_ALLOWED, UNKNOWN, FeatureCall, may_administer
from routing.hours import Position
from routing.model import Company

ROUND: tuple[Position, ...] = ("calendar", "open", "closed")
"""The order in which the code alone turns the switch."""

BY_DIGIT: dict[str, Position] = {"0": "calendar", "1": "open", "2": "closed"}
"""What the digit behind the code turns it to."""


class Switches(Protocol):
    """The switches of one company, by the name of the hours."""

    def position(self, hours: str) -> Position:
        """Where it stands; `calendar` for one that was never turned."""
        ...

    def turn(self, hours: str, to: Position) -> None:
        """Turn it: at once for calls, and kept."""


class TurnSwitch:
    """What the code of a switch does, for administrators."""

    def __init__(self, company: Company, switches: Switches) -> None:
        self._company = company
        self._switches = switches

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        if not may_administer(self._company, call.person):
            return [NOT_ALLOWED]
        hours, digits = call.code.name, call.code.digits
        position = BY_DIGIT.get(digits) if digits else following(self._switches.position(hours))
        if position is None:
            return [UNKNOWN]
        self._switches.turn(hours, position)
        return [f"switch/{position}"]


def following(position: Position) -> Position:
    """Where the code alone turns a switch that stands so."""
    return ROUND[(ROUND.index(position) + 1) % len(ROUND)]
