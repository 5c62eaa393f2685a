"""Where people are: kept only of those who have agreed, for as long as their company says, and told to who may ask."""

from collections.abc import Iterable
from typing import Any, Final

from lampfield.api_verbs import RefusedVerb, verb_of
from lampfield.call_control.houses import Houses
from lampfield.consents import Consent, Consents
from lampfield.control_socket import Verb
from lampfield.person_verbs import person_of
from lampfield.presence.lamps import Lamps
from presence_pidf.status_report import StatusReport
from presence_pidf.utm import NoSuchPoint, utm_of
from routing.house import House
from routing.model import Company
from routing.ports import Clock

AN_HOUR: Final = 3600.0


class Locations:
    """Fulfils the rules of where people are, and answers the API's verbs about it."""

    def __init__(self, consents: Consents, lamps: Lamps, houses: Houses, clock: Clock) -> None:
        self._consents = consents
        self._lamps = lamps
        self._houses = houses
        self._clock = clock
        self._hours: dict[str, float] = {}
        """By domain."""
        self._located: set[str] = set()
        """AORs of people of whom it may be known."""
        consents.follow(self._consented)
        lamps.locate(self._locate)

    def configure(self, companies: Iterable[Company]) -> None:
        """Go by the companies' hours from now on."""
        self._hours = {company.domain.lower(): company.statuses.location_hours for company in companies}

    def table(self) -> dict[str, Verb]:
        return {"api-location": verb_of(self._houses, self._tell)}

    def may_be_located(self, presentity: str) -> bool:
        """Whether the person has agreed."""
        return self._consents.given(presentity, "location")

    def advance(self) -> None:
        """Delete what is too old."""
        now = self._clock()
        for presentity in list(self._located):
            lamp = self._lamps.lamp(presentity)
            kept = self._hours.get(lamp.domain, 0.0) * AN_HOUR if lamp is not None else 0.0
            located = [report for report in lamp.reports.values() if report.location] if lamp is not None else []
            old = [report for report in located if report.at + kept <= now]
            for report in old:
                self._lamps.forget_location(presentity, report.source)
            if len(old) == len(located):
                self._located.discard(presentity)

    def _locate(self, presentity: str) -> bool:
        """Whether it may be kept where the person is; it is then, until it is too old."""
        may = self.may_be_located(presentity)
        if may:
            self._located.add(presentity)
        return may

    def _tell(self, house: House, arguments: dict[str, str]) -> Any:
        presentity = _presentity(house, arguments)
        if not self.may_be_located(presentity):
            raise RefusedVerb(409, "person", arguments["person"], "somebody who has agreed to be located")
        lamp = self._lamps.lamp(presentity)
        reports = [report for report in lamp.reports.values() if report.location] if lamp is not None else []
        newest = max(reports, key=_at, default=None)
        if newest is None:
            raise RefusedVerb(404, "location", "", "a place that some source has told of not too long ago")
        return _told(newest)

    def _consented(self, consent: Consent) -> None:
        lamp = self._lamps.lamp(consent.presentity)
        if consent.purpose != "location" or consent.given or lamp is None:
            return
        for source in [report.source for report in lamp.reports.values() if report.location]:
            self._lamps.forget_location(consent.presentity, source)


def _presentity(house: House, arguments: dict[str, str]) -> str:
    return f"sip:{person_of(house, arguments).id}@{house.company.domain.lower()}"


def _at(report: StatusReport) -> float:
    return report.at


def _told(report: StatusReport) -> dict[str, Any]:
    location = report.location
    assert location is not None
    told: dict[str, Any] = {
        "source": report.source,
        "at": report.at,
        "latitude": location.latitude,
        "longitude": location.longitude,
        "accuracy": location.accuracy,
    }
    try:
        point = utm_of(location.latitude, location.longitude)
    except NoSuchPoint:
        return told | {"utm": None}
    utm = {"zone": point.zone, "easting": round(point.easting, 1), "northing": round(point.northing, 1)}
    return told | {"utm": utm}
