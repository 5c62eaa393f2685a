"""iCalendar text to busy times, and what those mean at a moment."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.status_report import Activity
from status_adapters.calendars.busy_time import BusyTime, Show, outlook, report
from status_adapters.calendars.reader import Reader
from status_adapters.calendars.reading import Reading, Task, busy_times
from status_adapters.http_client import SourceFault
from tests.support.calendars import calendar
from tests.support.virtual_time import DAY, START

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def at(day: int, hour: float = 0) -> float:
    return datetime(2024, 5, day, int(hour), round(hour % 1 * 60), tzinfo=COPENHAGEN).timestamp()


def read(*events: str, titles: bool = False, mail: str = "anna@nordlys.example") -> tuple[BusyTime, ...]:
    task = Task(
        texts=(calendar(*events),),
        start=START,
        end=START + 10 * DAY,
        time_zone="Europe/Copenhagen",
        mail=mail,
        titles=titles,
        vacation_words=("ferie",),
    )
    return busy_times(task).times


NINE_TO_TEN = "DTSTART:20240516T090000\nDTEND:20240516T100000\nSUMMARY:Salaries"


@pytest.mark.parametrize(
    ("more", "show"),
    [
        ("", "busy"),
        ("TRANSP:TRANSPARENT", None),
        ("STATUS:CANCELLED", None),
        ("STATUS:TENTATIVE", "tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "tentative"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "away"),
        ("TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", "busy"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:Anna@nordlys.example", None),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@nordlys.example", "tentative"),
        (
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@nordlys.example\nATTENDEE;PARTSTAT=DECLINED:mailto:bo@x.example",
            "busy",
        ),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:bo@x.example", "busy"),
    ],
)
def test_an_event_counts_as_its_owner_has_entered_it(more: str, show: Show | None) -> None:
    expected = () if show is None else (BusyTime(at(16, 9), at(16, 10), show),)
    assert read(f"{NINE_TO_TEN}\n{more}") == expected


@pytest.mark.parametrize(
    ("event", "show"),
    [
        ("SUMMARY:Trade fair", "busy"),
        ("SUMMARY:Sommerferie", "vacation"),
        ("CATEGORIES:Ferie,Privat", "vacation"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "vacation"),
        ("SUMMARY:Ferie\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", None),
    ],
)
def test_whole_days_out_of_office_or_named_so_are_a_vacation(event: str, show: Show | None) -> None:
    days = f"DTSTART;VALUE=DATE:20240516\nDTEND;VALUE=DATE:20240518\n{event}"
    expected = () if show is None else (BusyTime(at(16), at(18), show, all_day=True),)
    assert read(days) == expected


def test_what_repeats_is_read_with_its_exceptions_and_over_the_change_of_clocks() -> None:
    weekly = "DTSTART;TZID=America/New_York:20240301T090000\nDURATION:PT30M\nRRULE:FREQ=DAILY\n"
    times = read(weekly + "EXDATE;TZID=America/New_York:20240516T090000")
    assert [time.start for time in times[:3]] == [at(15, 15), at(17, 15), at(18, 15)]


def test_titles_are_not_even_read_unless_the_person_has_agreed() -> None:
    assert read(NINE_TO_TEN)[0].title == ""
    assert read(NINE_TO_TEN, titles=True)[0].title == "Salaries"


def test_free_busy_answers_are_read_too() -> None:
    text = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VFREEBUSY\r\nUID:1\r\nDTSTAMP:20240515T000000Z\r\n"
        b"FREEBUSY:20240516T070000Z/20240516T080000Z\r\n"
        b"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20240517T070000Z/PT1H\r\n"
        b"FREEBUSY;FBTYPE=FREE:20240518T070000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    assert busy_times(Task((text,), START, START + 10 * DAY)).times == (
        BusyTime(at(16, 9), at(16, 10)),
        BusyTime(at(17, 9), at(17, 10), "away"),
    )


@pytest.mark.parametrize("text", [b"", b"<html>", b"\xff\x00", calendar("DTSTART:never"), b"BEGIN:VCALENDAR\r\n"])
def test_what_is_no_calendar_is_told(text: bytes) -> None:
    with pytest.raises(SourceFault):
        busy_times(Task((text,), START, START + DAY))


def test_a_busy_time_that_cannot_be_read_is_left_out_and_the_rest_counts() -> None:
    text = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x\r\nBEGIN:VFREEBUSY\r\nUID:1\r\n"
        b"FREEBUSY:20240516T070000Z/PT1H,20240516T070000Z/P999999999D\r\n"
        b"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20240517T070000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    reading = busy_times(Task((text,), START, START + 10 * DAY))
    assert reading.times == (BusyTime(at(16, 9), at(16, 10)), BusyTime(at(17, 9), at(17, 10), "away"))
    assert reading.left_out == ("VFREEBUSY (UID 1): OverflowError: date value out of range",)


def test_what_cannot_be_read_is_left_out_without_its_title_and_the_rest_counts() -> None:
    endless = "DTSTART:20240501T000000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nSUMMARY:Doctor"
    texts = (calendar(endless, NINE_TO_TEN), b"nonsense")
    task = Task(texts, START, START + 10 * DAY, "Europe/Copenhagen", titles=True)
    reading = asyncio.run(once(task))
    assert [time.title for time in reading.times] == ["Salaries"]
    assert [each.partition(" (")[0].partition(":")[0] for each in reading.left_out] == ["VEVENT", "calendar"]
    assert not any("Doctor" in each for each in reading.left_out)


async def once(task: Task) -> Reading:
    reader = Reader()
    try:
        return await reader.read(task)
    finally:
        await reader.close()


@pytest.mark.parametrize(
    ("times", "activity", "until"),
    [
        ([], "unknown", None),
        ([BusyTime(90, 100)], "unknown", None),
        ([BusyTime(90, 110)], "meeting", 110),
        ([BusyTime(90, 110), BusyTime(110, 120), BusyTime(115, 130), BusyTime(140, 150)], "meeting", 130),
        ([BusyTime(0, 200, "busy", all_day=True)], "busy", 200),
        ([BusyTime(0, 200, "vacation", all_day=True), BusyTime(90, 110)], "vacation", 200),
        ([BusyTime(90, 110), BusyTime(95, 105, "away")], "away", 110),
    ],
)
def test_of_several_times_the_strongest_counts_and_the_person_is_back_when_all_are_over(
    times: list[BusyTime], activity: Activity, until: float | None
) -> None:
    seen = outlook(times, 100)
    assert (seen.activity, seen.until) == (activity, until)


@given(
    st.lists(st.builds(lambda start, length: BusyTime(start, start + length), st.integers(0, 50), st.integers(1, 20)))
)
def test_nothing_changes_between_two_moments_of_change(times: list[BusyTime]) -> None:
    seen = outlook(times, 10)
    if seen.next_change is not None:
        for now in range(10, int(seen.next_change)):
            assert outlook(times, now).activity == seen.activity


def test_a_report_ends_by_itself_when_the_last_meeting_in_a_row_does() -> None:
    told = report(
        "sip:anna@nordlys.example", "calendar:office", outlook([BusyTime(90, 110), BusyTime(110, 120)], 100), 100
    )
    assert told.live(119)
    assert not told.live(120)
    assert (told.since, told.back_at, told.note) == (90, 120, "")
