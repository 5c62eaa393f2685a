"""Events of iCalendar text (RFC 5545) as they occur: what repeats is expanded with its exceptions, and given instants.

What an event means is the reader's: a meeting, or a day on which a company is closed. Libraries are imported with this
module, and slow to import: it is for processes that read calendars and do nothing else.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

LAST_YEAR = 2800
"""Later dates are read as its first day: they say "until further notice", and how long that is overflows."""


class NoCalendar(Exception):
    """The text is no calendar; it says why."""


class Occurrence(NamedTuple):
    """One time of an event, UTC epoch seconds; the end is not part of it."""

    start: float
    end: float
    all_day: bool
    event: Any
    """The VEVENT, as the icalendar library has it."""


def calendars_of(text: bytes) -> list[Any]:
    """The VCALENDARs of a text. Raises NoCalendar, and what the library raises for what it cannot read."""
    found = icalendar.Calendar.from_ical(text, multiple=True)
    if not found:
        raise NoCalendar("no iCalendar: it holds no VCALENDAR")
    return list(found)


def occurrences(calendar: Any, time_zone: str, start: float, end: float) -> Iterator[Occurrence]:
    """What occurs between two instants and was not cancelled; days, and times that name no zone, are of `time_zone`."""
    zone = ZoneInfo(time_zone)
    first, last = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    _bring_near(calendar)
    for event in recurring_ical_events.of(calendar).between(first, last):
        if words(event, "STATUS").upper() == "CANCELLED":
            continue
        all_day = not isinstance(event.start, datetime)
        begins, ends = _instant(event.start, zone), _instant(event.end, zone)
        if all_day and ends == begins:
            ends = _instant(event.start + timedelta(days=1), zone)
        if ends > begins:
            yield Occurrence(begins, ends, all_day, event)


def words(event: Any, name: str) -> str:
    """A property as one line of text, empty where the event has none."""
    return " ".join(str(event.get(name, "")).split())


def _bring_near(calendar: Any) -> None:
    for event in calendar.walk("VEVENT"):
        for name in ("DTSTART", "DTEND"):
            moment = getattr(event.get(name), "dt", None)
            if isinstance(moment, date) and moment.year > LAST_YEAR:
                event[name].dt = moment.replace(year=LAST_YEAR, month=1, day=1)
        _shorten(event)


def _shorten(event: Any) -> None:
    """Let what lasts beyond the last year end there."""
    begins, lasts = (getattr(event.get(name), "dt", None) for name in ("DTSTART", "DURATION"))
    if isinstance(begins, date) and isinstance(lasts, timedelta):
        most = date(LAST_YEAR, 1, 1) - date(begins.year, begins.month, begins.day)
        event["DURATION"].dt = min(lasts, most)


def _instant(moment: date, zone: ZoneInfo) -> float:
    """UTC epoch seconds of a day's first instant, or of a time; in `zone` where it names none (RFC 5545 §3.3.5)."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=zone).timestamp()
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
