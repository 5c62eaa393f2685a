"""Do not disturb and forwarding of all companies' people: kept on disk, told to lamps and to whoever follows.

However it is set, by key, code, phone, program or command, it ends here. This module stays Python: the types are read
with the data from disk.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from presence_pidf.status_report import Activity, ForwardingKind, StatusReport
from presence_pidf.status_report import Forwarding as Told
from routing.forwarding import CONTENT, WHEN, When, Wishes, dialled_form, is_possible
from routing.model import Company
from routing.ports import Clock

logger = logging.getLogger(__name__)

_KIND: Final = "wishes"
SOURCE: Final = "phone-key"
"""Of the status reports."""

_TOLD_AS: dict[When, ForwardingKind] = {
    "always": "unconditional",
    "busy": "busy",
    "no-answer": "no-answer",
    "unreachable": "not-reachable",
}

Follower = Callable[[Company, str, Wishes], None]
"""Takes what a person of a company, by id, wants from now on."""


class Kept(msgspec.Struct, frozen=True):
    """What somebody wants of calls."""

    company: str
    person: str
    wishes: Wishes
    at: float
    """Since when, UTC epoch seconds."""


class PersonFeatures:
    """What all people want of calls."""

    def __init__(self, journal: Journal, clock: Clock, report: Callable[[StatusReport], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._report = report
        self._kept: dict[str, Kept] = {}
        self._followers: list[Follower] = []

    def restore(self) -> None:
        """Take up what is on disk; before companies are configured."""
        self._kept = {_key(kept.company, kept.person): kept for kept in decoded(self._journal, _KIND, Kept)}

    def configure(self, companies: Iterable[Company]) -> None:
        """Tell of the people of the companies as they are now; after the lamps know them."""
        for company in companies:
            for person in company.people:
                kept = self._kept.get(_key(company.id, person))
                if kept is not None:
                    self._tell(company, kept)

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of each change from now on, and of all that holds whenever companies are configured."""
        self._followers.append(follower)

    def of(self, company: Company) -> "CompanyFeatures":
        return CompanyFeatures(self, company)

    def wishes(self, company: Company, person: str) -> Wishes:
        """What somebody has set, without forwardings that lead nowhere any more."""
        kept = self._kept.get(_key(company.id, person))
        return CONTENT if kept is None else _possible(company, person, kept.wishes)

    def change(self, company: Company, person: str, wishes: Wishes) -> None:
        """At once for calls and lamps, soon on disk; what is so already changes nothing and is told to nobody."""
        if person not in company.people or wishes == self.wishes(company, person):
            return
        key = _key(company.id, person)
        kept = self._kept[key] = Kept(company.id, person, wishes, self._clock())
        if wishes == CONTENT:
            self._journal.delete(_KIND, key)
        else:
            self._journal.put(_KIND, key, msgspec.msgpack.encode(kept))
        logger.info("%s: %s wants of calls: %s", company.id, person, summary(wishes))
        self._tell(company, kept)

    def _tell(self, company: Company, kept: Kept) -> None:
        wishes = _possible(company, kept.person, kept.wishes)
        self._report(report_of(company, kept.person, wishes, kept.at))
        for follower in self._followers:
            follower(company, kept.person, wishes)


@dataclass(frozen=True, slots=True)
class CompanyFeatures:
    """Of one company: fulfils `routing.forwarding.WishBook`."""

    features: PersonFeatures
    company: Company

    def of(self, person: str) -> Wishes:
        return self.features.wishes(self.company, person)

    def change(self, person: str, wishes: Wishes) -> None:
        self.features.change(self.company, person, wishes)


def report_of(company: Company, person: str, wishes: Wishes, at: float) -> StatusReport:
    """What lamps are told of a person's wishes, which hold since `at`. Pure.

    Who wants every call says nothing by that of where they are.
    """
    activity: Activity = "unknown"
    note = ""
    always = wishes.forwarding("always")
    if always is not None:
        activity, note = "forwarded", f"→ {dialled_form(company, always.to)}"
    elif wishes.do_not_disturb:
        activity = "do-not-disturb"
    forwarding = next(
        (
            Told(_TOLD_AS[when], dialled_form(company, found.to))
            for when in WHEN
            if (found := wishes.forwarding(when)) is not None
        ),
        Told("none"),
    )
    presentity = f"sip:{person}@{company.domain.lower()}"
    return StatusReport(
        presentity=presentity, source=SOURCE, activity=activity, at=at, note=note, forwarding=forwarding
    )


def summary(wishes: Wishes) -> str:
    """In one line, for people."""
    told = ["do not disturb"] if wishes.do_not_disturb else []
    told += [f"{when} to {found.to}" for when in WHEN if (found := wishes.forwarding(when)) is not None]
    return ", ".join(told) or "every one"


def _possible(company: Company, person: str, wishes: Wishes) -> Wishes:
    found = company.people.get(person)
    if found is None:
        return CONTENT
    left = {when: each for when, each in wishes.forwardings.items() if is_possible(company, found, each.to)}
    return wishes if len(left) == len(wishes.forwardings) else msgspec.structs.replace(wishes, forwardings=left)


def _key(company: str, person: str) -> str:
    return f"{company}/{person}"
