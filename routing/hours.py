"""Opening hours: open or closed at an instant, why, and when that changes. Pure.

Hours are wall-clock time in the company's time zone, so a period starts and ends when the clock on the wall says so.
Where the clock jumps forward over a border, the border is passed at the jump; where it goes back, the hour that comes
twice is open both times if the wall says so.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from routing.hours_days import Day, day_of
from routing.model import OpeningHours, OpenPeriod

DAYS_AHEAD = 400
"""How far `next_change` looks: a year that is closed for holidays throughout, and more."""
_DAYS_AT_ONCE = 15

Position = Literal["calendar", "open", "closed"]
"""Of the manual switch."""

Slot = Literal["open", "closed", "special-open", "special-closed"]
"""Which of a number's four greetings is played."""


class ClosedTime(msgspec.Struct, frozen=True):
    """A time that a feed of closing days names: UTC epoch seconds, `end` exclusive."""

    start: float
    end: float
    why: str


class Changes(msgspec.Struct, frozen=True):
    """What closes or opens beyond the company file."""

    switch: Position = "calendar"
    closed: tuple[ClosedTime, ...] = ()
    """In order of their start."""


class Situation(msgspec.Struct, frozen=True):
    """How it is at an instant."""

    open: bool
    special: bool
    """A day, or a time, of other hours than the week's."""
    why: str
    """For people."""

    @property
    def slot(self) -> Slot:
        """The greeting that is right now."""
        if self.special:
            return "special-open" if self.open else "special-closed"
        return "open" if self.open else "closed"


BY_FILE = Changes()

ALWAYS_OPEN = OpeningHours("always", "UTC", ((OpenPeriod(0, 1440),),) * 7)
"""Of a number that has no hours."""

ChangesOf = Callable[[OpeningHours], Changes]
"""What changes these hours at this moment."""


def unchanged(hours: OpeningHours) -> Changes:
    """ChangesOf for who has neither switches nor feeds."""
    return BY_FILE


def situation(hours: OpeningHours, at: float, changes: Changes = BY_FILE) -> Situation:
    """How it is at `at`, UTC epoch seconds.

    The switch goes before everything, then special days, the feed of closing days, the holidays, the week.
    The switch says nothing of the day: it stays normal or special.
    """
    wall = datetime.fromtimestamp(at, ZoneInfo(hours.time_zone))
    day = day_of(hours, wall.date())
    closed = None if day.named else _closed_time(changes.closed, at)
    found = Situation(_is_within(day, wall), day.special, day.why)
    if closed is not None:
        found = Situation(False, True, f"closing days: {closed.why}")
    if changes.switch == "calendar":
        return found
    return Situation(changes.switch == "open", found.special, "switched by hand")


def next_change(hours: OpeningHours, at: float, changes: Changes = BY_FILE) -> float | None:
    """The next instant after `at` at which it opens or closes by itself, UTC epoch seconds; None when it never does."""
    if changes.switch != "calendar":
        return None
    zone = ZoneInfo(hours.time_zone)
    now_open = situation(hours, at, changes).open
    today = datetime.fromtimestamp(at, zone).date()
    for ahead in range(0, DAYS_AHEAD, _DAYS_AT_ONCE):
        # One day more, so that a border at midnight is seen with those that a jump of the clock puts before it.
        days = [today + timedelta(days=ahead + offset) for offset in range(_DAYS_AT_ONCE + 1)]
        for instant in sorted(set(_borders(hours, days, changes.closed, zone))):
            if instant > at and situation(hours, instant, changes).open != now_open:
                return instant
    return None


def open_periods(hours: OpeningHours, day: date, changes: Changes = BY_FILE) -> tuple[OpenPeriod, ...]:
    """When it is open on a date by calendar, to the minute: the day's periods less what the feed closes of them."""
    known = day_of(hours, day)
    if known.named:
        return known.periods
    zone = ZoneInfo(hours.time_zone)
    remaining = list(known.periods)
    for time in changes.closed:
        start, end = (_minute_of(day, instant, zone) for instant in (time.start, time.end))
        remaining = [part for period in remaining for part in _less(period, start, end)]
    return tuple(remaining)


def _minute_of(day: date, instant: float, zone: tzinfo) -> int:
    """What the wall shows at an instant, in minutes of `day`: 0 for what is before it, 1440 for what is after."""
    wall = datetime.fromtimestamp(instant, zone)
    if wall.date() != day:
        return 0 if wall.date() < day else 1440
    return wall.hour * 60 + wall.minute


def _less(period: OpenPeriod, start: int, end: int) -> Iterator[OpenPeriod]:
    """What is left of a period that is closed from `start` to `end`."""
    if start >= end or end <= period.start or start >= period.end:
        yield period
        return
    if period.start < start:
        yield OpenPeriod(period.start, start)
    if end < period.end:
        yield OpenPeriod(end, period.end)


def _is_within(day: Day, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    return any(period.start <= minute < period.end for period in day.periods)


def _closed_time(closed: Sequence[ClosedTime], at: float) -> ClosedTime | None:
    return next((time for time in closed if time.start <= at < time.end), None)


def _borders(hours: OpeningHours, days: Sequence[date], closed: Sequence[ClosedTime], zone: tzinfo) -> Iterator[float]:
    """Every instant of these days at which it may open or close, and jumps of the clock."""
    first, last = _midnight(days[0], zone), _midnight(days[-1] + timedelta(days=1), zone)
    for day in days:
        for period in day_of(hours, day).periods:
            yield from _instants(day, period.start, zone)
            yield from _instants(day, period.end, zone)
        yield from _clock_jumps(day, zone)
    for time in closed:
        if time.start < last and time.end >= first:
            yield from (time.start, time.end)
    # A named day undoes the feed from its first instant to its last.
    yield from (_midnight(day, zone) for day in days)


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _instants(day: date, minute: int, zone: tzinfo) -> set[float]:
    """When the wall shows `minute` of `day`: once, twice in autumn; what spring skips as PEP 495 maps it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    wall = midnight + timedelta(minutes=minute)  # arithmetic on the wall: minute 1440 is the next day's midnight
    return {wall.replace(fold=fold).timestamp() for fold in (0, 1)}


def _clock_jumps(day: date, zone: tzinfo) -> set[float]:
    """The instant of `day` at which its clock jumps, to the second; empty on most days."""
    start = int(_midnight(day, zone))
    end = int(_midnight(day + timedelta(days=1), zone))
    if _utc_offset(start, zone) == _utc_offset(end, zone):
        return set()
    while end - start > 1:  # the offset differs between start and end: halve until the jump is found
        middle = (start + end) // 2
        if _utc_offset(middle, zone) == _utc_offset(start, zone):
            start = middle
        else:
            end = middle
    return {float(end)}


def _utc_offset(instant: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
