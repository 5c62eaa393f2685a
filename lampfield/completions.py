"""Call completion in all companies: what is on disk, the lamps of its keys, phones that watch for it, and the calls.

Phones ask by the code `*37203`, or watch somebody with `Event: dialog;purpose=call-completion` as Snom does: such a
phone sees the colleague busy until its turn comes, and then free.
"""

import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.presence.member_lamps import for_member
from lampfield.presence.privacy import CompanyPrivacy
from lampfield.presence.things import own_key
from lampfield.switches import Light
from presence_pidf.seen import HIDDEN
from routing.activity import Activity
from routing.completion import CompletionDesk, Wanted
from routing.events import CallArrived, CallEnded, CallEvent, CallRouted
from routing.model import Company
from routing.ports import Clock

logger = logging.getLogger(__name__)

_KIND: Final = "completion"
_IN_VAIN: Final = frozenset({"busy", "no-answer", "rejected", "unreachable"})
_PERSON: Final = "person:"

Recall = Callable[[Company, str, str], Coroutine[Any, Any, None]]
"""Calls the first person, connects them to the second, and returns when that is over."""


class Kept(msgspec.Struct, frozen=True):
    """Somebody who waits."""

    company: str
    wanted: Wanted


class Completions:
    """The lines of all companies."""

    def __init__(self, journal: Journal, clock: Clock, light: Light, recall: Recall) -> None:
        self._journal = journal
        self._clock = clock
        self._light = light
        self._recall = recall
        self._houses: dict[str, CompanyCompletions] = {}
        """By domain."""
        self._kept: list[Kept] = []
        self._calling: dict[str, tuple[str, str, str]] = {}
        """By call: the company, who calls, and whom."""

    def restore(self) -> None:
        """Take up what is on disk; before the first company is there."""
        self._kept = list(decoded(self._journal, _KIND, Kept))

    def of(self, company: Company, activity: Activity) -> "CompanyCompletions":
        """The lines of a company as it is now."""
        domain = company.domain.lower()
        found = self._houses.get(domain)
        if found is None:
            found = self._houses[domain] = CompanyCompletions(self, company)
            found.desk.attach(activity)
        found.configure(company)
        return found

    def begin(self) -> None:
        """Let everybody wait on who did when the last run of the process ended; once calls can be made."""
        kept, self._kept = self._kept, []
        companies = {each.company.id: each for each in self._houses.values()}
        for each in kept:
            house, wanted = companies.get(each.company), each.wanted
            if house is None or not house.knows(wanted) or wanted.expires_at <= self._clock():
                self._journal.delete(_KIND, _key(each.company, wanted.asker, wanted.target))
            else:
                house.desk.ask(wanted)

    def close(self) -> None:
        """Call and tell nobody from now on; who waits is on disk."""
        for house in self._houses.values():
            house.desk.close()

    def takers(self) -> dict[type[CallEvent], Callable[[Any], None]]:
        """Who takes each kind of event that tells who has called whom in vain."""
        return {CallArrived: self._arrived, CallRouted: self._routed, CallEnded: self._ended}

    def _arrived(self, event: CallArrived) -> None:
        if event.origin == "phone" and event.caller_person is not None:
            self._calling[event.call] = (event.company, event.caller_person, "")

    def _routed(self, event: CallRouted) -> None:
        calling = self._calling.get(event.call)
        if calling is not None:
            company, asker, _ = calling
            target = event.destination.removeprefix(_PERSON) if event.destination.startswith(_PERSON) else ""
            self._calling[event.call] = (company, asker, target)

    def _ended(self, event: CallEnded) -> None:
        calling = self._calling.pop(event.call, None)
        if calling is not None:
            company, asker, target = calling
            house = next((each for each in self._houses.values() if each.company.id == company), None)
            if house is not None and target and event.cause in _IN_VAIN:
                house.missed[asker] = target

    def is_on(self, aor: str) -> bool | None:
        """The lamps of keys and of phones that watch for it: fulfils `presence.things.IsOn`."""
        key = own_key(aor)
        house = self._houses.get(key.domain) if key is not None else None
        if key is None or house is None or key.person not in house.company.people:
            return None
        target = house.of_key(key.dialled)
        if target is not None:
            return house.desk.waits(key.person, target)
        return True if house.person(key.dialled) is not None else None

    def watched(self, aor: str, watched: bool) -> None:
        """A phone watches for somebody to be free, or watches no more."""
        key = own_key(aor)
        house = self._houses.get(key.domain) if key is not None else None
        target = house.person(key.dialled) if house is not None and key is not None else None
        if key is None or house is None or target is None:
            return
        if not watched:
            house.desk.cancel(key.person, target)
        else:
            self._light(aor, True)
            house.dialled[key.person, target] = key.dialled
            if house.may_know(key.person, target):
                house.desk.ask(Wanted(key.person, target, math.inf, by_phone=True))

    def keep(self, company: Company, asker: str, target: str, wanted: Wanted | None) -> None:
        """On disk until it is over. Who watches by phone is on disk as a subscription."""
        key = _key(company.id, asker, target)
        if wanted is None or wanted.by_phone:
            self._journal.delete(_KIND, key)
        else:
            self._journal.put(_KIND, key, msgspec.msgpack.encode(Kept(company.id, wanted)))

    def light(self, aor: str, lit: bool) -> None:
        self._light(aor, lit)

    async def recall(self, company: Company, asker: str, target: str) -> None:
        await self._recall(company, asker, target)

    @property
    def clock(self) -> Clock:
        return self._clock


class CompanyCompletions:
    """Those of one company: fulfils `routing.completion.Completion`."""

    def __init__(self, completions: Completions, company: Company) -> None:
        self._completions = completions
        self.desk = CompletionDesk(self, completions.clock)
        self.missed: dict[str, str] = {}
        """Whom each person has called in vain last."""
        self.dialled: dict[tuple[str, str], str] = {}
        """Under which address a phone of the asker watches for the target."""
        self.configure(company)

    def configure(self, company: Company) -> None:
        """Take over the company as it is now; who is gone is waited for no more."""
        self.company = company
        self._privacy = CompanyPrivacy(company)
        for wanted in self.desk.all():
            if not self.knows(wanted):
                self.desk.cancel(wanted.asker, wanted.target)

    def knows(self, wanted: Wanted) -> bool:
        return wanted.asker in self.company.people and wanted.target in self.company.people

    def may_know(self, asker: str, target: str) -> bool:
        """Whether the asker is ever told; who may not waits for ever without being told so."""
        seen = self._privacy.visible(asker, target)
        return seen is not None and seen != HIDDEN

    def person(self, dialled: str) -> str | None:
        """Id of the person who is called so, by id or extension."""
        people = self.company.people.values()
        return next((person.id for person in people if dialled and dialled in (person.id, person.extension)), None)

    def of_key(self, dialled: str) -> str | None:
        """Id of the person for whom somebody waits who dials this; None where it is not the code."""
        code = self.company.feature_codes.tell_when_free
        return self.person(dialled.removeprefix(code)) if code and dialled.startswith(code) else None

    async def recall(self, asker: str, target: str) -> None:
        await self._completions.recall(self.company, asker, target)

    def told(self, asker: str, target: str) -> None:
        dialled = self.dialled.pop((asker, target), "")
        if dialled:
            self._completions.light(self._own(dialled, asker), False)

    def changed(self, asker: str, target: str) -> None:
        wanted = self.desk.wanted(asker, target)
        self._completions.keep(self.company, asker, target, wanted)
        code, person = self.company.feature_codes.tell_when_free, self.company.people.get(target)
        if code and person is not None:
            on = wanted is not None and not wanted.by_phone
            self._completions.light(self._own(f"{code}{person.extension}", asker), on)

    def _own(self, dialled: str, asker: str) -> str:
        return for_member(f"sip:{dialled}@{self.company.domain.lower()}", asker)


def _key(company: str, asker: str, target: str) -> str:
    return f"{company}/{asker}/{target}"
