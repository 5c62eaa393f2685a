"""The manual switches of all companies' hours: kept in the journal, each with a lamp that phones can watch."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.hours import Position
from routing.model import Company

logger = logging.getLogger(__name__)

_KIND = "switch"

Light = Callable[[str, bool], None]
"""Lights the lamp of the thing with this AOR, or puts it out."""


class Turned(msgspec.Struct, frozen=True):
    """A switch that does not stand at `calendar`."""

    company: str
    hours: str
    position: Position


class KeptSwitches:
    """Turned by hand, remembered over restarts; the lamp of a switch's code is lit while it is turned."""

    def __init__(self, journal: Journal, light: Light) -> None:
        self._journal = journal
        self._light = light
        self._turned: dict[tuple[str, str], Turned] = {}

    def restore(self) -> None:
        """Take up what is on disk."""
        self._turned = {(each.company, each.hours): each for each in decoded(self._journal, _KIND, Turned)}

    def configure(self, companies: Iterable[Company]) -> None:
        """Show each switch of the companies as they are now."""
        for company in companies:
            for hours in company.hours:
                self._show(company, hours)

    def of(self, company: Company) -> "CompanySwitches":
        return CompanySwitches(self, company)

    def position(self, company: Company, hours: str) -> Position:
        turned = self._turned.get((company.id, hours))
        return turned.position if turned is not None else "calendar"

    def turn(self, company: Company, hours: str, to: Position) -> None:
        """Turn a switch: at once for calls and lamps, soon on disk."""
        key = f"{company.id}/{hours}"
        if to == "calendar":
            self._turned.pop((company.id, hours), None)
            self._journal.delete(_KIND, key)
        else:
            turned = self._turned[company.id, hours] = Turned(company.id, hours, to)
            self._journal.put(_KIND, key, msgspec.msgpack.encode(turned))
        logger.info("%s: hours %s switched to %s", company.id, hours, to)
        self._show(company, hours)

    def _show(self, company: Company, hours: str) -> None:
        code = company.hours[hours].switch_code
        if code:
            self._light(f"sip:{code}@{company.domain.lower()}", self.position(company, hours) != "calendar")


@dataclass(frozen=True, slots=True)
class CompanySwitches:
    """The switches of one company: fulfils `routing.switches.Switches`."""

    kept: KeptSwitches
    company: Company

    def position(self, hours: str) -> Position:
        return self.kept.position(self.company, hours)

    def turn(self, hours: str, to: Position) -> None:
        self.kept.turn(self.company, hours, to)
