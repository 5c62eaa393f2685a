"""People's states as they change, told to the process of the API: coalesced for each person, as fast as it reads.

Calls come first: however fast states change, telling takes a bounded share of signalling's time, and what waits takes
no more room than a name for each person.
"""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from lampfield.control_socket import Outbox
from lampfield.presence.lamp import Lamp
from lampfield.presence.lamps import Lamps
from presence_pidf.merge_rules import kind_of
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.status_report import StatusReport
from routing.model import Company, Person
from routing.ports import Clock
from web.told_state import Everybody, Phone, States, ToldForwarding, ToldRoaming, ToldSource, ToldState

T = TypeVar("T")

AT_A_TIME = 200
"""People told in one line, before calls have their turn again."""
PAUSE_SECONDS = 0.01
"""Between two lines: at most 20,000 people are told in a second."""

_IN_CALLS: frozenset[Condition] = frozenset(("ringing", "calling", "talking", "hold"))


class _Follower:
    """One process that is told."""

    def __init__(self) -> None:
        self.waiting: dict[str, None] = {}
        """AORs of those who have changed since they were told, in the order in which they did."""
        self.news = asyncio.Event()
        self.new_people = True

    def take(self) -> list[str]:
        """Some of those who have waited longest."""
        taken = [aor for aor, _ in zip(self.waiting, range(AT_A_TIME), strict=False)]
        for aor in taken:
            del self.waiting[aor]
        return taken


class StatusFeed:
    """Tells any number of followers, each at its own pace."""

    def __init__(self, lamps: Lamps, clock: Clock) -> None:
        self._lamps = lamps
        self._clock = clock
        self._companies: dict[str, Company] = {}
        """By domain."""
        self._followers: list[_Follower] = []
        lamps.followers.follow_facts(self._changed)

    def configure(self, companies: Iterable[Company]) -> None:
        """Tell of the people of the companies as they are now; after the lamps know them."""
        self._companies = {company.domain.lower(): company for company in companies}
        for follower in self._followers:
            self._tell_everybody(follower)

    async def verb(self, arguments: dict[str, str], outbox: Outbox) -> None:
        """Answer on the control socket with everybody's state, then with each that has changed, until cancelled."""
        follower = _Follower()
        self._followers.append(follower)
        try:
            self._tell_everybody(follower)
            while True:
                await follower.news.wait()
                for line in self._lines(follower.take()):
                    outbox.put(line)
                if not follower.waiting:
                    follower.news.clear()
                    if follower.new_people:
                        follower.new_people = False
                        outbox.put(self._everybody())
                await outbox.emptied()
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._followers.remove(follower)

    def _changed(self, lamp: Lamp) -> None:
        for follower in self._followers:
            follower.waiting[lamp.aors[0]] = None
            follower.news.set()

    def _tell_everybody(self, follower: _Follower) -> None:
        for domain, company in self._companies.items():
            follower.waiting.update(dict.fromkeys(f"sip:{person}@{domain}" for person in company.people))
        follower.new_people = True
        follower.news.set()

    def _everybody(self) -> Everybody:
        return Everybody({company.id: tuple(company.people) for company in self._companies.values()})

    def _lines(self, aors: Iterable[str]) -> list[States]:
        now = self._clock()
        found: dict[str, list[ToldState]] = {}
        for aor in aors:
            lamp = self._lamps.lamp(aor)
            company = self._companies.get(lamp.domain) if lamp is not None else None
            person = company.people.get(lamp.person) if lamp is not None and company and lamp.person else None
            if lamp is not None and company is not None and person is not None:
                found.setdefault(company.id, []).append(told_state(lamp, person, now))
        return [States(company, tuple(states)) for company, states in found.items()]


def told_state(lamp: Lamp, person: Person, now: float) -> ToldState:
    """What programs may be told of a person. Pure."""
    state = lamp.state
    reports = [each for each in lamp.reports.values() if each.live(now) and each.source not in lamp.rules.silent]
    reports.sort(key=_newest_first)
    roaming = _first([report.roaming for report in reports])
    return ToldState(
        person=person.id,
        name=person.name,
        extension=person.extension,
        phone=_phone(state),
        condition=state.condition,
        since=state.since,
        back_at=state.back_at,
        reason=state.reason,
        note=state.note,
        sources=tuple([ToldSource(each.name, each.says, each.at, each.stale) for each in state.sources]),
        forwarding=ToldForwarding(state.forwarding.kind, state.forwarding.target) if state.forwarding else None,
        private_number=_first([report.private_number for report in reports]),
        roaming=ToldRoaming(roaming.abroad, roaming.country, roaming.plmn) if roaming is not None else None,
        data_attached=_first([report.data_attached for report in reports]),
    )


def _phone(state: PersonState) -> Phone:
    if state.condition in _IN_CALLS:
        return "busy"
    for source in state.sources:
        if source.says == "on-the-phone" and kind_of(source.name) in ("mobile", "pbx") and not source.stale:
            return "busy"
    return "available" if state.reachable else "unreachable"


def _newest_first(report: StatusReport) -> float:
    return -report.at


def _first(values: list[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)
