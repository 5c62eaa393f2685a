"""Feature codes: what the company's phones dial to do something, such as `*60` to turn the hours' switch.

A code with what it does is one line in `lampfield.call_control.houses.Houses._features`. Codes for mailboxes and for
recording lead to the destinations of that kind, which menus have too.
"""

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from routing.caller_leg import answer, tell
from routing.events import FeatureCodeUsed
from routing.model import Company, Destination, Person
from routing.ports import Caller, Clock, Ended, EventSink

Feature = Literal[
    "active",
    "passive",
    "pause",
    "resume",
    "toggle",
    "switch",
    "do-not-disturb",
    "forward",
    "status",
    "tell-when-free",
    "pickup",
    "group-pickup",
    "park",
]


class FeatureCode(msgspec.Struct, frozen=True):
    """A code that was dialled."""

    feature: Feature
    digits: str = ""
    """What was dialled behind the code: an extension, the number of a reason, a position; or the park slot itself."""
    name: str = ""
    """Of the opening hours, with feature `switch`; which calls are meant, with feature `forward`."""


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """An answered call to a code."""

    code: FeatureCode
    person: Person
    """Who dialled it."""
    caller: Caller


FeatureAction = Callable[[FeatureCall], Coroutine[Any, Any, Sequence[str]]]
"""Does what a code is for and returns the prompts that confirm it. May ask the caller for more; raises CallerGone."""

FeatureActions = Mapping[Feature, FeatureAction]

_NUMBER_AND_SECONDS = r"[0-9*#+]{0,30}"
"""Behind a code that forwards: `203`, `203*25`, or as on mobiles `*203**25#`; or the mailbox code."""

UNKNOWN = "invalid-choice"
"""Told where the digits behind a code mean nothing."""
NOT_ALLOWED = "not-allowed"
"""Told to who is no administrator."""


def find(company: Company, user: str) -> FeatureCode | Destination | None:
    """The code that begins what was dialled, the longest where several do; None for none. Pure."""
    if user in company.park.slots:
        return FeatureCode("park", user)
    match = max(
        ((code, meant) for code, meant in _codes(company) if code and user.startswith(code)),
        key=lambda each: len(each[0]),
        default=None,
    )
    if match is None:
        return None
    code, meant = match
    digits = user.removeprefix(code)
    forwards = isinstance(meant, FeatureCode) and meant.feature == "forward"
    if not re.fullmatch(_NUMBER_AND_SECONDS if forwards else r"[0-9]{0,20}", digits, flags=re.ASCII):
        return None
    if isinstance(meant, Destination):
        return msgspec.structs.replace(meant, name=digits)
    return msgspec.structs.replace(meant, digits=digits)


def _codes(company: Company) -> Iterator[tuple[str, FeatureCode | Destination]]:
    codes = company.feature_codes
    yield codes.active, FeatureCode("active")
    yield codes.passive, FeatureCode("passive")
    yield codes.pause, FeatureCode("pause")
    yield codes.resume, FeatureCode("resume")
    yield codes.toggle, FeatureCode("toggle")
    yield codes.pickup, FeatureCode("pickup")
    yield codes.group_pickup, FeatureCode("group-pickup")
    yield codes.mailbox, Destination("mailbox")
    yield codes.recording, Destination("recording")
    yield codes.do_not_disturb, FeatureCode("do-not-disturb")
    yield codes.forward_always, FeatureCode("forward", name="always")
    yield codes.forward_busy, FeatureCode("forward", name="busy")
    yield codes.forward_no_answer, FeatureCode("forward", name="no-answer")
    yield codes.forward_unreachable, FeatureCode("forward", name="unreachable")
    yield codes.status, FeatureCode("status")
    yield codes.tell_when_free, FeatureCode("tell-when-free")
    if company.park.slots:
        yield company.park.code, FeatureCode("park")
    for hours in company.hours.values():
        yield hours.switch_code, FeatureCode("switch", name=hours.name)


def may_administer(company: Company, person: Person) -> bool:
    """Whether the person may do what is for administrators; everybody may in a company that names none."""
    return person.administrator or not any(other.administrator for other in company.people.values())


def administrators(company: Company) -> list[Person]:
    """Those who may."""
    return [person for person in company.people.values() if person.administrator] or list(company.people.values())


async def serve(call: FeatureCall, actions: FeatureActions, emit: EventSink, clock: Clock) -> Ended:
    """Answer, do what the code is for, confirm it. Raises CallerGone."""
    action = actions.get(call.code.feature)
    if action is None:
        return Ended("failed", "system", 404)
    await answer(call.caller, emit, clock)
    prompts = await action(call)
    emit(
        FeatureCodeUsed(
            call=call.caller.call,
            at=clock(),
            feature=call.code.feature,
            digits=call.code.digits,
            person=call.person.id,
        )
    )
    await tell(call.caller, prompts, emit, clock)
    return Ended("completed-message", "system")
