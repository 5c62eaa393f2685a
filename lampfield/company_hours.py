"""What opens and closes companies beside their files: the switches, and the feeds of closing days."""

from collections.abc import Iterable
from pathlib import Path

from lampfield.closing_days import ClosingDays
from lampfield.journal import Journal
from lampfield.switches import CompanySwitches, KeptSwitches, Light
from routing.hours import Changes, ChangesOf
from routing.model import Company, OpeningHours
from routing.ports import Clock


class CompanyHours:
    """Of all companies."""

    def __init__(self, journal: Journal, closing_days: Path, light: Light, clock: Clock) -> None:
        self._switches = KeptSwitches(journal, light)
        self._closing_days = ClosingDays(closing_days, clock)

    def restore(self, companies: Iterable[Company]) -> None:
        """Take up what is on disk."""
        self._switches.restore()
        self.configure(companies)

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        companies = list(companies)
        self._switches.configure(companies)
        self._closing_days.configure(companies)

    async def run(self) -> None:
        """Look at the feeds again and again, until cancelled."""
        await self._closing_days.run()

    def switches(self, company: Company) -> CompanySwitches:
        return self._switches.of(company)

    def changes(self, company: Company) -> ChangesOf:
        """What changes the hours of a company at the moment of asking."""

        def changes_of(hours: OpeningHours) -> Changes:
            return Changes(self._switches.position(company, hours.name), self._closing_days.times(hours))

        return changes_of
