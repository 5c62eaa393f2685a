"""CalDAV against a real server."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from status_adapters.adapter import Watched
from status_adapters.calendars import CalendarAdapter, CalendarSettings
from status_adapters.calendars.busy_time import BusyTime
from status_adapters.calendars.caldav import DavCalendars
from status_adapters.calendars.reading import Reading, Task, busy_times
from status_adapters.http_client import HttpClient, LoginRefused, SourceFault, basic
from tests.support.adapter_bench import Book, means, running
from tests.support.asgi_server import served
from tests.support.calendars import calendar
from tests.support.radicale import PASSWORD, USER, Radicale, radicale
from tests.support.virtual_time import DAY, START, run

CARL = Watched("sip:carl@nordlys.example", time_zone="Europe/Copenhagen")
LOG_IN = {"Authorization": basic(USER, PASSWORD)}
MEETING = calendar("DTSTART:20240515T090000Z\nDTEND:20240515T100000Z\nSUMMARY:Salaries")
ONE_CALENDAR = b"""<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response>
<D:href>/anna/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""
FREE_BUSY = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20240515T000000Z\r\n"
    b"FREEBUSY:20240515T090000Z/20240515T100000Z\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
)
EACH_DAY = calendar("DTSTART:20230102T113000Z\nDTEND:20230102T120000Z\nRRULE:FREQ=DAILY\nSUMMARY:Lunch")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as running_server:
        yield running_server


def settings(server: Radicale) -> CalendarSettings:
    return CalendarSettings(protocol="caldav", url=f"{server.url}/{{user}}/", username=USER, secret_name="dav")


class Counted:
    """Reads calendars, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    async def read(self, task: Task) -> Reading:
        self.times += 1
        return busy_times(task)


def test_what_is_in_a_calendar_is_read_once_for_each_change(server: Radicale) -> None:
    server.make_calendar("/anna/work/")
    server.put("/anna/work/meeting.ics", MEETING)
    server.put("/anna/work/lunch.ics", EACH_DAY.replace(b"UID:0", b"UID:lunch"))
    counted = Counted()

    async def scenario() -> None:
        async with HttpClient(means(clock=lambda: START)) as http:
            dav = DavCalendars(http, f"{server.url}/anna/work/", LOG_IN, Task(), counted.read)
            for _ in range(3):
                await dav.look(START)
            assert counted.times == 1
            assert BusyTime(START, START + 3600) in dav.reading.times
            assert len(dav.reading.times) == 17, "a meeting, and lunch on 16 days"
            server.delete("/anna/work/meeting.ics")
            await dav.look(START)
            assert counted.times == 2
            assert BusyTime(START, START + 3600) not in dav.reading.times
            await dav.look(START + DAY)
            assert counted.times == 3, "the days ahead are others"

    asyncio.run(scenario())


def test_all_calendars_of_a_person_count(server: Radicale) -> None:
    for name in ("one", "two"):
        server.make_calendar(f"/bo/{name}/")
    server.put("/bo/one/a.ics", MEETING)
    server.put("/bo/two/b.ics", calendar("DTSTART:20240515T110000Z\nDTEND:20240515T120000Z"))

    async def scenario() -> None:
        async with HttpClient(means(clock=lambda: START)) as http:
            dav = DavCalendars(http, f"{server.url}/bo/", LOG_IN, Task(), Counted().read)
            await dav.look(START)
            assert [time.start - START for time in dav.reading.times] == [0, 7200]

    asyncio.run(scenario())


def test_a_url_without_a_calendar_is_told(server: Radicale) -> None:
    async def scenario() -> None:
        async with HttpClient(means(clock=lambda: START)) as http:
            with pytest.raises(SourceFault, match="PROPFIND: status 404"):
                await DavCalendars(http, f"{server.url}/eve/", LOG_IN, Task(), Counted().read).look(START)

    asyncio.run(scenario())


def test_the_adapter_reports_from_the_server(server: Radicale) -> None:
    server.make_calendar("/carl/work/")
    server.put("/carl/work/meeting.ics", MEETING)

    async def scenario() -> None:
        adapter = CalendarAdapter("dav", settings(server), means({"dav": PASSWORD}, clock=lambda: START))
        adapter.watch([CARL])
        async with running(adapter) as book:
            await book.until(lambda: bool(book.reports))
            report = book.last(CARL.presentity)
            assert (report.activity, report.back_at, report.note) == ("meeting", START + 3600, "")
        assert [finding.ok for finding in await adapter.test(CARL)] == [True, True]

    asyncio.run(scenario())


def test_a_wrong_password_ends_the_run(server: Radicale) -> None:
    async def scenario() -> None:
        adapter = CalendarAdapter("dav", settings(server), means({"dav": "wrong"}, clock=lambda: START))
        adapter.watch([CARL])
        book = Book()
        with pytest.raises(LoginRefused):
            await adapter.run(book.report, book)
        assert book.reports == []

    asyncio.run(scenario())


def dav_server(events: Response) -> ASGIApp:
    """A calendar that answers a query for events like this, and knows free-busy-query."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        if request.method == "PROPFIND":
            answer = Response(ONE_CALENDAR, 207, media_type="application/xml")
        else:
            answer = Response(FREE_BUSY) if b"free-busy-query" in body else events
        await answer(scope, receive, send)

    return app


def test_a_server_that_shows_no_events_is_asked_for_busy_times() -> None:
    async def scenario() -> None:
        async with served(dav_server(Response(status_code=403))) as url, HttpClient(means()) as http:
            dav = DavCalendars(http, f"{url}/anna/", LOG_IN, Task(), Counted().read)
            await dav.look(START)
            assert dav.reading.times == (BusyTime(START, START + 3600),)

    run(scenario())


@pytest.mark.parametrize("body", [b"<html/>", b"\xff", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', b"<a>" * 100_000])
def test_what_is_no_multistatus_is_told(body: bytes) -> None:
    async def scenario() -> None:
        async with served(dav_server(Response(body, 207))) as url, HttpClient(means()) as http:
            with pytest.raises(SourceFault, match="calendar-query: "):
                await DavCalendars(http, f"{url}/anna/", LOG_IN, Task(), Counted().read).look(START)

    run(scenario())
