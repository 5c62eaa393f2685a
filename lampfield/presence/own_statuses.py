"""What people say of themselves by text and by code: kept on disk until it is over, told to the lamps."""

import logging
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from presence_pidf.status_report import StatusReport
from presence_pidf.status_text import SOURCE, NotUnderstood, StatusWish, understood
from routing.model import Company
from routing.ports import Clock

logger = logging.getLogger(__name__)

_KIND: Final = "own-status"


class OwnStatuses:
    """Of all companies' people."""

    def __init__(self, journal: Journal, clock: Clock, report: Callable[[StatusReport], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._report = report
        self._kept: dict[str, StatusReport] = {}

    def restore(self) -> None:
        """Take up what is on disk and not over; before companies are configured."""
        now = self._clock()
        for report in decoded(self._journal, _KIND, StatusReport):
            if report.live(now):
                self._kept[report.presentity] = report
            else:
                self._journal.delete(_KIND, report.presentity)

    def configure(self, companies: Iterable[Company]) -> None:
        """Tell of the people of the companies as they are now; after the lamps know them."""
        for company in companies:
            for person in company.people:
                report = self._kept.get(_presentity(company, person))
                if report is not None:
                    self._report(report)

    def of(self, company: Company) -> "CompanyStatuses":
        return CompanyStatuses(self, company)

    def say(self, company: Company, person: str, text: str) -> StatusWish:
        """As the person wrote it, at once for lamps and soon on disk. Raises NotUnderstood."""
        now = self._clock()
        wish = understood(text, company.time_zone, now)
        presentity = _presentity(company, person)
        report = wish.report(presentity, SOURCE, now)
        # Taken back is kept too: an adapter may tell again what the person wrote before.
        self._kept[presentity] = report
        self._journal.put(_KIND, presentity, msgspec.msgpack.encode(report))
        logger.info("%s: %s is %s", company.id, person, wish.note or "as the phones have it")
        self._report(report)
        return wish


class CompanyStatuses:
    """Of one company: fulfils `routing.status_codes.StatusBook`."""

    def __init__(self, statuses: OwnStatuses, company: Company) -> None:
        self._statuses = statuses
        self._company = company

    def say(self, person: str, text: str) -> None:
        try:
            self._statuses.say(self._company, person, text)
        except NotUnderstood as fault:
            logger.warning("%s: %s: %s", self._company.id, person, fault)


def _presentity(company: Company, person: str) -> str:
    return f"sip:{person}@{company.domain.lower()}"
