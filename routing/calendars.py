"""Week calendars: where calls go at a moment. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from routing.model import Destination, WeekCalendar


def destination_at(calendar: WeekCalendar, at: float) -> Destination:
    """Where the calendar leads at `at`, UTC epoch seconds; the first period of the day that holds it counts."""
    wall = datetime.fromtimestamp(at, ZoneInfo(calendar.time_zone))
    minute = wall.hour * 60 + wall.minute
    for entry in calendar.week[wall.weekday()]:
        if entry.period.start <= minute < entry.period.end:
            return entry.destination
    return calendar.otherwise
