"""Where a week calendar leads."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from routing.calendars import destination_at
from routing.model import CalendarPeriod, Destination, OpenPeriod, WeekCalendar

BOX, MOBILE, CLOSED = Destination("voicemail", "sales"), Destination("number", "+4540404040"), Destination("hangup")
WORKDAY = (CalendarPeriod(OpenPeriod(16 * 60, 20 * 60), MOBILE), CalendarPeriod(OpenPeriod(20 * 60, 1440), BOX))
EVENINGS = WeekCalendar("evenings", "Europe/Copenhagen", (WORKDAY,) * 5 + ((),) * 2, CLOSED)


@pytest.mark.parametrize(
    ("day", "hour", "minute", "leads"),
    [
        (13, 15, 59, CLOSED),
        (13, 16, 0, MOBILE),
        (13, 19, 59, MOBILE),
        (13, 20, 0, BOX),
        (13, 23, 59, BOX),
        (14, 0, 0, CLOSED),
        (18, 17, 0, CLOSED),
    ],
)
def test_it_leads_where_the_period_of_the_moment_says_else_otherwise(
    day: int, hour: int, minute: int, leads: Destination
) -> None:
    at = datetime(2024, 5, day, hour, minute, tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()
    assert destination_at(EVENINGS, at) == leads


@pytest.mark.parametrize("fold", [0, 1])
def test_the_hour_that_comes_twice_leads_twice_alike(fold: int) -> None:
    night = WeekCalendar("n", "Europe/Copenhagen", ((CalendarPeriod(OpenPeriod(120, 150), BOX),),) * 7, CLOSED)
    at = datetime(2024, 10, 27, 2, 10, tzinfo=ZoneInfo("Europe/Copenhagen"), fold=fold).timestamp()
    assert destination_at(night, at) == BOX
