"""What people dial not to be disturbed, and to have calls forwarded.

Each code alone turns it on and off in turn, as a key with a lamp does; with 1 behind it on, with 0 off. A number behind
a code that forwards is where calls go from now on: `*21203`, `*61203*25` after 25 seconds, `*21*98` to the voicemail;
and, as mobiles have it, `*61*203**25#`.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from routing import spoken
from routing.callback_numbers import CallbackNumbers
from routing.feature_codes import NOT_ALLOWED, UNKNOWN, FeatureCall
from routing.forwarding import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    WHEN,
    Forwarding,
    Refused,
    When,
    WishBook,
    dialled_form,
    target,
)
from routing.model import Company, Person

ON, OFF = "1", "0"
_FORM = re.compile(r"\*?(?P<number>\+?[0-9]+)(\*{1,2}(?P<seconds>[0-9]{1,3}))?#?", re.ASCII)


class Dialled(NamedTuple):
    """A number with the seconds behind it, 0 for none."""

    number: str
    seconds: float


def understood(company: Company, digits: str) -> Dialled | None:
    """What was dialled behind a code that forwards; None where it means nothing. Pure."""
    if digits and digits == company.feature_codes.mailbox:
        return Dialled(digits, 0.0)
    match = _FORM.fullmatch(digits)
    if match is None:
        return None
    seconds = float(match["seconds"] or 0)
    if seconds and not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        return None
    return Dialled(match["number"], seconds)


class ChangeDoNotDisturb:
    """What the code for it does."""

    def __init__(self, wishes: WishBook) -> None:
        self._wishes = wishes

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        wishes = self._wishes.of(call.person.id)
        wanted = {"": not wishes.do_not_disturb, ON: True, OFF: False}.get(call.code.digits)
        if wanted is None:
            return [UNKNOWN]
        self._wishes.change(call.person.id, msgspec.structs.replace(wishes, do_not_disturb=wanted))
        return ["do-not-disturb/on" if wanted else "do-not-disturb/off"]


class ChangeForwarding:
    """What the codes that forward do."""

    def __init__(self, company: Company, wishes: WishBook) -> None:
        self._company = company
        self._wishes = wishes

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        when = next(when for when in WHEN if when == call.code.name)
        known = self._wishes.of(call.person.id).forwardings.get(when)
        if call.code.digits in ("", ON, OFF):
            if known is None:
                return ["forwarding/none"] if call.code.digits != OFF else ["forwarding/off"]
            on = {"": not known.on, ON: True, OFF: False}[call.code.digits]
            return self._set(call.person, when, msgspec.structs.replace(known, on=on))
        dialled = understood(self._company, call.code.digits)
        if dialled is None:
            return [UNKNOWN]
        try:
            to = target(self._company, call.person, dialled.number)
        except Refused as refused:
            return ["forwarding/not-possible" if refused.allowed else NOT_ALLOWED]
        return self._set(call.person, when, Forwarding(to, seconds=dialled.seconds))

    def _set(self, person: Person, when: When, forwarding: Forwarding) -> Sequence[str]:
        """Set it, and tell what is so now."""
        self._wishes.change(person.id, self._wishes.of(person.id).with_forwarding(when, forwarding))
        if not forwarding.on:
            return ["forwarding/off"]
        if forwarding.to.kind == "voicemail":
            return [f"forwarding/{when}", "forwarding/voicemail"]
        return [f"forwarding/{when}", *self._told(dialled_form(self._company, forwarding.to))]

    def _told(self, number: str) -> Sequence[str]:
        if number.startswith("+"):
            return CallbackNumbers(self._company, "").told(number)
        return spoken.digits(number)
