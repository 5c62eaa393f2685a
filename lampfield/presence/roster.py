"""Which lamps there are: those of the people and things of all companies, and those that are made to be watched."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lampfield.presence.addresses import aor_of, parts_of
from lampfield.presence.company_rules import CompanyRules
from lampfield.presence.lamp import PLAIN_RULES, Lamp, Rules, lamp_of_thing
from lampfield.presence.member_lamps import address, member_aors
from lampfield.presence.things import Things
from routing.model import Company


class RosterChange(NamedTuple):
    """What other companies have made of the lamps."""

    gone: list[str]
    """AORs without a lamp from now on."""
    moved: list[str]
    """AORs that have another lamp from now on: a number was given to somebody else."""
    remerged: list[Lamp]
    """Those whose sources are merged by other rules."""


class Roster:
    """Lamps by each of their AORs."""

    def __init__(self) -> None:
        self.lamps: dict[str, Lamp] = {}
        self.things = Things()
        self.domains: set[str] = set()
        self._made: set[str] = set()
        """AORs of things whose lamps were made because somebody watches."""
        self._rules = CompanyRules()

    def configure(self, companies: Iterable[Company], now: float) -> RosterChange:
        """Take over the companies as they are now; who stays keeps the lamp."""
        found: dict[str, Lamp] = {}
        remerged: list[Lamp] = []
        self.domains = set()
        self._rules.begin()
        for company in companies:
            domain = company.domain.lower()
            self.domains.add(domain)
            rules = self._rules.of(company.statuses)
            for person in company.people.values():
                aors = tuple(dict.fromkeys(f"sip:{name}@{domain}" for name in (person.id, person.extension) if name))
                lamp = self.lamps.get(aors[0])
                if lamp is None or lamp.person is None:
                    lamp = Lamp(person.id, domain, aors, rules)
                lamp.aors = aors
                if lamp.rules is not rules:
                    lamp.rules = rules
                    remerged.append(lamp)
                found.update(dict.fromkeys(aors, lamp))
            for aors in _things(company):
                thing = self.lamps.get(aors[0])
                if thing is None or thing.person is not None:
                    thing = lamp_of_thing(domain, now)
                thing.aors = aors
                found.update(dict.fromkeys(aors, thing))
        self._made = {aor for aor in self._made if self.things.is_on(aor) is not None}
        gone = [aor for aor in self.lamps if aor not in found and aor not in self._made]
        for aor in gone:
            del self.lamps[aor]
        moved = [aor for aor, lamp in found.items() if self.lamps.get(aor, lamp) is not lamp]
        self.lamps.update(found)
        return RosterChange(gone, moved, remerged)

    def rules(self) -> list[Rules]:
        """All rules by which sources are merged."""
        return [PLAIN_RULES, *self._rules.all()]

    def make(self, aor: str, now: float) -> None:
        """Make the lamp of a thing that somebody watches."""
        lamp = self.lamps[aor] = lamp_of_thing(parts_of(address(aor))[1], now)
        lamp.aors = (aor,)
        self._made.add(aor)

    def was_made(self, aor: str) -> bool:
        """Whether this lamp is there only for who watches it."""
        return aor in self._made

    def unmake(self, aor: str) -> None:
        """Nobody watches it any more."""
        self._made.discard(aor)
        del self.lamps[aor]


def _things(company: Company) -> Iterator[tuple[str, ...]]:
    """The AORs of each thing of a company: the switches by their codes, and what members dial, for each of them."""
    for hours in company.hours.values():
        if hours.switch_code:
            yield (f"sip:{hours.switch_code}@{company.domain.lower()}",)
    yield from member_aors(company).values()
    yield from ((aor_of(extension, company.domain),) for extension in (*company.queue_extensions, *company.park.slots))
