"""What people want of calls to them: not to be disturbed, or calls forwarded, and where a call goes by that. Pure."""

from collections.abc import Collection
from typing import Literal, Protocol, get_args

import msgspec

from routing import dialplan
from routing.callback_numbers import is_affordable
from routing.diversion import Diverted
from routing.model import Company, Destination, Person
from routing.ports import RingOutcome, RingResult

When = Literal["always", "busy", "no-answer", "unreachable"]
"""Which calls a forwarding is for."""
WHEN: tuple[When, ...] = get_args(When)

_ASKED: dict[Diverted, tuple[When, ...]] = {
    "busy": ("busy",),
    "no-answer": ("no-answer",),
    "unreachable": ("unreachable", "no-answer"),
}
"""Which forwardings are for a call that was not answered, the first that is on counts."""

SHORTEST_SECONDS, LONGEST_SECONDS = 5.0, 180.0
"""Of ringing before a forwarding on no answer."""


class Forwarding(msgspec.Struct, frozen=True):
    """Where a person wants calls to go. One that is off keeps the target, to be turned on again."""

    to: Destination
    """A person, a queue, a menu, an outside number, or a voicemail box."""
    on: bool = True
    seconds: float = 0.0
    """How long phones ring before, of a forwarding on no answer; 0: as long as the company says."""


class Wishes(msgspec.Struct, frozen=True):
    """What one person wants of calls."""

    do_not_disturb: bool = False
    forwardings: dict[When, Forwarding] = {}

    def forwarding(self, when: When) -> Forwarding | None:
        """The one that is on."""
        found = self.forwardings.get(when)
        return found if found is not None and found.on else None

    def with_forwarding(self, when: When, forwarding: Forwarding | None) -> "Wishes":
        """With this one in its place; None forgets it."""
        others = {each: kept for each, kept in self.forwardings.items() if each != when}
        changed = others if forwarding is None else {**others, when: forwarding}
        return msgspec.structs.replace(self, forwardings={each: changed[each] for each in WHEN if each in changed})

    def turned(self, when: When, on: bool) -> "Wishes":
        """With a forwarding on or off that has been set."""
        forwarding = self.forwardings.get(when)
        if forwarding is None or forwarding.on == on:
            return self
        return self.with_forwarding(when, msgspec.structs.replace(forwarding, on=on))


CONTENT = Wishes()
"""The wishes of who has none."""


class WishBook(Protocol):
    """The wishes of a company's people, by id."""

    def of(self, person: str) -> Wishes:
        """What holds for calls now; without forwardings that lead nowhere any more."""
        ...

    def change(self, person: str, wishes: Wishes) -> None:
        """At once for calls and lamps, and kept."""


class NoWishes:
    """Everybody takes every call."""

    def of(self, person: str) -> Wishes:
        return CONTENT

    def change(self, person: str, wishes: Wishes) -> None:
        raise NotImplementedError("nothing is kept here")


class Unwanted(msgspec.Struct, frozen=True):
    """A call does not go to a person's phones, but to another destination or nowhere."""

    why: Diverted
    to: Destination | None = None


class Refused(Exception):
    """A forwarding that cannot be: `expected` says what could."""

    def __init__(self, expected: str, *, allowed: bool = True) -> None:
        super().__init__(expected)
        self.expected = expected
        self.allowed = allowed
        """False where there is such a destination and the person has no right to forward there."""


def before_ringing(wishes: Wishes) -> Unwanted | None:
    """Why phones do not ring, and where the call goes instead; None where they do."""
    always = wishes.forwarding("always")
    if always is not None:
        return Unwanted("unconditional", always.to)
    if wishes.do_not_disturb:
        busy = wishes.forwarding("busy")
        return Unwanted("do-not-disturb", busy.to if busy is not None else None)
    return None


def after_ringing(wishes: Wishes, outcome: RingOutcome) -> Unwanted | None:
    """Where a call goes that was not answered; None where the person has not said.

    Who rejects a call is busy with something else; who has no phone is one who does not answer, if nothing is said of
    that.
    """
    why = diverted_by(outcome)
    for when in _ASKED[why]:
        forwarding = wishes.forwarding(when)
        if forwarding is not None:
            return Unwanted(why, forwarding.to)
    return None


def not_answered(company: Company, person: Person, wishes: Wishes, result: RingResult) -> Unwanted | None:
    """As `after_ringing`, but where a phone forwards by itself to where the person may, it goes there."""
    if result.moved_to is not None:
        try:
            return Unwanted("unconditional", target(company, person, result.moved_to))
        except Refused:
            pass
    return after_ringing(wishes, result.outcome)


def diverted_by(outcome: RingOutcome) -> Diverted:
    """Why a call goes elsewhere that ended so."""
    match outcome:
        case "busy" | "rejected":
            return "busy"
        case "unreachable":
            return "unreachable"
        case _:
            return "no-answer"


def ring_seconds(company: Company, person: Person, wishes: Wishes) -> float:
    """How long the person's phones ring."""
    forwarding = wishes.forwarding("no-answer")
    if forwarding is None:
        return person.ring_seconds
    return forwarding.seconds or company.calls.forward_after_seconds


def target(company: Company, person: Person, dialled: str) -> Destination:
    """Where a forwarding of a person leads who has dialled this behind the code. Raises Refused.

    An extension, somebody's id, an outside number as phones dial it, or the mailbox code for the person's voicemail.
    """
    if dialled and dialled == company.feature_codes.mailbox:
        if person.id not in company.boxes:
            raise Refused(f"another destination, for {person.id} has no voicemail box")
        return Destination("voicemail", person.id)
    found = dialplan.find(company, dialled, "phone") if dialled else None
    if not isinstance(found, Destination) or found.kind not in ("person", "queue", "menu", "number"):
        raise Refused("an extension, an outside number as it is dialled, or the mailbox code")
    refuse(company, person, found)
    return found


def refuse(company: Company, person: Person, to: Destination) -> None:
    """Raise Refused where the person may not have calls forwarded there, or where it is nowhere."""
    groups: dict[str, Collection[str]] = {
        "person": company.people,
        "queue": company.queues,
        "menu": company.menus,
        "voicemail": company.boxes,
    }
    known = groups.get(to.kind)
    if known is not None:
        if to.name not in known:
            raise Refused(f"one of {', '.join(known) or 'none, for there is none'}")
        if to == Destination("person", person.id):
            raise Refused("somebody else")
    elif to.kind != "number":
        raise Refused("a person, a queue, a menu, a number or a voicemail box")
    elif not person.forwards_outside:
        raise Refused("a destination in the house", allowed=False)
    elif not is_affordable(to.name, company.country):
        raise Refused("a number that is neither an emergency, a short nor a premium number", allowed=False)


def is_possible(company: Company, person: Person, to: Destination) -> bool:
    """Whether a forwarding that was set some time ago may still lead there."""
    try:
        refuse(company, person, to)
    except Refused:
        return False
    return True


def dialled_form(company: Company, to: Destination) -> str:
    """What a phone shows as the target, and dials to reach it; the mailbox code for voicemail."""
    match to.kind:
        case "person":
            person = company.people.get(to.name)
            return person.extension or person.id if person is not None else to.name
        case "queue" | "menu":
            extensions = company.queue_extensions if to.kind == "queue" else company.menu_extensions
            return next((number for number, name in extensions.items() if name == to.name), to.name)
        case "voicemail":
            return company.feature_codes.mailbox
        case _:
            return to.name
