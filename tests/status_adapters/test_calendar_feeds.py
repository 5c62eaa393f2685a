"""Calendars as feeds, from a simulated server to reports, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from status_adapters.adapter import Watched
from status_adapters.calendars import CalendarAdapter, CalendarSettings
from status_adapters.calendars.reading import Reading, Task, busy_times
from status_adapters.simulated.faults import FaultKind, Faults, Faulty
from status_adapters.simulated.feeds import SimulatedFeeds
from tests.support.adapter_bench import Book, means, running
from tests.support.asgi_server import served
from tests.support.calendars import calendar
from tests.support.virtual_time import START, now, run

ANNA, BO = (Watched(f"sip:{name}@nordlys.example", time_zone="Europe/Copenhagen") for name in ("anna", "bo"))
HOUR = 3600.0


async def read(task: Task) -> Reading:
    """In this process: nobody wrote these calendars to do harm, and virtual time waits for no other process."""
    return busy_times(task)


class Office:
    def __init__(self, feeds: SimulatedFeeds, faults: Faults, adapter: CalendarAdapter, book: Book) -> None:
        self.feeds, self.faults, self.adapter, self.book = feeds, faults, adapter, book


@asynccontextmanager
async def office(anna: bytes, *people: Watched, **settings: object) -> AsyncIterator[Office]:
    faults = Faults()
    feeds = SimulatedFeeds(now, faults)
    feeds.texts["anna.ics"] = anna
    feeds.texts["bo.ics"] = calendar()
    async with served(Faulty(feeds, faults)) as url:
        adapter = CalendarAdapter("feeds", CalendarSettings(url=url + "/{user}.ics", **settings), means(), read)  # type: ignore[arg-type]
        adapter.watch(people or [ANNA])
        async with running(adapter) as book:
            yield Office(feeds, faults, adapter, book)


# START is a Wednesday, 9:00 UTC, 11:00 in Copenhagen.
TWO_MEETINGS = calendar(
    "DTSTART:20240515T120000\nDTEND:20240515T130000\nSUMMARY:Salaries",
    "DTSTART:20240515T130000\nDTEND:20240515T133000\nSUMMARY:Board",
)


def test_reports_come_when_meetings_begin_and_end() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS, refresh_seconds=86_400) as it:
            await asyncio.sleep(4 * HOUR)
            assert [(report.activity, report.at - START) for report in it.book.reports] == [
                ("unknown", 0),
                ("meeting", HOUR),
                ("meeting", 2 * HOUR),
                ("unknown", 2.5 * HOUR),
            ]
            assert it.book.reports[1].back_at == START + 2.5 * HOUR
            assert {report.note for report in it.book.reports} == {""}

    run(scenario())


def test_titles_are_told_of_those_who_have_agreed() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS, titles_of=("anna@nordlys.example",)) as it:
            await asyncio.sleep(HOUR + 1)
            assert it.book.last(ANNA.presentity).note == "Salaries"

    run(scenario())


def test_a_feed_is_sent_again_only_when_it_has_changed_and_is_heard_of_each_time() -> None:
    async def scenario() -> None:
        async with office(calendar()) as it:
            await asyncio.sleep(3 * 300 + 1)
            assert it.feeds.fetched == {"anna.ics": 1}
            assert len(it.book.reports) == 4
            it.feeds.texts["anna.ics"] = calendar("DTSTART:20240515T090000Z\nDTEND:20240515T100000Z")
            await asyncio.sleep(300)
            assert it.book.last(ANNA.presentity).activity == "meeting"
            assert it.feeds.fetched == {"anna.ics": 2}

    run(scenario())


def test_a_feed_that_has_not_changed_is_read_again_after_a_day_for_the_days_ahead() -> None:
    async def scenario() -> None:
        async with office(calendar("DTSTART:20240601T090000Z\nDURATION:PT1H"), refresh_seconds=21_600) as it:
            await asyncio.sleep(17 * 24 * HOUR + 60)
            assert it.book.last(ANNA.presentity).activity == "meeting"

    run(scenario(), limit=20 * 86_400)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("silent", "no answer within 30 s"),
        ("unauthorized", "status 401"),
        ("error", "status 500"),
        ("garbage", "no iCalendar"),
        ("huge", "longer than"),
    ],
)
def test_a_feed_that_fails_leaves_what_was_known_and_nobody_else_waits(fault: FaultKind, said: str) -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS, ANNA, BO, at_once=1) as it:
            await asyncio.sleep(HOUR + 10)
            assert it.book.last(ANNA.presentity).activity == "meeting"
            it.feeds.texts["anna.ics"] = calendar()
            it.faults.order(fault)
            before = len(it.book.of(BO.presentity))
            await asyncio.sleep(330)
            assert [error for error in it.book.errors if said in error]
            assert it.book.last(ANNA.presentity).activity == "meeting"
            assert len(it.book.of(BO.presentity)) > before
            await asyncio.sleep(330)
            assert it.book.last(ANNA.presentity).activity == "unknown", "the next look is a good one"

    run(scenario())


def test_a_slow_feed_is_waited_for() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS) as it:
            it.faults.order("slow", seconds=20)
            await it.book.until(lambda: bool(it.book.reports))
            assert now() <= START + 21

    run(scenario())


def test_a_server_that_wants_to_be_left_alone_is() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS) as it:
            await it.book.until(lambda: bool(it.book.reports))
            it.faults.order("throttled", seconds=90)
            await asyncio.sleep(301)
            assert len(it.book.reports) == 1
            await asyncio.sleep(90)
            assert len(it.book.reports) == 2
            assert it.book.errors == []

    run(scenario())


def test_people_may_come_and_go_while_it_runs() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS) as it:
            await asyncio.sleep(1)
            it.adapter.watch([BO])
            await asyncio.sleep(2 * HOUR)
            assert len(it.book.of(ANNA.presentity)) == 1
            assert it.book.of(BO.presentity)

    run(scenario())


def test_a_trial_says_what_it_finds() -> None:
    async def scenario() -> None:
        async with office(TWO_MEETINGS) as it:
            await it.book.until(lambda: bool(it.book.reports))
            found = await it.adapter.test(ANNA)
            assert [finding.said for finding in found] == [
                "busy times in the days around today: 2",
                "nothing is entered",
            ]
            it.faults.order("unauthorized")
            (refused,) = await it.adapter.test(ANNA)
            assert not refused.ok
            assert "401" in refused.said

    run(scenario())
