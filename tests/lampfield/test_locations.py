"""Where people are is kept of those who have agreed alone, and not for longer than their company says."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from lampfield.consents import Consents
from lampfield.control_socket import Outbox
from lampfield.journal import Journal
from lampfield.locations import Locations
from presence_pidf.status_report import Location, StatusReport
from routing.house import House
from routing.model import StatusRules
from tests.routing.nordlys import company
from tests.support.watched_house import WatchedHouse

NORDLYS = company(statuses=StatusRules(location_hours=2))
OSLO = Location(59.9139, 10.7522, 50.0)


class Office:
    """Nordlys with a journal on disk."""

    def __init__(self, folder: Path) -> None:
        self.now = 1000.0
        self.journal = Journal(folder / "journal")
        self.journal.open()
        self.house = WatchedHouse(NORDLYS)
        self.consents = Consents(self.journal, self, lambda: self.now)  # type: ignore[arg-type]
        self.consents.restore()
        self.locations = Locations(self.consents, self.house.lamps, self, lambda: self.now)  # type: ignore[arg-type]
        self.locations.configure([NORDLYS])

    def of_company(self, company: str) -> House | None:
        return House(NORDLYS, {}, lambda event: None, lambda: self.now) if company == "nordlys" else None

    def report(self, **facts: Any) -> None:
        report = StatusReport(presentity=self.house.aor("anna"), source="mobile", activity="unknown", at=self.now)
        self.house.lamps.reported(msgspec.structs.replace(report, **facts), self.now)

    def ask(self, verb: str, **arguments: str) -> Any:
        outbox = Outbox()

        async def scenario() -> None:
            verbs = self.locations.table() | self.consents.table()
            await verbs[verb]({"company": "nordlys", "person": "201", **arguments}, outbox)

        asyncio.run(scenario())
        return msgspec.json.decode(outbox.rest())

    def agree(self, given: str = "true") -> Any:
        return self.ask("api-consent", purpose="location", given=given, by="Anna", client="rescue")

    def said(self) -> Any:
        """The last word on being located."""
        return next(each for each in self.ask("api-consents") if each["purpose"] == "location")

    def known(self) -> list[Location]:
        lamp = self.house.lamps.lamp(self.house.aor("anna"))
        assert lamp is not None
        return [report.location for report in lamp.reports.values() if report.location is not None]


def test_without_consent_no_place_is_kept(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.report(location=OSLO)
    assert office.known() == []
    assert office.ask("api-location")["refused"]["status"] == 409
    assert office.said()["given"] is False


def test_a_place_is_told_with_its_utm_point(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.agree() == {"purpose": "location", "given": True, "by": "Anna", "client": "rescue", "at": 1000.0}
    assert office.ask("api-location")["refused"]["status"] == 404
    office.report(location=OSLO)
    told = office.ask("api-location")
    assert (told["latitude"], told["longitude"], told["accuracy"]) == (59.9139, 10.7522, 50.0)
    assert told["utm"]["zone"] == "32V"
    office.now += 1
    office.report(location=Location(89.0, 0.0))
    assert office.ask("api-location")["utm"] is None


def test_a_place_is_deleted_after_the_companys_hours(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.agree()
    office.report(location=OSLO)
    office.now += 2 * 3600 - 1
    office.locations.advance()
    assert office.known() == [OSLO]
    office.now += 1
    office.locations.advance()
    assert office.known() == []
    office.report(location=OSLO)
    assert office.known() == [OSLO], "what is new is kept again"


def test_a_place_is_deleted_at_once_when_consent_is_taken_back(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.agree()
    office.report(location=OSLO)
    assert office.agree("false")["given"] is False
    assert office.known() == []


def test_consent_outlives_the_process(tmp_path: Path) -> None:
    office = Office(tmp_path)
    given = office.agree()
    office.journal.close()
    again = Office(tmp_path)
    assert again.said() == given
    again.report(location=OSLO)
    assert again.known() == [OSLO]
    again.journal.close()


def test_what_is_not_true_or_false_and_who_is_not_there_are_refused_by_name(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.agree("perhaps")["refused"] == {
        "status": 422,
        "where": "given",
        "value": "perhaps",
        "expected": "true or false",
    }
    assert office.ask("api-location", person="nobody")["refused"]["where"] == "person"
    assert office.ask("api-consent", purpose="shoe size", given="true")["refused"]["where"] == "purpose"
