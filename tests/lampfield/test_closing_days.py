"""Feeds of closing days: fetched, kept, read; from a real server that misbehaves to order."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from lampfield.closing_days import ClosingDays
from lampfield.closing_days.fetch import MOST_BYTES, FeedFault
from lampfield.closing_days.reader import Task, closed_times
from provisioning.occurrences import LAST_YEAR
from routing.hours import ClosedTime
from routing.model import OpeningHours
from tests.routing.nordlys import OFFICE, company
from tests.support.ports import free_port
from tests.support.rude_server import RudeServer, says
from tests.support.until import until
from tests.support.virtual_time import START

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def at(month: int, day: int, hour: int = 0) -> float:
    return datetime(2024, month, day, hour, tzinfo=COPENHAGEN).timestamp()


def feed(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test\n{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


PARTY = "DTSTART;VALUE=DATE:20240607\nDTEND;VALUE=DATE:20240608\nSUMMARY:Summer party"
INVENTORY = "DTSTART:20240610T100000\nDTEND:20240610T120000\nSUMMARY:Inventory\nRRULE:FREQ=WEEKLY;COUNT=2"
PARTY_TIME = ClosedTime(at(6, 7), at(6, 8), "Summer party")


def task(text: bytes) -> Task:
    return Task(text, "Europe/Copenhagen", START, START + 90 * 86_400)


def test_days_times_and_what_repeats_are_read_in_the_companys_time_zone() -> None:
    assert closed_times(task(feed(PARTY, INVENTORY))).times == (
        PARTY_TIME,
        ClosedTime(at(6, 10, 10), at(6, 10, 12), "Inventory"),
        ClosedTime(at(6, 17, 10), at(6, 17, 12), "Inventory"),
    )


@pytest.mark.parametrize(
    ("event", "times"),
    [
        ("DTSTART;VALUE=DATE:20240607\nSUMMARY:One day", (ClosedTime(at(6, 7), at(6, 8), "One day"),)),
        ("DTSTART:20240607T080000Z\nDTEND:20240607T090000Z", (ClosedTime(at(6, 7, 10), at(6, 7, 11), "closed"),)),
        (f"{PARTY}\nSTATUS:CANCELLED", ()),
        ("DTSTART;VALUE=DATE:20200607\nSUMMARY:Long ago", ()),
    ],
)
def test_an_event_closes_from_its_start_to_its_end(event: str, times: tuple[ClosedTime, ...]) -> None:
    assert closed_times(task(feed(event))).times == times


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART;VALUE=DATE:20240607\nDTEND;VALUE=DATE:99991231",
        "DTSTART:20240606T220000Z\nDTEND:99991231T235959Z",
        "DTSTART:20240607T000000\nDTEND:99991231T235959",
        "DTSTART;VALUE=DATE:20240607\nDURATION:P3000000D",
        "DTSTART:20240606T220000Z\nDURATION:P500000DT12H",
        "DTSTART:20240607T000000\nDURATION:P428571W",
    ],
)
def test_what_closes_until_further_notice_is_read_with_the_rest(event: str) -> None:
    party, closed = closed_times(task(feed(PARTY, event))).times
    assert party == PARTY_TIME
    assert closed.start == at(6, 7)
    assert datetime.fromtimestamp(closed.end, COPENHAGEN).year == LAST_YEAR


def test_a_day_that_never_comes_is_passed_over() -> None:
    assert closed_times(task(feed(PARTY, "DTSTART;VALUE=DATE:99991231"))).times == (PARTY_TIME,)


@pytest.mark.parametrize("text", [b"", b"<html>", b"\xff\x00", feed("DTSTART:never"), b"BEGIN:VCALENDAR\r\n"])
def test_what_is_no_calendar_is_told(text: bytes) -> None:
    with pytest.raises(FeedFault):
        closed_times(task(text))


UNREADABLE = {
    "its length overflows": ("DTSTART;VALUE=DATE:20240608\nDURATION:P999999999999D", "DURATION"),
    "a period of it overflows": (
        "DTSTART:20240601T100000Z\nRDATE;VALUE=PERIOD:20240601T100000Z/P999999999D",
        "Overflow",
    ),
    "it begins never": ("DTSTART:never", "DTSTART"),
    "it has no beginning": ("SUMMARY:Some day", "DTSTART"),
    "its rule is none": ("DTSTART:20240601T000000\nRRULE:FREQ=NEVER", "FREQ=NEVER"),
    "its rule never gets on": ("DTSTART:20240601T000000\nRRULE:FREQ=DAILY;INTERVAL=0", "computing"),
    "its rule repeats each second": ("DTSTART:20240601T000000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY", "computing"),
    "its rule looks for a day that never comes": (
        "DTSTART:20240601T000000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "computing",
    ),
    "its rule repeats too often": (
        "DTSTART:20240501T000000\nDURATION:PT1S\nRRULE:FREQ=MINUTELY;COUNT=40000",
        "more than",
    ),
}


@pytest.mark.parametrize(("event", "told"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_event_that_cannot_be_read_is_left_out_by_name_and_the_rest_counts(event: str, told: str) -> None:
    result = closed_times(task(feed(event, PARTY, INVENTORY)))
    assert [time.why for time in result.times] == ["Summer party", "Inventory", "Inventory"]
    (left_out,) = result.left_out
    assert "VEVENT (UID 0" in left_out
    assert told in left_out


def test_an_exception_from_a_rule_that_cannot_be_read_leaves_out_its_event_alone() -> None:
    exception = "UID:weekly\nRECURRENCE-ID:never\nDTSTART:20240617T100000\nDTEND:20240617T110000"
    weekly = f"UID:weekly\n{INVENTORY}"
    text = feed(PARTY, weekly, exception).replace(b"UID:1\r\n", b"").replace(b"UID:2\r\n", b"")
    result = closed_times(task(text))
    assert result.times == (PARTY_TIME,)
    assert [each.partition(",")[0] for each in result.left_out] == ["VEVENT (UID weekly"]


def test_a_time_zone_that_cannot_be_read_spoils_no_event() -> None:
    zone = (
        b"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:never\r\nTZOFFSETFROM:+0100\r\n"
        b"TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    result = closed_times(task(feed(PARTY).replace(b"BEGIN:VEVENT", zone + b"BEGIN:VEVENT", 1)))
    assert result.times == (PARTY_TIME,)
    assert result.left_out[0].startswith("VTIMEZONE (UID Ours, begins never)")


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one_loop:
        yield one_loop


class Feeds:
    """Closing days of one company with one feed, looked at until a test has seen what it waits for."""

    def __init__(self, folder: Path, url: str, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.hours = msgspec.structs.replace(OFFICE, closing_days=url)
        self.days = ClosingDays(folder, lambda: START, refresh_seconds=0.05)
        self.days.configure([company(hours={"office": self.hours})])

    def times(self, hours: OpeningHours | None = None) -> tuple[ClosedTime, ...]:
        return self.days.times(hours or self.hours)

    def run_until(self, seen: Callable[[], bool]) -> None:
        async def running() -> None:
            looking = asyncio.ensure_future(self.days.run())
            await asyncio.to_thread(until, seen, "what the test waits for")
            looking.cancel()
            await asyncio.wait([looking])

        self._runner.run(running())


def test_a_feed_is_fetched_kept_and_asked_for_only_when_it_has_changed(tmp_path: Path, runner: asyncio.Runner) -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        again = handler.headers.get("If-None-Match") == '"one"'
        says(b"" if again else feed(PARTY), 304 if again else 200, ETag='"one"')(handler)

    with RudeServer(reply) as server:
        feeds = Feeds(tmp_path, server.url, runner)
        assert feeds.times() == ()
        feeds.run_until(lambda: len(server.requests) >= 3)
        assert feeds.times() == (PARTY_TIME,)
        assert [headers.get("If-None-Match") for _, headers, _ in server.requests[:3]] == [None, '"one"', '"one"']
        assert feeds.times(OFFICE) == ()
    assert Feeds(tmp_path, server.url, runner).times() == (PARTY_TIME,), "known again at once after a restart"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"gone", 404, "status 404"),
        (b"<html>", 200, "no iCalendar"),
        (b" " * (MOST_BYTES + 1), 200, f"longer than {MOST_BYTES} bytes"),
    ],
)
def test_a_feed_gone_bad_is_told_once_and_what_was_known_stands(
    tmp_path: Path, runner: asyncio.Runner, caplog: pytest.LogCaptureFixture, body: bytes, status: int, told: str
) -> None:
    with RudeServer(says(feed(PARTY))) as server, caplog.at_level(logging.WARNING):
        feeds = Feeds(tmp_path, server.url, runner)
        feeds.run_until(lambda: bool(feeds.times()))
        server.reply = says(body, status)
        before = len(server.requests)
        feeds.run_until(lambda: len(server.requests) >= before + 3)
        assert feeds.times() == (PARTY_TIME,)
    (message,) = caplog.messages
    assert told in message
    assert server.url in message


def test_an_event_that_cannot_be_read_is_told_once_and_the_rest_counts(
    tmp_path: Path, runner: asyncio.Runner, caplog: pytest.LogCaptureFixture
) -> None:
    endless = "DTSTART:20240601T000000\nRRULE:FREQ=DAILY;INTERVAL=0\nSUMMARY:Easter"
    with RudeServer(says(feed(endless, PARTY))) as server, caplog.at_level(logging.WARNING):
        feeds = Feeds(tmp_path, server.url, runner)
        feeds.run_until(lambda: len(server.requests) >= 3)
        assert feeds.times() == (PARTY_TIME,)
    (message,) = caplog.messages
    assert "left out" in message
    assert "UID 0, begins 20240601T000000, 'Easter'" in message


def test_a_server_that_is_away_is_told_and_the_feed_is_taken_when_it_is_back(
    tmp_path: Path, runner: asyncio.Runner, caplog: pytest.LogCaptureFixture
) -> None:
    feeds = Feeds(tmp_path, f"http://127.0.0.1:{free_port()}/", runner)
    feeds.run_until(lambda: bool(caplog.messages))
    assert "what was known of them stands" in caplog.text
    assert feeds.times() == ()


def test_a_feed_that_no_company_has_any_more_is_forgotten(tmp_path: Path, runner: asyncio.Runner) -> None:
    with RudeServer(says(feed(PARTY))) as server:
        feeds = Feeds(tmp_path, server.url, runner)
        feeds.run_until(lambda: any(tmp_path.iterdir()))
        feeds.days.configure([])
        feeds.run_until(lambda: not any(tmp_path.iterdir()))
        assert feeds.times() == ()
