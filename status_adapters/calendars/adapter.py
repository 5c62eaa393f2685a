"""Everybody's calendars, looked at again and again; reported when they are read and when their times begin and end."""

from collections.abc import Iterable
from typing import Protocol

from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.calendars.agenda import Agenda
from status_adapters.calendars.caldav import DavCalendars
from status_adapters.calendars.feed import Feed, Read
from status_adapters.calendars.reader import Reader
from status_adapters.calendars.reading import Reading, Task
from status_adapters.calendars.settings import CalendarSettings
from status_adapters.http_client import HttpClient, LoginRefused, SourceFault, basic
from status_adapters.means import Means
from status_adapters.moments import Moments, look_around
from status_adapters.people import by_presentity, filled
from status_adapters.together import together


class Place(Protocol):
    """Where a person's calendar is."""

    @property
    def reading(self) -> Reading: ...
    async def look(self, now: float) -> None: ...


class CalendarAdapter:
    """Fulfils `status_adapters.adapter.Adapter`. `read` is how iCalendar text is read, by default by a process."""

    def __init__(self, name: str, settings: CalendarSettings, means: Means, read: Read | None = None) -> None:
        self.name = name
        self._settings = settings
        self._means = means
        self._elsewhere = by_presentity(settings.people)
        self._agreed = {f"sip:{person}" for person in settings.titles_of}
        self._reader = Reader()
        self._read = read or self._reader.read
        self._people: dict[str, Watched] = {}
        self._places: dict[str, Place] = {}
        self._looks: Moments[str] = Moments(means.clock)
        self._agenda = Agenda(f"calendar:{name}", means.clock, tentative=settings.tentative)

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on; those without a calendar are passed over."""
        before, self._people = self._people, {person.presentity: person for person in people if self._url(person)}
        for presentity in before | self._people:
            if before.get(presentity) == self._people.get(presentity):
                continue
            self._places.pop(presentity, None)
            self._agenda.forget(presentity)
            self._looks.drop(presentity)
            if presentity in self._people:
                self._looks.set(presentity, self._means.clock())

    async def run(self, told: Report, health: Health) -> None:
        """Report until cancelled. Raises LoginRefused where one password opens all calendars and is refused."""
        self._places.clear()
        for presentity in self._people:
            self._looks.set(presentity, self._means.clock())
        async with HttpClient(self._means) as http:
            try:
                await together(self._look_around(http, told, health), self._agenda.run(told))
            finally:
                await self._reader.close()

    async def test(self, person: Watched) -> list[Finding]:
        """Read one person's calendar."""
        url = self._url(person)
        if not url:
            return [Finding("calendar", False, f"{person.presentity} has none: see the settings url and people")]
        async with HttpClient(self._means) as http:
            place = self._place(http, person)
            try:
                await place.look(self._means.clock())
            except SourceFault as fault:
                return [Finding("calendar", False, str(fault))]
            finally:
                await self._reader.close()
        times, left_out = place.reading.times, place.reading.left_out
        seen = self._agenda.outlook(times)
        return [
            Finding("calendar", True, f"busy times in the days around today: {len(times)}"),
            *(Finding("left out", False, each) for each in left_out),
            Finding("now", True, seen.activity if seen.activity != "unknown" else "nothing is entered"),
        ]

    async def _look_around(self, http: HttpClient, told: Report, health: Health) -> None:
        async def look(presentity: str) -> float | None:
            person = self._people.get(presentity)
            if person is None:
                return None
            place = self._places.get(presentity)
            if place is None:
                place = self._places[presentity] = self._place(http, person)
            known = place.reading.left_out
            try:
                await place.look(self._means.clock())
            except SourceFault as fault:
                health.failed(f"{presentity}: {fault}")
                if isinstance(fault, LoginRefused) and self._settings.protocol == "caldav" and self._settings.username:
                    raise
            else:
                health.logged_in()
                for each in place.reading.left_out if place.reading.left_out != known else ():
                    health.wrong("entry", f"{presentity}: left out: {each}")
                if self._people.get(presentity) is person:
                    self._agenda.read(presentity, place.reading.times, told)
            return self._means.clock() + self._settings.refresh_seconds

        await look_around(self._looks, look, self._settings.at_once)

    def _url(self, person: Watched) -> str:
        return self._elsewhere.get(person.presentity) or filled(self._settings.url, person)

    def _place(self, http: HttpClient, person: Watched) -> Place:
        settings = self._settings
        headers: dict[str, str] = {}
        if settings.username:
            headers["Authorization"] = basic(settings.username, self._means.secret(settings.secret_name))
        task = Task(
            time_zone=person.time_zone,
            mail=person.mail,
            titles=person.presentity in self._agreed,
            vacation_words=tuple(word.lower() for word in settings.vacation_words),
        )
        kind = DavCalendars if settings.protocol == "caldav" else Feed
        return kind(http, self._url(person), headers, task, self._read)
