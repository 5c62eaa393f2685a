"""What people dial to be told when somebody is free.

The code with an extension behind it waits for that person, and dialled again waits no more, as a key with a lamp does;
alone it waits for whom one has called in vain last; with 0 behind it one waits for nobody any more.
"""

from collections.abc import Sequence
from typing import Protocol

from routing.completion import CompletionDesk, Wanted
from routing.feature_codes import UNKNOWN, FeatureCall
from routing.model import Company
from routing.ports import Clock

NOBODY = "0"


class Lines(Protocol):
    """Who waits for whom in a company."""

    desk: CompletionDesk
    missed: dict[str, str]
    """Whom each person has called in vain last, by id."""

    def may_know(self, asker: str, target: str) -> bool:
        """Whether the asker is ever told; who may not is not told that either."""
        ...


class AskWhenFree:
    """What the code does."""

    def __init__(self, company: Company, lines: Lines, clock: Clock) -> None:
        self._company = company
        self._lines = lines
        self._clock = clock

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        asker, digits, desk = call.person.id, call.code.digits, self._lines.desk
        if digits == NOBODY:
            desk.cancel(asker)
            return ["when-free/cancelled"]
        target = target_of(self._company, digits) if digits else self._lines.missed.get(asker)
        if target is None:
            return [UNKNOWN]
        if target == asker or target not in self._company.people:
            return ["when-free/not-possible"]
        if desk.cancel(asker, target):
            return ["when-free/cancelled"]
        if self._lines.may_know(asker, target):
            expires_at = self._clock() + self._company.calls.tell_when_free_seconds
            desk.ask(Wanted(asker, target, expires_at))
        return ["when-free/ordered"]


def target_of(company: Company, extension: str) -> str | None:
    """Whose extension it is; None for nobody's. Pure."""
    return next((person.id for person in company.people.values() if person.extension == extension), None)
