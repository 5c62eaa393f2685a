"""What members dial to take part in their queues: active, passive, pause with a reason, resume;
and for keys one code that toggles between active and passive.

Behind each code the extension of a queue may follow, for that queue alone; behind the code for a pause also the number
of a reason, before the extension: `*521300` is reason 1 in the queue with extension 300.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from routing.feature_codes import UNKNOWN, FeatureCall
from routing.model import Company
from routing.queue.events import Author


class Roll(Protocol):
    """The members of a queue, as `QueueRunner` has them. Each method tells whether it changed anything."""

    def activate(self, member: str, by: Author) -> bool: ...

    def deactivate(self, member: str, by: Author) -> bool: ...

    def pause(self, member: str, reason: str, by: Author) -> bool: ...

    def resume(self, member: str, by: Author) -> bool: ...

    def takes_part(self, member: str) -> bool:
        """Whether the member is active; changes nothing."""
        ...


class Wish(msgspec.Struct, frozen=True):
    """What was dialled behind a member's code."""

    queues: tuple[str, ...]
    """Names of the queues that are meant."""
    reason: str = ""
    """Of a pause; empty for none."""


def understood(company: Company, person: str, digits: str, *, reasons: bool) -> Wish | None:
    """What the digits behind a code mean for this person; None where they mean nothing. `reasons`: for a pause. Pure.

    Without a queue's extension all queues are meant of which the person is a member.
    """
    own = tuple(name for name, queue in company.queues.items() if person in queue.members)
    reason = _reason(company, digits) if reasons else ("" if not digits else None)
    if own and reason is not None:
        return Wish(own, reason)
    for extension, name in company.queue_extensions.items():
        if name in own and digits.endswith(extension):
            before = digits.removesuffix(extension)
            reason = _reason(company, before) if reasons else ("" if not before else None)
            if reason is not None:
                return Wish((name,), reason)
    return None


def _reason(company: Company, digits: str) -> str | None:
    """The reason of this number, counted from 1; empty where none was dialled, None where there is none such."""
    if not digits:
        return ""
    number = int(digits)
    return company.pause_reasons[number - 1] if 1 <= number <= len(company.pause_reasons) else None


class ChangeMembership:
    """What the codes do, for who dials them. What is so already is confirmed like what is new."""

    def __init__(self, company: Company, rolls: Mapping[str, Roll]) -> None:
        self._company = company
        self._rolls = rolls

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        feature, member = call.code.feature, call.person.id
        wish = understood(self._company, member, call.code.digits, reasons=feature == "pause")
        if wish is None:
            return [UNKNOWN]
        if feature == "toggle":
            feature = "passive" if any(self._rolls[name].takes_part(member) for name in wish.queues) else "active"
        by = Author("code", member)
        for name in wish.queues:
            roll = self._rolls[name]
            match feature:
                case "active":
                    # Who wants to be offered callers again does not mean: but not before I dial a second code.
                    roll.activate(member, by)
                    roll.resume(member, by)
                case "passive":
                    roll.deactivate(member, by)
                case "pause":
                    roll.pause(member, wish.reason, by)
                case "resume":
                    roll.resume(member, by)
        return [f"members/{feature}"]
